package landing

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
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
		l.worked(k.key())
		return true
	}
	if !troubleOf(err).Gone {
		l.failed(ctx, now, "read", k.key(), err)
		return false
	}
	l.parts.Logger.InfoContext(ctx, "a pull request cannot be seen any more", "pull", k.key(), "error", err)
	err = l.change(ctx, k.key(), func(k *kept) bool {
		k.Closed, k.Bake = true, nil
		return true
	})
	return err == nil
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

// fetch asks the forge for a pull request, with what its labels declare and what a release gate said of its head.
func (l *Landing) fetch(ctx context.Context, repository string, number int) (bot.Pull, error) {
	pull, err := l.parts.Forge.Pull(ctx, repository, number)
	if err != nil {
		return pull, err
	}
	pull = check.Labelled(pull)
	pull.Evaluation, err = l.evaluation(ctx, repository, pull.Change.Revision)
	return pull, err
}

// read asks the forge for a pull request and for the policy that it is judged by. What was heard meanwhile keeps it stale.
func (l *Landing) read(ctx context.Context, k *kept) error {
	heard := k.Stale
	pull, err := l.fetch(ctx, k.Repository, k.Number)
	if err != nil {
		return err
	}
	if !pull.Closed {
		if _, err := l.policy(ctx, k.Repository, pull.Change.Branch); err != nil {
			return err
		}
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
			k.landed(l.parts.Now())
			return true
		}
		k.stand(pull.Change.Revision, false)
		return true
	})
}

// PolicySpace is where the policies of repositories are kept in the memory, so that after a restart nobody is asked for them.
const PolicySpace = "policy"

// policyText is a policy as it was read; None tells that there was none.
type policyText struct {
	Repository string `json:"repository"`
	Branch     string `json:"branch"`
	Text       []byte `json:"text,omitempty"`
	None       bool   `json:"none,omitempty"`
}

func (t policyText) key() string { return strings.ToLower(t.Repository) + "@" + t.Branch }

// known is the policy of a branch, as far as it was read.
func (l *Landing) known(repository, name string) (policy, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, ok := l.policies[policyKey(repository, name)]
	return p, ok
}

// policy is the policy of a branch, read once until somebody tells that it changed.
func (l *Landing) policy(ctx context.Context, repository, name string) (policy, error) {
	if have, known := l.known(repository, name); known {
		return have, nil
	}
	text, err := l.parts.Forge.Policy(ctx, repository, name)
	if err != nil {
		return policy{}, err
	}
	read := policyText{Repository: repository, Branch: name, Text: text, None: text == nil}
	kept, err := json.Marshal(read)
	if err != nil {
		return policy{}, err
	}
	have, found, err := l.parts.Memory.Recall(ctx, PolicySpace, read.key())
	if err != nil {
		return policy{}, err
	}
	if !found {
		have = nil
	}
	// Of two who read it at the same time both know what they read; which of them is kept does not matter.
	if _, err := l.parts.Memory.Replace(ctx, PolicySpace, read.key(), have, kept); err != nil {
		return policy{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.learn(read), nil
}

// learn makes a policy of its text. It is called with mu held.
func (l *Landing) learn(t policyText) policy {
	next := policy{Policy: l.parts.Policies.Default()}
	if !t.None {
		if own, faulty := l.parts.Policies.Read(t.Text); faulty == "" {
			next.Policy = own
		} else {
			next.faulty = faulty
		}
	}
	next.Policy = next.WithDefaults()
	if len(l.policies) >= mostPolicies {
		clear(l.policies)
	}
	l.readings++
	next.number = l.readings
	l.policies[policyKey(t.Repository, t.Branch)] = next
	return next
}

func (l *Landing) loadPolicies(ctx context.Context) error {
	all, err := l.parts.Memory.Recollect(ctx, PolicySpace)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, text := range all {
		var t policyText
		if json.Unmarshal(text, &t) == nil && t.key() == key {
			l.learn(t)
		}
	}
	return nil
}

// unlearn forgets the policies of a repository.
func (l *Landing) unlearn(ctx context.Context, repository string) error {
	l.mu.Lock()
	var keys []string
	for key := range l.policies {
		if key.repository == repository {
			delete(l.policies, key)
			keys = append(keys, policyText{Repository: key.repository, Branch: key.name}.key())
		}
	}
	l.mu.Unlock()
	errs := make([]error, 0, len(keys))
	for _, key := range keys {
		errs = append(errs, l.parts.Memory.Forget(ctx, PolicySpace, key))
	}
	return errors.Join(errs...)
}

// mostPolicies bounds the policies that are kept at hand.
const mostPolicies = 10_000
