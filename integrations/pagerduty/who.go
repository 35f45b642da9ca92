package pagerduty

import (
	"context"
	"net/url"
	"sync"
	"time"
)

// People tells whom the configuration means.
type People interface {
	// OfPager is the name of the member with an ID of PagerDuty's.
	OfPager(id string) (name string, known bool)
	// OfEmail is the name of the member with an e-mail address.
	OfEmail(address string) (name string, known bool)
}

// faces are the names of PagerDuty's users, by ID, as they were found by their addresses.
type faces struct {
	mu    sync.Mutex
	known map[string]face
}

// face is the configuration's name of a user, empty where it names nobody of the address.
type face struct {
	name  string
	until time.Time
}

// What was found of a user is believed for an hour, that nothing could be found for a minute.
const (
	faceFor   = time.Hour
	noFaceFor = time.Minute
	mostFaces = 1000
)

// who is the name of a person as the configuration has it: by PagerDuty's ID, else by the e-mail address of the user, which counts only once the
// user has accepted PagerDuty's invitation to it. Whom the configuration does not name has PagerDuty's name. Programs are nobody.
func (c *Client) who(ctx context.Context, agent *reference) string {
	theirs := personOf(agent)
	if theirs == "" || c.people == nil || agent.ID == "" {
		return theirs
	}
	if name, known := c.people.OfPager(agent.ID); known {
		return name
	}
	if !c.config.Asks() {
		return theirs
	}
	now := c.now()
	c.faces.mu.Lock()
	last, known := c.faces.known[agent.ID]
	c.faces.mu.Unlock()
	if !known || now.After(last.until) {
		last = c.face(ctx, agent.ID, now)
	}
	return firstOf(last.name, theirs)
}

// face asks PagerDuty for a user's address.
func (c *Client) face(ctx context.Context, id string, now time.Time) face {
	var answer struct {
		User user `json:"user"`
	}
	out := face{until: now.Add(faceFor)}
	switch err := c.read(ctx, "/users/"+url.PathEscape(id), nil, &answer); {
	case err != nil:
		out.until = now.Add(noFaceFor) // a name is worth no delay of the news
	default:
		out.name, _ = c.people.OfEmail(answer.User.proven())
	}
	c.faces.mu.Lock()
	defer c.faces.mu.Unlock()
	if c.faces.known == nil || len(c.faces.known) >= mostFaces {
		c.faces.known = map[string]face{}
	}
	c.faces.known[id] = out
	return out
}
