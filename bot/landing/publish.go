package landing

import (
	"context"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/check"
)

// annotationsAtOnce is how many annotations a forge takes with one request; those of the next one are added.
const annotationsAtOnce = 50

// do does a job, and has it wait where it fails.
func (l *Landing) do(ctx context.Context, now time.Time, j job) {
	l.pace.wrote(now)
	err := j.do(ctx, now)
	if err == nil {
		delete(l.later, j.name)
		return
	}
	t := troubleOf(err)
	l.metrics.failed.WithLabelValues("write").Inc()
	l.parts.Logger.WarnContext(ctx, "what a pull request should say could not be said; it is tried again", "what", j.name, "error", err)
	if t.Limited {
		l.pace.hold(now.Add(max(t.After, betweenWrites)))
		return
	}
	l.postpone(now, j.name, t.After)
}

// publish puts a verdict on a commit. That a check is being made is kept first: after a crash it is looked for, not made twice.
func (l *Landing) publish(ctx context.Context, now time.Time, k *kept, h head, s check.Subject, v check.Verdict) error {
	run := l.checkRun(now, k, h, v)
	from := min(h.Pointed, len(v.Annotations))
	upTo := min(from+annotationsAtOnce, len(v.Annotations))
	run.Annotations = v.Annotations[from:upTo]
	id, err := l.checkOf(ctx, k, h, run)
	if err != nil {
		return err
	}
	if h.Run == 0 && id == 0 {
		id, err = l.parts.Forge.CreateCheck(ctx, run)
	} else {
		err = l.parts.Forge.UpdateCheck(ctx, id, run)
	}
	if troubleOf(err).Gone && id != 0 { // somebody removed it
		return l.change(ctx, k.key(), func(k *kept) bool {
			if have := k.head(h.Commit); have != nil {
				have.Run, have.Begun, have.Said, have.Pointed = 0, false, "", 0
			}
			return true
		})
	}
	if err != nil {
		return err
	}
	l.metrics.published.WithLabelValues(string(v.Conclusion)).Inc()
	if !k.Waits.IsZero() {
		l.metrics.waited.Observe(now.Sub(k.Waits).Seconds())
	}
	bakes, zone := s.Policy.Baking(v.Level), ""
	if len(s.Openings) > 0 {
		zone = s.Openings[0].Zone
	}
	return l.change(ctx, k.key(), func(now *kept) bool {
		have := now.head(h.Commit)
		if have == nil {
			return false // a push came meanwhile: nobody looks at this commit any more
		}
		have.Run, have.Said, have.Conclusion, have.Pointed = id, digest(v), v.Conclusion, upTo
		if now.Stale == 0 && now.Waits.Equal(k.Waits) {
			now.Waits = time.Time{}
		}
		if v.Level != "" {
			now.Level, now.Reasons, now.Bakes, now.Zone = v.Level, reasons(s.Assessment), bakes, zone
			now.Change.Services, now.Change.Kind, now.Change.Kinds, now.Change.Rollback = s.Pull.Change.Services, s.Pull.Change.Kind, s.Pull.Change.Kinds, s.Pull.Change.Rollback
		}
		return true
	})
}

// checkOf is the number of the check that stands on a commit, zero where one has to be made.
func (l *Landing) checkOf(ctx context.Context, k *kept, h head, run bot.CheckRun) (int64, error) {
	if h.Run != 0 {
		return h.Run, nil
	}
	if h.Begun {
		return l.parts.Forge.FindCheck(ctx, run.Repository, run.Head, run.Name, run.Key)
	}
	return 0, l.change(ctx, k.key(), func(k *kept) bool {
		if have := k.head(h.Commit); have != nil {
			have.Begun = true
		}
		return true
	})
}

// checkRun is a verdict as a forge shows it.
func (l *Landing) checkRun(now time.Time, k *kept, h head, v check.Verdict) bot.CheckRun {
	return bot.CheckRun{
		Repository: k.Repository, Head: h.Commit, Name: check.Name, Key: k.key(), Conclusion: string(v.Conclusion),
		Title: v.Title, Summary: v.Summary, Text: v.Text, Buttons: v.Buttons, URL: l.parts.URL, At: now,
	}
}
