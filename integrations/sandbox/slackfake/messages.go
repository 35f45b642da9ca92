package slackfake

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Limits of a message, as Slack enforces them.
const (
	maxBlocks   = 50
	maxText     = 40_000
	historyPage = 100
)

// content reads and checks what a message shall say.
func (w *Workspace) content(form url.Values) (blocks, metadata json.RawMessage, word string) {
	if text := form.Get("blocks"); text != "" {
		var list []struct {
			Type string          `json:"type"`
			File json.RawMessage `json:"slack_file"`
		}
		if json.Unmarshal([]byte(text), &list) != nil {
			return nil, nil, "invalid_blocks_format"
		}
		if len(list) > maxBlocks {
			return nil, nil, "invalid_blocks"
		}
		for _, block := range list {
			if block.Type == "" || !w.fileKnown(block.File) {
				return nil, nil, "invalid_blocks"
			}
		}
		if len(list) > 0 && len(faults(decoded(json.RawMessage(text)), maxBlocks)) > 0 {
			return nil, nil, "invalid_blocks"
		}
		blocks = json.RawMessage(text)
	}
	if text := form.Get("metadata"); text != "" {
		var m struct {
			Type    string         `json:"event_type"`
			Payload map[string]any `json:"event_payload"`
		}
		if json.Unmarshal([]byte(text), &m) != nil || m.Type == "" {
			return nil, nil, "invalid_metadata_format"
		}
		metadata = json.RawMessage(text)
	}
	switch {
	case utf8.RuneCountInString(form.Get("text")) > maxText:
		return nil, nil, "msg_too_long"
	case form.Get("text") == "" && len(blocks) == 0 && form.Get("attachments") == "":
		return nil, nil, "no_text"
	}
	return blocks, metadata, ""
}

// fileKnown tells whether an image block's file, where it names one, was uploaded and completed.
func (w *Workspace) fileKnown(raw json.RawMessage) bool {
	if len(raw) == 0 {
		return true
	}
	var file struct {
		ID  string `json:"id"`
		URL string `json:"url"`
	}
	if json.Unmarshal(raw, &file) != nil {
		return false
	}
	have, ok := w.files[file.ID]
	return file.URL != "" || (ok && have.Complete)
}

func (w *Workspace) postMessage(form url.Values) (object, string) {
	c, ok := w.Channel(form.Get("channel"))
	if !ok {
		return nil, "channel_not_found"
	}
	if t := w.troubles[c.ID]; t != "" {
		return nil, string(t)
	}
	blocks, metadata, word := w.content(form)
	if word != "" {
		return nil, word
	}
	thread := form.Get("thread_ts")
	if thread != "" && w.find(c.ID, thread) == nil {
		return nil, "thread_not_found"
	}
	ts, at := w.stamp()
	m := &Message{
		Channel: c.ID, TS: ts, Thread: thread, Text: form.Get("text"), Blocks: blocks, Metadata: metadata, At: at,
	}
	w.add(m)
	return object{"channel": c.ID, "ts": ts, "message": m.wire(true)}, ""
}

func (w *Workspace) update(form url.Values) (object, string) {
	c, ok := w.byID(form.Get("channel"))
	if !ok {
		return nil, "channel_not_found"
	}
	if t := w.troubles[c.ID]; t == Archived || t == Hidden {
		return nil, string(t)
	}
	m := w.find(c.ID, form.Get("ts"))
	if m == nil || m.Ephemeral != "" {
		return nil, "message_not_found"
	}
	blocks, metadata, word := w.content(form)
	if word != "" {
		return nil, word
	}
	m.Text = form.Get("text")
	if len(blocks) > 0 || form.Get("text") != "" {
		m.Blocks = blocks
	}
	if len(metadata) > 0 {
		m.Metadata = metadata
	}
	m.Edits++
	m.Edited = w.cfg.Now()
	shown := m.wire(true)
	delete(shown, "ts") // Slack leaves it out here
	return object{"channel": c.ID, "ts": m.TS, "text": m.Text, "message": shown}, ""
}

func (w *Workspace) remove(form url.Values) (object, string) {
	c, ok := w.byID(form.Get("channel"))
	if !ok {
		return nil, "channel_not_found"
	}
	i := slices.IndexFunc(w.messages, func(m *Message) bool { return m.Channel == c.ID && m.TS == form.Get("ts") })
	if i < 0 {
		return nil, "message_not_found"
	}
	w.messages = slices.Delete(w.messages, i, i+1)
	return object{"channel": c.ID, "ts": form.Get("ts")}, ""
}

