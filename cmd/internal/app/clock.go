package app

import (
	"context"
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox"
)

// Clock tells the bot's time. The zero clock is the machine's; one with a speed runs that many times faster from an origin, for
// the demo: the bot is the same, only its hours are short.
type Clock struct {
	// Origin is the bot's time at the machine's time Started.
	Origin, Started time.Time
	// Speed is how many of the bot's seconds pass in one of the machine's; zero is the machine's own clock.
	Speed float64
}

// Now is the bot's time.
func (c Clock) Now() time.Time { return c.At(time.Now()) }

// At is the bot's time at a time of the machine.
func (c Clock) At(machine time.Time) time.Time {
	if c.Speed == 0 {
		return machine
	}
	return c.Origin.Add(time.Duration(float64(machine.Sub(c.Started)) * c.Speed))
}

// Machine is the machine's time at a time of the bot.
func (c Clock) Machine(at time.Time) time.Time {
	if c.Speed == 0 {
		return at
	}
	return c.Started.Add(c.Real(at.Sub(c.Origin)))
}

// Real is how long a duration of the bot takes on the machine.
func (c Clock) Real(d time.Duration) time.Duration {
	if c.Speed == 0 {
		return d
	}
	return time.Duration(float64(d) / c.Speed)
}

// Wait waits for a duration of the bot's time, or until the context ends.
func (c Clock) Wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(c.Real(d))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// SandboxClock asks a sandbox for its clock, so that a bot in another process lives by the same time.
func SandboxClock(ctx context.Context, url string) (Clock, error) {
	c, err := sandbox.FetchClock(ctx, url)
	return Clock{Origin: c.Origin, Started: c.Started, Speed: c.Speed}, err
}
