package rest

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Pace is a limit of a vendor's that a request falls under.
type Pace struct {
	// Key tells apart what is counted apart, as a method or a channel.
	Key string
	// Every is the time between two on the long run, AtOnce how many may go without waiting.
	Every  time.Duration
	AtOnce int
}

// Turns has requests wait for their turn, so that a vendor's limits are kept rather than met: a refusal costs an attempt. The zero value
// is ready, and safe for concurrent use.
type Turns struct {
	mu     sync.Mutex
	queues map[string]*queue
	// held are keys under which nothing goes before a time, because the vendor said so.
	held map[string]time.Time
}

// queue is what waits under one key.
type queue struct {
	limiter *rate.Limiter
	// promised is the latest time at which somebody who could not wait was told to come again.
	promised time.Time
}

// maxQueues bounds what is kept: beyond it, keys share one queue until others have run dry.
const maxQueues = 1000

var errHeld = errors.New("the vendor asked to wait")

// Hold lets nothing go under a key before a time.
func (t *Turns) Hold(key string, until, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held == nil {
		t.held = map[string]time.Time{}
	}
	for known, at := range t.held {
		if !at.After(now) {
			delete(t.held, known)
		}
	}
	if len(t.held) < maxQueues && until.After(t.held[key]) {
		t.held[key] = until
	}
}

// Held is for how long nothing goes under a key.
func (t *Turns) Held(key string, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(t.held[key].Sub(now), 0)
}

var errNoTurn = errors.New("its turn comes too late for this attempt")

// Wait waits for the turn. Where the caller's time would not suffice to do something with it then, it says at once when to come again:
// to each caller another time, since all who came back together would find the same queue again.
func (t *Turns) Wait(ctx context.Context, p Pace) (after time.Duration, err error) {
	now := time.Now()
	t.mu.Lock()
	q := t.of(p, now)
	place := q.limiter.ReserveN(now, 1)
	wait := place.DelayFrom(now)
	if deadline, bounded := ctx.Deadline(); bounded && wait > 0 && wait > deadline.Sub(now)*2/3 {
		place.CancelAt(now)
		at := now.Add(wait)
		if next := q.promised.Add(p.Every); next.After(at) {
			at = next
		}
		if latest := now.Add(MaxHint); at.After(latest) {
			at = latest
		}
		q.promised = at
		t.mu.Unlock()
		return at.Sub(now), errNoTurn
	}
	t.mu.Unlock()
	if wait <= 0 {
		return 0, nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return 0, nil
	case <-ctx.Done():
		place.Cancel()
		return 0, context.Cause(ctx)
	}
}

// of is the queue of a pace. The lock is held.
func (t *Turns) of(p Pace, now time.Time) *queue {
	if q := t.queues[p.Key]; q != nil {
		return q
	}
	if t.queues == nil {
		t.queues = map[string]*queue{}
	}
	if len(t.queues) >= maxQueues {
		for key, q := range t.queues {
			if q.promised.Before(now) && q.limiter.TokensAt(now) >= float64(q.limiter.Burst()) {
				delete(t.queues, key)
			}
		}
	}
	key := p.Key
	if len(t.queues) >= maxQueues {
		key = ""
	}
	if q := t.queues[key]; q != nil {
		return q
	}
	q := &queue{limiter: rate.NewLimiter(rate.Every(p.Every), max(p.AtOnce, 1))}
	t.queues[key] = q
	return q
}
