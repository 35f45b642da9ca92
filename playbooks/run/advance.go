package run

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/playbooks"
)

// heldFor is after how long a step that the safety envelope holds back is looked at again.
const heldFor = 15 * time.Second

// advance is one call of Runner.Advance.
type advance struct {
	*Runner
	run    Run
	plan   playbooks.Plan
	events []Event
	life   *life
	woken  bool
	alive  map[string]bool
	// unreadable is why the plan cannot be read.
	unreadable error
	// results takes what became of the moves; it has room for one of each step, so that no call is ever left blocked.
	results chan result
	slots   chan struct{}
}

// result is what became of a move: events to write, or a look that is only remembered.
type result struct {
	step   string
	events []Event
	look   *Event
}

func (r *Runner) newAdvance(ctx context.Context, rn Run, l *life) (*advance, error) {
	a := &advance{Runner: r, run: rn, life: l, alive: map[string]bool{}, slots: make(chan struct{}, r.Parallel)}
	if err := json.Unmarshal(rn.Plan, &a.plan); err != nil {
		a.unreadable = err
	}
	a.results = make(chan result, len(a.plan.Steps)+len(a.plan.OnFailure))
	events, err := r.Journal.Events(ctx, rn.ID)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", rn.ID, err)
	}
	a.events = events
	owed := l.owed
	l.owed = nil
	for i, e := range owed {
		if err := a.write(ctx, e); err != nil {
			l.owed = append(l.owed, owed[i+1:]...)
			return nil, err
		}
	}
	return a, nil
}

// safely is loop, but that a fault of the program in one run does not end the process that carries on all the others. What is
// under way is waited for, so that nothing is done beside it later.
func (a *advance) safely(ctx context.Context) (d Decision, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = a.drain(fmt.Errorf("run %s: a fault of the program: %v\n%s", a.run.ID, p, debug.Stack()))
		}
	}()
	return a.loop(ctx)
}

// loop decides and carries out until there is nothing left to do now.
func (a *advance) loop(ctx context.Context) (Decision, error) {
	for {
		d := a.next()
		a.claimOrRelease(d)
		if err := ctx.Err(); err != nil {
			return d, a.drain(err)
		}
		for _, f := range d.Facts {
			if err := a.write(ctx, f); err != nil {
				return d, a.drain(err)
			}
		}
		if d.Over {
			if d.Ending != nil && len(d.Facts) > 0 {
				a.metrics.ended.WithLabelValues(string(d.Ending.State)).Inc()
			}
			return d, a.drain(nil)
		}
		if len(d.Facts) > 0 {
			continue
		}
		went, err := a.start(ctx, &d)
		if err != nil {
			return d, a.drain(err)
		}
		a.woken = false
		switch {
		case len(a.alive) == 0 && went:
			continue
		case len(a.alive) == 0:
			return d, nil
		}
		// Calls end by themselves soon after ctx does, so their results are always waited for.
		if err := a.finish(ctx, <-a.results); err != nil {
			return d, a.drain(err)
		}
	}
}

// next decides. A run whose plan cannot be read is over: it will not be readable later either.
func (a *advance) next() Decision {
	in := a.input()
	if a.unreadable == nil || len(a.events) > 0 && a.events[len(a.events)-1].Kind == Over {
		return Next(in, guarded{a.Evaluator})
	}
	end := Ending{State: Failed, Reason: BrokenPlan, Sentence: clean(fmt.Sprintf("its plan cannot be read: %v", a.unreadable))}
	return Decision{Over: true, Ending: &end, Facts: []Event{{
		Run: a.run.ID, At: in.Now, Kind: Over, State: end.State, Reason: end.Reason, Error: end.Sentence, ID: string(Over),
	}}}
}

func (a *advance) input() Input {
	events := a.events
	if len(a.life.looks) > 0 {
		events = slices.Clone(a.events)
		for _, step := range slices.Sorted(maps.Keys(a.life.looks)) {
			events = append(events, a.life.looks[step])
		}
	}
	return Input{Run: a.run, Plan: a.plan, Events: events, Alive: a.alive, Woken: a.woken, Now: a.Now()}
}

// drain waits for the calls that are under way and writes what became of them; err is passed on.
func (a *advance) drain(err error) error {
	for len(a.alive) > 0 {
		if finish := a.finish(context.Background(), <-a.results); finish != nil && err == nil {
			err = finish
		}
	}
	return err
}

// start begins the moves that the safety envelope lets through, and tells whether there were any; the others become waits of
// the decision.
func (a *advance) start(ctx context.Context, d *Decision) (went bool, err error) {
	for _, m := range d.Moves {
		if wait, held := a.hold(m); held {
			a.metrics.held.WithLabelValues(string(wait.Reason)).Inc()
			d.Waits = append(d.Waits, wait)
			continue
		}
		if err := a.launch(ctx, m, d.Steps); err != nil {
			return went, err
		}
		went = true
	}
	return went, nil
}

