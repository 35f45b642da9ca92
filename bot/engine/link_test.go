package engine_test

import (
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

func TestIncidentsWithOneSuspectAreLinkedOnBothSides(t *testing.T) {
	w, first := suspected(t)
	w.now = w.now.Add(2 * time.Minute)
	w.observe(t, of(w.firing(detectors.Page), "search"))
	w.now = w.now.Add(15 * time.Second)
	w.observe(t, of(w.firing(detectors.Page), "search")) // the same again
	var second bot.Incident
	for _, in := range w.incidents(t) {
		if in.ID == first.ID {
			first = in
		} else {
			second = in
		}
	}
	if len(first.Linked) != 1 || first.Linked[0].Incident != second.ID || first.Linked[0].Service != "search" ||
		len(second.Linked) != 1 || second.Linked[0].Incident != first.ID || second.Linked[0].Service != "support" {
		t.Errorf("linked: %+v and %+v", first.Linked, second.Linked)
	}
	want := "belongs to the incident of search (" + second.ID + "): the same change is suspected first: prompt #482"
	if entries := w.entriesOf(t, first.ID, bot.EntryLinked); len(entries) != 1 || entries[0].Sentence != want {
		t.Errorf("the timeline says %+v", entries)
	}
	card, err := w.Card(t.Context(), first.ID)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, f := range card.Facts {
		found = found || f.Label == "Also hit" && f.Value == "search ("+second.ID+"): the same change is suspected first: prompt #482"
	}
	if !found {
		t.Errorf("the card says %+v", card.Facts)
	}
}

func TestAStormIsNotLinkedAllWithAll(t *testing.T) {
	w, first := suspected(t)
	for i := range 30 {
		w.observe(t, of(w.firing(detectors.Page), "service-"+string(rune('a'+i))))
	}
	for _, in := range w.incidents(t) {
		if len(in.Linked) > 10 {
			t.Errorf("%s is linked with %d others", in.ID, len(in.Linked))
		}
		if in.ID == first.ID && len(in.Linked) != 10 {
			t.Errorf("the first one is linked with %d others", len(in.Linked))
		}
	}
}
