package landing

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/check"
)

// urgency orders what there is to say; the lowest goes first.
type urgency int

const (
	// queued holds up everybody behind it in a merge queue, or a deployment.
	queued urgency = iota
	// asked is waited for by somebody who pushed, labelled or commanded.
	asked
	// closing keeps from landing what was free to land.
	closing
	// opening lets land what was kept from it.
	opening
	// wording changes words only, or adds annotations.
	wording
	// story tells how a change that has landed goes.
	story
)

// job is one thing to say.
type job struct {
	urgency urgency
	since   time.Time
	// name is what is postponed when it fails.
	name string
	do   func(ctx context.Context, now time.Time) error
}

// judge judges everything by what is known now, and lists what has to be said, the most urgent first.
func (l *Landing) judge(ctx context.Context, now time.Time) ([]job, error) {
	l.mu.Lock()
	pulls := make([]*kept, 0, len(l.pulls))
	for _, k := range l.pulls {
		pulls = append(pulls, k)
	}
	for key := range l.judged {
		if l.pulls[key] == nil {
			delete(l.judged, key)
		}
	}
	idle := len(pulls) == 0 && len(l.waiting) == 0 && len(l.evaluated) == 0
	l.mu.Unlock()
	if idle {
		return nil, nil
	}
	scene, err := l.parts.Rules.Look(ctx, now)
	if err != nil {
		return nil, err
	}
	var jobs []job
	for _, k := range pulls {
		if k.Bake != nil {
			jobs = append(jobs, l.bakeJobs(ctx, now, k, scene)...)
		} else if !k.Closed {
			jobs = append(jobs, l.checkJobs(ctx, now, k, scene)...)
		}
	}
	jobs = append(jobs, l.answerJobs(ctx, now, scene)...)
	jobs = append(jobs, l.gateJobs()...)
	jobs = slices.DeleteFunc(jobs, func(j job) bool { return l.postponed(now, j.name) })
	slices.SortFunc(jobs, func(a, b job) int {
		return cmp.Or(cmp.Compare(a.urgency, b.urgency), a.since.Compare(b.since), cmp.Compare(a.name, b.name))
	})
	l.metrics.open.Set(float64(len(pulls)))
	l.metrics.pending.Set(float64(len(jobs)))
	return jobs, nil
}

// checkJobs lists what has to be said of an open pull request.
func (l *Landing) checkJobs(ctx context.Context, now time.Time, k *kept, scene Scene) []job {
	if !k.Known {
		return l.blindJobs(k)
	}
	if k.Stale > 0 && l.later[k.key()].times == 0 {
		return nil // it is about to be read
	}
	p, err := l.policy(ctx, k.Repository, k.Change.Branch)
	if err != nil {
		return nil // it was read with the pull request, and is read again when somebody changes it
	}
	seen := scene.Assess(ctx, k.Pull)
	v := l.verdicts(now, k, p, seen)
	var jobs []job
	for _, h := range k.Heads {
		words := v.pull
		if h.Group {
			words = v.group
		}
		if words.digest == h.Said && h.Pointed >= len(words.Annotations) {
			continue
		}
		jobs = append(jobs, job{
			urgency: urgencyOf(h, words.Verdict, k.Waits), since: k.Waits, name: "check " + k.key() + " " + h.Commit,
			do: func(ctx context.Context, now time.Time) error {
				return l.publish(ctx, now, k, h, v.subject, words.Verdict)
			},
		})
	}
	if len(jobs) == 0 && !k.Waits.IsZero() && k.Stale == 0 {
		l.satisfied(ctx, k.key())
	}
	return jobs
}

// verdicts are what stands on a pull request and on the commits of a merge queue; they are made anew only when what they are made of is
// another.
func (l *Landing) verdicts(now time.Time, k *kept, p policy, seen Assessed) *verdicts {
	by := memoOf(now, k, p, seen)
	if have := l.judged[k.key()]; have != nil && have.by == by {
		return have
	}
	subject := check.Subject{
		Now: now, Pull: k.Pull, Assessment: seen.Assessment, Policy: p.Policy, Faulty: p.faulty, Kinds: seen.Kinds, Openings: seen.Openings,
		Override: k.Override, Asked: k.Asked, Refused: k.Refused,
	}
	subject.Pull.Change = seen.Change
	v := &verdicts{by: by, subject: subject, pull: said(check.Judge(subject))}
	subject.Group = true
	v.group = said(check.Judge(subject))
	l.judged[k.key()] = v
	return v
}

// satisfied notes that nobody waits any more: what was heard changed nothing that is said.
func (l *Landing) satisfied(ctx context.Context, key string) {
	err := l.change(ctx, key, func(k *kept) bool {
		if k.Repository == "" || k.Stale > 0 {
			return false
		}
		k.Waits = time.Time{}
		return true
	})
	if err != nil {
		l.parts.Logger.WarnContext(ctx, "what is kept of a pull request could not be changed", "pull", key, "error", err)
	}
}

// blindTries is how often a pull request of a merge queue is tried to be read before the queue is let go on.
const blindTries = 3

// blindJobs lets a merge queue go on whose pull request cannot be read.
func (l *Landing) blindJobs(k *kept) []job {
	if l.later[k.key()].times < blindTries {
		return nil
	}
	verdict := said(check.Blind("the pull request could not be read"))
	var jobs []job
	for _, h := range k.Heads {
		if h.Group && h.Said != verdict.digest {
			jobs = append(jobs, job{urgency: queued, since: k.Waits, name: "check " + k.key() + " " + h.Commit, do: func(ctx context.Context, now time.Time) error {
				return l.publish(ctx, now, k, h, check.Subject{}, verdict.Verdict)
			}})
		}
	}
	return jobs
}

// urgencyOf tells how urgent a check is, from what stands there.
func urgencyOf(h head, v check.Verdict, waits time.Time) urgency {
	switch {
	case h.Group:
		return queued
	case h.Said == "" || !waits.IsZero():
		return asked
	case v.Conclusion.Blocks() && !h.Conclusion.Blocks():
		return closing
	case h.Conclusion.Blocks() && !v.Conclusion.Blocks():
		return opening
	default:
		return wording
	}
}

// digest is short for all that a check says, but for its annotations, which only the commits decide.
func digest(v check.Verdict) string {
	v.Annotations = nil
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}

// reasons are the words of what weighs.
func reasons(a bot.Assessment) []string {
	var out []string
	for _, r := range a.Reasons {
		if r.Weight > 0 {
			out = append(out, r.Sentence)
		}
	}
	return out
}
