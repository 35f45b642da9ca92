package engine

import (
	"context"
	"encoding/json"
	"time"
)

// look is what was seen of a waiting step's condition at one time.
type look int

// A condition that cannot be told is neither true nor false.
const (
	looksFalse look = iota
	looksTrue
	looksBlind
)

// hold is for how long a condition has been seen to hold without having been seen to be false. Time during which nobody looked or
// could see does not count, neither for nor against: when sight returns, the hold goes on where it was.
type hold struct {
	// Holding is true since the condition was last seen to hold, Held for how long in all.
	Holding bool          `json:"holding"`
	Held    time.Duration `json:"held"`
	// Seen is the last look at which it held; zero after one that saw nothing.
	Seen time.Time `json:"seen,omitzero"`
}

// after gives the hold after a look. Looks that lie further apart than patience have a stretch between them that nobody saw.
func (h hold) after(now time.Time, saw look, patience time.Duration) hold {
	switch saw {
	case looksTrue:
		if gap := now.Sub(h.Seen); h.Holding && !h.Seen.IsZero() && gap > 0 && gap <= patience {
			h.Held += gap
		}
		return hold{Holding: true, Held: h.Held, Seen: now}
	case looksBlind:
		h.Seen = time.Time{}
		return h
	default:
		return hold{}
	}
}

// holding is the memory space of holds, so that a restart does not begin them anew.
const holding = "wait-hold"

// heldNow keeps the hold after a look and returns it.
func (e *Engine) heldNow(ctx context.Context, key string, now time.Time, saw look) (hold, error) {
	var h hold
	value, found, err := e.parts.Memory.Recall(ctx, holding, key)
	if err != nil {
		return h, err
	}
	if found && json.Unmarshal(value, &h) != nil {
		h = hold{} // written by another version: it begins anew
	}
	h = h.after(now, saw, missedLooks*e.current().PollEvery)
	if value, err = json.Marshal(h); err != nil {
		return h, err
	}
	return h, e.parts.Memory.Remember(ctx, holding, key, value)
}

// missedLooks is how many looks may fail to happen, in a restart or on a busy machine, before the time between counts as unseen.
const missedLooks = 4
