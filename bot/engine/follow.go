package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

// triggers are the entries that start playbooks, and the words that playbooks know them by.
var triggers = map[bot.EntryKind]string{
	bot.EntryOpened:    "opened",
	bot.EntryWorsened:  "worsened",
	bot.EntryReopened:  "reopened",
	bot.EntryBlind:     "blind",
	bot.EntryRecovered: "recovered",
	bot.EntryResolved:  "resolved",
	bot.EntrySuspects:  suspected,
}

// suspected is the trigger of a ranking that says something new: a change was heard of late, or the onset is known better. It starts
// a playbook only while the incident burns, and only if the incident never started it: being surer of what was known before is no
// reason to ask people again.
const suspected = "suspects"

// handled is the memory space that marks trigger entries whose runs have begun.
const handled = "handled-triggers"

// trigger is an entry that may start playbooks.
type trigger struct {
	incident string
	entry    string
	word     string
}

// touched collects what was added to which incidents, in order.
type touched struct {
	order     []string
	incidents map[string]bot.Incident
	added     map[string][]bot.Entry
}

func newTouched() *touched {
	return &touched{incidents: map[string]bot.Incident{}, added: map[string][]bot.Entry{}}
}

func (t *touched) add(in bot.Incident, entries []bot.Entry) {
	if _, known := t.incidents[in.ID]; !known {
		t.order = append(t.order, in.ID)
	}
	t.incidents[in.ID] = in
	t.added[in.ID] = append(t.added[in.ID], entries...)
}

// grow notes what was added to an incident that is among them.
func (t *touched) grow(id string, entries []bot.Entry) {
	t.incidents[id] = t.incidents[id].Then(entries...)
	t.added[id] = append(t.added[id], entries...)
}

// follow does what follows from new entries: suspects first, since playbooks look at them, then runs, then the card. Its
// faults are logged and tried again with the next tick; the entries themselves are safe.
func (e *Engine) follow(ctx context.Context, t *touched) {
	called := make([]trigger, 0, len(t.order))
	for _, id := range slices.Clone(t.order) {
		e.open = replaceIncident(e.open, t.incidents[id])
		if worthRanking(t.added[id]) {
			ranked, err := e.rank(ctx, t.incidents[id], judged(t.added[id]))
			if err != nil {
				e.parts.Logger.ErrorContext(ctx, "suspects could not be ranked", "incident", id, "error", err)
			}
			t.grow(id, ranked)
		}
		e.open = replaceIncident(e.open, t.incidents[id])
		e.followLinks(ctx, t, id)
		e.attach(ctx, t, id)
		called = append(called, triggersOf(id, t.added[id])...)
	}
	e.startAll(ctx, called)
	for _, id := range t.order {
		e.parts.Announcer.Update(ctx, id)
	}
}

// followLinks links an incident with those that it belongs to; they are shown anew as well.
func (e *Engine) followLinks(ctx context.Context, t *touched, id string) {
	linked, err := e.link(ctx, t.incidents[id])
	if err != nil {
		e.parts.Logger.ErrorContext(ctx, "incidents could not be linked", "incident", id, "error", err)
	}
	for i, in := range e.open {
		if entries := linked[in.ID]; len(entries) > 0 {
			e.open[i] = in.Then(entries...)
			t.add(e.open[i], entries)
		}
	}
	e.crowded = e.crowded || e.joined(t.incidents[id], t.added[id])
}

// triggersOf are those of an incident's new entries that may start playbooks.
func triggersOf(incident string, added []bot.Entry) []trigger {
	var out []trigger
	for _, entry := range added {
		if word, is := triggers[entry.Kind]; is {
			out = append(out, trigger{incident: incident, entry: entry.ID, word: word})
		}
	}
	return out
}

// worthRanking tells whether new entries may change the ranking, and it was not made with them in mind.
func worthRanking(entries []bot.Entry) bool {
	worth := false
	for _, entry := range entries {
		switch entry.Kind {
		case bot.EntryOpened, bot.EntryWorsened, bot.EntryReopened, bot.EntryFinding, bot.EntryRecovered, bot.EntryVerdict:
			worth = true
		case bot.EntrySuspects:
			return false
		default:
		}
	}
	return worth
}

// judged tells whether somebody judged a suspect: who did wants to see it, whatever else the ranking says.
func judged(entries []bot.Entry) bool {
	return slices.ContainsFunc(entries, func(entry bot.Entry) bool { return entry.Kind == bot.EntryVerdict })
}

// errMuted tells that a trigger waits until its incident is muted no longer.
var errMuted = errors.New("the incident is muted")

// hushed tells whether a mute keeps a trigger waiting: what gets worse, not what ends, and not what is new.
func hushed(word string) bool {
	switch word {
	case "worsened", "reopened", "blind", suspected:
		return true
	default:
		return false
	}
}

// startPending begins the runs of triggers that could not begin before.
func (e *Engine) startPending(ctx context.Context) {
	waiting := e.pending
	e.pending = nil
	e.startAll(ctx, waiting)
}

