package engine_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

func TestAMessageIsPutOnATimelineOnce(t *testing.T) {
	w := newWorld(t)
	w.observe(t, w.firing(detectors.Page))
	in := w.incidents(t)[0]
	q := bot.Quote{Key: "slack/C1/1.2", Text: "the vendor\nis told", Author: "jo", Link: "https://acme.slack.com/archives/C1/p12"}
	for i, by := range []string{"ana", "mara"} {
		if _, fresh, err := w.Quote(t.Context(), in.ID, q, by, "slack"); fresh != (i == 0) || err != nil {
			t.Errorf("%s: %t, %v", by, fresh, err)
		}
	}
	notes := w.entriesOf(t, in.ID, bot.EntryNote)
	if len(notes) != 1 || notes[0].Sentence != "ana (slack) notes what jo wrote: the vendor is told (https://acme.slack.com/archives/C1/p12)" || notes[0].Actor != "ana" {
		t.Errorf("%+v", notes)
	}
	q.Key, q.Author, q.Link = "slack/C1/1.3", "ana", ""
	if _, _, err := w.Quote(t.Context(), in.ID, q, "ana", "slack"); err != nil {
		t.Fatal(err)
	}
	if notes = w.entriesOf(t, in.ID, bot.EntryNote); !cmp.Equal(notes[1].Sentence, "ana (slack): the vendor is told") {
		t.Errorf("their own words: %q", notes[1].Sentence)
	}
	for name, bad := range map[string]bot.Quote{
		"no text": {Key: "k", Text: " "}, "no name": {Text: "x"}, "too much": {Key: "k", Text: strings.Repeat("x", 3001)}, "a long address": {Key: "k", Text: "x", Link: strings.Repeat("x", 1001)},
	} {
		if _, _, err := w.Quote(t.Context(), in.ID, bad, "ana", "slack"); bot.CodeOf(err) != bot.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := w.Quote(t.Context(), "inc-nowhere", q, "ana", "slack"); bot.CodeOf(err) != bot.NotFound {
		t.Errorf("an unknown incident: %v", err)
	}
}
