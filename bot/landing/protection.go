package landing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// ProtectedSpace is where deployments that wait are kept in the memory.
const ProtectedSpace = "protected"

// protectedFor is how long a forge waits for an answer.
const protectedFor = 30 * 24 * time.Hour

// protected is a deployment that waits, and what it was told last.
type protected struct {
	bot.Protected
	Said string `json:"said,omitempty"`
}

// Protect takes in deployments that wait for us, and keeps them before it returns.
func (l *Landing) Protect(ctx context.Context, ds []bot.Protected) error {
	if err := l.load(ctx); err != nil {
		return err
	}
	var errs []error
	for _, d := range ds {
		errs = append(errs, l.putProtected(ctx, protected{Protected: d}, true))
	}
	l.Wake()
	return errors.Join(errs...)
}

// putProtected keeps a deployment; one that is there already keeps its words where it comes as new.
func (l *Landing) putProtected(ctx context.Context, d protected, isNew bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	have := l.waiting[d.Callback]
	if isNew && have != nil {
		return nil
	}
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	var old []byte
	if have != nil {
		if old, err = json.Marshal(have); err != nil {
			return err
		}
	}
	if _, err := l.parts.Memory.Replace(ctx, ProtectedSpace, d.Callback, old, text); err != nil {
		return err
	}
	l.waiting[d.Callback] = &d
	return nil
}

func (l *Landing) loadProtected(ctx context.Context) error {
	all, err := l.parts.Memory.Recollect(ctx, ProtectedSpace)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for callback, text := range all {
		d := &protected{}
		if json.Unmarshal(text, d) == nil && d.Callback == callback {
			l.waiting[callback] = d
		}
	}
	return nil
}

// answerJobs lists which deployments have to be answered.
func (l *Landing) answerJobs(ctx context.Context, now time.Time, scene Scene) []job {
	l.mu.Lock()
	defer l.mu.Unlock()
	var jobs []job
	for _, d := range l.waiting {
		p := scene.Promotion(ctx, d.Protected)
		state, word := stateOf(p), p.Sentence
		tooLate := now.Sub(d.At) > protectedFor
		if state == "" && word == d.Said && !tooLate {
			continue
		}
		jobs = append(jobs, job{urgency: queued, since: d.At, name: "deployment " + d.Callback, do: func(ctx context.Context, _ time.Time) error {
			if tooLate {
				return l.forgetProtected(ctx, d.Callback)
			}
			return l.answer(ctx, d, state, word)
		}})
	}
	return jobs
}

// stateOf is the forge's word for an answer; holding is none yet.
func stateOf(p bot.Promotion) string {
	switch p.Answer {
	case bot.Go:
		return "approved"
	case bot.Back:
		return "rejected"
	default:
		return ""
	}
}

// answer tells a deployment whether it may go on. What waits is told why, and is answered when that changes.
func (l *Landing) answer(ctx context.Context, d *protected, state, word string) error {
	err := l.parts.Forge.Answer(ctx, d.Protected, state, fmt.Sprintf("Firebreak: %s", word))
	if err != nil && !troubleOf(err).Gone {
		return err
	}
	if state != "" || err != nil {
		return l.forgetProtected(ctx, d.Callback)
	}
	next := *d
	next.Said = word
	return l.putProtected(ctx, next, false)
}

func (l *Landing) forgetProtected(ctx context.Context, callback string) error {
	if err := l.parts.Memory.Forget(ctx, ProtectedSpace, callback); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.waiting, callback)
	return nil
}
