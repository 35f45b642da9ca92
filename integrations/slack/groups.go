package slack

import (
	"context"
	"slices"
	"sync"
	"time"
)

// How long the members of a user group are believed: at hand for the first, and where Slack does not answer for the second.
const (
	groupFresh = 5 * time.Minute
	groupStale = 24 * time.Hour
	groupPause = 30 * time.Second // a Slack that does not answer is not asked for every press
)

// groups are user groups as they were last read.
type groups struct {
	mu   sync.Mutex
	read map[string]members
}

type members struct {
	users []string
	// at is when they were read, zero for never; tried when that was tried last in vain.
	at, tried time.Time
}

// Within tells in which of some user groups a user is; unread are those that could not be looked into, nor were of late.
func (c *Client) Within(ctx context.Context, user string, groups []string) (in, unread []string) {
	for _, group := range groups {
		users, known := c.membersOf(ctx, group)
		switch {
		case !known:
			unread = append(unread, group)
		case slices.Contains(users, user):
			in = append(in, group)
		}
	}
	return in, unread
}

func (c *Client) membersOf(ctx context.Context, group string) ([]string, bool) {
	c.groups.mu.Lock()
	defer c.groups.mu.Unlock() // one look at a time: who comes in the same moment takes what the first one read
	now := c.options.Now()
	have := c.groups.read[group]
	stale := !have.at.IsZero() && now.Sub(have.at) < groupStale
	switch {
	case stale && now.Sub(have.at) < groupFresh:
		return have.users, true
	case !have.tried.IsZero() && now.Sub(have.tried) < groupPause:
		return have.users, stale
	}
	if c.groups.read == nil {
		c.groups.read = map[string]members{}
	}
	call := c.rest.Repeatable()
	users, err := c.api(call).GetUserGroupMembersContext(ctx, group)
	if err != nil {
		have.tried = now
		c.groups.read[group] = have
		c.options.Logger.WarnContext(ctx, "slack: a user group could not be read", "group", group, "stale copy", stale, "error", failure(call, err))
		return have.users, stale
	}
	c.groups.read[group] = members{users: users, at: now}
	return users, true
}
