package engine_test

import (
	"slices"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

// drifted is what the detector says of a vendor that changed its model.
func (w *world) drifted(onset time.Time) detectors.Finding {
	return detectors.Finding{
		Key: "drift/support//requests/gpt-5", Detector: "drift", Rule: "model", Service: "support", Signal: "requests",
		Verdict: detectors.Firing, Severity: detectors.Info, At: w.now, Title: "gpt-5 is answered by another model: gpt-5-b",
		Onset: detectors.Onset{At: onset, Earliest: onset.Add(-15 * time.Second), Latest: onset},
	}
}

func TestWhatAVendorChangedIsAChangeOnce(t *testing.T) {
	w := newWorld(t)
	began := w.now.Add(-20 * time.Minute)
	w.observe(t, w.drifted(began))
	w.now = w.now.Add(time.Hour)
	w.observe(t, w.drifted(began.Add(-5*time.Minute))) // a later look sees it coarser
	w.restart(t)
	w.observe(t, w.drifted(began.Add(-time.Hour)))
	list, err := w.db.Changes(t.Context(), bot.ChangeQuery{})
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	c := list[0]
	if c.Source != "drift" || !c.EffectiveAt.Equal(began.Add(-15*time.Second)) || !slices.Contains(c.Services, "support") {
		t.Errorf("%+v", c)
	}
	if open := w.incidents(t); len(open) != 0 {
		t.Errorf("news opened an incident: %+v", open)
	}
	w.now = w.now.Add(20 * 24 * time.Hour)
	for range 2 {
		w.observe(t, w.drifted(w.now.Add(-time.Minute)))
	}
	list, err = w.db.Changes(t.Context(), bot.ChangeQuery{})
	if err != nil || len(list) != 2 {
		t.Fatalf("a model that came back after weeks: %v, %v", list, err)
	}
	other := w.drifted(began)
	other.Title = "gpt-5 is answered by another model: gpt-5-c"
	w.observe(t, other)
	if list, _ := w.db.Changes(t.Context(), bot.ChangeQuery{}); len(list) != 3 {
		t.Errorf("another model is no other change: %+v", list)
	}
}

func TestAVendorThatIsFoundLateIsASuspectOfTheOpenIncident(t *testing.T) {
	w := newWorld(t)
	w.observe(t, w.firing(detectors.Page))
	if in := w.incidents(t)[0]; len(in.Ranking.Suspects) != 0 {
		t.Fatalf("%+v", in.Ranking)
	}
	w.observe(t, w.drifted(w.now.Add(-10*time.Minute)))
	if in := w.incidents(t)[0]; len(in.Ranking.Suspects) != 1 {
		t.Errorf("%+v", in.Ranking)
	}
}

func TestAnIncidentBeginsWithWhatElseIsKnown(t *testing.T) {
	w := newWorld(t)
	parity := w.drifted(w.now.Add(-time.Hour))
	parity.Key, parity.Detector, parity.Title = "parity/support/staging/requests/versions-model-production", "parity", "staging has gpt-5-c"
	over := parity
	over.Key, over.Title = "parity/support/staging/requests/versions-prompt-production", "it was over"
	w.observe(t, parity)
	w.observe(t, over)
	over.Verdict, over.Severity = detectors.Quiet, detectors.None
	w.observe(t, over)
	w.observe(t, w.firing(detectors.Page))
	entries, err := w.db.Entries(t.Context(), w.incidents(t)[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	var notes []string
	for _, e := range entries {
		if e.Kind == bot.EntryNote {
			notes = append(notes, e.Sentence)
		}
	}
	if !slices.Equal(notes, []string{"known beside it: staging has gpt-5-c"}) {
		t.Errorf("%q", notes)
	}
}