func (w *Workspace) postEphemeral(form url.Values) (object, string) {
	c, ok := w.Channel(form.Get("channel"))
	if !ok {
		return nil, "channel_not_found"
	}
	if form.Get("user") == "" {
		return nil, "user_not_in_channel"
	}
	blocks, _, word := w.content(form)
	if word != "" {
		return nil, word
	}
	ts, at := w.stamp()
	w.add(&Message{Channel: c.ID, TS: ts, Text: form.Get("text"), Blocks: blocks, At: at, Ephemeral: form.Get("user")})
	return object{"message_ts": ts}, ""
}

// wire is a message as Slack shows it to the bot.
func (m *Message) wire(withMetadata bool) object {
	if m.User != "" {
		out := object{"type": "message", "text": m.Text, "user": m.User, "team": TeamID, "ts": m.TS}
		if m.Thread != "" {
			out["thread_ts"], out["parent_user_id"] = m.Thread, BotUser
		}
		return out
	}
	out := object{
		"type": "message", "text": m.Text, "user": BotUser, "bot_id": BotID, "app_id": AppID, "team": TeamID, "ts": m.TS,
		"bot_profile": object{
			"id": BotID, "app_id": AppID, "name": "firebreak", "deleted": false, "updated": 1_700_000_000, "team_id": TeamID,
			"icons": object{},
		},
	}
	if len(m.Blocks) > 0 {
		out["blocks"] = m.Blocks
	}
	if m.Thread != "" {
		out["thread_ts"], out["parent_user_id"] = m.Thread, BotUser
	}
	if withMetadata && len(m.Metadata) > 0 {
		out["metadata"] = m.Metadata
	}
	if m.Edits > 0 {
		out["edited"] = object{"user": BotUser, "ts": strconv.FormatInt(m.Edited.Unix(), 10) + ".000000"}
	}
	return out
}

func (w *Workspace) history(form url.Values) (object, string) {
	c, ok := w.byID(form.Get("channel"))
	if !ok {
		return nil, "channel_not_found"
	}
	return w.page(form, func(m *Message) bool { return m.Channel == c.ID && m.Thread == "" && m.Ephemeral == "" }, true)
}

func (w *Workspace) threadReplies(form url.Values) (object, string) {
	c, ok := w.byID(form.Get("channel"))
	if !ok {
		return nil, "channel_not_found"
	}
	root := form.Get("ts")
	if w.find(c.ID, root) == nil {
		return nil, "thread_not_found"
	}
	return w.page(form, func(m *Message) bool { return m.Channel == c.ID && (m.TS == root || m.Thread == root) }, false)
}

// page selects, orders and cuts as the conversations methods do; the cursor is the time of the last message that was shown.
func (w *Workspace) page(form url.Values, is func(*Message) bool, newestFirst bool) (object, string) {
	oldest, latest, inclusive := form.Get("oldest"), form.Get("latest"), truth(form.Get("inclusive"))
	within := func(ts string) bool {
		after := oldest == "" || ts > oldest || (inclusive && ts == oldest)
		before := latest == "" || ts < latest || (inclusive && ts == latest)
		return after && before
	}
	found := []*Message{}
	for _, m := range w.messages {
		if is(m) && within(m.TS) {
			found = append(found, m)
		}
	}
	if newestFirst {
		slices.Reverse(found)
	}
	if cursor := form.Get("cursor"); cursor != "" {
		i := slices.IndexFunc(found, func(m *Message) bool { return m.TS == cursor })
		if i < 0 {
			return nil, "invalid_cursor"
		}
		found = found[i+1:]
	}
	limit, err := strconv.Atoi(form.Get("limit"))
	if err != nil || limit <= 0 || limit > 999 {
		limit = historyPage
	}
	more := len(found) > limit
	found = found[:min(limit, len(found))]
	out := object{"messages": []object{}, "has_more": more, "response_metadata": object{"next_cursor": ""}}
	list := []object{}
	for _, m := range found {
		list = append(list, m.wire(truth(form.Get("include_all_metadata"))))
	}
	out["messages"] = list
	if more {
		out["response_metadata"] = object{"next_cursor": found[len(found)-1].TS}
	}
	return out, ""
}

func truth(text string) bool { return text == "1" || text == "true" }
