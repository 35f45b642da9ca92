package library_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

var start = time.Date(2026, 3, 6, 17, 40, 0, 0, time.UTC)

// scope is an incident of the story; the suspect is the only one.
func scope(kind, rollback string, probability float64) expr.Scope {
	return expr.Scope{
		Incident: expr.Incident{
			ID: "inc-1", Service: "support", Signal: "useful-answers", Detector: "burn", Severity: "page", State: "open",
			Title: "refusals burn the budget 22 times too fast", Onset: start.Add(-10 * time.Minute), OpenedAt: start,
		},
		Service:  expr.Service{Name: "support", Owner: "team-support-ai"},
		Suspects: []expr.Suspect{{Change: "github:acme/assistants#482", Kind: kind, Title: "Be careful", Probability: probability, Rollback: rollback}},
		None:     1 - probability,
	}
}

// story plays a plan by the pure rules of package run: every attempt is answered by the script, time goes on by itself.
type story struct {
	bench
	// script gives the outcome of each attempt of a step, in order; a step that is not in it is done at once.
	script map[string][]answer
	// told are the steps that were begun, with their parameters; with holds the newest.
	told []string
	with map[string]map[string]any
}

type answer struct {
	status playbooks.Status
	fate   playbooks.Fate
}

var (
	done    = answer{status: playbooks.Done}
	pending = answer{status: playbooks.Pending}
	denied  = answer{status: playbooks.Denied}
	expired = answer{status: playbooks.Expired}
	refused = answer{fate: playbooks.Permanent}
	unknown = answer{fate: playbooks.Unknown}
)

// seen adapts the evaluator to what package run asks.
type seen struct{ bench }

func (s seen) scope(in run.Scope) (expr.Scope, error) {
	out, err := expr.ScopeFrom(in.Run)
	if err != nil {
		return out, err
	}
	out.Now, out.Steps = in.Now, make(map[string]expr.Result, len(in.Steps))
	for id, state := range in.Steps {
		out.Steps[id] = expr.Result{Status: string(state.Phase), Output: state.Output}
	}
	return out, nil
}

func (s seen) Condition(src string, in run.Scope) (bool, error) {
	scope, err := s.scope(in)
	if err != nil {
		return false, err
	}
	return s.eval.Condition(src, scope)
}

func (s seen) With(step playbooks.Step, in run.Scope) (map[string]any, error) {
	scope, err := s.scope(in)
	if err != nil {
		return nil, err
	}
	return s.eval.Render(step, scope)
}

var _ run.Evaluator = seen{}

func (s *story) play(t *testing.T, name string, sc expr.Scope) run.Ending {
	t.Helper()
	return s.playPlan(t, s.plan(t, name), sc)
}

func (s *story) playPlan(t *testing.T, plan playbooks.Plan, sc expr.Scope) run.Ending {
	t.Helper()
	stored, err := json.Marshal(sc)
	if err != nil {
		t.Fatal(err)
	}
	r := run.Run{ID: "run-1", Playbook: plan.Name, Incident: "inc-1", Service: "support", Scope: stored, StartedAt: start}
	now := start
	var events []run.Event
	count := map[string]int{}
	s.with = map[string]map[string]any{}
	for range 500 {
		d := run.Next(run.Input{Run: r, Plan: plan, Events: events, Now: now}, seen{s.bench})
		events = append(events, d.Facts...)
		switch {
		case d.Over:
			return *d.Ending
		case len(d.Facts) > 0:
			continue
		case len(d.Moves) == 0:
			if d.Until().IsZero() {
				t.Fatalf("the run waits for nothing: %+v", d.Waits)
			}
			now = d.Until()
			continue
		}
		for _, m := range d.Moves {
			events = append(events, s.move(t, m, r, d, now, count)...)
		}
		now = now.Add(time.Second)
	}
	t.Fatal("the run does not end")
	return run.Ending{}
}

// move carries out one move by the script and gives the events that the runner would write.
func (s *story) move(t *testing.T, m run.Move, r run.Run, d run.Decision, now time.Time, count map[string]int) []run.Event {
	t.Helper()
	step := m.Step.ID
	e := run.Event{Run: r.ID, At: now, Step: step, Action: m.Step.Action, Attempt: m.Attempt}
	id := func(kind run.EventKind) string { return fmt.Sprintf("%s/%s/%d/%d", kind, step, m.Attempt, count[step]) }
	if m.Kind == run.Verify || m.Kind == run.Ask {
		s.told = append(s.told, string(m.Kind)+" "+step)
		e.Kind, e.ID, e.Outcome = run.Answered, id(run.Answered), &playbooks.Outcome{Status: playbooks.Done}
		count[step]++
		return []run.Event{e}
	}
	with, err := seen{s.bench}.With(m.Step, run.Scope{Run: r.Scope, Steps: d.Steps, Now: now})
	if err != nil {
		t.Fatalf("%s: %v", step, err)
	}
	s.with[step] = with
	if m.Kind == run.Begin {
		s.told = append(s.told, step)
	}
	a := done
	if script := s.script[step]; len(script) > 0 {
		a = script[min(count[step], len(script)-1)]
	}
	intent := e
	intent.Kind, intent.ID = run.Intent, id(run.Intent)
	count[step]++
	if a.fate != "" {
		e.Kind, e.ID, e.Fate, e.Error = run.Erred, id(run.Erred), a.fate, "the vendor said no"
	} else {
		e.Kind, e.ID = run.Answered, id(run.Answered)
		e.Outcome = &playbooks.Outcome{Status: a.status}
		if a.status == playbooks.Pending {
			e.Outcome.Again = now.Add(30 * time.Second)
		}
	}
	if m.Kind == run.Poll {
		return []run.Event{e}
	}
	return []run.Event{intent, e}
}
