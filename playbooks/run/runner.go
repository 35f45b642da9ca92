package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-dev/firebreak/playbooks"
)

// Config is what a Runner works with. Actions, Journal and Evaluator are required.
type Config struct {
	// Actions is the catalogue with its handlers; a step whose action is not in it fails.
	Actions   []playbooks.Bound
	Journal   Journal
	Evaluator Evaluator
	// Approver is asked about attempts that nobody confirmed. Without it such a step fails.
	Approver Approver
	// Now tells the time by which runs live; time.Now when nil.
	Now    func() time.Time
	Logger *slog.Logger
	// Registerer takes the metrics; nil keeps them to itself.
	Registerer prometheus.Registerer
	// Parallel bounds how many calls one run has under way; 8 when zero.
	Parallel int
	// Grace is how long calls that are under way may still take, in real time, once the runner is told to stop; 5 s when zero.
	Grace time.Duration
	// Stopped is the kill switch: while it says true no action starts except those in WhileStopped (the ones that page).
	// Questions, looks at what is pending and look-ups go on.
	Stopped      func() (stopped bool, why string)
	WhileStopped []string
}

// Runner carries out what Next decides. One Runner serves all runs of a process, each of them advanced by one caller at a time.
type Runner struct {
	Config
	actions map[string]playbooks.Bound
	metrics *metrics
	claims  *claims

	mu    sync.Mutex
	lives map[string]*life
}

// life is what a process knows of a run beyond the journal. Losing it costs nothing but a few questions asked again.
type life struct {
	busy bool
	// looks are answers of "not yet" that said nothing new, by step. They are not written: a step that is polled every few
	// seconds for hours would fill the journal with nothing.
	looks map[string]Event
	// owed are events that the journal did not take when they happened.
	owed []Event
}

// NewRunner makes a runner.
func NewRunner(c Config) (*Runner, error) {
	if c.Journal == nil || c.Evaluator == nil {
		return nil, errors.New("run: a runner needs a journal and an evaluator")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Parallel <= 0 {
		c.Parallel = 8
	}
	if c.Grace <= 0 {
		c.Grace = 5 * time.Second
	}
	r := &Runner{Config: c, actions: make(map[string]playbooks.Bound, len(c.Actions)), claims: newClaims(), lives: map[string]*life{}}
	for _, a := range c.Actions {
		if _, twice := r.actions[a.Name]; twice {
			return nil, fmt.Errorf("run: the action %s is in the catalogue twice", a.Name)
		}
		if a.Handler == nil {
			return nil, fmt.Errorf("run: the action %s has no handler", a.Name)
		}
		r.actions[a.Name] = a
	}
	m, err := newMetrics(c.Registerer, r.actions)
	if err != nil {
		return nil, fmt.Errorf("run: metrics: %w", err)
	}
	r.metrics = m
	return r, nil
}

// ErrBusy is given when a run is being advanced already.
var ErrBusy = errors.New("run: it is being advanced already")

// ErrTooNew is given for a run that a later version of the rules began.
var ErrTooNew = errors.New("run: it was begun by a newer version of the program")

// Advance carries a run on as far as it goes now and says what it waits for. Woken asks pending steps and open questions again
// although their time has not come. An error means that the journal could not be read or written, or that ctx ended; nothing
// is lost by it, the run is to be advanced again later.
func (r *Runner) Advance(ctx context.Context, rn Run, woken bool) (Decision, error) {
	if rn.Interpreter > Interpreter {
		return Decision{}, fmt.Errorf("%w: %d, this one knows up to %d", ErrTooNew, rn.Interpreter, Interpreter)
	}
	l, ok := r.enter(rn.ID)
	if !ok {
		return Decision{}, ErrBusy
	}
	a, err := r.newAdvance(ctx, rn, l)
	over := false
	defer func() { r.leave(rn.ID, over) }()
	if err != nil {
		return Decision{}, err
	}
	a.woken = woken
	d, err := a.safely(ctx)
	over = d.Over && err == nil
	return d, err
}

// Adopt notes which service an unfinished run of an earlier process was rolling back, so that no other run begins to do so.
// It is called for all of them before the first is advanced.
func (r *Runner) Adopt(ctx context.Context, rn Run) error {
	var plan playbooks.Plan
	if err := json.Unmarshal(rn.Plan, &plan); err != nil {
		return fmt.Errorf("run %s: its plan cannot be read: %w", rn.ID, err)
	}
	events, err := r.Journal.Events(ctx, rn.ID)
	if err != nil {
		return fmt.Errorf("run %s: %w", rn.ID, err)
	}
	if f := fold(plan, events); f.over == nil && r.rollsBack(plan, f.steps) {
		r.claims.adopt(rn.Service, rn.ID)
	}
	return nil
}

// rollsBack tells whether a rollback of the run has begun and did not come to nothing.
func (r *Runner) rollsBack(plan playbooks.Plan, steps map[string]StepState) bool {
	return slices.ContainsFunc(slices.Concat(plan.Steps, plan.OnFailure), func(s playbooks.Step) bool {
		if !r.actions[s.Action].Rollback {
			return false
		}
		switch steps[s.ID].Phase {
		case PhaseInFlight, PhasePending, PhaseRetrying, PhaseUnknown, PhaseDone:
			return true
		case PhaseWaiting, PhaseFailed, PhaseDenied, PhaseExpired, PhaseSkipped:
		}
		return false
	})
}

func (r *Runner) enter(id string) (*life, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.lives[id]
	if l == nil {
		l = &life{looks: map[string]Event{}}
		r.lives[id] = l
	}
	if l.busy {
		return nil, false
	}
	l.busy = true
	return l, true
}

func (r *Runner) leave(id string, over bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if over {
		delete(r.lives, id)
		return
	}
	r.lives[id].busy = false
}
