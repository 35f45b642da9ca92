package slackfake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Button is a button on a message.
type Button struct {
	ActionID string
	BlockID  string
	Value    string
	Style    string
	URL      string
	Text     string
}

// element is a button as Block Kit writes it; block is what may hold buttons.
type (
	element struct {
		Type     string `json:"type"`
		ActionID string `json:"action_id"`
		Value    string `json:"value"`
		Style    string `json:"style"`
		URL      string `json:"url"`
		Text     struct {
			Text string `json:"text"`
		} `json:"text"`
	}
	block struct {
		BlockID   string    `json:"block_id"`
		Elements  []element `json:"elements"`
		Accessory *element  `json:"accessory"`
	}
)

// Buttons lists the buttons of a message in reading order.
func Buttons(m Message) []Button {
	var raw []json.RawMessage
	if json.Unmarshal(m.Blocks, &raw) != nil {
		return nil
	}
	var out []Button
	for i, one := range raw {
		var b block
		if json.Unmarshal(one, &b) != nil {
			continue // a block of another shape holds no buttons
		}
		if b.BlockID == "" {
			b.BlockID = "b" + strconv.Itoa(i)
		}
		all := b.Elements
		if b.Accessory != nil {
			all = append(all, *b.Accessory)
		}
		for _, e := range all {
			if e.Type == "button" {
				out = append(out, Button{
					ActionID: e.ActionID, BlockID: b.BlockID, Value: e.Value, Style: e.Style, URL: e.URL, Text: e.Text.Text,
				})
			}
		}
	}
	return out
}

// reply is a response_url: Slack lets it be used five times in half an hour.
type reply struct {
	channel, ts, user string
	uses              int
	expires           time.Time
}

const (
	replyUses = 5
	replyLife = 30 * time.Minute
)

// replyTo makes an address for answers.
func (w *Workspace) replyTo(channel, ts string, by User) string {
	w.serial++
	id := strconv.Itoa(w.serial)
	for key, old := range w.replies {
		if w.cfg.Now().After(old.expires) {
			delete(w.replies, key)
		}
	}
	w.replies[id] = &reply{channel: channel, ts: ts, user: by.ID, expires: w.cfg.Now().Add(replyLife)}
	return id
}

// Command makes the body that Slack posts when a user writes a slash command in a channel: a form. Slack escapes what is mark-up.
func (w *Workspace) Command(channel, text string, by User) ([]byte, error) {
	form, err := w.command(channel, text, by)
	return []byte(form.Encode()), err
}

func (w *Workspace) command(channel, text string, by User) (url.Values, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, ok := w.Channel(channel)
	if !ok {
		return nil, fmt.Errorf("no channel %q", channel)
	}
	id := w.replyTo(c.ID, "", by)
	return url.Values{
		"token": {"legacy-token"}, "api_app_id": {AppID}, "team_id": {TeamID}, "team_domain": {teamName}, "channel_id": {c.ID}, "channel_name": {c.Name},
		"user_id": {by.ID}, "user_name": {by.Name}, "command": {"/firebreak"},
		"text":         {strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)},
		"response_url": {w.cfg.Base + "/commands/" + id}, "trigger_id": {w.triggerOf(by)}, "is_enterprise_install": {"false"},
	}, nil
}

// Press makes the body that Slack posts when a user presses a button: a form with one field, payload.
func (w *Workspace) Press(m Message, b Button, by User) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, ok := w.Channel(m.Channel)
	if !ok {
		return nil, fmt.Errorf("no channel %q", m.Channel)
	}
	id := w.replyTo(m.Channel, m.TS, by)
	return w.interactive("block_actions", by, object{
		"container": object{
			"type": "message", "message_ts": m.TS, "channel_id": c.ID, "is_ephemeral": m.Ephemeral != "",
		},
		"channel": object{"id": c.ID, "name": c.Name},
		"message": m.wire(true), "state": object{"values": object{}},
		"response_url": w.cfg.Base + "/actions/" + id,
		"actions": []object{{
			"action_id": b.ActionID, "block_id": b.BlockID, "type": "button", "value": b.Value, "style": b.Style,
			"text":      object{"type": "plain_text", "text": b.Text, "emoji": true},
			"action_ts": fmt.Sprintf("%d.000000", w.cfg.Now().Unix()),
		}},
	})
}

// Sign gives the headers that Slack puts on what it sends at a moment of the wall clock.
func (w *Workspace) Sign(body []byte, at time.Time) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(w.cfg.SigningSecret))
	_, _ = io.WriteString(mac, "v0:"+stamp+":")
	mac.Write(body)
	return http.Header{
		"Content-Type":              {kindOf(body)},
		"User-Agent":                {"Slackbot 1.0 (+https://api.slack.com/robots)"},
		"X-Slack-Request-Timestamp": {stamp},
		"X-Slack-Signature":         {"v0=" + hex.EncodeToString(mac.Sum(nil))},
	}
}

// kindOf is how Slack calls what it posts: events are JSON, everything else is a form.
func kindOf(body []byte) string {
	if json.Valid(body) {
		return "application/json"
	}
	return "application/x-www-form-urlencoded"
}

// serveResponseURL takes what the bot answers to a press.
func (w *Workspace) serveResponseURL(rw http.ResponseWriter, r *http.Request) {
	var body struct {
		Text            string          `json:"text"`
		Blocks          json.RawMessage `json:"blocks"`
		ResponseType    string          `json:"response_type"`
		ReplaceOriginal bool            `json:"replace_original"`
		DeleteOriginal  bool            `json:"delete_original"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		w.Strange(r, "response_url: %v", err)
		http.Error(rw, "invalid_payload", http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	to := w.replies[r.PathValue("id")]
	if to == nil || to.uses >= replyUses || w.cfg.Now().After(to.expires) {
		http.Error(rw, "expired_url", http.StatusNotFound)
		return
	}
	to.uses++
	original := w.find(to.channel, to.ts)
	if body.ReplaceOriginal && original != nil {
		original.Text, original.Blocks = body.Text, body.Blocks
		original.Edits++
		original.Edited = w.cfg.Now()
	} else if !body.DeleteOriginal {
		ts, at := w.stamp()
		m := &Message{Channel: to.channel, TS: ts, Text: body.Text, Blocks: body.Blocks, At: at}
		if !strings.EqualFold(body.ResponseType, "in_channel") {
			m.Ephemeral = to.user
		}
		w.add(m)
	}
	_, _ = io.WriteString(rw, "ok")
}
