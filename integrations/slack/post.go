package slack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

	api "github.com/slack-go/slack"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// eventType is the type of our messages' metadata.
const eventType = "firebreak_post"

// Actions lists what playbooks may call here.
func (c *Client) Actions() []playbooks.Bound {
	return []playbooks.Bound{{
		Action: playbooks.Action{
			Name: "slack.post",
			Doc:  "Post the incident's card, or bring the one that stands up to date; or post a text.",
			// A repeated attempt looks first for what the one before it may have posted.
			Idempotent: true,
			Params: []playbooks.Param{
				{Name: "card", Type: playbooks.String, Allowed: []string{"incident"}, Doc: "Which card: the incident's."},
				{Name: "text", Type: playbooks.String, Doc: "What to say instead of a card, in plain words."},
				{Name: "channel", Type: playbooks.String, Doc: "An ID or #name; the service's own channel unless said otherwise."},
			},
			Outputs: map[string]playbooks.Type{"channel": playbooks.String, "ts": playbooks.String, "edited": playbooks.Bool},
		},
		Handler: poster{c},
	}}
}

// poster carries out slack.post.
type poster struct{ c *Client }

var (
	_ playbooks.Handler  = poster{}
	_ playbooks.Verifier = poster{}
)

// Act posts, or edits the card that stands.
func (p poster) Act(ctx context.Context, call playbooks.Call) (playbooks.Outcome, error) {
	channel, said, err := p.read(call)
	if err != nil {
		return playbooks.Outcome{}, err
	}
	if said == "" {
		return p.c.postCard(ctx, call.Incident, channel)
	}
	if call.Attempt > 1 {
		if place, found, err := p.c.lookup(ctx, channel, call.Key); found {
			return done(place, false, "the text stands in Slack already"), nil
		} else if fate, _ := playbooks.FateOf(err); err != nil && fate != playbooks.Permanent {
			return playbooks.Outcome{}, err
		}
		// Looking back is not permitted: a text that is said twice is better than one that is not said.
	}
	place, err := p.c.Say(ctx, channel, call.Key, said)
	if err != nil {
		return playbooks.Outcome{}, err
	}
	return done(place, false, "posted a text to Slack"), nil
}

// Verify looks for the message that carries the call's key.
func (p poster) Verify(ctx context.Context, call playbooks.Call) (playbooks.Outcome, bool, error) {
	channel, said, err := p.read(call)
	if err != nil {
		return playbooks.Outcome{}, false, err
	}
	if said != "" {
		place, found, err := p.c.lookup(ctx, channel, call.Key)
		if err != nil || !found {
			return playbooks.Outcome{}, false, err
		}
		return done(place, false, "the text stands in Slack"), true, nil
	}
	defer p.c.locks.lock(call.Incident)()
	place, found, err := p.c.options.Memory.Recall(ctx, call.Incident)
	if err != nil {
		return playbooks.Outcome{}, false, unread("where the card stands could not be read", err)
	}
	if found && place.TS == "" && place.Channel != "" {
		channel = place.Channel
	}
	if !found || place.TS == "" {
		if place, found, err = p.c.recover(ctx, call.Incident, channel, place); err != nil || !found {
			return playbooks.Outcome{}, false, err
		}
	}
	return done(place, false, "the card stands in Slack"), true, nil
}

// read reads the call's parameters; an empty text means the card.
func (p poster) read(call playbooks.Call) (channel, said string, err error) {
	card, _ := call.With["card"].(string)
	said, _ = call.With["text"].(string)
	channel, _ = call.With["channel"].(string)
	switch {
	case card == "" && clean(said) == "":
		return "", "", p.c.permanent("slack.post needs a card or a text")
	case card != "" && said != "":
		return "", "", p.c.permanent("slack.post takes a card or a text, not both")
	case card != "" && card != "incident":
		return "", "", p.c.permanent("there is no card %q; the card is \"incident\"", card)
	}
	channel, err = p.c.channelFor(call.Service, channel)
	return channel, said, err
}

// channelFor is the asked channel, else the service's, else the configured one.
func (c *Client) channelFor(service, asked string) (string, error) {
	channel := orElse(asked, orElse(c.options.Channel(service), c.config.Channel))
	if channel == "" {
		return "", c.permanent("service %q has no channel, and there is none for all", service)
	}
	if !channelShape(channel) {
		return "", c.permanent("%q is neither a channel's ID nor its name", channel)
	}
	return channel, nil
}

