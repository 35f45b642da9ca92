package slack

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	api "github.com/slack-go/slack"

	"github.com/firebreak-dev/firebreak/bot"
)

// shortcutNote is the callback_id of the shortcut on messages, as the manifest names it.
const shortcutNote = "firebreak_note"

// threadTime is how long it is looked whether a thread is an incident's; after that the person is asked.
const threadTime = 1200 * time.Millisecond

// marked is a message that somebody wants on a timeline.
type marked struct {
	channel, ts, thread string
	text, author        string
	// incident is the one whose card it hangs on, empty where it hangs on none. Own tells that the message is ours.
	incident string
	own      bool
}

// quote is the message as it is noted.
func (h *Handler) quote(ctx context.Context, m marked) bot.Quote {
	author := m.author
	if author != "" {
		author = h.options.Forms.Name(ctx, author)
	}
	text := spoken(m.text)
	if whole := text; len([]rune(whole)) > maxQuoted {
		text = cut(whole, maxQuoted)
	}
	return bot.Quote{Key: "slack/" + m.channel + "/" + m.ts, Text: text, Author: author, Link: h.client.permalink(ctx, m.channel, m.ts)}
}

// maxQuoted leaves room below what a note may have.
const maxQuoted = 2900

var (
	mentioned = regexp.MustCompile(`<(@|#|!)([^|>]+)(?:\|([^>]*))?>`)
	linked    = regexp.MustCompile(`<((?:https?|mailto|tel):[^|>]+)(?:\|([^>]*))?>`)
)

// spoken is the plain text of a message in Slack's mark-up: links and mentions as people read them.
func spoken(text string) string {
	text = linked.ReplaceAllStringFunc(text, func(s string) string {
		m := linked.FindStringSubmatch(s)
		if m[2] == "" || m[2] == m[1] {
			return m[1]
		}
		return m[2] + " (" + m[1] + ")"
	})
	text = mentioned.ReplaceAllStringFunc(text, func(s string) string {
		m := mentioned.FindStringSubmatch(s)
		sign := strings.Replace(m[1], "!", "@", 1)
		return sign + strings.TrimPrefix(orElse(m[3], m[2]), sign)
	})
	return clean(unescape(text))
}

// shortcut is "add to timeline" on a message: at once where its thread is an incident's, and with a form where it is not.
func (h *Handler) shortcut(ctx context.Context, i interaction) error {
	if h.options.Forms == nil {
		return nil
	}
	if err := h.options.Forms.May(ctx, bot.NoteForm, i.User.ID); err != nil {
		return err
	}
	m := marked{
		channel: i.Channel.ID, ts: i.Message.TS, thread: i.Message.Thread, text: i.Message.Text, author: i.Message.User,
		own: i.Message.Metadata.EventType == eventType,
	}
	if m.channel == "" || m.ts == "" {
		return bot.Errorf(bot.Invalid, "Slack did not say which message")
	}
	near, cancel := context.WithTimeout(ctx, threadTime)
	m.incident = h.options.Forms.Room(near, m.channel)
	plain := m.incident != "" || m.thread != ""
	if m.incident == "" {
		m.incident = h.client.incidentOf(near, m.channel, orElse(m.thread, m.ts))
	}
	cancel()
	q := h.quote(ctx, m)
	if m.incident != "" && plain && q.Text != "" {
		a, err := h.noted(ctx, m.incident, q, i.User.ID)
		if err == nil {
			h.tell(ctx, i.ResponseURL, a.Title)
			h.renew(ctx, a.Incident)
		}
		return err
	}
	return h.open(ctx, i.TriggerID, titleOf(bot.NoteForm), func(ctx context.Context) (view, error) {
		open, err := h.options.Forms.Unresolved(ctx)
		return noteView(m.incident, open, q), err
	})
}

func (h *Handler) noted(ctx context.Context, incident string, q bot.Quote, user string) (bot.Answer, error) {
	return h.options.Forms.Fill(ctx, bot.Filled{Form: bot.Form{Name: bot.NoteForm, Incident: incident}, Text: q.Text, Quote: q}, user)
}

