package store_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/bot/store/storetest"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

// stores are what a benchmark runs on: a SQLite file whose commits are on the disk, and PostgreSQL (whose test server does not
// wait for the disk).
func stores(b *testing.B, bench func(b *testing.B, db *store.DB)) {
	b.Helper()
	b.Run("sqlite", func(b *testing.B) { bench(b, storetest.Open(b, storetest.SQLite(b))) })
	b.Run("postgres", func(b *testing.B) { bench(b, storetest.Open(b, storetest.Postgres(b))) })
}

func BenchmarkPutDelivery(b *testing.B) {
	stores(b, func(b *testing.B, db *store.DB) {
		d := delivery("", 0)
		d.Body = make([]byte, 16<<10)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			d.ID = fmt.Sprint(i)
			if _, err := db.PutDelivery(b.Context(), d); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// An incident of the usual length, and one that has gone on for days.
func BenchmarkAppend(b *testing.B) {
	for _, length := range []int{20, 500} {
		b.Run(fmt.Sprintf("to %d entries", length), func(b *testing.B) {
			stores(b, func(b *testing.B, db *store.DB) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					if i%length == 0 {
						b.StopTimer()
						entries := []bot.Entry{opened(fmt.Sprint(i/length), "assistant", t0)}
						for n := 1; n < length; n++ {
							e := entries[0]
							e.ID, e.Key, e.Kind = fmt.Sprint(n), "", bot.EntryFinding
							entries = append(entries, e)
						}
						must[[]bot.Entry](b)(db.Append(b.Context(), entries...))
						b.StartTimer()
					}
					if _, err := db.Append(b.Context(), note(fmt.Sprint(i/length), "a person's words")); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

func BenchmarkAppendRun(b *testing.B) {
	stores(b, func(b *testing.B, db *store.DB) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			id := fmt.Sprint(i / 50)
			if i%50 == 0 {
				b.StopTimer()
				must[bool](b)(db.BeginRun(b.Context(), aRun(id, 0)))
				b.StartTimer()
			}
			e := run.Event{
				Run: id, ID: fmt.Sprint(i), At: t0, Kind: run.Answered, Step: fmt.Sprint(i % 6), Action: "slack.post", Attempt: 1,
				Outcome: &playbooks.Outcome{Status: playbooks.Done, Output: map[string]any{"ts": "1.0"}, Sentence: "told"},
			}
			if _, err := db.AppendRun(b.Context(), e, note("i"+id, "told")); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// The questions of a suspect ranking and of the pages, over a ledger of 100,000 changes.
func BenchmarkChanges(b *testing.B) {
	const size = 100_000
	stores(b, func(b *testing.B, db *store.DB) {
		fill(b, db, size)
		newest := t0.Add(size * time.Minute)
		for name, q := range map[string]bot.ChangeQuery{
			"of a service in a week":    {Service: "service-7", From: newest.Add(-7 * 24 * time.Hour), To: newest, Limit: 1000},
			"newest":                    {},
			"of a rare kind":            {Kinds: []bot.Kind{bot.Price, bot.Vendor}},
			"of a service and a kind":   {Service: "service-7", Kinds: []bot.Kind{bot.Price}},
			"of a repository, the past": {Repository: "acme/7", To: t0.Add(size / 2 * time.Minute)},
		} {
			b.Run(name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if got, err := db.Changes(b.Context(), q); err != nil || len(got) == 0 {
						b.Fatal(len(got), err)
					}
				}
			})
		}
		b.Run("a deployment", func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				n := size - 1 - i%1000
				d := bot.Deployment{
					Repository: fmt.Sprintf("acme/%d", n%20), Revision: fmt.Sprint(n), Environment: "production", Succeeded: true,
					At: newest.Add(time.Duration(i) * time.Second),
				}
				if _, err := db.Deployed(b.Context(), d); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

// fill makes a ledger in which one change is merged a minute, in 20 repositories, for 50 services, one in 1000 of a rare kind.
// All of it is written by SQL, because the store's own way waits for the disk each time.
func fill(b *testing.B, db *store.DB, size int) {
	b.Helper()
	numbers := fmt.Sprintf(`WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < %d)`, size-1)
	when := fmt.Sprintf(`%d + n * CAST(60000000 AS BIGINT)`, t0.UnixMicro())
	kind := `CASE WHEN n % 1000 = 7 THEN 'price' WHEN n % 3 = 0 THEN 'prompt' ELSE 'code' END`
	for _, insert := range []string{
		`INSERT INTO changes (id, at, merged_at, effective_at, seen_at, repository, revision, branch, doc) ` + numbers +
			` SELECT 'c' || n, ` + when + `, ` + when + `, ` + when + `, ` + when + `, 'acme/' || (n % 20), '' || n, 'main',
			'{"id":"","kind":"code","source":"github","title":"A change of the usual sort, with a title of the usual length","author":"ana",
			"reviewers":["ben"],"paths":["prompts/support/system.md","services/support/main.go"],"services":["service-7"]}' FROM n`,
		`INSERT INTO change_services (service, at, change_id) ` + numbers + ` SELECT 'service-' || (n % 50), ` + when + `, 'c' || n FROM n`,
		`INSERT INTO change_kinds (kind, at, change_id) ` + numbers + ` SELECT ` + kind + `, ` + when + `, 'c' || n FROM n`,
		`ANALYZE`,
	} {
		if _, err := db.SQL().ExecContext(b.Context(), insert); err != nil {
			b.Fatalf("%s: %v", insert, err)
		}
	}
}

// What the watch saves with each tick.
func BenchmarkSaveFindings(b *testing.B) {
	stores(b, func(b *testing.B, db *store.DB) {
		findings := make([]detectors.Finding, 500)
		for i := range findings {
			findings[i] = detectors.Finding{
				Key: fmt.Sprint("burn/", i), Detector: "burn", Service: "assistant", Signal: "refusal_ratio", Verdict: detectors.Quiet, At: t0,
				Evidence: []detectors.Evidence{{Name: "burn_1h", Sentence: "error ratio 0.1 % over 1h, limit 1.44 %", Value: 0.1, Limit: 1.44}},
			}
		}
		b.ReportAllocs()
		for b.Loop() {
			if err := db.SaveFindings(b.Context(), findings); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// Start to ready: a file that is there already, and one that must be made.
func BenchmarkOpen(b *testing.B) {
	for name, fresh := range map[string]bool{"a new file": true, "an old file": false} {
		b.Run(name, func(b *testing.B) {
			folder := b.TempDir()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				n := 0
				if fresh {
					n = i
				}
				db, err := store.Open(b.Context(), store.Config{URL: "sqlite:" + filepath.Join(folder, fmt.Sprint(n))}, store.Options{})
				if err != nil {
					b.Fatal(err)
				}
				if err := db.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
