package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/undo"
	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

// Rollbacks tells which changes of an incident the playbooks in use could take back, what each would do, and why not the others. It
// does nothing.
func (e *Engine) Rollbacks(ctx context.Context, incident string) (bot.Rollbacks, error) {
	in, err := e.parts.Timeline.Incident(ctx, incident)
	if err != nil {
		return bot.Rollbacks{}, err
	}
	return e.rollbacks(ctx, in)
}

func (e *Engine) rollbacks(ctx context.Context, in bot.Incident) (bot.Rollbacks, error) {
	out := bot.Rollbacks{Incident: in.ID, Service: in.Service, Title: in.Title, Held: []string{}, Possible: []bot.Rollback{}, Refused: []bot.NoRollback{}}
	now := e.now()
	others, err := e.candidates(ctx, in, now)
	if err != nil {
		return out, err
	}
	busy, err := e.parts.Runs.Runs(ctx, run.Query{Incident: in.ID, States: []run.State{run.Running, run.Waiting}})
	if err != nil {
		return out, err
	}
	stop, err := e.Stopped(ctx)
	if err != nil {
		return out, err
	}
	if stop.On {
		out.Held = append(out.Held, fmt.Sprintf("No action starts: stopped by %s: %s", stop.By, stop.Reason))
	}
	if in.State == bot.Resolved {
		out.Held = append(out.Held, "The incident is resolved")
	}
	for _, s := range in.Ranking.Suspects {
		why := undo.Against(in, s.Change, others)
		var paths []bot.Rollback
		if why == "" {
			paths, why = e.paths(in, s, busy)
		}
		if why != "" {
			out.Refused = append(out.Refused, bot.NoRollback{Change: s.Change, Title: s.Title, Why: why})
			continue
		}
		change := bot.Change{ID: s.Change, Title: s.Title}
		if i := slices.IndexFunc(others, func(c bot.Change) bool { return c.ID == s.Change }); i >= 0 {
			change = others[i]
		}
		for i := range paths {
			paths[i].Consequences = undo.Consequences(now, in, s, change, others)
		}
		out.Possible = append(out.Possible, paths...)
	}
	return out, nil
}

// paths are the playbooks that take a suspect back, or why there is none.
func (e *Engine) paths(in bot.Incident, s bot.Suspect, busy []run.Run) (paths []bot.Rollback, why string) {
	if s.Rollback == "" {
		return nil, "no way back is named for " + cmp.Or(string(s.Kind), "such") + " changes of its service; the configuration names one under rollback"
	}
	why = "no playbook in use takes a change back by " + s.Rollback
	for _, plan := range e.parts.Playbooks.Plans() {
		if !slices.ContainsFunc(plan.Steps, func(step playbooks.Step) bool { return step.Action == s.Rollback }) {
			continue
		}
		if slices.ContainsFunc(busy, func(r run.Run) bool { return r.Playbook == plan.Name }) {
			why = "playbook " + plan.Name + " is at work on the incident already"
			continue
		}
		r := rehearsal{engine: e, in: in, scope: first(e.Scope(in), s.Change), target: s.Change}
		r.plan(plan, s.Rollback)
		if r.missing != "" {
			why = r.missing
			continue
		}
		paths = append(paths, bot.Rollback{
			Change: s.Change, Kind: s.Kind, Title: s.Title, URL: s.URL, Author: s.Author, Probability: s.Probability,
			Playbook: plan.Name, Action: s.Rollback, Steps: r.steps, Asks: r.asks,
		})
	}
	if len(paths) > 0 {
		why = ""
	}
	return paths, why
}

// first is a scope in which the change that a person chose stands before the others: that is the one which playbooks take back.
func first(scope expr.Scope, change string) expr.Scope {
	chosen := func(s expr.Suspect) bool { return s.Change == change }
	if i := slices.IndexFunc(scope.Suspects, chosen); i > 0 {
		rest := slices.DeleteFunc(slices.Clone(scope.Suspects), chosen)
		scope.Suspects = append([]expr.Suspect{scope.Suspects[i]}, rest...)
	}
	return scope
}

