package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// Where the kill switch is kept.
const (
	stopSpace = "kill-switch"
	stopKey   = "stop"
)

// Stopped tells how the kill switch stands.
func (e *Engine) Stopped(ctx context.Context) (bot.Stop, error) {
	var s bot.Stop
	value, found, err := e.parts.Memory.Recall(ctx, stopSpace, stopKey)
	if err == nil && found {
		err = json.Unmarshal(value, &s)
	}
	if err == nil {
		e.stopped.Store(&s)
		e.metrics.stopped.Set(0)
		if s.On {
			e.metrics.stopped.Set(1)
		}
	}
	return s, err
}

// Stop turns the kill switch on, for which a reason is wanted, or off. While it is on no action starts, in no replica, but those that
// tell people. What is under way ends as it began. Turning it to where it is changes nothing.
func (e *Engine) Stop(ctx context.Context, s bot.Stop) (bot.Stop, error) {
	var err error
	if s.Reason, err = words("reason", s.Reason, maxReason, !s.On); err != nil {
		return s, err
	}
	if s.By == "" {
		return s, bot.Errorf(bot.Invalid, "say who turns it")
	}
	before, err := e.Stopped(ctx)
	if err != nil || before.On == s.On {
		return before, err
	}
	s.At = e.now()
	value, err := json.Marshal(s)
	if err != nil {
		return s, err
	}
	if err := e.parts.Memory.Remember(ctx, stopSpace, stopKey, value); err != nil {
		return s, err
	}
	e.parts.Logger.WarnContext(ctx, "the kill switch was turned", "on", s.On, "by", s.By, "via", s.Via, "reason", s.Reason)
	return e.Stopped(ctx)
}

// stopLook bounds how long an action waits for the answer whether it may start.
const stopLook = 2 * time.Second

// Halted tells the runner whether actions may start, and why not. It asks the store each time, so that a switch that was turned at
// another replica holds here at once; where the store does not answer, what was known last holds.
func (e *Engine) Halted() (stopped bool, why string) {
	ctx, cancel := context.WithTimeout(context.Background(), stopLook)
	defer cancel()
	s, err := e.Stopped(ctx)
	if err != nil {
		if last := e.stopped.Load(); last != nil {
			s = *last
		}
	}
	if !s.On {
		return false, ""
	}
	return true, fmt.Sprintf("stopped by %s at %s: %s", s.By, s.At.UTC().Format("15:04 UTC"), s.Reason)
}
