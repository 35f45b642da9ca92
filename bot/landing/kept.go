package landing

import (
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

// Space is where pull requests are kept in the memory.
const Space = "pull"

// kept is what is kept of a pull request.
type kept struct {
	bot.Pull
	Repository string `json:"repository"`
	Number     int    `json:"number"`
	// Known tells that Pull is what the forge said. Stale counts what was heard since, which has to be read; Waits is since when.
	Known bool      `json:"known,omitempty"`
	Stale int       `json:"stale,omitempty"`
	Waits time.Time `json:"waits,omitzero"`
	// Heads are the commits that a check stands on.
	Heads    []head          `json:"heads,omitempty"`
	Override *check.Override `json:"override,omitempty"`
	Asked    *check.Request  `json:"asked,omitempty"`
	// Refused says in words who wanted an override and why there is none.
	Refused string `json:"refused,omitempty"`
	// Commands are those that were not yet looked at.
	Commands []command `json:"commands,omitempty"`
	// Level and Reasons are those of the last judgement.
	Level   bot.Level `json:"level,omitempty"`
	Reasons []string  `json:"reasons,omitempty"`
	// Bakes is how long it would be watched if it landed now, Zone where the people of its first service live.
	Bakes time.Duration `json:"bakes,omitempty"`
	Zone  string        `json:"zone,omitempty"`
	// Bake is set once it has landed and is watched.
	Bake *baking `json:"bake,omitempty"`

	// text is how it is kept, nil while it is not.
	text []byte
}

// head is a commit that a check stands on.
type head struct {
	Commit string `json:"commit"`
	// Group tells that a merge queue made it.
	Group bool `json:"group,omitempty"`
	// Run is the check's number at the forge, zero while there is none. Begun is when one was asked for, so that after a crash it is
	// looked for first.
	Run   int64     `json:"run,omitempty"`
	Begun time.Time `json:"begun,omitzero"`
	// Said is a digest of what the check says, Meant of what that means, At when it was said. Conclusion is the check's, Pointed how many
	// annotations went out.
	Said       string           `json:"said,omitempty"`
	Meant      string           `json:"meant,omitempty"`
	At         time.Time        `json:"at,omitzero"`
	Conclusion check.Conclusion `json:"conclusion,omitempty"`
	Pointed    int              `json:"pointed,omitempty"`
}

// command is something that a person wants.
type command struct {
	By   string        `json:"by"`
	What check.Command `json:"what"`
	Text string        `json:"text,omitempty"`
	At   time.Time     `json:"at"`
}

// baking is the watch after a merge, and the comment that tells of it.
type baking struct {
	check.Baking
	Comment int64  `json:"comment,omitempty"`
	Begun   bool   `json:"begun,omitempty"`
	Said    string `json:"said,omitempty"`
}

func keyOf(repository string, number int) string {
	return fmt.Sprintf("%s#%d", strings.ToLower(repository), number)
}

func (k *kept) key() string { return keyOf(k.Repository, k.Number) }

// over tells that nothing more can come of it.
func (k *kept) over() bool { return k.Closed && k.Bake == nil }

// waiting notes that it has to be read, and since when somebody waits.
func (k *kept) waiting(since time.Time) {
	k.Stale++
	if k.Waits.IsZero() {
		k.Waits = since
	}
}

// stand makes the head one of those that a check stands on. The one before it is not looked at any more: what stands on commits that
// nobody can land is of no interest.
func (k *kept) stand(commit string, group bool) {
	if commit == "" || slices.ContainsFunc(k.Heads, func(h head) bool { return h.Commit == commit }) {
		return
	}
	if !group {
		k.Heads = slices.DeleteFunc(k.Heads, func(h head) bool { return !h.Group })
	}
	k.Heads = append(k.Heads, head{Commit: commit, Group: group})
	if len(k.Heads) > mostHeads {
		k.Heads = slices.Delete(k.Heads, 1, 2)
	}
}

// mostHeads bounds the commits of one pull request: its own, and those that a queue tries at once.
const mostHeads = 10

// leave forgets a commit of a merge queue.
func (k *kept) leave(commit string) {
	k.Heads = slices.DeleteFunc(k.Heads, func(h head) bool { return h.Group && h.Commit == commit })
}

func (k *kept) head(commit string) *head {
	i := slices.IndexFunc(k.Heads, func(h head) bool { return h.Commit == commit })
	if i < 0 {
		return nil
	}
	return &k.Heads[i]
}

// load reads what is kept. What cannot be read any more is forgotten: the forge tells it again.
func (l *Landing) load(ctx context.Context) error {
	l.loading.Lock()
	defer l.loading.Unlock()
	if l.loaded {
		return nil
	}
	all, err := l.parts.Memory.Recollect(ctx, Space)
	if err != nil {
		return err
	}
	if err := errors.Join(l.loadProtected(ctx), l.loadEvaluated(ctx), l.loadPolicies(ctx)); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, text := range all {
		k := &kept{}
		if err := json.Unmarshal(text, k); err != nil || k.key() != key {
			l.parts.Logger.WarnContext(ctx, "what was kept of a pull request cannot be read", "pull", key, "error", err)
			_ = l.parts.Memory.Forget(ctx, Space, key)
			continue
		}
		k.text = text
		l.pulls[key] = k
	}
	l.loaded = true
	return nil
}

// races is how often a change is tried against another process that changes the same.
const races = 5

// change alters what is kept of a pull request, and keeps it before anybody sees it. A function that returns false changes nothing.
func (l *Landing) change(ctx context.Context, key string, alter func(*kept) bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range races {
		next := l.copyOf(key)
		if !alter(next) {
			return nil
		}
		if next.over() {
			delete(l.pulls, key)
			return l.parts.Memory.Forget(ctx, Space, key)
		}
		text, err := json.Marshal(next)
		if err != nil {
			return err
		}
		var old []byte
		if have := l.pulls[key]; have != nil {
			old = have.text
		}
		replaced, err := l.parts.Memory.Replace(ctx, Space, key, old, text)
		if err != nil {
			return err
		}
		if replaced {
			next.text = text
			l.pulls[key] = next
			return nil
		}
		if err := l.reread(ctx, key); err != nil {
			return err
		}
	}
	return fmt.Errorf("what is kept of %s is changed by somebody else all the time", key)
}

// copyOf is a copy that may be altered; of what is not kept, an empty one.
func (l *Landing) copyOf(key string) *kept {
	next := &kept{}
	if have := l.pulls[key]; have != nil {
		if err := json.Unmarshal(have.text, next); err == nil {
			return next
		}
	}
	return &kept{}
}

// reread takes over what another process kept.
func (l *Landing) reread(ctx context.Context, key string) error {
	all, err := l.parts.Memory.Recollect(ctx, Space)
	if err != nil {
		return err
	}
	delete(l.pulls, key)
	if text, found := all[key]; found {
		k := &kept{}
		if err := json.Unmarshal(text, k); err != nil {
			return err
		}
		k.text = text
		l.pulls[key] = k
	}
	return nil
}