// rehearsal goes through the steps of a plan as if everybody said yes and nothing failed, and does nothing.
type rehearsal struct {
	engine *Engine
	in     bot.Incident
	scope  expr.Scope
	target string

	steps, asks []string
	// missing says why the plan does not take the target back, empty where it does.
	missing string
}

func (r *rehearsal) plan(plan playbooks.Plan, action string) {
	r.missing = fmt.Sprintf("playbook %s takes another change back", plan.Name)
	r.scope.Steps = map[string]expr.Result{}
	r.scope.Now = r.engine.now()
	r.steps, r.asks = []string{}, []string{}
	for _, s := range plan.Steps {
		holds, why, err := true, "", error(nil)
		if s.When != "" {
			holds, why, err = r.engine.parts.Conditions.Holds(s.When, r.scope)
		}
		if err == nil && !holds {
			r.scope.Steps[s.ID] = expr.Result{Status: "skipped"}
			if s.Action == action {
				r.missing = strings.TrimSuffix(fmt.Sprintf("playbook %s would leave its step %s out: %s", plan.Name, s.ID, why), ": ")
			}
			continue
		}
		r.step(s, action, err != nil)
		r.scope.Steps[s.ID] = expr.Result{Status: "done"}
	}
}

// step words a step that would be carried out; open tells that this shows only when it comes to it.
func (r *rehearsal) step(s playbooks.Step, action string, open bool) {
	with, err := r.engine.parts.Conditions.With(s, r.scope)
	line := s.ID + ": " + s.Action
	switch question, _ := with["question"].(string); {
	case err != nil:
	case s.Action == approvalAction:
		of, _ := with["of"].(string)
		who := cmp.Or(strings.Join(r.engine.deciders(r.in.Service, of), ", "), "whoever may approve")
		line = fmt.Sprintf("asks %s: %s", who, cmp.Or(question, "go on?"))
		if r.missing != "" { // it stands before the change is taken back
			r.asks = append(r.asks, line)
		}
	case s.Action == action && takes(with, r.target):
		line, r.missing = fmt.Sprintf("%s: takes %s back (%s)", s.ID, r.target, s.Action), ""
	}
	if open {
		line += ", if " + s.When
	}
	r.steps = append(r.steps, line)
}

// takes tells whether a step's parameters name the change.
func takes(with map[string]any, change string) bool {
	for _, v := range with {
		if v == change {
			return true
		}
	}
	return false
}

// Rollback has a playbook take a change of an incident back, because a person wants it. It is the playbook that does it, with its
// questions, and inside the same safety envelope as ever: what Rollbacks does not list as possible is refused.
func (e *Engine) Rollback(ctx context.Context, incident, change, playbook, by, via string) (bot.Rollback, error) {
	if by == "" {
		return bot.Rollback{}, bot.Errorf(bot.Invalid, "say who takes it back")
	}
	e.placing.Lock()
	defer e.placing.Unlock()
	in, err := e.parts.Timeline.Incident(ctx, incident)
	if err != nil {
		return bot.Rollback{}, err
	}
	all, err := e.rollbacks(ctx, in)
	if err != nil {
		return bot.Rollback{}, err
	}
	if playbook != "" {
		all.Possible = slices.DeleteFunc(all.Possible, func(r bot.Rollback) bool { return r.Playbook != playbook })
	}
	r, err := all.Of(change)
	if err == nil && len(all.Held) > 0 {
		err = bot.Errorf(bot.Conflict, "%s", strings.Join(all.Held, "; "))
	}
	if err != nil {
		return bot.Rollback{}, err
	}
	plan, err := e.planned(r.Playbook)
	if err != nil {
		return bot.Rollback{}, err
	}
	said := fmt.Sprintf("%s starts playbook %s to take %s back (%s)", by, r.Playbook, r.Change, via)
	return r, e.beginAsked(ctx, in, plan, first(e.Scope(in), r.Change), by, said)
}
