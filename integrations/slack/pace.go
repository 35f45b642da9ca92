package slack

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/integrations/internal/rest"
)

// Slack counts the calls of each method by the minute: 20, 50 or 100, and posts by the channel. Each method is kept below what its tier
// takes, since a refusal costs an attempt: what may go at once and what follows within a minute stay within it together.
func paceOf(method string) rest.Pace {
	p := rest.Pace{Key: method, Every: time.Second, AtOnce: 40} // the fourth tier, 100 a minute
	switch method {
	case "conversations.list", "conversations.create", "conversations.archive", "conversations.rename", "usergroups.users.list", "usergroups.list",
		"bookmarks.add", "bookmarks.list", "pins.add", "users.list":
		p.Every, p.AtOnce = 4*time.Second, 5
	case "chat.update", "chat.delete", "conversations.history", "conversations.replies", "conversations.info", "conversations.join",
		"conversations.invite", "conversations.setTopic", "reactions.add", "reactions.remove", "reactions.get", "bots.info", "users.lookupByEmail":
		p.Every, p.AtOnce = 2*time.Second, 20
	case "chat.postMessage", "chat.getPermalink", "auth.test":
		p.Every, p.AtOnce = 250*time.Millisecond, 60 // no tier of its own: "several hundred a minute"
	}
	return p
}

// postEvery is the time between two posts in one channel. Slack takes one a second; what is sent a second apart may arrive closer together.
const postEvery = 1050 * time.Millisecond

// paces are the limits of a request to the Web API; addresses that Slack handed out for one use have none.
func (c *Client) paces(req *http.Request) []rest.Pace {
	method, ours := strings.CutPrefix(req.URL.String(), c.config.APIURL)
	if !ours {
		return nil
	}
	method, _, _ = strings.Cut(method, "?")
	all := []rest.Pace{paceOf(method)}
	if method == "chat.postMessage" {
		all = append([]rest.Pace{{Key: "posts in " + c.channelOf(req), Every: postEvery, AtOnce: 1}}, all...)
	}
	return all
}

// channelOf is the channel that a post goes to: always by the name that it was first posted to with, also where its ID is known since.
func (c *Client) channelOf(req *http.Request) string {
	if req.GetBody == nil {
		return ""
	}
	body, err := req.GetBody()
	if err != nil {
		return ""
	}
	defer body.Close()
	text, _ := io.ReadAll(io.LimitReader(body, 1<<20)) // a message has at most 40,000 characters
	form, _ := url.ParseQuery(string(text))            // what could be read is used
	channel := strings.TrimPrefix(form.Get("channel"), "#")
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, id := range c.known {
		if id == channel {
			return strings.TrimPrefix(name, "#")
		}
	}
	return channel
}
