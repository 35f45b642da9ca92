package engine_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
)

// guilty opens an incident with two changes that can be taken back and one that cannot.
func guilty(t *testing.T, w *world) bot.Incident {
	t.Helper()
	w.ranks = func(r bot.Ranking) bot.Ranking {
		for i := range r.Suspects {
			if r.Suspects[i].Change != "c#3" {
				r.Suspects[i].Rollback = "github.revert"
			}
		}
		return r
	}
	for _, id := range []string{"c#1", "c#2", "c#3"} {
		if _, err := w.db.PutChange(t.Context(), bot.Change{ID: id, Kind: bot.Prompt, Title: "change " + id, Services: []string{"support"}, MergedAt: w.now.Add(-time.Hour), Source: "github"}); err != nil {
			t.Fatal(err)
		}
	}
	w.observe(t, w.firing(detectors.Page))
	w.holds = true
	return w.incidents(t)[0]
}

func TestWhatCouldBeTakenBackIsToldAndNothingIsDone(t *testing.T) {
	w := newWorld(t)
	in := guilty(t, w)
	begun := len(w.started)
	all, err := w.Rollbacks(t.Context(), in.ID)
	if err != nil {
		t.Fatal(err)
	}
	var possible []string
	for _, p := range all.Possible {
		possible = append(possible, p.Change+" by "+p.Playbook+": "+strings.Join(p.Steps, "; "))
		if len(p.Asks) != 1 || len(p.Consequences) == 0 {
			t.Errorf("%+v", p)
		}
	}
	if len(possible) != 2 || !strings.Contains(possible[0], " by undo: asks jo, mara: go on?; back: takes c#") {
		t.Errorf("%q", possible)
	}
	if len(all.Refused) != 1 || all.Refused[0].Change != "c#3" || !strings.Contains(all.Refused[0].Why, "no way back is named for prompt changes") {
		t.Errorf("%+v", all.Refused)
	}
	if len(w.started) != begun || len(all.Held) != 0 {
		t.Errorf("%d runs begun, held %q", len(w.started)-begun, all.Held)
	}
	w.holds = false // the step that takes back would be left out
	all, err = w.Rollbacks(t.Context(), in.ID)
	if err != nil || len(all.Possible) != 0 || all.Refused[1].Why != "playbook undo would leave its step back out" {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestTheChangeThatAPersonChoseIsTheOneThatIsTakenBack(t *testing.T) {
	w := newWorld(t)
	in := guilty(t, w)
	chosen := in.Ranking.Suspects[1].Change
	for range in.Ranking.Suspects {
		if chosen == "c#3" {
			chosen = in.Ranking.Suspects[2].Change
		}
	}
	r, err := w.Rollback(t.Context(), in.ID, chosen, "", "ana", "slack")
	if err != nil || r.Change != chosen {
		t.Fatalf("%+v, %v", r, err)
	}
	last := w.started[len(w.started)-1]
	var scope expr.Scope
	if err := json.Unmarshal(last.Scope, &scope); err != nil {
		t.Fatal(err)
	}
	if last.Playbook != "undo" || scope.Suspects[0].Change != chosen || len(scope.Suspects) != 3 {
		t.Errorf("%s with %+v", last.Playbook, scope.Suspects)
	}
	notes := w.entriesOf(t, in.ID, bot.EntryNote)
	if diff := cmp.Diff("ana starts playbook undo to take "+chosen+" back (slack)", notes[len(notes)-1].Sentence); diff != "" {
		t.Error(diff)
	}
}

func TestARollbackThatMustNotBeginDoesNotBegin(t *testing.T) {
	for name, q := range map[string]struct {
		prepare func(w *world, in bot.Incident) error
		change  string
		by      string
		code    bot.ErrorCode
		says    string
	}{
		"nobody says who wants it": {nil, "c#1", "", bot.Invalid, "say who"},
		"a change without a way":   {nil, "c#3", "ana", bot.Conflict, "no way back is named"},
		"one that is no suspect":   {nil, "c#9", "ana", bot.NotFound, "those that could: c#"},
		"while it is stopped": {func(w *world, _ bot.Incident) error {
			_, err := w.Stop(t.Context(), bot.Stop{On: true, By: "jo", Reason: "circles"})
			return err
		}, "c#1", "ana", bot.Conflict, "stopped by jo: circles"},
		"one that is undone already": {func(w *world, _ bot.Incident) error {
			_, err := w.db.PutChange(t.Context(), bot.Change{ID: "c#8", Reverts: "c#1", Source: "github", Kind: bot.Prompt, MergedAt: w.now, Services: []string{"support"}})
			return err
		}, "c#1", "ana", bot.Conflict, "undone already, by c#8"},
		"while the playbook is at work": {func(w *world, in bot.Incident) error {
			return w.Run(t.Context(), "undo", in.ID, "jo", "cli")
		}, "c#1", "ana", bot.Conflict, "is at work on the incident already"},
	} {
		w := newWorld(t)
		in := guilty(t, w)
		if q.prepare != nil {
			if err := q.prepare(w, in); err != nil {
				t.Fatal(name, err)
			}
		}
		begun := len(w.started)
		_, err := w.Rollback(t.Context(), in.ID, q.change, "", q.by, "cli")
		if bot.CodeOf(err) != q.code || !strings.Contains(bot.MessageOf(err), q.says) {
			t.Errorf("%s: %v", name, err)
		}
		if len(w.started) != begun {
			t.Errorf("%s: it began", name)
		}
	}
}
