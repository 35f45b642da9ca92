package landing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot/check"
)

// membership is a question about a person and a team, member its answer.
type membership struct{ team, login string }

type member struct {
	is    bool
	until time.Time
}

// memberFor is how long an answer about a team holds.
const memberFor = 5 * time.Minute

// command carries out what people want, of every pull request that is known.
func (l *Landing) command(ctx context.Context, now time.Time) {
	for _, k := range l.commanded(now) {
		for _, c := range k.Commands {
			if err := l.obey(ctx, now, k, c); err != nil {
				l.failed(ctx, now, "command", "command "+k.key(), err)
				break
			}
		}
	}
}

func (l *Landing) commanded(now time.Time) []*kept {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []*kept
	for _, k := range l.pulls {
		if len(k.Commands) > 0 && k.Known && k.Stale == 0 && !l.postponed(now, "command "+k.key()) {
			out = append(out, k)
		}
	}
	return out
}

// obey carries one command out. An override is kept and noted in the audit before any check tells of it.
func (l *Landing) obey(ctx context.Context, now time.Time, k *kept, c command) error {
	p, err := l.policy(ctx, k.Repository, k.Change.Branch)
	if err != nil {
		return err
	}
	allowed, err := l.allowed(ctx, now, p.Policy, c.By)
	if err != nil {
		return err
	}
	var failed error
	err = l.change(ctx, k.key(), func(k *kept) bool {
		at := slices.Index(k.Commands, c)
		if at < 0 {
			return false
		}
		k.Commands = slices.Delete(k.Commands, at, at+1)
		k.Refused = ""
		if k.Waits.IsZero() {
			k.Waits = c.At
		}
		if action, detail := carry(p.Policy, k, c, allowed); action != "" {
			failed = l.parts.Audit.Note(ctx, now, c.By, action, k.key(), detail)
		}
		return failed == nil
	})
	return errors.Join(err, failed)
}

// carry decides a command on what is kept, as of when it was given, and returns what the audit is to know of it.
func carry(p check.Policy, k *kept, c command, allowed bool) (action, detail string) {
	switch c.What {
	case check.Again:
		for i := range k.Heads {
			k.Heads[i].Said = ""
		}
		k.waiting(c.At)
	case check.Withdraw:
		if !allowed {
			k.Refused = fmt.Sprintf("%s may not end an override; it can be ended by %s", c.By, p.Who())
			return "override.refused", k.Refused
		}
		k.Override, k.Asked = nil, nil
		return "override.end", k.Change.Revision
	case check.Grant:
		granted, asked, refused := check.Decide(c.At, p, k.Pull, k.Asked, c.By, c.Text, allowed)
		switch {
		case granted != nil:
			k.Override, k.Asked = granted, nil
			return "override.grant", fmt.Sprintf("%s until %s: %s", granted.Head, granted.Until.UTC().Format(time.RFC3339), granted.Reason)
		case asked != nil:
			k.Asked = asked
			return "override.ask", asked.Head + ": " + asked.Reason
		default:
			k.Refused = c.By + ": " + refused
			return "override.refused", refused
		}
	default:
		k.Refused = c.By + ": there is no such command; there are /firebreak override REASON, /firebreak override end, /firebreak check"
	}
	return "", ""
}

// allowed tells whether a policy lets somebody override.
func (l *Landing) allowed(ctx context.Context, now time.Time, p check.Policy, login string) (bool, error) {
	var teams []string
	for _, who := range p.Overrides.By {
		if team, isTeam := strings.CutPrefix(who, "@"); isTeam {
			teams = append(teams, team)
		} else if strings.EqualFold(who, login) {
			return true, nil
		}
	}
	for _, team := range teams {
		is, err := l.member(ctx, now, team, login)
		if err != nil || is {
			return is, err
		}
	}
	return false, nil
}

// member asks the forge whether somebody belongs to a team, and remembers that for a while.
func (l *Landing) member(ctx context.Context, now time.Time, team, login string) (bool, error) {
	key := membership{team, strings.ToLower(login)}
	if have, known := l.teams[key]; known && now.Before(have.until) {
		return have.is, nil
	}
	is, err := l.parts.Forge.Member(ctx, team, login)
	if err != nil {
		return false, err
	}
	if len(l.teams) > mostPolicies {
		clear(l.teams)
	}
	l.teams[key] = member{is, now.Add(memberFor)}
	return is, nil
}
