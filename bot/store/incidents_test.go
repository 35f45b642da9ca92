package store_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/bot/store/storetest"
	"github.com/firebreak-dev/firebreak/detectors"
)

func opened(incident, service string, at time.Time) bot.Entry {
	data, err := json.Marshal(detectors.Finding{
		Key: "burn/" + service, Service: service, Environment: "production", Signal: "refusal_ratio", Detector: "burn",
		Verdict: detectors.Firing, Severity: detectors.Page, At: at, Title: "refusals burn the budget 22 times too fast",
		Onset: detectors.Onset{At: at.Add(-3 * time.Minute), Earliest: at.Add(-5 * time.Minute), Latest: at},
	})
	if err != nil {
		panic(err)
	}
	return bot.Entry{
		ID: "open-" + incident, Incident: incident, At: at, Kind: bot.EntryOpened, Key: "opened", Actor: "firebreak",
		Sentence: "it began", Data: data,
	}
}

func TestTimelineIsKeptInTheOrderOfTelling(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		entries := []bot.Entry{
			opened("i1", "assistant", minute(5)),
			{ID: "ack", Incident: "i1", At: minute(3), Kind: bot.EntryAcknowledged, Key: "ack", Actor: "ana", Sentence: "ana takes it"},
			{ID: "n", Incident: "i1", At: minute(6).Add(123 * time.Nanosecond), Kind: bot.EntryNote, Actor: "ben", Sentence: "a\x00b \xff <!channel>"},
			{ID: "x", Incident: "i1", At: minute(7), Kind: bot.EntryNote, Actor: "ben", Sentence: "data that is no JSON", Data: json.RawMessage("{")},
		}
		added := must[[]bot.Entry](t)(db.Append(ctx, entries...))
		want := append([]bot.Entry{}, entries...)
		want[2].At, want[2].Sentence, want[3].Data = minute(6), "ab \uFFFD <!channel>", nil
		if d := cmp.Diff(want, added); d != "" {
			t.Errorf("added (-want +got):\n%s", d)
		}
		if d := cmp.Diff(want, must[[]bot.Entry](t)(db.Entries(ctx, "i1"))); d != "" {
			t.Errorf("timeline (-want +got):\n%s", d)
		}
		in := must[bot.Incident](t)(db.Incident(ctx, "i1"))
		if d := cmp.Diff(bot.FoldIncident(want), in, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("incident (-fold +got):\n%s", d)
		}
		if in.State != bot.Acknowledged || in.Service != "assistant" || !in.OpenedAt.Equal(minute(5)) {
			t.Errorf("the incident does not say what its timeline says: %+v", in)
		}
	})
}

func TestAppendDropsWhatIsKnown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		keyed := note("i1", "once")
		keyed.Key = "k"
		if got := must[[]bot.Entry](t)(db.Append(ctx, keyed, keyed, note("i1", "no key"), note("i1", "no key"))); len(got) != 3 {
			t.Fatalf("added %d entries, want the keyed one once and two without a key", len(got))
		}
		again := note("i1", "second telling")
		again.Key = "k"
		elsewhere := note("i2", "the key of another incident")
		elsewhere.Key = "k"
		got := must[[]bot.Entry](t)(db.Append(ctx, again, elsewhere))
		if len(got) != 1 || got[0].Incident != "i2" || got[0].ID == "" {
			t.Errorf("added %+v, want that of i2 alone, with an ID", got)
		}
		if got := must[[]bot.Entry](t)(db.Append(ctx)); got != nil {
			t.Errorf("nothing to append gave %v", got)
		}
		_, err := db.Append(ctx, note("i3", "fine"), note("", "of no incident"))
		wantCode(t, err, bot.Invalid)
		if got := must[[]bot.Entry](t)(db.Entries(ctx, "i3")); len(got) != 0 {
			t.Errorf("a refused append left %v behind", got)
		}
		if n := len(must[[]bot.Entry](t)(db.Entries(ctx, "i1"))); n != 3 {
			t.Errorf("%d entries, want 3", n)
		}
	})
}

func TestIncidentQueries(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		for i, service := range []string{"assistant", "search", "assistant", "search"} {
			must[[]bot.Entry](t)(db.Append(ctx, opened(fmt.Sprintf("i%d", i), service, minute(i))))
		}
		end := func(incident string, kind bot.EntryKind) {
			must[[]bot.Entry](t)(db.Append(ctx, bot.Entry{Incident: incident, At: minute(60), Kind: kind, Actor: "firebreak"}))
		}
		end("i0", bot.EntryResolved)
		end("i1", bot.EntryRecovered)
		for name, c := range map[string]struct {
			query bot.IncidentQuery
			want  []string
		}{
			"everything, newest first": {bot.IncidentQuery{}, []string{"i3", "i2", "i1", "i0"}},
			"of a service":             {bot.IncidentQuery{Service: "assistant"}, []string{"i2", "i0"}},
			"in one of two states":     {bot.IncidentQuery{States: []bot.State{bot.Resolved, bot.Mitigated}}, []string{"i1", "i0"}},
			"both":                     {bot.IncidentQuery{Service: "search", States: []bot.State{bot.Open}}, []string{"i3"}},
			"the newest":               {bot.IncidentQuery{Limit: 1}, []string{"i3"}},
			"of nobody":                {bot.IncidentQuery{Service: "nobody"}, nil},
		} {
			if d := cmp.Diff(c.want, ids(must[[]bot.Incident](t)(db.Incidents(ctx, c.query)))); d != "" {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
		}
		if d := cmp.Diff([]string{"i3", "i2", "i1"}, ids(must[[]bot.Incident](t)(db.OpenIncidents(ctx)))); d != "" {
			t.Errorf("open incidents (-want +got):\n%s", d)
		}
		_, err := db.Incident(ctx, "nobody")
		wantCode(t, err, bot.NotFound)
	})
}

