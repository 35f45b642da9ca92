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
}

// anybody is the key of what Slack says whoever is asked for: that the app may not ask.
const anybody = ""

// face is an answer: empty where there is none to believe, with why where Slack could not be asked.
type face struct {
	said  string
	err   error
	until time.Time
}

func (f *faces) recall(key string, now time.Time) (last face, known bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, of := range []string{anybody, key} {
		if last, known = f.known[of]; known && now.Before(last.until) {
			return last, true
		}
	}
	return face{}, false
}

func (f *faces) keep(key string, last face) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known == nil || len(f.known) >= mostFaces {
		f.known = map[string]face{}
	}
	f.known[key] = last
}

// Address is the e-mail address of a user: only one that the user has confirmed, of a person and of this workspace, since rights hang on it;
// empty where there is none. It needs the scopes users:read and users:read.email.
func (c *Client) Address(ctx context.Context, user string) (string, error) {
	return c.face(ctx, user, func(slack *api.Client) (*api.User, error) { return slack.GetUserInfoContext(ctx, user) },
		func(u *api.User) string { return u.Profile.Email })
}

// UserOf is the ID of the user who has confirmed an e-mail address, empty where nobody has. It needs what Address needs.
func (c *Client) UserOf(ctx context.Context, address string) (string, error) {
	if address == "" {
		return "", nil
	}
	return c.face(ctx, strings.ToLower(address), func(slack *api.Client) (*api.User, error) { return slack.GetUserByEmailContext(ctx, address) },
		func(u *api.User) string { return u.ID })
}

// face answers from memory, or asks for a user and takes of it what is wanted. That it cannot be told is logged once for each try.
func (c *Client) face(ctx context.Context, key string, ask func(*api.Client) (*api.User, error), wanted func(*api.User) string) (string, error) {
	now := c.options.Now()
	if last, known := c.faces.recall(key, now); known {
		return last.said, last.err
	}
	next := face{until: now.Add(faceFor)}
	u, err := c.user(ctx, ask)
	switch {
	case err != nil:
		next.err, next.until = err, now.Add(noFaceFor)
		if wordOf(err) == "missing_scope" {
			next.err = bot.Errorf(bot.Unavailable, "Slack does not tell e-mail addresses: give the app the scopes users:read and users:read.email, and install it again")
			next.until, key = now.Add(faceFor), anybody
		}
		c.options.Logger.WarnContext(ctx, "slack: who somebody is could not be told by the e-mail address", "error", next.err)
	case u != nil:
		next.said = wanted(u)
	}
	c.faces.keep(key, next)
	return next.said, next.err
}

// user asks for a user, nil where there is none or its address proves nothing.
func (c *Client) user(ctx context.Context, ask func(*api.Client) (*api.User, error)) (*api.User, error) {
	call := c.rest.Repeatable()
	u, err := ask(c.api(call))
	err = failure(call, err)
	switch wordOf(err) {
	case "user_not_found", "users_not_found", "user_not_visible": // another workspace's
		return nil, nil //nolint:nilnil // nobody is an answer
	}
	if err != nil || u == nil {
		return nil, err
	}
	if ours, err := c.ours(ctx, u); err != nil || !ours {
		return nil, err
	}
	return u, nil
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
