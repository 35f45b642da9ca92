package engine_test

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/engine"
	"github.com/firebreak-dev/firebreak/detectors"
)

// suspected is a world with an incident that has one suspect.
func suspected(t *testing.T) (*world, bot.Incident) {
	t.Helper()
	w := newWorld(t)
	if err := w.Record(t.Context(), bot.Change{ID: "github:acme/a#482", Title: "Warmer tone", MergedAt: w.now.Add(-10 * time.Minute)}); err != nil {
		t.Fatal(err)
	}
	w.observe(t, w.firing(detectors.Page))
	return w, w.incidents(t)[0]
}

func (w *world) entriesOf(t *testing.T, incident string, kind bot.EntryKind) []bot.Entry {
	t.Helper()
	all, err := w.db.Entries(t.Context(), incident)
	if err != nil {
		t.Fatal(err)
	}
	var out []bot.Entry
	for _, e := range all {
		if e.Kind == kind {
			out = append(out, e)
		}
	}
	return out
}

func TestAPersonJudgesASuspect(t *testing.T) {
	w, in := suspected(t)
	announced := w.announced[in.ID]
	says := func(word bot.Word, change string) bot.Incident {
		t.Helper()
		w.now = w.now.Add(time.Minute)
		after, err := w.Judge(t.Context(), in.ID, bot.Verdict{Change: change, Word: word, By: "ana", Via: "api"})
		if err != nil {
			t.Fatal(err)
		}
		return after
	}
	confirmed := says(bot.Confirmed, "#482")
	if confirmed.Cause != "github:acme/a#482" || !confirmed.Ranking.At.Equal(w.now) {
		t.Errorf("the cause is %q, ranked at %s", confirmed.Cause, confirmed.Ranking.At)
	}
	says(bot.Confirmed, "482") // the same again
	entries := w.entriesOf(t, in.ID, bot.EntryVerdict)
	if len(entries) != 1 || entries[0].Sentence != "ana confirmed prompt #482 (api)" || entries[0].Actor != "ana" {
		t.Errorf("the timeline says %+v", entries)
	}
	if w.announced[in.ID] == announced {
		t.Error("nobody was shown it")
	}
	says(bot.Cleared, "github:acme/a#482") // a change of mind
	says(bot.Confirmed, "#482")            // and back again
	last := says(bot.Confirmed, bot.NoneOfThese)
	if got := w.entriesOf(t, in.ID, bot.EntryVerdict); len(got) != 4 || last.Cause != "" {
		t.Errorf("%d verdicts, the cause is %q", len(got), last.Cause)
	}
}

func TestWhatCannotBeJudged(t *testing.T) {
	w, in := suspected(t)
	for _, tt := range []struct {
		name, incident string
		verdict        bot.Verdict
		want           bot.ErrorCode
	}{
		{"a change that nobody knows", in.ID, bot.Verdict{Change: "#7", Word: bot.Confirmed, By: "ana"}, bot.NotFound},
		{"an incident that nobody knows", "inc-0", bot.Verdict{Change: "#482", Word: bot.Confirmed, By: "ana"}, bot.NotFound},
		{"a word that is none", in.ID, bot.Verdict{Change: "#482", Word: "guilty", By: "ana"}, bot.Invalid},
		{"nobody", in.ID, bot.Verdict{Change: "#482", Word: bot.Cleared, By: " "}, bot.Invalid},
		{"that it was not none", in.ID, bot.Verdict{Change: bot.NoneOfThese, Word: bot.Cleared, By: "ana"}, bot.Invalid},
		{"a reason of two lines", in.ID, bot.Verdict{Change: "#482", Word: bot.Cleared, By: "ana", Reason: "a\nb"}, bot.Invalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := w.Judge(t.Context(), tt.incident, tt.verdict); bot.CodeOf(err) != tt.want {
				t.Errorf("%v", err)
			}
		})
	}
	if got := w.entriesOf(t, in.ID, bot.EntryVerdict); len(got) != 0 {
		t.Errorf("the timeline says %+v", got)
	}
}

