package landing

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/check"
)

// EvaluationSpace is where verdicts of release gates are kept in the memory.
const EvaluationSpace = "evaluation"

// evaluated is a verdict of a release gate, and the check that tells of it.
type evaluated struct {
	bot.Evaluated
	Run   int64 `json:"run,omitempty"`
	Begun bool  `json:"begun,omitempty"`
	Told  bool  `json:"told,omitempty"`

	text []byte
}

func evaluationKey(repository, revision string) string {
	return strings.ToLower(repository) + "@" + revision
}

// Evaluated takes in what a release gate said of a revision, and keeps it before it returns. The newest of a revision counts.
func (l *Landing) Evaluated(ctx context.Context, e bot.Evaluated) error {
	if err := l.load(ctx); err != nil {
		return err
	}
	key := evaluationKey(e.Repository, e.Revision)
	next := &evaluated{Evaluated: e}
	have, err := l.recall(ctx, key)
	if err != nil {
		return err
	}
	if have != nil {
		if !have.At.Before(e.At) {
			return nil // it is known, or there is a newer one
		}
		next.Run, next.Begun, next.text = have.Run, have.Begun, have.text
	}
	if err := l.putEvaluated(ctx, key, next); err != nil {
		return err
	}
	return l.attach(ctx, e)
}

// attach gives the verdict to open pull requests of that revision.
func (l *Landing) attach(ctx context.Context, e bot.Evaluated) error {
	l.mu.Lock()
	var keys []string
	for key, k := range l.pulls {
		if strings.EqualFold(k.Repository, e.Repository) && k.Change.Revision == e.Revision {
			keys = append(keys, key)
		}
	}
	l.mu.Unlock()
	errs := make([]error, 0, len(keys))
	for _, key := range keys {
		errs = append(errs, l.change(ctx, key, func(k *kept) bool {
			k.Evaluation = &e
			if k.Waits.IsZero() {
				k.Waits = e.At
			}
			return true
		}))
	}
	l.Wake()
	return errors.Join(errs...)
}

// recall is what is kept of a revision, nil for nothing.
func (l *Landing) recall(ctx context.Context, key string) (*evaluated, error) {
	text, found, err := l.parts.Memory.Recall(ctx, EvaluationSpace, key)
	if err != nil || !found {
		return nil, err
	}
	e := &evaluated{text: text}
	if err := json.Unmarshal(text, e); err != nil {
		return nil, fmt.Errorf("what is kept of the evaluation of %s cannot be read: %w", key, err)
	}
	return e, nil
}

// evaluation is what a release gate said of a revision, nil where none did.
func (l *Landing) evaluation(ctx context.Context, repository, revision string) (*bot.Evaluated, error) {
	e, err := l.recall(ctx, evaluationKey(repository, revision))
	if err != nil || e == nil {
		return nil, err
	}
	return &e.Evaluated, nil
}

// Evaluations lists what is kept of a repository, or of one revision of it, newest first; empty texts do not narrow.
func (l *Landing) Evaluations(ctx context.Context, repository, revision string, limit int) ([]bot.Evaluated, error) {
	all, err := l.parts.Memory.Recollect(ctx, EvaluationSpace)
	if err != nil {
		return nil, err
	}
	var out []bot.Evaluated
	for _, text := range all {
		var e evaluated
		if json.Unmarshal(text, &e) == nil && (repository == "" || strings.EqualFold(e.Repository, repository)) && (revision == "" || e.Revision == revision) {
			out = append(out, e.Evaluated)
		}
	}
	slices.SortFunc(out, func(a, b bot.Evaluated) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Revision, b.Revision)) })
	return out[:min(len(out), limit)], nil
}

func (l *Landing) putEvaluated(ctx context.Context, key string, next *evaluated) error {
	text, err := json.Marshal(next)
	if err != nil {
		return err
	}
	replaced, err := l.parts.Memory.Replace(ctx, EvaluationSpace, key, next.text, text)
	if err != nil {
		return err
	}
	if !replaced {
		return bot.Errorf(bot.Conflict, "the evaluation of %s was told by somebody else at the same time; tell it again", key)
	}
	next.text = text
	l.mu.Lock()
	defer l.mu.Unlock()
	if next.Told || !l.parts.Config.Covers(next.Repository) {
		delete(l.evaluated, key)
	} else {
		l.evaluated[key] = next
	}
	return nil
}

// loadEvaluated finds those that no check tells of yet.
func (l *Landing) loadEvaluated(ctx context.Context) error {
	all, err := l.parts.Memory.Recollect(ctx, EvaluationSpace)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, text := range all {
		e := &evaluated{text: text}
		if json.Unmarshal(text, e) == nil && !e.Told && l.parts.Config.Covers(e.Repository) {
			l.evaluated[key] = e
		}
	}
	return nil
}

// gateJobs lists the verdicts that no check tells of yet.
func (l *Landing) gateJobs() []job {
	l.mu.Lock()
	defer l.mu.Unlock()
	jobs := make([]job, 0, len(l.evaluated))
	for key, e := range l.evaluated {
		jobs = append(jobs, job{urgency: asked, since: e.At, name: "gate " + key, do: func(ctx context.Context, now time.Time) error {
			return l.publishGate(ctx, now, key, *e)
		}})
	}
	return jobs
}

// publishGate puts a release gate's verdict on its commit.
func (l *Landing) publishGate(ctx context.Context, now time.Time, key string, e evaluated) error {
	v := check.Gate(e.Evaluated)
	run := bot.CheckRun{
		Repository: e.Repository, Head: e.Revision, Name: check.GateName, Key: key, Conclusion: string(v.Conclusion),
		Title: v.Title, Summary: v.Summary, URL: l.parts.URL, At: now,
	}
	var err error
	switch {
	case e.Run == 0 && e.Begun:
		if e.Run, err = l.parts.Forge.FindCheck(ctx, run.Repository, run.Head, run.Name, run.Key); err != nil {
			return err
		}
	case e.Run == 0:
		e.Begun = true
		if err := l.putEvaluated(ctx, key, &e); err != nil {
			return err
		}
	}
	if e.Run == 0 {
		e.Run, err = l.parts.Forge.CreateCheck(ctx, run)
	} else {
		err = l.parts.Forge.UpdateCheck(ctx, e.Run, run)
	}
	if err != nil && !troubleOf(err).Gone {
		return err
	}
	e.Told = true // of a commit that is gone nothing can be told
	return l.putEvaluated(ctx, key, &e)
}
