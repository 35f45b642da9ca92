package store_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/bot/store/storetest"
	"github.com/firebreak-dev/firebreak/detectors"
)

func TestFindingsAreTheNewestOfEachKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		finding := func(key string, at int, verdict detectors.Verdict) detectors.Finding {
			return detectors.Finding{
				Key: key, Detector: "burn", Service: "assistant", Signal: "refusal_ratio", Verdict: verdict, At: minute(at),
				Evidence: []detectors.Evidence{{Name: "burn_1h", Sentence: "22 times", Value: 22, Window: time.Hour}},
			}
		}
		save := func(findings ...detectors.Finding) {
			t.Helper()
			if err := db.SaveFindings(ctx, findings); err != nil {
				t.Fatal(err)
			}
		}
		save(finding("b", 1, detectors.Quiet), finding("a", 1, detectors.Quiet))
		save(finding("b", 3, detectors.Firing))
		save(finding("b", 2, detectors.Blind)) // an older judgement that comes late
		save()
		want := []detectors.Finding{finding("a", 1, detectors.Quiet), finding("b", 3, detectors.Firing)}
		if d := cmp.Diff(want, must[[]detectors.Finding](t)(db.Findings(ctx))); d != "" {
			t.Errorf("findings (-want +got):\n%s", d)
		}
		wantCode(t, db.SaveFindings(ctx, []detectors.Finding{{}}), bot.Invalid)
	})
}

func TestFindingsWithNumbersThatJSONDoesNotHave(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := detectors.Finding{Key: "k", At: t0, Evidence: []detectors.Evidence{
			{Value: math.NaN()}, {Value: math.Inf(1), Limit: math.Inf(-1)},
		}}
		if err := db.SaveFindings(t.Context(), []detectors.Finding{f}); err != nil {
			t.Fatal(err)
		}
		got := must[[]detectors.Finding](t)(db.Findings(t.Context()))[0].Evidence
		want := []detectors.Evidence{{}, {Value: math.MaxFloat64, Limit: -math.MaxFloat64}}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("evidence (-want +got):\n%s", d)
		}
		if !math.IsNaN(f.Evidence[0].Value) {
			t.Error("the caller's finding was changed")
		}
	})
}

func TestDocuments(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		want := store.Document{Name: "reports/i1.md", Incident: "i1", MediaType: "text/markdown", Body: []byte("# \x00\xff"), At: t0}
		for _, body := range []string{"first", string(want.Body)} {
			d := want
			d.Body = []byte(body)
			if err := db.PutDocument(ctx, d); err != nil {
				t.Fatal(err)
			}
		}
		if d := cmp.Diff(want, must[store.Document](t)(db.Document(ctx, want.Name))); d != "" {
			t.Errorf("document (-want +got):\n%s", d)
		}
		_, err := db.Document(ctx, "nobody")
		wantCode(t, err, bot.NotFound)
		wantCode(t, db.PutDocument(ctx, store.Document{}), bot.Invalid)
	})
}

func TestMemory(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		recall := func(key string) (string, bool) {
			t.Helper()
			value, found, err := db.Recall(ctx, "slack", key)
			if err != nil {
				t.Fatal(err)
			}
			return string(value), found
		}
		if _, found := recall("i1"); found {
			t.Error("something was found that was never kept")
		}
		for _, value := range []string{"C1 1.0", "C1 2.0"} {
			if err := db.Remember(ctx, "slack", "i1", []byte(value)); err != nil {
				t.Fatal(err)
			}
		}
		if value, found := recall("i1"); !found || value != "C1 2.0" {
			t.Errorf("recalled %q, %v, want the newest", value, found)
		}
		if must[bool](t)(db.RememberOnce(ctx, "slack", "i1", []byte("other"))) {
			t.Error("a key that is taken was fresh")
		}
		if value, _ := recall("i1"); value != "C1 2.0" {
			t.Errorf("RememberOnce changed the value to %q", value)
		}
		if !must[bool](t)(db.RememberOnce(ctx, "cron", "i1", nil)) {
			t.Error("the key of another space is another key")
		}
		if err := db.Forget(ctx, "slack", "i1"); err != nil {
			t.Fatal(err)
		}
		if _, found := recall("i1"); found {
			t.Error("it was not forgotten")
		}
		wantCode(t, db.Remember(ctx, "", "k", nil), bot.Invalid)
		wantCode(t, db.Remember(ctx, "s", "", nil), bot.Invalid)
	})
}

func TestOfManyWhoClaimASlotOneGetsIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		claimed := race(t, 16, func(int) (int, error) {
			fresh, err := db.RememberOnce(t.Context(), "cron", "digest/2026-03-06", nil)
			if fresh {
				return 1, err
			}
			return 0, err
		})
		if claimed != 1 {
			t.Errorf("%d claimed the slot, want 1", claimed)
		}
	})
}