// Say posts a text under a key. It does not look whether it was said before.
func (c *Client) Say(ctx context.Context, channel, key, said string) (Place, error) {
	channel, err := c.channelFor("", channel)
	if err != nil {
		return Place{}, err
	}
	words := cut(said, maxSection)
	return c.post(ctx, channel, key, "", message{
		text: escape(words, maxText),
		// Several lines are welcome here, so that a digest can be a list.
		blocks: []api.Block{api.NewSectionBlock(api.NewTextBlockObject(api.PlainTextType, orElse(multiline(words), "—"), false, false), nil, nil)},
	})
}

// postCard posts the incident's card, unless it stands already: then it is brought up to date. One card per incident, always.
func (c *Client) postCard(ctx context.Context, incident, channel string) (playbooks.Outcome, error) {
	defer c.locks.lock(incident)()
	place, found, err := c.options.Memory.Recall(ctx, incident)
	if err != nil {
		return playbooks.Outcome{}, unread("where the card stands could not be read", err)
	}
	card, err := c.options.Cards.Card(ctx, incident)
	if err != nil {
		return playbooks.Outcome{}, unread("the incident could not be read", err)
	}
	if found && place.TS == "" && place.Asked {
		if place, found, err = c.recover(ctx, incident, place.Channel, place); err != nil {
			return playbooks.Outcome{}, err
		}
	}
	if found && place.TS != "" {
		if _, err = c.edit(ctx, incident, place, card); err == nil {
			return done(place, true, "brought the card in Slack up to date"), nil
		}
		if why, _ := troubleOf(err); why != "" {
			return c.elsewhere(ctx, incident, place.Channel, card, err)
		}
		if wordOf(err) != "message_not_found" {
			return playbooks.Outcome{}, err
		}
		place = Place{} // somebody deleted it, and the playbook wants it seen
	}
	out, err := c.postNew(ctx, incident, channel, place, card)
	if err != nil {
		return c.elsewhere(ctx, incident, channel, card, err)
	}
	return out, nil
}

// postNew posts a card that does not stand anywhere. Before the request goes out it is written down that it does.
func (c *Client) postNew(ctx context.Context, incident, channel string, place Place, card bot.Card) (playbooks.Outcome, error) {
	place.Channel, place.TS, place.Asked = channel, "", true
	c.chart(ctx, incident, &place, card)
	if err := c.options.Memory.Remember(ctx, incident, place); err != nil {
		return playbooks.Outcome{}, unread("where the card will stand could not be written down", err)
	}
	shown := c.render(card, place)
	posted, err := c.post(ctx, channel, cardKey(incident), incident, shown)
	if wordOf(err) == "invalid_blocks" && place.Chart != "" {
		// Slack has not finished with the picture. The card is wanted now; an edit brings the picture later.
		place.Chart, place.Alt, place.ChartSum = "", "", ""
		shown = c.render(card, place)
		posted, err = c.post(ctx, channel, cardKey(incident), incident, shown)
	}
	if err != nil {
		return playbooks.Outcome{}, c.withdraw(ctx, incident, place, err)
	}
	place.Channel, place.TS, place.Asked = posted.Channel, posted.TS, false
	if err := c.options.Memory.Remember(ctx, incident, place); err != nil {
		// It stands, and a look into the channel would find it: that is what the mark "asked" is for.
		c.options.Logger.ErrorContext(ctx, "slack: where the card stands could not be written down", "incident", incident, "error", err)
	}
	c.saw(incident, digest(shown))
	return done(place, false, "posted the incident's card to Slack"), nil
}

// withdraw takes back the mark "asked" when it is certain that nothing was posted. The channel stays noted, so that the card is posted when
// Slack is there again, unless Slack refuses it there.
func (c *Client) withdraw(ctx context.Context, incident string, place Place, err error) error {
	if fate, _ := playbooks.FateOf(err); fate != playbooks.Unknown {
		place.Asked = false
		if fate == playbooks.Permanent {
			place.Channel = ""
		}
		if err := c.options.Memory.Remember(context.WithoutCancel(ctx), incident, place); err != nil {
			c.options.Logger.WarnContext(ctx, "slack: a failed post could not be written down", "incident", incident, "error", err)
		}
	}
	return err
}

