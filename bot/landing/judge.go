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
	p, ok := l.known(k.Repository, k.Change.Branch)
	if !ok { // it was read with the pull request; what became of it since, reading tells
		l.again(ctx, k.key(), now)
		return nil
	}
	seen := scene.Assess(ctx, k.Pull)
	v := l.verdicts(now, k, p, seen)
	var jobs []job
	for _, h := range k.Heads {
		words := v.pull
		if h.Group {
			words = v.group
		}
		if h.Pointed >= len(words.Annotations) && (words.digest == h.Said || mereWords(now, h, words, k.Waits)) {
			continue
		}
		jobs = append(jobs, job{
			urgency: urgencyOf(h, words.Verdict, k.Waits), since: k.Waits, name: "check " + k.key() + " " + h.Commit,
			do: func(ctx context.Context, now time.Time) error {
				return l.publish(ctx, now, k, h, v.subject, words)
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
	v := &verdicts{by: by, subject: subject, pull: said(subject, check.Judge(subject))}
	subject.Group = true
	v.group = said(subject, check.Judge(subject))
	l.judged[k.key()] = v
	return v
}

// again has a pull request read once more.
func (l *Landing) again(ctx context.Context, key string, now time.Time) {
	l.alter(ctx, key, func(k *kept) bool {
		if k.Repository == "" || k.Stale > 0 {
			return false
		}
		k.waiting(now)
		return true
	})
}

// satisfied notes that nobody waits any more: what was heard changed nothing that is said.
func (l *Landing) satisfied(ctx context.Context, key string) {
	l.alter(ctx, key, func(k *kept) bool {
		if k.Repository == "" || k.Stale > 0 {
			return false
		}
		k.Waits = time.Time{}
		return true
	})
}

// alter changes what is kept; that it cannot be kept is told and made good by the next look.
func (l *Landing) alter(ctx context.Context, key string, do func(*kept) bool) {
	if err := l.change(ctx, key, do); err != nil {
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
	verdict := said(check.Subject{}, check.Blind("the pull request could not be read"))
	var jobs []job
	for _, h := range k.Heads {
		if h.Group && h.Said != verdict.digest {
			jobs = append(jobs, job{urgency: queued, since: k.Waits, name: "check " + k.key() + " " + h.Commit, do: func(ctx context.Context, now time.Time) error {
				return l.publish(ctx, now, k, h, check.Subject{}, verdict)
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

// wordsAtMost is how often mere words are said anew: a count that goes up with every merge is not worth a request for every pull request.
const wordsAtMost = time.Hour

// mereWords tells that what is to be said means what was said last, and that this was not long ago, while nobody waits.
func mereWords(now time.Time, h head, words told, waits time.Time) bool {
	return h.Meant == words.meaning && h.Meant != "" && waits.IsZero() && now.Sub(h.At) < wordsAtMost
}

// meaning is short for what a check means whatever its words: its conclusion, each reason with its points, and what people did.
func meaning(s check.Subject, v check.Verdict) string {
	type reason struct {
		Code   string
		Weight float64
	}
	means := struct {
		Conclusion check.Conclusion
		Level      bot.Level
		Buttons    []bot.Button
		Reasons    []reason
		Unknown    []string
		Openings   []bool
		Override   *check.Override
		Asked      *check.Request
		Words      []string
	}{
		Conclusion: v.Conclusion, Level: v.Level, Buttons: v.Buttons, Unknown: s.Assessment.Unknown, Override: s.Override, Asked: s.Asked,
		Words: []string{s.Refused, s.Faulty, s.Pull.Change.Rollback},
	}
	for _, r := range s.Assessment.Reasons {
		means.Reasons = append(means.Reasons, reason{r.Code, r.Weight})
	}
	for _, o := range s.Openings {
		means.Openings = append(means.Openings, o.Open)
	}
	return short(means)
}

// digest is short for all that a check says, but for its annotations, which only the commits decide.
func digest(v check.Verdict) string {
	v.Annotations = nil
	return short(v)
}

// short is a digest of a value; what cannot be written has none, and is always another.
func short(value any) string {
	text, err := json.Marshal(value)
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
