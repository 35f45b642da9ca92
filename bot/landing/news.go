package landing

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/check"
)

// mostCommands bounds the commands of one pull request that wait.
const mostCommands = 20

// Heard takes in what a forge told, and keeps it before it returns. Hearing the same again changes nothing that matters.
func (l *Landing) Heard(ctx context.Context, news []bot.PullNews) error {
	if err := l.load(ctx); err != nil {
		return err
	}
	var errs []error
	for _, n := range news {
		if !l.parts.Config.Covers(n.Repository) {
			continue
		}
		errs = append(errs, l.hear(ctx, n))
	}
	l.Wake()
	return errors.Join(errs...)
}

func (l *Landing) hear(ctx context.Context, n bot.PullNews) error {
	n.At = n.At.Round(0).UTC().Truncate(time.Microsecond) // as it is read back, so that what is kept can be compared
	if n.Event == bot.PolicyChanged {
		return l.policyChanged(ctx, n)
	}
	return l.change(ctx, keyOf(n.Repository, n.Number), func(k *kept) bool {
		unknown := k.Repository == ""
		if unknown && (n.Event == bot.PullMerged || n.Event == bot.PullClosed || n.Event == bot.PullUnqueued) {
			return false
		}
		k.Repository, k.Number = n.Repository, n.Number
		switch n.Event {
		case bot.PullChanged:
			if k.Merged {
				return false // what is said of it after it has landed is not judged
			}
			k.waiting(n.At)
		case bot.PullLabelled:
			k.labelled(n)
		case bot.PullMerged:
			k.merged(n)
		case bot.PullClosed:
			k.Closed, k.Bake = true, nil
		case bot.PullQueued:
			k.stand(n.Head, true)
			if !k.Known {
				k.waiting(n.At)
			}
		case bot.PullUnqueued:
			k.leave(n.Head)
		case bot.PullCommanded, bot.PullPressed:
			return k.command(n) || unknown
		case bot.PullAgain:
			k.waiting(n.At)
			for i := range k.Heads {
				k.Heads[i].Said = ""
			}
		case bot.PolicyChanged:
		}
		return true
	})
}

// labelled takes labels over; of a pull request that is not known, everything has to be read.
func (k *kept) labelled(n bot.PullNews) {
	if !k.Known {
		k.waiting(n.At)
		return
	}
	k.Labels, k.Draft = n.Labels, n.Draft
	k.Pull = check.Labelled(k.Pull)
	if k.Waits.IsZero() {
		k.Waits = n.At
	}
}

// command keeps what somebody wants until it is looked at.
func (k *kept) command(n bot.PullNews) bool {
	c := command{By: n.By, At: n.At}
	if n.Event == bot.PullPressed {
		c.What = check.Command(n.Text)
		if c.What != check.Grant && c.What != check.Withdraw {
			return false
		}
	} else {
		var ok bool
		if c.What, c.Text, ok = check.ReadCommand(n.Text); !ok {
			return false
		}
	}
	if slices.Contains(k.Commands, c) || len(k.Commands) >= mostCommands {
		return false
	}
	k.Commands = append(k.Commands, c)
	if !k.Known {
		k.waiting(n.At)
	}
	return true
}

// merged begins the watch after the merge, where the policy wants one.
func (k *kept) merged(n bot.PullNews) {
	k.Closed, k.Merged = true, true
	if !k.Known || k.Bake != nil {
		return
	}
	d := k.Bakes
	if d <= 0 {
		return
	}
	k.Bake = &baking{Baking: check.Baking{From: n.At, Until: n.At.Add(d), Level: k.Level, Reasons: k.Reasons, Zone: k.zone()}}
	if k.Override.Holds(n.At, k.Change.Revision) {
		k.Bake.Override = k.Override.By + " let it land: " + k.Override.Reason
	}
}

// landed begins the watch of one that the forge shows as merged before the news of that has come, unless it is over by now: whoever approves what
// merges by itself, or pushes last, is overtaken by the merge.
func (k *kept) landed(now time.Time) {
	if !k.Merged {
		return
	}
	at := k.Change.MergedAt
	if at.IsZero() {
		at = now
	}
	k.merged(bot.PullNews{At: at.Round(0).UTC().Truncate(time.Microsecond)})
	if k.Bake != nil && !now.Before(k.Bake.Until) {
		k.Bake = nil
	}
}

// policyChanged has the policy of a repository read anew, and all that hangs on it.
func (l *Landing) policyChanged(ctx context.Context, n bot.PullNews) error {
	l.parts.Forge.Changed(n.Repository)
	if err := l.unlearn(ctx, n.Repository); err != nil {
		return err
	}
	l.mu.Lock()
	var keys []string
	for key, k := range l.pulls {
		if k.Repository == n.Repository && !k.Closed {
			keys = append(keys, key)
		}
	}
	l.mu.Unlock()
	errs := make([]error, 0, len(keys))
	for _, key := range keys {
		errs = append(errs, l.change(ctx, key, func(k *kept) bool {
			k.waiting(n.At)
			return true
		}))
	}
	return errors.Join(errs...)
}

// Present compares what is kept of a repository with its open pull requests, by their heads, and has read what differs: what was pushed,
// opened or closed while nobody listened. It tells how many those were.
func (l *Landing) Present(ctx context.Context, repository string, open map[int]string) (differ int, err error) {
	if err := l.load(ctx); err != nil || !l.parts.Config.Covers(repository) {
		return 0, err
	}
	now := l.parts.Now()
	var news []bot.PullNews
	l.mu.Lock()
	for number, head := range open {
		if k := l.pulls[keyOf(repository, number)]; k == nil || !k.Known || k.Change.Revision != head {
			news = append(news, bot.PullNews{Event: bot.PullChanged, Repository: repository, Number: number, Head: head, At: now})
		}
	}
	for _, k := range l.pulls {
		if _, is := open[k.Number]; !is && k.Repository == repository && !k.Closed {
			news = append(news, bot.PullNews{Event: bot.PullChanged, Repository: repository, Number: k.Number, At: now})
		}
	}
	l.mu.Unlock()
	slices.SortFunc(news, func(a, b bot.PullNews) int { return cmp.Compare(a.Number, b.Number) })
	return len(news), l.Heard(ctx, news)
}

// Wake has all that is kept judged now.
func (l *Landing) Wake() {
	select {
	case l.woken <- struct{}{}:
	default:
	}
}

// zone is where the people of its first service live, as it was judged last.
func (k *kept) zone() string {
	if k.Zone == "" {
		return "UTC"
	}
	return k.Zone
}
