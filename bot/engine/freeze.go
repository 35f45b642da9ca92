package engine

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/firebreak-dev/firebreak/bot"
)

// The bounds of a freeze.
const (
	maxFreezeText  = 300
	maxFreezeAhead = 366 * 24 * time.Hour
)

// StartFreeze starts a freeze: From is now where it is left out, and without To it lasts until EndFreeze. An ID is made where there is
// none; the same ID again gives the freeze that it named before. Errors are Invalid and say what to write.
func (e *Engine) StartFreeze(ctx context.Context, f bot.Freeze) (bot.Freeze, error) {
	now := e.parts.Now()
	if e.parts.Freezes == nil {
		return f, bot.Errorf(bot.Unavailable, "freezes are not kept here")
	}
	if f.From.IsZero() {
		f.From = now
	}
	f.Reason, f.By = strings.TrimSpace(f.Reason), strings.TrimSpace(f.By)
	if err := e.checkFreeze(f, now); err != nil {
		return f, err
	}
	if f.ID == "" {
		f.ID = bot.NewID("frz", now)
	}
	f.EndedAt, f.EndedBy, f.EndReason = time.Time{}, "", ""
	kept, err := e.parts.Freezes.PutFreeze(ctx, f, now)
	if err == nil {
		e.parts.Logger.InfoContext(ctx, "a freeze was started", "freeze", kept.ID, "by", kept.By, "until", kept.To, "services", kept.Services)
	}
	return kept, err
}

func (e *Engine) checkFreeze(f bot.Freeze, now time.Time) error {
	known := make([]string, 0, len(e.current().Services))
	for _, s := range e.current().Services {
		known = append(known, s.Name)
	}
	for _, name := range f.Services {
		if !slices.Contains(known, name) {
			return bot.Errorf(bot.Invalid, "no service %q is configured; those that are: %s", name, strings.Join(known, ", "))
		}
	}
	switch {
	case f.Reason == "" || f.By == "":
		return bot.Errorf(bot.Invalid, "a freeze needs a reason and somebody who starts it")
	case utf8.RuneCountInString(f.Reason) > maxFreezeText || utf8.RuneCountInString(f.By) > maxFreezeText || len(f.ID) > maxFreezeText:
		return bot.Errorf(bot.Invalid, "a reason, a name and an ID have at most %d characters", maxFreezeText)
	case f.From.After(now.Add(maxFreezeAhead)) || f.To.After(now.Add(maxFreezeAhead)):
		return bot.Errorf(bot.Invalid, "a freeze begins and ends within a year; write later ones into the configuration")
	case !f.To.IsZero() && !f.To.After(f.From):
		return bot.Errorf(bot.Invalid, "the freeze ends before it begins")
	case !f.To.IsZero() && !f.To.After(now):
		return bot.Errorf(bot.Invalid, "the freeze would be over already, at %s", f.To.UTC().Format(time.RFC3339))
	}
	return nil
}

// EndFreeze ends a freeze now, before its end or where it had none.
func (e *Engine) EndFreeze(ctx context.Context, id, by, via, reason string) (bot.Freeze, error) {
	by, reason = strings.TrimSpace(by), strings.TrimSpace(reason)
	switch {
	case e.parts.Freezes == nil:
		return bot.Freeze{}, bot.Errorf(bot.Unavailable, "freezes are not kept here")
	case by == "":
		return bot.Freeze{}, bot.Errorf(bot.Invalid, "say who ends it")
	case utf8.RuneCountInString(reason) > maxFreezeText || utf8.RuneCountInString(by) > maxFreezeText:
		return bot.Freeze{}, bot.Errorf(bot.Invalid, "a reason and a name have at most %d characters", maxFreezeText)
	}
	ended, err := e.parts.Freezes.EndFreeze(ctx, id, by, via, reason, e.parts.Now())
	if err == nil {
		e.parts.Logger.InfoContext(ctx, "a freeze was ended", "freeze", id, "by", by)
	}
	return ended, err
}