func ids(incidents []bot.Incident) (out []string) {
	for _, in := range incidents {
		out = append(out, in.ID)
	}
	return out
}

func TestManyAppendAtOnceAndNothingIsLostOrDoubled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		const goroutines, each = 16, 8
		added := race(t, goroutines, func(g int) (n int, err error) {
			for i := range each {
				// Two incidents in one transaction, in both orders: locks must not cross.
				first, second := "a", "b"
				if g%2 == 1 {
					first, second = second, first
				}
				shared, own := note(first, "shared"), note(second, "own")
				shared.Key, own.Key = fmt.Sprintf("shared-%d", i), fmt.Sprintf("own-%d-%d", g, i)
				got, err := db.Append(t.Context(), shared, own)
				if err != nil {
					return n, err
				}
				n += len(got)
			}
			return n, nil
		})
		if want := goroutines*each + 2*each; added != want {
			t.Errorf("%d entries were told to be new, want %d", added, want)
		}
		kept := 0
		for _, id := range []string{"a", "b"} {
			entries := must[[]bot.Entry](t)(db.Entries(t.Context(), id))
			kept += len(entries)
			in := must[bot.Incident](t)(db.Incident(t.Context(), id))
			if d := cmp.Diff(bot.FoldIncident(entries), in, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("incident %s (-fold +got):\n%s", id, d)
			}
		}
		if kept != added {
			t.Errorf("%d entries are kept, %d were told to be new", kept, added)
		}
	})
}

// anEntry draws an entry that may be anything: every kind, texts of any bytes, times in any zone, keys that meet.
func anEntry(t *rapid.T, incident string) bot.Entry {
	kinds := []bot.EntryKind{
		bot.EntryOpened, bot.EntryFinding, bot.EntryWorsened, bot.EntryBlind, bot.EntryRecovered, bot.EntryReopened, bot.EntryResolved,
		bot.EntryAcknowledged, bot.EntrySuspects, bot.EntryCause, bot.EntryRun, bot.EntryNote,
	}
	e := bot.Entry{
		Incident: incident,
		At:       t0.Add(time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "at"))).In(time.FixedZone("", 3600)),
		Kind:     rapid.SampledFrom(kinds).Draw(t, "kind"),
		Key:      rapid.SampledFrom([]string{"", "", "a", "b", "c", "d", "e"}).Draw(t, "key"),
		Actor:    string(rapid.SliceOfN(rapid.Byte(), 0, 6).Draw(t, "actor")),
		Sentence: string(rapid.SliceOfN(rapid.Byte(), 0, 12).Draw(t, "sentence")),
	}
	switch e.Kind {
	case bot.EntrySuspects:
		e.Data, _ = json.Marshal(bot.Ranking{At: e.At, None: 0.25, Suspects: []bot.Suspect{{Change: "c", Probability: 0.75, At: e.At}}})
	case bot.EntryCause:
		e.Data = json.RawMessage(`{"change":"c"}`)
	default:
		e.Data, _ = json.Marshal(detectors.Finding{
			Key:      rapid.SampledFrom([]string{"burn/x", "shift/x", ""}).Draw(t, "finding"),
			Service:  string(rapid.SliceOfN(rapid.Byte(), 0, 6).Draw(t, "service")),
			Verdict:  rapid.SampledFrom([]detectors.Verdict{detectors.Firing, detectors.Quiet, detectors.Blind}).Draw(t, "verdict"),
			Severity: rapid.SampledFrom([]detectors.Severity{detectors.Page, detectors.Ticket, detectors.None}).Draw(t, "severity"),
			Onset:    detectors.Onset{At: e.At}, At: e.At, Evidence: []detectors.Evidence{{Name: "n", Value: 1.5}},
		})
		if rapid.IntRange(0, 9).Draw(t, "damage") == 0 {
			e.Data = append(e.Data, '}')
		}
	}
	return e
}

func TestTheIncidentIsAlwaysWhatItsTimelineFoldsTo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		round := 0
		rapid.Check(t, func(rt *rapid.T) {
			round++
			var told []bot.Entry
			incident := fmt.Sprintf("inc-%d", round)
			for range rapid.IntRange(1, 5).Draw(rt, "appends") {
				var entries []bot.Entry
				for range rapid.IntRange(1, 4).Draw(rt, "entries") {
					entries = append(entries, anEntry(rt, incident))
				}
				added, err := db.Append(t.Context(), entries...)
				if err != nil {
					rt.Fatal(err)
				}
				told = append(told, added...)
				kept, err := db.Entries(t.Context(), incident)
				if err != nil {
					rt.Fatal(err)
				}
				if d := cmp.Diff(told, kept); d != "" {
					rt.Fatalf("the timeline is not what was told to be new (-told +kept):\n%s", d)
				}
				in, err := db.Incident(t.Context(), incident)
				if err != nil {
					rt.Fatal(err)
				}
				if d := cmp.Diff(bot.FoldIncident(kept), in, cmpopts.EquateEmpty()); d != "" {
					rt.Fatalf("incident (-fold +row):\n%s", d)
				}
			}
		})
	})
}