func TestChunks(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		chunk := func(at int, slice, data string) detectors.Chunk {
			return detectors.Chunk{
				Series: detectors.SeriesID{Signal: "refusal_ratio", Service: "assistant", Environment: "production", Slice: slice},
				Start:  minute(at), Data: []byte(data),
			}
		}
		if err := db.SaveChunks(ctx, []detectors.Chunk{chunk(120, "", "new"), chunk(0, "", "old"), chunk(60, `v="1"`, "\x00"), chunk(60, "", "first")}); err != nil {
			t.Fatal(err)
		}
		if err := db.SaveChunks(ctx, []detectors.Chunk{chunk(60, "", "replaced")}); err != nil {
			t.Fatal(err)
		}
		var got []detectors.Chunk
		load := func(take func(detectors.Chunk) error) error { got = nil; return db.LoadChunks(ctx, minute(60), take) }
		if err := load(func(c detectors.Chunk) error { got = append(got, c); return nil }); err != nil {
			t.Fatal(err)
		}
		want := []detectors.Chunk{chunk(60, "", "replaced"), chunk(60, `v="1"`, "\x00"), chunk(120, "", "new")}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("chunks since the 60th minute, oldest first (-want +got):\n%s", d)
		}
		enough := errors.New("enough")
		if err := load(func(c detectors.Chunk) error { got = append(got, c); return enough }); !errors.Is(err, enough) || len(got) != 1 {
			t.Errorf("after an error of the taker %d more came, %v", len(got)-1, err)
		}
		if err := db.SaveChunks(ctx, nil); err != nil {
			t.Error(err)
		}
		wantCode(t, db.SaveChunks(ctx, []detectors.Chunk{chunk(0, strings.Repeat("x", 3000), "")}), bot.TooLarge)
	})
}

func TestAMonthOfChunksIsKeptInSeveralTransactions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var month []detectors.Chunk
		for i := range 2500 {
			month = append(month, detectors.Chunk{Series: detectors.SeriesID{Signal: "refusal_ratio"}, Start: minute(60 * i), Data: []byte{byte(i)}})
		}
		if err := db.SaveChunks(t.Context(), month); err != nil {
			t.Fatal(err)
		}
		var got []detectors.Chunk
		if err := db.LoadChunks(t.Context(), minute(0), func(c detectors.Chunk) error { got = append(got, c); return nil }); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(month, got); d != "" {
			t.Error(d)
		}
	})
}

func TestAuditLog(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var want []store.AuditEntry
		for i := range 3 {
			e := store.AuditEntry{At: minute(-i), Actor: "ana", Action: "config.reload", Target: "firebreak.yaml", Detail: "ok"}
			if err := db.Audit(t.Context(), e); err != nil {
				t.Fatal(err)
			}
			want = append([]store.AuditEntry{e}, want...)
		}
		if d := cmp.Diff(want, must[[]store.AuditEntry](t)(db.AuditLog(t.Context(), 0))); d != "" {
			t.Errorf("audit log, the last written first (-want +got):\n%s", d)
		}
		if got := must[[]store.AuditEntry](t)(db.AuditLog(t.Context(), 1)); len(got) != 1 || !got[0].At.Equal(minute(-2)) {
			t.Errorf("the newest line: %+v", got)
		}
	})
}

// Text of any bytes is taken, and both databases give back the same.
func TestTextOfAnyBytes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		rapid.Check(t, func(rt *rapid.T) {
			title := string(rapid.SliceOf(rapid.Byte()).Draw(rt, "title"))
			if err := db.PutDocument(t.Context(), store.Document{Name: "n", MediaType: title}); err != nil {
				rt.Fatal(err)
			}
			d, err := db.Document(t.Context(), "n")
			if err != nil {
				rt.Fatal(err)
			}
			if !utf8.ValidString(d.MediaType) || strings.Contains(d.MediaType, "\x00") {
				rt.Fatalf("%q came back as %q", title, d.MediaType)
			}
			if utf8.ValidString(title) && d.MediaType != strings.ReplaceAll(title, "\x00", "") {
				rt.Fatalf("%q came back as %q", title, d.MediaType)
			}
		})
	})
}

func TestTimesAreOfTheStoresClockWhereNoneIsGiven(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		db := must[*store.DB](t)(store.Open(t.Context(), store.Config{URL: url}, store.Options{Now: func() time.Time { return minute(7) }}))
		defer func() { _ = db.Close() }()
		ctx := t.Context()
		must[bool](t)(db.PutChange(ctx, bot.Change{ID: "c"}))
		must[[]bot.Entry](t)(db.Append(ctx, bot.Entry{Incident: "i", Kind: bot.EntryNote}))
		if err := db.Audit(ctx, store.AuditEntry{}); err != nil {
			t.Fatal(err)
		}
		got := []time.Time{
			must[bot.Change](t)(db.Change(ctx, "c")).Seen,
			must[[]bot.Entry](t)(db.Entries(ctx, "i"))[0].At,
			must[[]store.AuditEntry](t)(db.AuditLog(ctx, 0))[0].At,
		}
		if d := cmp.Diff([]time.Time{minute(7), minute(7), minute(7)}, got, cmpopts.EquateApproxTime(0)); d != "" {
			t.Errorf("times (-want +got):\n%s", d)
		}
	})
}
