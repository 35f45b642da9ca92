package engine_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/engine"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// asks carries out the question of a run, which wants a second person.
func (w *world) asks(t *testing.T, run string) string {
	t.Helper()
	for _, b := range w.Actions() {
		if b.Name != "approval.ask" {
			continue
		}
		out, err := b.Handler.Act(context.Background(), playbooks.Call{
			Run: run, Playbook: "respond", Step: "ask", Action: b.Name, Attempt: 1, Key: run + "/ask", Incident: w.incidents(t)[0].ID, Service: "support",
			With: map[string]any{"second": true, "expires": 10 * time.Minute}, Begun: w.now, Now: w.now,
		})
		if err != nil || out.Status != playbooks.Pending {
			t.Fatalf("%+v, %v", out, err)
		}
	}
	return engine.ApprovalID(run, "ask")
}

func TestASecondPersonConfirmsWhatTheFirstOneStarted(t *testing.T) {
	w := newWorld(t)
	w.observe(t, w.firing(detectors.Page))
	byItself := w.started[0].ID
	if err := w.Run(t.Context(), "undo", w.incidents(t)[0].ID, "mara", "slack"); err != nil {
		t.Fatal(err)
	}
	byHand := w.asks(t, w.started[1].ID)
	_, err := w.Decide(t.Context(), byHand, bot.Approved, "mara", "slack")
	if bot.CodeOf(err) != bot.Forbidden || !strings.Contains(bot.MessageOf(err), "a second person has to answer; jo could") {
		t.Errorf("%v", err)
	}
	if _, err := w.Decide(t.Context(), byHand, bot.Approved, "jo", "slack"); err != nil {
		t.Error(err)
	}
	if _, err := w.Decide(t.Context(), w.asks(t, byItself), bot.Approved, "mara", "slack"); err != nil {
		t.Errorf("nobody started that one by hand: %v", err)
	}
}
