package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

func TestAPlaybookIsOutlined(t *testing.T) {
	w := newWorld(t)
	w.observe(t, w.firing(detectors.Page))
	in := w.incidents(t)[0]
	lines, err := w.Outline(t.Context(), "undo", in.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"start by itself when an incident is suspects, if likely", "its condition does not hold for " + in.ID + " now",
		"ask: approval.ask", "back: github.revert, if sure", "if it fails: page: pagerduty.page",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
	if _, err := w.Outline(t.Context(), "nope", ""); bot.CodeOf(err) != bot.NotFound || !strings.Contains(err.Error(), "those in use: respond, undo") {
		t.Errorf("one that is not there: %v", err)
	}
}

func TestAPersonStartsAPlaybook(t *testing.T) {
	w := newWorld(t)
	w.observe(t, w.firing(detectors.Page))
	in := w.incidents(t)[0]
	if err := w.Run(t.Context(), "respond", in.ID, "ana", "slack"); bot.CodeOf(err) != bot.Conflict {
		t.Errorf("one that is at work: %v", err)
	}
	if err := w.Run(t.Context(), "undo", in.ID, "ana", "slack"); err != nil {
		t.Fatal(err)
	}
	last := w.started[len(w.started)-1]
	if last.Playbook != "undo" || last.Trigger != "asked" || last.State != run.Running {
		t.Errorf("%+v", last)
	}
	if notes := w.entriesOf(t, in.ID, bot.EntryNote); len(notes) != 1 || notes[0].Sentence != "ana starts playbook undo (slack)" {
		t.Errorf("%+v", notes)
	}
	if err := w.Run(t.Context(), "undo", in.ID, "ana", "slack"); bot.CodeOf(err) != bot.Conflict {
		t.Errorf("twice: %v", err)
	}
}

func TestTheKillSwitch(t *testing.T) {
	w := newWorld(t)
	if stopped, _ := w.Halted(); stopped {
		t.Error("it is on from the start")
	}
	if _, err := w.Stop(t.Context(), bot.Stop{On: true, By: "ana", Reason: " "}); bot.CodeOf(err) != bot.Invalid {
		t.Errorf("without a reason: %v", err)
	}
	s, err := w.Stop(t.Context(), bot.Stop{On: true, By: "ana", Via: "slack", Reason: "it rolls back in circles"})
	if err != nil || !s.On || !s.At.Equal(w.now) {
		t.Fatalf("%+v, %v", s, err)
	}
	w.now = w.now.Add(time.Hour)
	if again, err := w.Stop(t.Context(), bot.Stop{On: true, By: "jo", Reason: "me too"}); err != nil || again.By != "ana" {
		t.Errorf("who turned it first is forgotten: %+v, %v", again, err)
	}
	w.restart(t)
	if stopped, why := w.Halted(); !stopped || why != "stopped by ana at 16:00 UTC: it rolls back in circles" {
		t.Errorf("after a restart: %v %q", stopped, why)
	}
	_ = w.db.Close() // what was known last holds
	if stopped, _ := w.Halted(); !stopped {
		t.Error("without a store actions start again")
	}
	w.open(t)
	if lifted, err := w.Stop(t.Context(), bot.Stop{By: "jo", Via: "cli"}); err != nil || lifted.On {
		t.Errorf("%+v, %v", lifted, err)
	}
	if stopped, _ := w.Halted(); stopped {
		t.Error("it is on still")
	}
}
