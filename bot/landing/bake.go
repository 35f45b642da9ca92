package landing

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot/check"
)

// bakeJobs lists what has to be told of a change that is watched after it has landed.
func (l *Landing) bakeJobs(ctx context.Context, now time.Time, k *kept, scene Scene) []job {
	seen := scene.Watched(ctx, k.Change, k.Bake.From)
	body := check.Tell(now, k.Bake.Baking, k.Change.Services, seen)
	ends := !now.Before(k.Bake.Until) || seen.Reverted != ""
	if body == k.Bake.Said && !ends {
		return nil
	}
	return []job{{urgency: story, since: k.Bake.From, name: "bake " + k.key(), do: func(ctx context.Context, _ time.Time) error {
		return l.tell(ctx, k, body, ends)
	}}}
}

// tell brings the comment of a watched change up to date. At the end of the watch the pull request is forgotten.
func (l *Landing) tell(ctx context.Context, k *kept, body string, ends bool) error {
	id := k.Bake.Comment
	var err error
	switch {
	case id == 0 && k.Bake.Begun:
		if id, err = l.parts.Forge.FindComment(ctx, k.Repository, k.Number, check.BakeMark); err != nil {
			return err
		}
	case id == 0:
		if err := l.change(ctx, k.key(), func(k *kept) bool {
			k.Bake.Begun = true
			return true
		}); err != nil {
			return err
		}
	}
	switch {
	case id == 0:
		id, err = l.parts.Forge.Comment(ctx, k.Repository, k.Number, body)
	case body != k.Bake.Said:
		err = l.parts.Forge.EditComment(ctx, k.Repository, id, body)
	}
	if err != nil && !troubleOf(err).Gone {
		return err
	}
	return l.change(ctx, k.key(), func(k *kept) bool {
		if k.Bake == nil {
			return false
		}
		k.Bake.Comment, k.Bake.Said = id, body
		if ends || err != nil {
			k.Bake = nil // it is told, or there is nobody to tell
		}
		return true
	})
}

// Watched are the changes that are watched now.
func (l *Landing) Watched() []check.Watch {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []check.Watch
	for _, k := range l.pulls {
		if k.Bake != nil {
			out = append(out, check.Watch{Change: k.Change.ID, Services: k.Change.Services, Level: k.Bake.Level, Until: k.Bake.Until})
		}
	}
	slices.SortFunc(out, func(a, b check.Watch) int { return strings.Compare(a.Change, b.Change) })
	return out
}