// hold tells whether a move must not be made now.
func (a *advance) hold(m Move) (Wait, bool) {
	if m.Kind != Begin && m.Kind != Retry {
		return Wait{}, false
	}
	wait := Wait{Step: m.Step.ID, Until: a.Now().Add(heldFor)}
	if a.Stopped != nil && !slices.Contains(a.WhileStopped, m.Step.Action) {
		if stopped, why := a.Stopped(); stopped {
			wait.Reason, wait.Sentence = KillSwitch, "no action starts: "+why
			return wait, true
		}
	}
	if !a.actions[m.Step.Action].Rollback {
		return Wait{}, false
	}
	if holder, ok := a.claims.claim(a.run.Service, a.run.ID); !ok {
		wait.Reason, wait.Sentence = RollbackBusy, fmt.Sprintf("run %s is rolling %s back", holder, a.run.Service)
		return wait, true
	}
	return Wait{}, false
}

// claimOrRelease keeps the service for a run whose rollback has begun, and gives it back when the run is over or its rollback
// came to nothing.
func (a *advance) claimOrRelease(d Decision) {
	if !d.Over && a.rollsBack(a.plan, d.Steps) {
		a.claims.adopt(a.run.Service, a.run.ID)
		return
	}
	a.claims.release(a.run.Service, a.run.ID)
}

// launch renders the step's parameters, writes the intent and starts the call.
func (a *advance) launch(ctx context.Context, m Move, steps map[string]StepState) error {
	call, problem := a.call(m, steps)
	if problem != nil {
		return a.write(ctx, a.event(m, Erred, func(e *Event) { e.Fate, e.Error = playbooks.Permanent, clean(problem.Error()) }))
	}
	if m.Kind == Begin || m.Kind == Retry {
		if err := a.write(ctx, a.event(m, Intent, func(e *Event) { e.At = call.Now })); err != nil {
			return err
		}
	}
	a.alive[m.Step.ID] = true
	go func() {
		a.slots <- struct{}{}
		defer func() { <-a.slots }()
		a.results <- a.carryOut(ctx, m, call, steps[m.Step.ID])
	}()
	return nil
}

// call makes the call of a move, or says why it cannot be made at all.
func (a *advance) call(m Move, steps map[string]StepState) (playbooks.Call, error) {
	now := a.Now()
	call := playbooks.Call{
		Run: a.run.ID, Playbook: a.run.Playbook, Step: m.Step.ID, Action: m.Step.Action, Attempt: m.Attempt,
		Key: Key(a.run.ID, m.Step.ID), Incident: a.run.Incident, Service: a.run.Service, Begun: m.Begun, Now: now,
	}
	if call.Begun.IsZero() {
		call.Begun = now
	}
	if _, known := a.actions[m.Step.Action]; !known {
		return call, fmt.Errorf("the action %s is not configured", m.Step.Action)
	}
	with, err := guarded{a.Evaluator}.With(m.Step, Scope{Run: a.run.Scope, Steps: steps, Now: now})
	if err != nil {
		return call, fmt.Errorf("its parameters cannot be evaluated: %w", err)
	}
	call.With = with
	return call, nil
}

// Key is the idempotency key of a step: the same for all its attempts.
func Key(run, step string) string { return run + "/" + step }

// event makes an event of a move.
func (a *advance) event(m Move, kind EventKind, change func(*Event)) Event {
	e := Event{
		Run: a.run.ID, At: a.Now(), Kind: kind, Step: m.Step.ID, Action: m.Step.Action, Attempt: m.Attempt,
		Key: Key(a.run.ID, m.Step.ID), ID: eventID(kind, m.Step.ID, m.Attempt, m.Number),
	}
	change(&e)
	return e
}

// finish takes what became of a move into the journal, or into memory when it says nothing new.
func (a *advance) finish(ctx context.Context, res result) error {
	delete(a.alive, res.step)
	if res.look != nil {
		a.life.looks[res.step] = *res.look
	}
	for i, e := range res.events {
		// What happened outside is written down even if the runner is told to stop meanwhile.
		if err := a.write(context.WithoutCancel(ctx), e); err != nil {
			a.life.owed = append(a.life.owed, res.events[i+1:]...)
			return err
		}
	}
	return nil
}

// write adds an event to the journal. One that it does not take is owed and written before the run goes on, except for an
// intent: what was not written is not done.
func (a *advance) write(ctx context.Context, e Event) error {
	if err := a.Journal.Append(ctx, e); err != nil {
		if e.Kind != Intent {
			a.life.owed = append(a.life.owed, e)
		}
		return fmt.Errorf("run %s: the journal did not take %s: %w", a.run.ID, e.ID, err)
	}
	a.events = append(a.events, e)
	if e.Step != "" {
		delete(a.life.looks, e.Step)
	}
	return nil
}
