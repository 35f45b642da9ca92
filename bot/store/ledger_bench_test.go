package store_test

import (
	"flag"
	"slices"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/bot/suspect"
	"github.com/firebreak-dev/firebreak/detectors"
)

// ledgerSize is how many changes the large ledger holds: two years of one a minute.
var ledgerSize = flag.Int("ledger", 1_000_000, "changes in the ledger of BenchmarkLargeLedger")

// The two questions that are asked while people wait: what changed for a service in the last day (pages, commands, charts), and which
// changes may have caused an incident (as the engine asks when it ranks suspects). p95-ms is the bar: at most 10.
//
//	go test ./bot/store -run '^$' -bench LargeLedger -benchtime 300x [-ledger 1000000]
func BenchmarkLargeLedger(b *testing.B) {
	stores(b, func(b *testing.B, db *store.DB) {
		fill(b, db, *ledgerSize)
		newest := t0.Add(time.Duration(*ledgerSize) * time.Minute)
		middle := t0.Add(time.Duration(*ledgerSize/2) * time.Minute)
		for _, q := range []struct {
			name string
			ask  bot.ChangeQuery
			// onset is when the incident began of which they are ranked; zero where nobody ranks them.
			onset time.Time
		}{
			{"the last day of a service", bot.ChangeQuery{Service: "service-7", From: newest.Add(-24 * time.Hour), To: newest, Limit: 1000}, time.Time{}},
			{"candidates of an incident now, ranked", bot.ChangeQuery{From: newest.Add(-7 * 24 * time.Hour), To: newest.Add(time.Minute), Limit: 1000}, newest},
			{"three hundred candidates, ranked", bot.ChangeQuery{From: newest.Add(-300 * time.Minute), To: newest.Add(time.Minute), Limit: 1000}, newest},
			{"candidates of an incident of the past, ranked", bot.ChangeQuery{From: middle.Add(-7 * 24 * time.Hour), To: middle.Add(time.Minute), Limit: 1000}, middle},
		} {
			b.Run(q.name, func(b *testing.B) {
				took := make([]time.Duration, 0, 1000)
				found := 0
				for b.Loop() {
					begun := time.Now()
					got, err := db.Changes(b.Context(), q.ask)
					if !q.onset.IsZero() {
						in := bot.Incident{ID: "inc-1", Service: "service-7", Signal: "refusal_ratio", Onset: detectors.Onset{At: q.onset}, OpenedAt: q.onset.Add(5 * time.Minute)}
						suspect.Rank(in.OpenedAt, in, got, nil, suspect.Weights{})
					}
					took = append(took, time.Since(begun))
					if err != nil || len(got) == 0 {
						b.Fatal(len(got), err)
					}
					found = len(got)
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
				b.ReportMetric(float64(found), "found")
			})
		}
	})
}
