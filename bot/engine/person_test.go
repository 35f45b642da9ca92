package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

func TestAPersonResolves(t *testing.T) {
	w := newWorld(t)
	w.observe(t, w.firing(detectors.Page))
	in := w.incidents(t)[0]
	w.now = w.now.Add(time.Minute)
	if _, err := w.Resolve(t.Context(), in.ID, "ana", "slack", " "); bot.CodeOf(err) != bot.Conflict || !strings.Contains(err.Error(), "it still fires: refuses 9.8 %; say why") {
		t.Errorf("without a reason while it fires: %v", err)
	}
	after, err := w.Resolve(t.Context(), in.ID, "ana", "slack", "a drill")
	if err != nil || after.State != bot.Resolved || after.ResolvedBy != "ana" || !after.ResolvedAt.Equal(w.now) {
		t.Fatalf("%+v, %v", after, err)
	}
	if _, err := w.Resolve(t.Context(), in.ID, "jo", "slack", "again"); bot.CodeOf(err) != bot.Conflict {
		t.Errorf("twice: %v", err)
	}
	card, err := w.Card(t.Context(), in.ID)
	if err != nil || !strings.HasPrefix(card.Headline, "support: ana resolved it at 16:01 UTC, 6 min after it began") {
		t.Errorf("%q, %v", card.Headline, err)
	}

	w.now = w.now.Add(time.Minute)
	same := w.firing(detectors.Page)
	same.Onset = in.Onset
	w.observe(t, same)
	if n := len(w.incidents(t)); n != 1 {
		t.Errorf("what fired before opened another incident: %d", n)
	}
	w.now = w.now.Add(20 * time.Minute)
	w.observe(t, w.firing(detectors.Page)) // it began anew five minutes ago
	if n := len(w.incidents(t)); n != 2 {
		t.Errorf("what began after it was resolved opened no incident: %d", n)
	}
}

func TestAPersonDeclares(t *testing.T) {
	w := newWorld(t)
	ask := bot.Declared{Service: "support", Title: " answers\n in French ", By: "ana", Via: "cli"}
	in, err := w.Declare(t.Context(), ask)
	if err != nil || in.Title != "answers in French" || in.Severity != detectors.Page || in.State != bot.Open {
		t.Fatalf("%+v, %v", in, err)
	}
	if len(w.started) != 1 || w.started[0].Trigger != "opened" {
		t.Errorf("runs: %+v", w.started)
	}
	again, err := w.Declare(t.Context(), ask)
	if bot.CodeOf(err) != bot.Conflict || again.ID != in.ID || !strings.Contains(err.Error(), in.ID) {
		t.Errorf("a second one: %v", err)
	}
	w.now = w.now.Add(24 * time.Hour)
	if err := w.Tick(t.Context(), w.now); err != nil {
		t.Fatal(err)
	}
	if w.incidents(t)[0].State != bot.Open {
		t.Error("it ended by itself")
	}
	after, err := w.Resolve(t.Context(), in.ID, "jo", "cli", "")
	if err != nil || after.State != bot.Resolved {
		t.Errorf("%v, %v", after.State, err)
	}
	for name, q := range map[string]struct {
		change func(*bot.Declared)
		want   string
	}{
		"of no service that there is": {func(d *bot.Declared) { d.Service = "nope" }, "those that are: support"},
		"without a title":             {func(d *bot.Declared) { d.Title = " \n" }, "a title is wanted"},
		"of nobody":                   {func(d *bot.Declared) { d.By = "" }, "say who"},
		"as mere information":         {func(d *bot.Declared) { d.Severity = detectors.Info }, "page or ticket"},
		"with a title without bound":  {func(d *bot.Declared) { d.Title = strings.Repeat("x", 201) }, "at most 200"},
	} {
		d := ask
		q.change(&d)
		if _, err := w.Declare(t.Context(), d); bot.CodeOf(err) != bot.Invalid || !strings.Contains(err.Error(), q.want) {
			t.Errorf("an incident %s: %v, want %q", name, err, q.want)
		}
	}
}

