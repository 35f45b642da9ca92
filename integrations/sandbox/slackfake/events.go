package slackfake

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
)

// Write puts a message of a member into a channel, or into a thread of it.
func (w *Workspace) Write(channel, text, thread string, by User) (Message, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, ok := w.Channel(channel)
	if !ok {
		return Message{}, fmt.Errorf("no channel %q", channel)
	}
	ts, at := w.stamp()
	m := &Message{Channel: c.ID, TS: ts, Thread: thread, Text: text, At: at, User: by.ID}
	w.add(m)
	return *m, nil
}

// Shortcut makes the body that Slack posts when somebody uses a shortcut on a message.
func (w *Workspace) Shortcut(callback string, m Message, by User) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, ok := w.Channel(m.Channel)
	if !ok {
		return nil, fmt.Errorf("no channel %q", m.Channel)
	}
	id := w.replyTo(m.Channel, m.TS, by)
	return w.interactive("message_action", by, object{
		"callback_id": callback, "action_ts": m.TS, "message_ts": m.TS, "channel": object{"id": c.ID, "name": c.Name},
		"message": m.wire(true), "response_url": w.cfg.Base + "/actions/" + id,
	})
}

// React puts somebody's emoji on a message, and makes the body of the event that Slack posts about it.
func (w *Workspace) React(m Message, emoji string, by User) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if have := w.find(m.Channel, m.TS); have != nil && !slices.Contains(have.Reactions, emoji) {
		have.Reactions = append(slices.Clone(have.Reactions), emoji)
	}
	return w.event(object{
		"type": "reaction_added", "user": by.ID, "reaction": emoji, "item_user": m.User,
		"item": object{"type": "message", "channel": m.Channel, "ts": m.TS}, "event_ts": m.TS,
	})
}

// OpenHome makes the body of the event that Slack posts when somebody opens the app's page.
func (w *Workspace) OpenHome(by User) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.event(object{"type": "app_home_opened", "user": by.ID, "channel": "D0HOME001", "tab": "home", "event_ts": "1700000000.000000"})
}

// event is the body of an event: JSON, unlike that of interactions.
func (w *Workspace) event(e object) ([]byte, error) {
	w.serial++
	return json.Marshal(object{
		"token": "legacy-token", "team_id": TeamID, "api_app_id": AppID, "type": "event_callback",
		"event_id": fmt.Sprintf("Ev0ACME%04d", w.serial), "event_time": w.cfg.Now().Unix(), "event": e, "is_ext_shared_channel": false,
		"authorizations": []object{{"enterprise_id": nil, "team_id": TeamID, "user_id": BotUser, "is_bot": true, "is_enterprise_install": false}},
	})
}

// PushEvent sends an event over a socket, times times, and names its envelope.
func (w *Workspace) PushEvent(body []byte, times int) (string, error) {
	return w.socket.push("events_api", body, false, times)
}

// PushInteraction sends an interaction over a socket, and names its envelope. Only forms that were sent off take an answer.
func (w *Workspace) PushInteraction(body []byte) (string, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return "", err
	}
	return w.socket.push("interactive", []byte(form.Get("payload")), true, 1)
}

// Trouble is what may be wrong with a channel.
type Trouble string

// The troubles; empty is none.
const (
	Archived Trouble = "is_archived"
	NotIn    Trouble = "not_in_channel"
	Hidden   Trouble = "channel_not_found" // private, and the app was not invited; or deleted
)

// Upset has posts and edits in a channel be refused from now on; no trouble ends that.
func (w *Workspace) Upset(channel string, t Trouble) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c, ok := w.Channel(channel); ok {
		if w.troubles == nil {
			w.troubles = map[string]Trouble{}
		}
		w.troubles[c.ID] = t
	}
}

// Rename gives a channel another name; its ID stays.
func (w *Workspace) Rename(channel, name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, c := range w.channels {
		if c.Name == channel || c.ID == channel {
			w.channels[i].Name = name
		}
	}
}
