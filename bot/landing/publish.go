package landing

import (
	"context"
	"errors"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/check"
)

// annotationsAtOnce is how many annotations a forge takes with one request; those of the next one are added.
const annotationsAtOnce = 50

// do does a job, and has it wait where it fails.
func (l *Landing) do(ctx context.Context, now time.Time, j job) {
	l.pace.wrote(now)
	l.written.Store(now.UnixMicro())
	if err := j.do(ctx, now); err != nil {
		l.failed(ctx, now, "write", j.name, err)
		return
	}
	l.worked(j.name)
}

// publish puts a verdict on a commit. That a check is being made is kept first: after a crash it is looked for, not made twice.
func (l *Landing) publish(ctx context.Context, at time.Time, k *kept, h head, s check.Subject, v told) error {
	run := l.checkRun(at, k, h, v.Verdict)
	from := min(h.Pointed, len(v.Annotations))
	upTo := min(from+annotationsAtOnce, len(v.Annotations))
	run.Annotations = v.Annotations[from:upTo]
	id, err := l.checkOf(ctx, at, k, h, run)
	if err != nil {
		return err
	}
	if id == 0 {
		id, err = l.parts.Forge.CreateCheck(ctx, run)
	} else {
		err = l.parts.Forge.UpdateCheck(ctx, id, run)
	}
	if troubleOf(err).Gone && id != 0 { // somebody removed it
		return l.change(ctx, k.key(), func(k *kept) bool {
			if have := k.head(h.Commit); have != nil {
				have.Run, have.Begun, have.Said, have.Pointed = 0, time.Time{}, "", 0
			}
			return true
		})
	}
	if err != nil {
		return err
	}
	l.metrics.published.WithLabelValues(string(v.Conclusion)).Inc()
	if !k.Waits.IsZero() {
		l.metrics.waited.Observe(l.parts.Now().Sub(k.Waits).Seconds())
	}
	bakes, zone := s.Policy.Baking(v.Level), ""
	if len(s.Openings) > 0 {
		zone = s.Openings[0].Zone
	}
	return l.change(ctx, k.key(), func(next *kept) bool {
		have := next.head(h.Commit)
		if have == nil {
			return false // a push came meanwhile: nobody looks at this commit any more
		}
		have.Run, have.Said, have.Meant, have.At = id, v.digest, v.meaning, at
		have.Conclusion, have.Pointed = v.Conclusion, upTo
		if next.Stale == 0 && next.Waits.Equal(k.Waits) {
			next.Waits = time.Time{}
		}
		if v.Level != "" {
			next.judged(v.Level, s, bakes, zone)
		}
		return true
	})
}

// judged keeps of a judgement what is needed when it lands.
func (k *kept) judged(level bot.Level, s check.Subject, bakes time.Duration, zone string) {
	k.Level, k.Reasons, k.Bakes, k.Zone = level, reasons(s.Assessment), bakes, zone
	c := s.Pull.Change
	k.Change.Services, k.Change.Kind, k.Change.Kinds, k.Change.Rollback = c.Services, c.Kind, c.Kinds, c.Rollback
}

// underWay is how long a check may be being made by somebody else: longer than any request takes.
const underWay = time.Minute

// errUnderWay tells that another process is making the check, or was when it ended.
var errUnderWay = errors.New("somebody is making this check just now")

// checkOf is the number of the check that stands on a commit, zero where one has to be made. Who makes one says so first: one that was
// begun and of which no number is known is looked for before another is made.
func (l *Landing) checkOf(ctx context.Context, at time.Time, k *kept, h head, run bot.CheckRun) (int64, error) {
	if h.Run != 0 {
		return h.Run, nil
	}
	ours, begun := false, h.Begun
	if begun.IsZero() {
		err := l.change(ctx, k.key(), func(k *kept) bool {
			have := k.head(h.Commit)
			if have == nil || !have.Begun.IsZero() {
				return false
			}
			have.Begun, ours = at, true
			return true
		})
		if err != nil || ours {
			return 0, err
		}
		begun = at
	}
	id, err := l.parts.Forge.FindCheck(ctx, run.Repository, run.Head, run.Name, run.Key)
	if err == nil && id == 0 && at.Sub(begun) < underWay {
		return 0, errUnderWay
	}
	return id, err
}

// checkRun is a verdict as a forge shows it.
func (l *Landing) checkRun(now time.Time, k *kept, h head, v check.Verdict) bot.CheckRun {
	return bot.CheckRun{
		Repository: k.Repository, Head: h.Commit, Name: check.Name, Key: k.key(), Conclusion: string(v.Conclusion),
		Title: v.Title, Summary: v.Summary, Text: v.Text, Buttons: v.Buttons, URL: l.parts.URL, At: now,
	}
}
