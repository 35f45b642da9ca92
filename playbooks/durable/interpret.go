package durable

import (
	"context"
	"errors"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/firebreak-dev/firebreak/playbooks/run"
)

// input is what DBOS keeps of a run. All else stands in the journal.
type input struct {
	Run         string `json:"run"`
	Interpreter int    `json:"interpreter"`
}

const (
	// firstPause and longestPause bound, in real time, the pauses between attempts to advance a run that cannot be advanced:
	// the database is away, or a newer program began the run.
	firstPause   = 250 * time.Millisecond
	longestPause = 30 * time.Second
)

// interpret is the one workflow: it carries a run on until it is over, as one step. The step is repeated from its beginning
// after a crash; the journal tells it what is done.
func (e *Engine) interpret(ctx dbos.Context, in input) (string, error) {
	return dbos.RunAsStep(ctx, func(ctx context.Context) (string, error) {
		return e.carry(ctx, in.Run)
	}, dbos.WithStepName("carry"))
}

// carry advances a run and waits for it, until it is over or ctx ends.
func (e *Engine) carry(ctx context.Context, id string) (string, error) {
	b := e.enter(id)
	defer e.leave(id, b)
	var r run.Run
	// A bell that rang while nobody carried the run on was not heard, so the first look is at everything.
	woken, pause := true, firstPause
	for ctx.Err() == nil {
		d, err := e.advance(ctx, id, &r, woken)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			e.metrics.failures.Inc()
			e.Logger.ErrorContext(ctx, "a run could not be advanced; it is tried again", "run", id, "error", err, "pause", pause)
			woken = e.wait(ctx, b, pause) || woken
			pause = min(2*pause, longestPause)
			continue
		}
		pause = firstPause
		if d.Over {
			e.Logger.InfoContext(ctx, "run over", "run", id, "state", d.Ending.State, "reason", d.Ending.Reason)
			return string(d.Ending.State), nil
		}
		woken = e.wait(ctx, b, e.until(d))
	}
	return "", ctx.Err()
}

// advance reads the run the first time and advances it.
func (e *Engine) advance(ctx context.Context, id string, r *run.Run, woken bool) (run.Decision, error) {
	if r.ID == "" {
		known, err := e.Journal.Run(ctx, id)
		if err != nil {
			return run.Decision{}, err
		}
		*r = known
	}
	d, err := e.Runner.Advance(ctx, *r, woken)
	if err == nil && !d.Over && len(d.Waits) == 0 {
		err = errors.New("the run has nothing to do and waits for nothing")
	}
	return d, err
}

// until is how long in real time a run waits by itself; negative when only the bell can help.
func (e *Engine) until(d run.Decision) time.Duration {
	at := d.Until()
	if at.IsZero() {
		return -1
	}
	return max(0, e.RealDuration(at.Sub(e.Now())))
}

// wait waits for the bell, for at most d unless d is negative, and tells whether it rang.
func (e *Engine) wait(ctx context.Context, b *bell, d time.Duration) bool {
	e.setWaiting(b, true)
	defer e.setWaiting(b, false)
	var due <-chan time.Time
	if d >= 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-b.ring:
		return true
	case <-due:
	case <-ctx.Done():
	}
	return false
}

func (e *Engine) enter(id string) *bell {
	e.mu.Lock()
	defer e.mu.Unlock()
	b := &bell{ring: make(chan struct{}, 1)}
	e.active[id] = b
	e.metrics.active.Set(float64(len(e.active)))
	return b
}

func (e *Engine) leave(id string, b *bell) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.active[id] == b {
		delete(e.active, id)
	}
	e.metrics.active.Set(float64(len(e.active)))
}

func (e *Engine) setWaiting(b *bell, waiting bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	b.waiting = waiting
}
