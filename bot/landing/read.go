package landing

import (
	"context"
	"time"

	"github.com/firebreak-dev/firebreak/bot/check"
)

// branch is where changes land.
type branch struct{ repository, name string }

func policyKey(repository, name string) branch { return branch{repository, name} }

// policy is what a repository says of its checks, as it was read.
type policy struct {
	check.Policy
	faulty string
	// number is another one for every reading.
	number int
}

// readNext reads the pull request that somebody has waited for longest, and tells whether it was read.
func (l *Landing) readNext(ctx context.Context, now time.Time) bool {
	k := l.stalest(now)
	if k == nil {
		return false
	}
	err := l.read(ctx, k)
	if err == nil {
		delete(l.later, k.key())
		return true
	}
	t := troubleOf(err)
	if t.Gone {
		l.parts.Logger.InfoContext(ctx, "a pull request cannot be seen any more", "pull", k.key(), "error", err)
		err = l.change(ctx, k.key(), func(k *kept) bool {
			k.Closed, k.Bake = true, nil
			return true
		})
		return err == nil
	}
	l.metrics.failed.WithLabelValues("read").Inc()
	l.parts.Logger.WarnContext(ctx, "a pull request could not be read; it is tried again", "pull", k.key(), "error", err)
	l.postpone(now, k.key(), t.After)
	return false
}

// stalest is the pull request that has waited longest to be read, nil for none.
func (l *Landing) stalest(now time.Time) *kept {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found *kept
	for key, k := range l.pulls {
		if k.Closed || (k.Stale == 0 && k.Known) || l.postponed(now, key) {
			continue
		}
		if found == nil || k.Waits.Before(found.Waits) || (k.Waits.Equal(found.Waits) && key < found.key()) {
			found = k
		}
	}
	return found
}

// read asks the forge for a pull request and for the policy that it is judged by. What was heard meanwhile keeps it stale.
func (l *Landing) read(ctx context.Context, k *kept) error {
	heard := k.Stale
	pull, err := l.parts.Forge.Pull(ctx, k.Repository, k.Number)
	if err != nil {
		return err
	}
	if !pull.Closed {
		if _, err := l.policy(ctx, k.Repository, pull.Change.Branch); err != nil {
			return err
		}
	}
	pull = check.Labelled(pull)
	if pull.Evaluation, err = l.evaluation(ctx, k.Repository, pull.Change.Revision); err != nil {
		return err
	}
	return l.change(ctx, k.key(), func(k *kept) bool {
		if k.Repository == "" || k.Merged {
			return false // it ended meanwhile
		}
		k.Pull, k.Known = pull, true
		if k.Stale -= heard; k.Stale < 0 {
			k.Stale = 0
		}
		if pull.Closed {
			return true
		}
		k.stand(pull.Change.Revision, false)
		return true
	})
}

// policy is the policy of a branch, read once until somebody tells that it changed.
func (l *Landing) policy(ctx context.Context, repository, name string) (policy, error) {
	key := policyKey(repository, name)
	l.mu.Lock()
	have, known := l.policies[key]
	l.mu.Unlock()
	if known {
		return have, nil
	}
	text, err := l.parts.Forge.Policy(ctx, repository, name)
	if err != nil {
		return policy{}, err
	}
	next := policy{Policy: l.parts.Policies.Default()}
	if text != nil {
		if own, faulty := l.parts.Policies.Read(text); faulty == "" {
			next.Policy = own
		} else {
			next.faulty = faulty
		}
	}
	next.Policy = next.WithDefaults()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.policies) >= mostPolicies {
		clear(l.policies)
	}
	l.readings++
	next.number = l.readings
	l.policies[key] = next
	return next, nil
}

// mostPolicies bounds the policies that are kept at hand.
const mostPolicies = 10_000
