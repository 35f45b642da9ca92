package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

// askedFor is the trigger of a run that a person asked for.
const askedFor = "asked"

// Outline tells in words what a playbook would do: what starts it, and its steps. With an incident, it tells whether the playbook's
// condition holds there.
func (e *Engine) Outline(ctx context.Context, name, incident string) ([]string, error) {
	plan, err := e.planned(name)
	if err != nil {
		return nil, err
	}
	lines := []string{"start by itself when an incident is " + strings.Join(plan.On, ", ")}
	if plan.When != "" {
		lines[0] += ", if " + plan.When
	}
	if incident != "" {
		in, err := e.parts.Timeline.Incident(ctx, incident)
		if err != nil {
			return nil, err
		}
		if plan.When != "" {
			lines = append(lines, e.whether(plan.When, in))
		}
	}
	for _, s := range plan.Steps {
		lines = append(lines, stepLine(s))
	}
	for _, s := range plan.OnFailure {
		lines = append(lines, "if it fails: "+stepLine(s))
	}
	return lines, nil
}

func (e *Engine) whether(condition string, in bot.Incident) string {
	holds, why, err := e.parts.Conditions.Holds(condition, e.Scope(in))
	switch {
	case err != nil:
		return "whether its condition holds for " + in.ID + " cannot be told: " + err.Error()
	case holds:
		return "its condition holds for " + in.ID + " now"
	case why != "":
		return "its condition does not hold for " + in.ID + " now: " + why
	default:
		return "its condition does not hold for " + in.ID + " now"
	}
}

func stepLine(s playbooks.Step) string {
	line := s.ID + ": " + s.Action
	if s.When != "" {
		line += ", if " + s.When
	}
	return line
}

func (e *Engine) planned(name string) (playbooks.Plan, error) {
	plans := e.parts.Playbooks.Plans()
	names := make([]string, 0, len(plans))
	for _, p := range plans {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	known := "none is in use"
	if len(names) > 0 {
		slices.Sort(names)
		known = "those in use: " + strings.Join(names, ", ")
	}
	return playbooks.Plan{}, bot.Errorf(bot.NotFound, "there is no playbook %q; %s", name, known)
}

// Run starts a playbook for an incident because a person wants it, whatever its condition says: its steps have their own. A playbook that
// is at work on the incident is not started beside itself.
func (e *Engine) Run(ctx context.Context, name, incident, by, via string) error {
	plan, err := e.planned(name)
	if err != nil {
		return err
	}
	e.placing.Lock()
	defer e.placing.Unlock()
	in, err := e.parts.Timeline.Incident(ctx, incident)
	if err != nil {
		return err
	}
	if by == "" {
		return bot.Errorf(bot.Invalid, "say who starts it")
	}
	busy, err := e.parts.Runs.Runs(ctx, run.Query{Incident: in.ID, States: []run.State{run.Running, run.Waiting}})
	if err != nil {
		return err
	}
	if slices.ContainsFunc(busy, func(r run.Run) bool { return r.Playbook == name }) {
		return bot.Errorf(bot.Conflict, "playbook %s is at work on %s already", name, in.ID)
	}
	return e.beginAsked(ctx, in, plan, e.Scope(in), by, fmt.Sprintf("%s starts playbook %s (%s)", by, name, via))
}

// beginAsked notes that a person wants a playbook to run, and begins it. It is called with placing held.
func (e *Engine) beginAsked(ctx context.Context, in bot.Incident, plan playbooks.Plan, scope expr.Scope, by, sentence string) error {
	now := e.now()
	key := fmt.Sprintf("asked/%s/%s", plan.Name, now.Truncate(time.Minute).Format(time.RFC3339))
	added, err := e.parts.Timeline.Append(ctx, bot.Entry{
		ID: bot.StableID("ent", now, in.ID, key), Incident: in.ID, At: now, Kind: bot.EntryNote, Key: key, Actor: by, Sentence: sentence,
	})
	switch {
	case err != nil:
		return err
	case len(added) == 0:
		return bot.Errorf(bot.Conflict, "playbook %s was started for %s less than a minute ago", plan.Name, in.ID)
	}
	return e.begin(ctx, in, trigger{incident: in.ID, entry: added[0].ID, word: askedFor}, plan, scope)
}