// startAll begins the runs of triggers, then marks those triggers as handled; those that fail wait for the next tick. A run's ID is
// made from its trigger's entry, so that beginning it again, after a fault or a crash, begins nothing twice.
func (e *Engine) startAll(ctx context.Context, called []trigger) {
	failed := func(t trigger, err error) {
		e.parts.Logger.ErrorContext(ctx, "runs could not begin; they will be tried again", "incident", t.incident,
			"trigger", t.word, "error", err)
		e.pending = append(e.pending, t)
	}
	begun, muted := make([]trigger, 0, len(called)), 0
	for _, t := range called {
		switch err := e.start(ctx, t); {
		case errors.Is(err, errMuted), errors.Is(err, errFollows):
			e.pending, muted = append(e.pending, t), muted+1
			continue
		case err != nil:
			failed(t, err)
			continue
		}
		begun = append(begun, t)
	}
	for _, t := range begun { // after all have begun: marks and the runs' first steps wait in the same line of writers
		if err := e.parts.Memory.Remember(ctx, handled, t.entry, []byte(t.word)); err != nil {
			failed(t, err)
		}
	}
	e.metrics.pending.Set(float64(len(e.pending) - muted)) // somebody wants those to wait
}

// start begins the runs that a trigger calls for.
func (e *Engine) start(ctx context.Context, t trigger) error {
	in, err := e.parts.Timeline.Incident(ctx, t.incident)
	if err != nil {
		return err
	}
	burns := in.State == bot.Open || in.State == bot.Acknowledged
	if t.word == suspected && !burns {
		return nil
	}
	switch {
	case in.Lead.Incident != "" && burns:
		return errFollows
	case in.Lead.Incident != "":
		return nil // it was over before it had anything to say
	}
	if hushed(t.word) && !in.Muted.Until.IsZero() {
		switch {
		case in.Muted.Holds(e.parts.Now()):
			return errMuted
		case !burns && t.word != suspected:
			return nil // it was over before the mute was
		}
	}
	scope := e.Scope(in)
	plans, others := e.parts.Playbooks.Choose(t.word, scope)
	for _, why := range others {
		e.parts.Logger.DebugContext(ctx, "playbook not chosen", "incident", in.ID, "trigger", t.word, "why", why)
	}
	for _, plan := range plans {
		if err := e.begin(ctx, in, t, plan, scope); err != nil {
			return fmt.Errorf("begin %s: %w", plan.Name, err)
		}
	}
	return nil
}

func (e *Engine) begin(ctx context.Context, in bot.Incident, t trigger, plan playbooks.Plan, scope expr.Scope) error {
	// A playbook that is still at work on this incident is not started beside itself.
	others := run.Query{Incident: in.ID, States: []run.State{run.Running, run.Waiting}}
	if t.word == suspected {
		others.States = nil
	}
	begun, err := e.parts.Runs.Runs(ctx, others)
	if err != nil {
		return err
	}
	id := RunID(in.ID, plan.Name, t.entry)
	for _, r := range begun {
		if r.Playbook == plan.Name && r.ID != id {
			e.parts.Logger.InfoContext(ctx, "playbook has begun already", "incident", in.ID, "playbook", plan.Name, "run", r.ID)
			return nil
		}
	}
	snapshot, err := json.Marshal(plan)
	if err != nil {
		return err
	}
	seen, err := json.Marshal(scope)
	if err != nil {
		return err
	}
	return e.runner.Start(ctx, run.Run{
		ID: id, Playbook: plan.Name, Incident: in.ID, Service: in.Service, Trigger: t.word,
		Plan: snapshot, Scope: seen, State: run.Running, StartedAt: e.parts.Now(), Interpreter: run.Interpreter,
	})
}

// RunID names the run of a playbook that a timeline entry triggers.
func RunID(incident, playbook, entry string) string { return incident + "/" + playbook + "/" + entry }

// Resume finds triggers that a crash kept from their runs. It is called once, before anything is observed.
func (e *Engine) Resume(ctx context.Context) error {
	e.placing.Lock()
	defer e.placing.Unlock()
	recent, err := e.parts.Timeline.Incidents(ctx, bot.IncidentQuery{Limit: 200})
	if err != nil {
		return err
	}
	for _, in := range recent {
		if in.State == bot.Resolved && e.parts.Now().Sub(in.ResolvedAt) > 24*time.Hour {
			continue
		}
		if err := e.resumeIncident(ctx, in); err != nil {
			return err
		}
	}
	e.startPending(ctx)
	return nil
}

func (e *Engine) resumeIncident(ctx context.Context, in bot.Incident) error {
	entries, err := e.parts.Timeline.Entries(ctx, in.ID)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		word, is := triggers[entry.Kind]
		if !is {
			continue
		}
		_, done, err := e.parts.Memory.Recall(ctx, handled, entry.ID)
		if err != nil {
			return err
		}
		if !done {
			e.pending = append(e.pending, trigger{incident: in.ID, entry: entry.ID, word: word})
		}
	}
	e.parts.Announcer.Update(ctx, in.ID)
	return nil
}