// reacted is an emoji on a message. The configured one puts the message on the timeline of the incident in whose thread or channel it
// stands, or of the only one that is open. Whoever may not note, or marks where it is not plain what is meant, is told so, and nobody else.
func (h *Handler) reacted(ctx context.Context, e event) error {
	if h.options.Forms == nil || e.Item.Type != "message" || !h.client.marks(e.Reaction) {
		return errIgnored
	}
	if err := h.options.Forms.May(ctx, bot.NoteForm, e.User); err != nil {
		return h.whisper(ctx, e, err)
	}
	m, err := h.client.message(ctx, e.Item.Channel, e.Item.TS)
	switch {
	case err != nil && bot.CodeOf(err) != bot.NotFound:
		return h.whisper(ctx, e, bot.Errorf(bot.Unavailable, "the message could not be read; is the app in this channel?").Because(err))
	case err != nil:
		return h.whisper(ctx, e, err)
	case m.own:
		return errIgnored // what we say stands on the timeline
	case clean(m.text) == "":
		return h.whisper(ctx, e, bot.Errorf(bot.Invalid, "this message has no text that could be noted"))
	}
	if m.incident == "" && m.thread != "" {
		m.incident = h.client.incidentOf(ctx, m.channel, m.thread)
	}
	if m.incident == "" {
		m.incident = h.options.Forms.Room(ctx, m.channel)
	}
	a, err := h.noted(ctx, m.incident, h.quote(ctx, m), e.User)
	if err != nil {
		if m.incident == "" && bot.CodeOf(err) == bot.Invalid {
			err = bot.Errorf(bot.Invalid, `it is not plain which incident is meant: use the shortcut "Add to timeline" on the message`)
		}
		return h.whisper(ctx, e, err)
	}
	h.renew(ctx, a.Incident)
	return nil
}

// whisper tells somebody in a channel why a mark came to nothing, so that only they see it.
func (h *Handler) whisper(ctx context.Context, e event, why error) error {
	call := h.client.rest.Call()
	text := escape("Not noted: "+bot.MessageOf(why), maxText)
	_, err := h.client.api(call).PostEphemeralContext(ctx, e.Item.Channel, e.User, api.MsgOptionText(text, false), api.MsgOptionDisableMarkdown())
	if err != nil {
		h.logger.WarnContext(ctx, "slack: why a mark came to nothing could not be told", "user", e.User, "error", failure(call, err))
	}
	return why
}

// marks tells whether an emoji is the one that notes.
func (c *Client) marks(reaction string) bool {
	name, _, _ := strings.Cut(reaction, "::") // without the tone of a skin
	return c.config.TimelineEmoji != emojiOff && name == c.config.TimelineEmoji
}

// message reads one message of a channel, in a thread or not.
func (c *Client) message(ctx context.Context, channel, ts string) (marked, error) {
	p, err := c.read(ctx, "conversations.replies", url.Values{
		"channel": {channel}, "ts": {ts}, "latest": {ts}, "oldest": {ts}, "inclusive": {"true"}, "limit": {"10"}, "include_all_metadata": {"true"},
	})
	if err != nil {
		return marked{}, err
	}
	for _, m := range p.Messages {
		if m.TS == ts {
			return marked{
				channel: channel, ts: ts, thread: m.Thread, text: m.Text, author: m.User, own: m.Metadata.EventType == eventType,
				incident: m.incident(),
			}, nil
		}
	}
	return marked{}, bot.Errorf(bot.NotFound, "the message is not there any more")
}

// incidentOf is the incident of whose card a thread is; empty where it is of none, or where that cannot be told now.
func (c *Client) incidentOf(ctx context.Context, channel, thread string) string {
	p, err := c.read(ctx, "conversations.replies", url.Values{"channel": {channel}, "ts": {thread}, "limit": {"1"}, "include_all_metadata": {"true"}})
	if err != nil {
		return ""
	}
	for _, m := range p.Messages {
		if m.TS == thread {
			return m.incident()
		}
	}
	return ""
}

// permalink is the address of a message, empty where Slack does not tell it.
func (c *Client) permalink(ctx context.Context, channel, ts string) string {
	call := c.rest.Repeatable()
	address, err := c.api(call).GetPermalinkContext(ctx, &api.PermalinkParameters{Channel: channel, Ts: ts})
	if err != nil || !link(address) {
		return ""
	}
	return address
}

// read asks a method that reads, past slack-go: what others write must not hide what is looked for.
func (c *Client) read(ctx context.Context, method string, form url.Values) (page, error) {
	call := c.rest.Repeatable()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.config.APIURL+method, strings.NewReader(form.Encode()))
	if err != nil {
		return page{}, c.permanent("%s could not be asked", method)
	}
	return c.paged(call, req)
}