// undo reverts #482, as a deployment of its revert does.
func (w *world) undo(t *testing.T) {
	t.Helper()
	err := w.Record(t.Context(), bot.Change{ID: "github:acme/a#483", Title: "Revert", MergedAt: w.now, EffectiveAt: w.now, Reverts: "github:acme/a#482"})
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) tick(t *testing.T) {
	t.Helper()
	if err := w.Tick(t.Context(), w.now); err != nil {
		t.Fatal(err)
	}
}

func TestARollbackThatHelpsConfirmsTheChange(t *testing.T) {
	w, in := suspected(t)
	w.now = w.now.Add(10 * time.Minute)
	w.undo(t)
	w.now = w.now.Add(3 * time.Minute)
	quiet := w.firing(detectors.Page)
	quiet.Verdict, quiet.Severity = detectors.Quiet, detectors.None
	w.observe(t, quiet)
	if got := w.entriesOf(t, in.ID, bot.EntryVerdict); len(got) != 0 {
		t.Errorf("judged before it held: %+v", got)
	}
	for range 3 {
		w.now = w.now.Add(6 * time.Minute)
		w.tick(t)
	}
	entries := w.entriesOf(t, in.ID, bot.EntryVerdict)
	if len(entries) != 1 || entries[0].Actor != bot.Self ||
		entries[0].Sentence != "prompt #482 is confirmed by its rollback: the signals came back 3 min after it was undone (github:acme/a#483)" {
		t.Errorf("the timeline says %+v", entries)
	}
	if cause := w.incidents(t)[0].Cause; cause != "github:acme/a#482" {
		t.Errorf("the cause is %q", cause)
	}
	w.observe(t, w.firing(detectors.Page)) // and it burns again
	if after := w.incidents(t)[0]; after.Cause != "" || len(after.Verdicts) != 0 {
		t.Errorf("what did not last is still held: %q, %+v", after.Cause, after.Verdicts)
	}
}

func TestARollbackThatDoesNotHelpClearsTheChange(t *testing.T) {
	w, in := suspected(t)
	w.now = w.now.Add(10 * time.Minute)
	w.undo(t)
	for range 14 {
		w.now = w.now.Add(3 * time.Minute)
		w.tick(t)
	}
	entries := w.entriesOf(t, in.ID, bot.EntryVerdict)
	if len(entries) != 1 || entries[0].Actor != bot.Self {
		t.Fatalf("the timeline says %+v", entries)
	}
	if v, _ := w.incidents(t)[0].Verdict("github:acme/a#482"); v.Word != bot.Cleared || v.Via != bot.ByRollback {
		t.Errorf("%+v", v)
	}
}

func TestWhoIsFirstNowIsToldWithTheReason(t *testing.T) {
	w, in := suspected(t)
	w.now = w.now.Add(2 * time.Minute)
	w.ranks = func(r bot.Ranking) bot.Ranking { // the one that is heard of late is the likelier one
		for i, s := range r.Suspects {
			r.Suspects[i].Probability = map[string]float64{"github:acme/a#482": .2, "github:acme/a#490": .7}[s.Change]
		}
		slices.SortFunc(r.Suspects, func(a, b bot.Suspect) int { return cmp.Compare(b.Probability, a.Probability) })
		return r
	}
	w.told["late"] = engine.Told{Changes: []bot.Change{{ID: "github:acme/a#490", Title: "late", MergedAt: w.now.Add(-8 * time.Minute)}}}
	if _, err := w.Accept(t.Context(), bot.Delivery{ID: "late", Source: "github", Event: "push", Body: []byte("{}"), ReceivedAt: w.now}); err != nil {
		t.Fatal(err)
	}
	w.work(t)
	entries := w.entriesOf(t, in.ID, bot.EntrySuspects)
	want := "new first suspect #490 at 70 %, before #482 at 90 %: #490 was heard of at 16:02 UTC, after the incident opened"
	if last := entries[len(entries)-1]; last.Sentence != want || w.incidents(t)[0].Ranking.Changed != want {
		t.Errorf("it says %q", last.Sentence)
	}
	card, err := w.Card(t.Context(), in.ID)
	if err != nil || !slices.Contains(card.Doing, "16:02 UTC "+want) {
		t.Errorf("the card says %q (%v)", card.Doing, err)
	}
}
