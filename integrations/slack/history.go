package slack

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	api "github.com/slack-go/slack"

	"github.com/firebreak-dev/firebreak/integrations/internal/rest"
)

// How far back a message is looked for: 5 pages of 200.
const (
	historyPages = 5
	historyLimit = 200
)

// recover finds a card whose confirmation got lost, and writes down where it stands. The incident's lock is held.
func (c *Client) recover(ctx context.Context, incident, channel string, place Place) (Place, bool, error) {
	found, ok, err := c.lookup(ctx, channel, cardKey(incident))
	if err != nil || !ok {
		return place, false, err
	}
	place.Channel, place.TS, place.Asked = found.Channel, found.TS, false
	if err := c.options.Memory.Remember(ctx, incident, place); err != nil {
		return place, false, unread("where the card stands could not be written down", err)
	}
	return place, true, nil
}

// lookup finds the message that carries a key. It says "not found" only when it has seen the whole channel or its newest
// thousand messages; the times of messages are not trusted for that, since Slack's clock is not ours.
func (c *Client) lookup(ctx context.Context, channel, key string) (Place, bool, error) {
	id := c.resolve(ctx, channel)
	cursor := ""
	for range historyPages {
		page, err := c.history(ctx, id, cursor)
		if err != nil {
			return Place{}, false, err
		}
		for _, m := range page.Messages {
			if m.Metadata.EventType == eventType && m.Metadata.EventPayload.Key == key {
				return Place{Channel: id, TS: m.TS}, true, nil
			}
		}
		cursor = page.ResponseMetadata.NextCursor
		if !page.HasMore || cursor == "" {
			break
		}
	}
	return Place{}, false, nil
}

// page is what is read of a channel's history.
type page struct {
	OK               bool       `json:"ok"`
	Error            string     `json:"error"`
	Needed           string     `json:"needed"`
	HasMore          bool       `json:"has_more"`
	Messages         []standing `json:"messages"`
	ResponseMetadata struct {
		NextCursor string `json:"next_cursor"`
	} `json:"response_metadata"`
}

// standing is what is read of a message.
type standing struct {
	TS       string   `json:"ts"`
	Thread   string   `json:"thread_ts"`
	User     string   `json:"user"`
	Text     string   `json:"text"`
	Metadata metadata `json:"metadata"`
}

// metadata is what we hang on our messages.
type metadata struct {
	EventType    string `json:"event_type"`
	EventPayload struct {
		Key      string `json:"key"`
		Incident string `json:"incident"`
	} `json:"event_payload"`
}

// incident is the one that a message of ours is of.
func (m standing) incident() string {
	if m.Metadata.EventType != eventType {
		return ""
	}
	return m.Metadata.EventPayload.Incident
}

// history reads one page of a channel. It does not go through slack-go, which refuses the whole page when one message of
// anybody's holds a block that it does not know; what others write must not hide what we wrote.
func (c *Client) history(ctx context.Context, channel, cursor string) (page, error) {
	call := c.rest.Repeatable()
	form := url.Values{"channel": {channel}, "limit": {strconv.Itoa(historyLimit)}, "include_all_metadata": {"true"}}
	if cursor != "" {
		form.Set("cursor", cursor)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.config.APIURL+"conversations.history", strings.NewReader(form.Encode()))
	if err != nil {
		return page{}, c.permanent("the history of a channel could not be asked for")
	}
	return c.paged(call, req)
}

// paged sends a request that is answered with messages.
func (c *Client) paged(call *rest.Call, req *http.Request) (page, error) {
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := call.HTTP(c.identify).Do(req)
	if err != nil {
		return page{}, call.Failure(err, "")
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return page{}, call.Failure(errors.New(resp.Status), "")
	}
	var p page
	var odd *json.UnmarshalTypeError
	if err := json.NewDecoder(resp.Body).Decode(&p); err != nil && !errors.As(err, &odd) {
		return page{}, call.Failure(err, "")
	}
	if !p.OK {
		return page{}, failure(call, api.SlackErrorResponse{Err: orElse(p.Error, "no reason given"), Needed: p.Needed})
	}
	return p, nil
}

// channelPages bounds the search for a channel's ID: 20 pages of 200.
const channelPages = 20

// resolve turns a channel's name into its ID, which reading needs and posting tells. A name that cannot be resolved is used
// as it is, and Slack says what is wrong with it.
func (c *Client) resolve(ctx context.Context, channel string) string {
	if channelID.MatchString(channel) {
		return channel
	}
	c.mu.Lock()
	id := c.known[channel]
	c.mu.Unlock()
	if id != "" {
		return id
	}
	cursor, types := "", []string{"public_channel", "private_channel"}
	for range channelPages {
		call := c.rest.Repeatable()
		channels, next, err := c.api(call).GetConversationsContext(ctx, &api.GetConversationsParameters{
			Cursor: cursor, ExcludeArchived: true, Limit: historyLimit, Types: types,
		})
		if err != nil {
			err = failure(call, err)
			if wordOf(err) == "missing_scope" && len(types) > 1 {
				types = types[:1] // an app without groups:read may still ask for public ones, and only alone
				continue
			}
			c.options.Logger.WarnContext(ctx, "slack: the ID of a channel is unknown", "channel", channel, "error", err)
			return channel
		}
		for _, known := range channels {
			if known.Name == strings.TrimPrefix(channel, "#") {
				c.learn(channel, known.ID)
				return known.ID
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	return channel
}

// maxKnown bounds the names whose IDs are kept.
const maxKnown = 1024

func (c *Client) learn(name, id string) {
	if id == "" || name == id {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= maxKnown {
		clear(c.known)
	}
	c.known[name] = id
}
