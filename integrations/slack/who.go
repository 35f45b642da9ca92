package slack

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	api "github.com/slack-go/slack"

	"github.com/firebreak-dev/firebreak/bot"
)

// What Slack said of a person is believed for an hour, that it could not be asked for a minute. So many are remembered, in each direction.
const (
	faceFor   = time.Hour
	noFaceFor = time.Minute
	mostFaces = 1000
)

// faces are users and their addresses as Slack told them: user → address, address → user.
type faces struct {
	mu sync.Mutex
	// team is Slack's ID of the workspace that the token is of.
	team  string
	known map[string]face
	// refused is that the app may not ask at all.
	refused face
}

// face is an answer: empty where there is none to believe, with why where Slack could not be asked.
type face struct {
	said  string
	err   error
	until time.Time
}

// Address is the e-mail address of a user: only one that the user has confirmed, of a person and of this workspace, since rights hang on it;
// empty where there is none. It needs the scopes users:read and users:read.email.
func (c *Client) Address(ctx context.Context, user string) (string, error) {
	return c.face(ctx, user, func() (string, error) {
		call := c.rest.Repeatable()
		u, err := c.api(call).GetUserInfoContext(ctx, user)
		err = failure(call, err)
		switch {
		case wordOf(err) == "user_not_found" || wordOf(err) == "user_not_visible": // another workspace's
			return "", nil
		case err != nil || u == nil:
			return "", err
		}
		ours, err := c.ours(ctx, u)
		if err != nil || !ours {
			return "", err
		}
		return u.Profile.Email, nil
	})
}

// UserOf is the ID of the user who has confirmed an e-mail address, empty where nobody has. It needs what Address needs.
func (c *Client) UserOf(ctx context.Context, address string) (string, error) {
	if address == "" {
		return "", nil
	}
	return c.face(ctx, strings.ToLower(address), func() (string, error) {
		call := c.rest.Repeatable()
		u, err := c.api(call).GetUserByEmailContext(ctx, address)
		err = failure(call, err)
		switch {
		case wordOf(err) == "users_not_found":
			return "", nil
		case err != nil || u == nil:
			return "", err
		}
		ours, err := c.ours(ctx, u)
		if err != nil || !ours {
			return "", err
		}
		return u.ID, nil
	})
}

// face answers from memory, or asks. That it cannot be told is logged once for each try.
func (c *Client) face(ctx context.Context, key string, ask func() (string, error)) (string, error) {
	now := c.options.Now()
	c.faces.mu.Lock()
	last, known := c.faces.known[key]
	if now.Before(c.faces.refused.until) {
		last, known = c.faces.refused, true
	}
	c.faces.mu.Unlock()
	if known && now.Before(last.until) {
		return last.said, last.err
	}
	next := face{until: now.Add(faceFor)}
	next.said, next.err = ask()
	unscoped := wordOf(next.err) == "missing_scope"
	if unscoped {
		next.err = bot.Errorf(bot.Unavailable, "Slack does not tell e-mail addresses: give the app the scopes users:read and users:read.email, and install it again")
	}
	if next.err != nil {
		c.options.Logger.WarnContext(ctx, "slack: who somebody is could not be told by the e-mail address", "error", next.err)
	}
	c.faces.mu.Lock()
	defer c.faces.mu.Unlock()
	switch {
	case unscoped:
		c.faces.refused = next
		return next.said, next.err
	case next.err != nil:
		next.until = now.Add(noFaceFor)
	}
	if c.faces.known == nil || len(c.faces.known) >= mostFaces {
		c.faces.known = map[string]face{}
	}
	c.faces.known[key] = next
	return next.said, next.err
}

// ours tells whether the address of a user may be believed: a person of this workspace, who has confirmed it. Other workspaces that share a
// channel give out what addresses they like.
func (c *Client) ours(ctx context.Context, u *api.User) (bool, error) {
	if u.Deleted || u.IsBot || u.IsWorkflowBot || u.IsConnectorBot || u.IsStranger || !u.IsEmailConfirmed {
		return false, nil
	}
	c.faces.mu.Lock()
	team := c.faces.team
	c.faces.mu.Unlock()
	if team == "" {
		call := c.rest.Repeatable()
		self, err := c.api(call).AuthTestContext(ctx)
		if err = failure(call, err); err != nil {
			return false, err
		}
		team = self.TeamID
		c.faces.mu.Lock()
		c.faces.team = team
		c.faces.mu.Unlock()
	}
	return team != "" && (u.TeamID == team || slices.Contains(u.Enterprise.Teams, team)), nil
}
