package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

func TestAPersonHangsAnAddressOnAnIncident(t *testing.T) {
	w := newWorld(t)
	w.observe(t, w.firing(detectors.Page))
	in := w.incidents(t)[0]
	for range 2 { // a double press is one address
		after, err := w.Link(t.Context(), in.ID, "https://status.vendor.example/4711?x=1", "the vendor's\n status", "ana", "slack")
		if err != nil || len(after.References) != 1 || after.References[0].Title != "the vendor's status" || after.References[0].By != "ana" {
			t.Fatalf("%+v, %v", after.References, err)
		}
	}
	entries := w.entriesOf(t, in.ID, bot.EntryReference)
	if len(entries) != 1 || entries[0].Sentence != "linked by ana (slack): the vendor's status https://status.vendor.example/4711?x=1" {
		t.Errorf("%+v", entries)
	}
	card, err := w.Card(t.Context(), in.ID)
	if err != nil {
		t.Fatal(err)
	}
	shown := ""
	for _, f := range card.Facts {
		if f.Label == "See" {
			shown = f.Value
		}
	}
	if shown != "the vendor's status https://status.vendor.example/4711?x=1" {
		t.Errorf("the card shows %q", shown)
	}
	for name, q := range map[string]struct{ to, want string }{
		"without encryption":       {"http://x.example/", "https://"},
		"that runs something":      {"javascript:alert(1)", "https://"},
		"with a name before the @": {"https://good.example@evil.example/", "https://"},
		"with a space in it":       {"https://x.example/ y", "https://"},
		"without a host":           {"https:///x", "https://"},
		"without bound":            {"https://x.example/" + strings.Repeat("y", 1000), "at most 1000"},
		"that is none":             {"", "say what it is linked with"},
	} {
		if _, err := w.Link(t.Context(), in.ID, q.to, "", "ana", "cli"); bot.CodeOf(err) != bot.Invalid || !strings.Contains(err.Error(), q.want) {
			t.Errorf("an address %s: %v", name, err)
		}
	}
	if _, err := w.Link(t.Context(), in.ID, "https://x.example", "", "", "cli"); bot.CodeOf(err) != bot.Invalid {
		t.Errorf("of nobody: %v", err)
	}
}

func TestAPersonLinksTwoIncidents(t *testing.T) {
	w := newWorld(t)
	first, err := w.Declare(t.Context(), bot.Declared{Service: "support", Title: "answers in French", By: "ana", Via: "cli"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Resolve(t.Context(), first.ID, "ana", "cli", "a drill"); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(2 * time.Hour)
	second, err := w.Declare(t.Context(), bot.Declared{Service: "support", Title: "again", By: "ana", Via: "cli"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := w.Link(t.Context(), second.ID, first.ID, "the same prompt", "jo", "slack"); err != nil {
			t.Fatal(err)
		}
	}
	for id, other := range map[string]string{first.ID: second.ID, second.ID: first.ID} {
		entries := w.entriesOf(t, id, bot.EntryLinked)
		if len(entries) != 1 || entries[0].Actor != "jo" || !strings.HasSuffix(entries[0].Sentence, "linked by jo (slack): the same prompt") {
			t.Errorf("%s: %+v", id, entries)
		}
		if in := bot.FoldIncident(entries); len(in.Linked) != 1 || in.Linked[0].Incident != other {
			t.Errorf("%s: %+v", id, in.Linked)
		}
	}
	for to, code := range map[string]bot.ErrorCode{second.ID: bot.Invalid, "inc-nope": bot.NotFound} {
		if _, err := w.Link(t.Context(), second.ID, to, "", "jo", "slack"); bot.CodeOf(err) != code {
			t.Errorf("with %s: %v", to, err)
		}
	}
}