func TestAPersonNotes(t *testing.T) {
	w := newWorld(t)
	w.observe(t, w.firing(detectors.Page))
	in := w.incidents(t)[0]
	for range 2 { // a double press is one note
		if _, err := w.Note(t.Context(), in.ID, "ana", "slack", "the vendor\nis told"); err != nil {
			t.Fatal(err)
		}
	}
	notes := w.entriesOf(t, in.ID, bot.EntryNote)
	if len(notes) != 1 || notes[0].Sentence != "ana (slack): the vendor is told" || notes[0].Actor != "ana" {
		t.Errorf("%+v", notes)
	}
	if _, err := w.Note(t.Context(), in.ID, "ana", "slack", ""); bot.CodeOf(err) != bot.Invalid {
		t.Errorf("an empty note: %v", err)
	}
	if _, err := w.Note(t.Context(), "inc-nope", "ana", "slack", "x"); bot.CodeOf(err) != bot.NotFound {
		t.Errorf("of no incident: %v", err)
	}
}

func TestAMutedIncidentStartsNothingUntilItIsOver(t *testing.T) {
	for name, q := range map[string]struct {
		between func(*world, bot.Incident)
		want    []string
	}{
		"what is still true begins then": {func(*world, bot.Incident) {}, []string{"opened", "suspects"}},
		"and at once when it is unmuted": {func(w *world, in bot.Incident) {
			if _, err := w.Mute(t.Context(), in.ID, 0, "ana", "slack", ""); err != nil {
				t.Fatal(err)
			}
			w.now = w.now.Add(-time.Hour)
		}, []string{"opened", "suspects"}},
		"what is over begins no more": {func(w *world, in bot.Incident) {
			if _, err := w.Resolve(t.Context(), in.ID, "ana", "slack", "it was a test"); err != nil {
				t.Fatal(err)
			}
		}, []string{"opened"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.undoes = true
			w.observe(t, w.firing(detectors.Ticket))
			in := w.incidents(t)[0]
			if _, err := w.Mute(t.Context(), in.ID, time.Hour, "ana", "slack", "known, mended at four"); err != nil {
				t.Fatal(err)
			}
			w.now = w.now.Add(time.Minute)
			if err := w.Record(t.Context(), bot.Change{ID: "github:acme/a#482", Title: "Warmer tone", MergedAt: w.now.Add(-20 * time.Minute)}); err != nil {
				t.Fatal(err)
			}
			w.observe(t, w.firing(detectors.Page))
			w.now = w.now.Add(time.Hour)
			q.between(w, in)
			if err := w.Tick(t.Context(), w.now); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range w.started {
				if r.Playbook == "undo" || r.Trigger == "opened" {
					got = append(got, r.Trigger)
				}
			}
			if diff := cmp.Diff(q.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAMuteHasBounds(t *testing.T) {
	w := newWorld(t)
	w.observe(t, w.firing(detectors.Page))
	in := w.incidents(t)[0]
	for lasts, reason := range map[time.Duration]string{time.Second: "short", 8 * 24 * time.Hour: "long", -time.Hour: "back", time.Hour: ""} {
		if _, err := w.Mute(t.Context(), in.ID, lasts, "ana", "slack", reason); bot.CodeOf(err) != bot.Invalid {
			t.Errorf("for %s because %q: %v", lasts, reason, err)
		}
	}
	muted, err := w.Mute(t.Context(), in.ID, time.Hour, "ana", "slack", "known")
	if err != nil || !muted.Muted.Until.Equal(w.now.Add(time.Hour)) {
		t.Fatalf("%+v, %v", muted.Muted, err)
	}
	card, err := w.Card(t.Context(), in.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range card.Facts {
		if f.Label == "Muted" && f.Value == "until 17:00 UTC by ana: known" {
			return
		}
	}
	t.Errorf("the card does not tell: %+v", card.Facts)
}
