package slack

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestManyUpdatesAreOneEdit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		if _, err := h.act.Act(t.Context(), cardCall()); err != nil {
			t.Fatal(err)
		}
		a, stop := h.run(t)
		defer stop()
		for i := range 50 {
			card := refusals()
			card.Headline = strings.Repeat("x", i+1)
			h.deck.set(card)
			if err := a.Update(t.Context(), "inc-1"); err != nil {
				t.Fatal(err)
			}
			<-time.After(100 * time.Millisecond)
		}
		if err := a.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		m := h.vendor.messages[0]
		if m.edits < 5 || m.edits > 7 {
			t.Errorf("%d edits in five seconds, want about one a second", m.edits)
		}
		if !strings.HasSuffix(m.text, ": "+strings.Repeat("x", 50)) {
			t.Errorf("the newest state is not shown: %q", m.text)
		}
		if err := a.Update(t.Context(), "inc-1"); err != nil {
			t.Fatal(err)
		}
		if err := a.Flush(t.Context()); err != nil || h.vendor.messages[0].edits != m.edits {
			t.Errorf("an edit that changes nothing: %v", err)
		}
	})
}

// run lets an announcer work until stop is called.
func (h *house) run(t *testing.T) (a *Announcer, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	a = h.client.Announcer()
	over := make(chan error, 1)
	go func() { over <- a.Run(ctx) }()
	return a, func() {
		cancel()
		<-over
	}
}

func TestAnEditHonoursSlacksHint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		if _, err := h.act.Act(t.Context(), cardCall()); err != nil {
			t.Fatal(err)
		}
		a, stop := h.run(t)
		defer stop()
		var at []time.Duration
		begun := time.Now()
		h.vendor.when = func(method string) {
			if method == "chat.update" {
				at = append(at, time.Since(begun))
			}
		}
		h.vendor.answers["chat.update"] = []reply{{429, map[string]string{"Retry-After": "20"}, ""}, word("internal_error")}
		card := refusals()
		card.Headline = "worse"
		h.deck.set(card)
		if err := a.Update(t.Context(), "inc-1"); err != nil {
			t.Fatal(err)
		}
		if err := a.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]time.Duration{0, 20 * time.Second, 22 * time.Second}, at); diff != "" {
			t.Error(diff)
		}
	})
}

func TestACardThatCannotBeEditedIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		if _, err := h.act.Act(t.Context(), cardCall()); err != nil {
			t.Fatal(err)
		}
		h.vendor.messages = nil
		card := refusals()
		card.Headline = "worse"
		h.deck.set(card)
		a, stop := h.run(t)
		defer stop()
		for _, incident := range []string{"inc-1", "inc-without-a-card"} {
			if err := a.Update(t.Context(), incident); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.Flush(t.Context()); err != nil || h.vendor.count("chat.update") != 1 || len(h.vendor.messages) != 0 {
			t.Errorf("%v, %d edits, %d messages", err, h.vendor.count("chat.update"), len(h.vendor.messages))
		}
	})
}
