package landing

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// Waiting are the pull requests that may land, and those that landed and are watched, as they were judged last. Nobody is asked.
func (l *Landing) Waiting(ctx context.Context, now time.Time) ([]bot.Waiting, error) {
	if err := l.load(ctx); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]bot.Waiting, 0, len(l.pulls))
	for _, k := range l.pulls {
		if w, is := k.waits(now); is {
			out = append(out, w)
		}
	}
	slices.SortFunc(out, func(a, b bot.Waiting) int {
		return cmp.Or(cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Number, b.Number))
	})
	return out, nil
}

// waits tells of a pull request that is known and not over.
func (k *kept) waits(now time.Time) (bot.Waiting, bool) {
	c := k.Change
	w := bot.Waiting{
		Repository: k.Repository, Number: k.Number, Title: c.Title, URL: c.URL, Author: c.Author, Kind: c.Kind, Services: slices.Clone(c.Services),
		Level: k.Level, Reasons: slices.Clone(k.Reasons), Draft: k.Draft, Approved: !k.Reviewed.IsZero(),
		Queued: slices.ContainsFunc(k.Heads, func(h head) bool { return h.Group }),
	}
	if k.Override.Holds(now, c.Revision) {
		w.Override, w.OverrideUntil = k.Override.By+": "+k.Override.Reason, k.Override.Until.UTC()
	}
	switch {
	case !k.Known:
		return w, false
	case k.Bake != nil && now.Before(k.Bake.Until):
		w.BakesUntil, w.Level, w.Reasons = k.Bake.Until.UTC(), k.Bake.Level, slices.Clone(k.Bake.Reasons)
		return w, true
	default:
		return w, !k.Closed && !k.Merged
	}
}
