package pagerduty

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// pageID finds the PagerDuty incident of one of ours.
func (c *Client) pageID(ctx context.Context, incident string) (string, error) {
	call := c.api.Repeatable()
	if !c.config.Writes() {
		return "", call.Refused(playbooks.Permanent, 0, "this needs pagerduty.api_token and pagerduty.from")
	}
	in := bot.Incident{ID: incident}
	if c.incidents != nil {
		var err error
		if in, err = c.incidents.Incident(ctx, incident); err != nil {
			return "", unread(err)
		}
	}
	if in.Page.ID != "" && in.Page.Status != bot.PageResolved {
		return in.Page.ID, nil
	}
	n, found, err := c.seen(ctx, in)
	switch {
	case err != nil:
		return "", err
	case !found || n.Page.Status == bot.PageResolved:
		return "", call.Refused(playbooks.Permanent, 0, "PagerDuty has no open incident for it; page first")
	default:
		return n.Page.ID, nil
	}
}

const levelSpace = "pagerduty-level"

// nextLevel escalates the page to the level above those who have it. Which one that is, is kept under the call's key before it is asked
// for: called again, it is the same level and not one more.
func (c *Client) nextLevel(ctx context.Context, call playbooks.Call) (playbooks.Outcome, error) {
	id, err := c.pageID(ctx, call.Incident)
	if err != nil {
		return playbooks.Outcome{}, err
	}
	duty := c.onCall(ctx, call.Service)
	request := c.api.Repeatable()
	if duty.duty.Unknown != "" {
		return playbooks.Outcome{}, request.Refused(playbooks.Permanent, 0, "who is above cannot be told: %s", duty.duty.Unknown)
	}
	level, err := c.levelAbove(ctx, id, call.Key, duty)
	if err != nil {
		return playbooks.Outcome{}, err
	}
	if _, there := duty.users[level]; !there {
		return playbooks.Outcome{}, request.Refused(playbooks.Permanent, 0, "the escalation policy has nobody above level %d", level-1)
	}
	body := map[string]any{"incident": map[string]any{"type": "incident_reference", "escalation_level": level}}
	if err := c.write(ctx, request, http.MethodPut, "/incidents/"+url.PathEscape(id), body); err != nil {
		return playbooks.Outcome{}, err
	}
	return playbooks.Outcome{
		Status: playbooks.Done, Output: map[string]any{"dedup_key": dedupKey(call.Incident), "status": "escalated"},
		Sentence: fmt.Sprintf("PagerDuty: escalated to level %d (%s)", level, duty.names(level)),
	}, nil
}

// levelAbove is the level above the highest that has the page, as it was when it was first asked for under the key.
func (c *Client) levelAbove(ctx context.Context, id, key string, duty remembered) (int, error) {
	level := 0
	if c.memory != nil {
		if known, err := c.recall(ctx, levelSpace, key, &level); err != nil || known {
			return level, unreadOrNil(err)
		}
	}
	var answer struct {
		Incident pageOfREST `json:"incident"`
	}
	if err := c.read(ctx, "/incidents/"+url.PathEscape(id), nil, &answer); err != nil {
		return 0, err
	}
	level = 1
	for _, a := range answer.Incident.Assignments {
		for l, users := range duty.users {
			if l > level && slices.Contains(users, a.Assignee.ID) {
				level = l
			}
		}
	}
	level++
	if c.memory != nil {
		if err := c.remember(ctx, levelSpace, key, level); err != nil {
			return 0, unread(err)
		}
	}
	return level, nil
}

func unreadOrNil(err error) error {
	if err == nil {
		return nil
	}
	return unread(err)
}

// addResponders asks people, by their e-mail addresses, to help with the page.
func (c *Client) addResponders(ctx context.Context, call playbooks.Call) (playbooks.Outcome, error) {
	id, err := c.pageID(ctx, call.Incident)
	if err != nil {
		return playbooks.Outcome{}, err
	}
	requester, err := c.user(ctx, c.config.From)
	if err != nil {
		return playbooks.Outcome{}, err
	}
	var targets []any
	var names []string
	who, _ := call.With["users"].([]any)
	for _, one := range who {
		email, _ := one.(string)
		u, err := c.user(ctx, email)
		if err != nil {
			return playbooks.Outcome{}, err
		}
		names = append(names, nameOf(&u))
		targets = append(targets, map[string]any{"responder_request_target": map[string]string{"id": u.ID, "type": "user_reference"}})
	}
	message := line(text(call.With, "message"), maxNoteLine)
	if message == "" {
		message = "Please help with Firebreak's incident " + call.Incident
	}
	request := c.api.Call()
	body := map[string]any{"requester_id": requester.ID, "message": message, "responder_request_targets": targets}
	if err := c.write(ctx, request, http.MethodPost, "/incidents/"+url.PathEscape(id)+"/responder_requests", body); err != nil {
		return playbooks.Outcome{}, err
	}
	return playbooks.Outcome{
		Status: playbooks.Done, Output: map[string]any{"asked": len(targets)}, Sentence: "PagerDuty: asked " + listOf(names) + " to help",
	}, nil
}

// user finds a user by the e-mail address.
func (c *Client) user(ctx context.Context, email string) (reference, error) {
	var answer struct {
		Users []struct {
			reference
			Email string `json:"email"`
		} `json:"users"`
	}
	if err := c.read(ctx, "/users", url.Values{"query": {email}, "limit": {"10"}}, &answer); err != nil {
		return reference{}, err
	}
	for _, u := range answer.Users {
		if email != "" && u.Email == email {
			return u.reference, nil
		}
	}
	return reference{}, c.api.Repeatable().Refused(playbooks.Permanent, 0, "PagerDuty has no user with the address %q", email)
}

// maintainedWithin is how long a page waits for the answer: PagerDuty itself opens nothing for a service under maintenance.
const maintainedWithin = 200 * time.Millisecond

// maintained tells whether PagerDuty opens nothing for a service now. Where that cannot be told at once, people are paged: a page too many
// is better than one too few, or too late.
func (c *Client) maintained(ctx context.Context, service string) bool {
	if !c.config.Asks() {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, maintainedWithin)
	defer cancel()
	duty := c.onCall(ctx, service).duty
	return duty.Maintenance && duty.Stale == ""
}