// post sends one message with its key.
func (c *Client) post(ctx context.Context, channel, key, incident string, m message, more ...api.MsgOption) (Place, error) {
	m = c.fit(m)
	call := c.rest.Call()
	id, ts, err := c.api(call).PostMessageContext(ctx, channel, append(options(m, key, incident), more...)...)
	if err != nil {
		err = failure(call, err)
		if id := c.byID(channel); wordOf(err) == "channel_not_found" && id != "" {
			c.options.Logger.WarnContext(ctx, "slack: a channel has another name; its ID is used, and belongs into the configuration", "channel", channel, "id", id)
			return c.post(ctx, id, key, incident, m, more...)
		}
		return Place{}, err
	}
	if ts == "" {
		return Place{}, call.Failure(errNoTS, "")
	}
	c.learn(channel, id)
	return Place{Channel: orElse(id, channel), TS: ts}, nil
}

var errNoTS = errors.New("slack named no message")

// options are what every message of ours is sent with: no mark-up in the text, no previews, and the key.
func options(m message, key, incident string) []api.MsgOption {
	payload := map[string]any{"key": key}
	if incident != "" {
		payload["incident"] = incident
	}
	return []api.MsgOption{
		api.MsgOptionText(m.text, false),
		api.MsgOptionBlocks(m.blocks...),
		api.MsgOptionDisableMarkdown(),
		api.MsgOptionDisableLinkUnfurl(),
		api.MsgOptionDisableMediaUnfurl(),
		api.MsgOptionMetadata(api.SlackMetadata{EventType: eventType, EventPayload: payload}),
	}
}

// edit brings a card up to date and tells whether there was anything to change. The incident's lock is held.
func (c *Client) edit(ctx context.Context, incident string, place Place, card bot.Card) (changed bool, err error) {
	before := place
	c.chart(ctx, incident, &place, card)
	shown := c.render(card, place)
	if c.lastShown(incident) == digest(shown) {
		return false, nil
	}
	err = c.update(ctx, place, incident, shown)
	if wordOf(err) == "invalid_blocks" && place.Chart != before.Chart {
		place = before
		shown = c.render(card, place)
		err = c.update(ctx, place, incident, shown)
	}
	if err != nil {
		return false, err
	}
	c.saw(incident, digest(shown))
	if place != before {
		if err := c.options.Memory.Remember(ctx, incident, place); err != nil {
			c.options.Logger.WarnContext(ctx, "slack: the card's new chart could not be written down", "incident", incident, "error", err)
		}
	}
	return true, nil
}

// update edits a card in place.
func (c *Client) update(ctx context.Context, place Place, incident string, m message) error {
	return c.rewrite(ctx, place.Channel, place.TS, cardKey(incident), incident, m)
}

// rewrite edits one message in place. It sets the whole message, so it may be repeated.
func (c *Client) rewrite(ctx context.Context, channel, ts, key, incident string, m message) error {
	m = c.fit(m)
	call := c.rest.Repeatable()
	_, _, _, err := c.api(call).UpdateMessageContext(ctx, channel, ts,
		api.MsgOptionText(m.text, false),
		api.MsgOptionBlocks(m.blocks...),
		api.MsgOptionMetadata(api.SlackMetadata{
			EventType: eventType, EventPayload: map[string]any{"key": key, "incident": incident},
		}))
	if err != nil {
		return failure(call, err)
	}
	return nil
}

func (c *Client) render(card bot.Card, place Place) message {
	return render(card, picture{file: place.Chart, alt: place.Alt}, c.config.Hears())
}

// cardKey is the key of an incident's card: the incident's and not the step's, because two runs share one card.
func cardKey(incident string) string { return "card/" + incident }

func digest(m message) string {
	blocks, _ := json.Marshal(m.blocks) // blocks of our own making always marshal
	sum := sha256.Sum256(append([]byte(m.text+"\x00"), blocks...))
	return hex.EncodeToString(sum[:])
}

// maxShown bounds what is kept about shown cards; forgetting costs one needless edit.
const maxShown = 4096

func (c *Client) saw(incident, digest string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.shown) >= maxShown {
		clear(c.shown)
	}
	c.shown[incident] = digest
}

func (c *Client) lastShown(incident string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.shown[incident]
}

func done(place Place, edited bool, sentence string) playbooks.Outcome {
	return playbooks.Outcome{
		Status:   playbooks.Done,
		Output:   map[string]any{"channel": place.Channel, "ts": place.TS, "edited": edited},
		Sentence: "Slack: " + sentence,
	}
}
