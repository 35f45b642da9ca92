package slack

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/internal/rest"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// troubleEvery is how often it is said in words that a channel takes nothing; the metric and the log have every time.
const troubleEvery = 6 * time.Hour

// maxTroubles bounds the channels of which it is remembered that it was said.
const maxTroubles = 1000

// troubleOf is what is wrong with a channel that refuses a card, and what somebody can do about it; empty where something else is wrong.
func troubleOf(err error) (why, remedy string) {
	switch wordOf(err) {
	case "is_archived":
		return "archived", "unarchive it, or name another one under slack of the service"
	case "not_in_channel":
		return "not_in_channel", "invite the app there with /invite, or name another channel under slack of the service"
	case "channel_not_found":
		return "not_found", "it was renamed or deleted, or it is private and the app was not invited; name it by its ID under slack of the service, or invite the app"
	case "restricted_action", "restricted_action_read_only_channel":
		return "read_only", "let the app post there, or name another channel under slack of the service"
	default:
		return "", ""
	}
}

// elsewhere posts a card that its channel refuses to the channel for all, and says there why it stands there. Where there is no such
// channel, or the card was meant for it, the refusal stands. The incident's lock is held.
func (c *Client) elsewhere(ctx context.Context, incident, from string, card bot.Card, refusal error) (playbooks.Outcome, error) {
	why, remedy := troubleOf(refusal)
	if why == "" {
		return playbooks.Outcome{}, refusal
	}
	c.channels.WithLabelValues(why).Inc()
	c.options.Logger.ErrorContext(ctx, "slack: a channel refuses cards", "channel", from, "service", card.Service, "why", why, "remedy", remedy)
	to := c.config.Channel
	if to == "" || c.same(to, from) {
		return playbooks.Outcome{}, refusal
	}
	out, err := c.postNew(ctx, incident, to, Place{}, card)
	if err != nil {
		return out, refusal
	}
	words := strings.ReplaceAll(why, "_", " ")
	out.Sentence = fmt.Sprintf("Slack: posted the incident's card to %s, since %s refuses it (%s)", to, from, words)
	if c.worthSaying(from) {
		said := fmt.Sprintf("The cards of %s cannot be shown in %s (%s) and stand here until then: %s.", orElse(card.Service, "an incident"), from, words, remedy)
		if _, err := c.Say(ctx, to, "channel/"+from+"/"+incident, said); err != nil {
			c.options.Logger.WarnContext(ctx, "slack: that a channel refuses cards could not be said", "channel", from, "error", err)
		}
	}
	return out, nil
}

// same tells whether two words for channels mean the same one, as far as that is known.
func (c *Client) same(a, b string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := func(channel string) string { return orElse(c.known[channel], strings.TrimPrefix(channel, "#")) }
	return id(a) == id(b)
}

// worthSaying tells whether it was said of a channel of late that it takes nothing.
func (c *Client) worthSaying(channel string) bool {
	now := c.options.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if last, said := c.troubles[channel]; said && now.Sub(last) < troubleEvery {
		return false
	}
	if c.troubles == nil || len(c.troubles) >= maxTroubles {
		c.troubles = map[string]time.Time{}
	}
	c.troubles[channel] = now
	return true
}

// byID gives the ID of a channel that is known by a name, where that name is not found any more: it was given another.
func (c *Client) byID(channel string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known[channel]
}

// channelCounter counts the refusals of channels.
func channelCounter(reg prometheus.Registerer) *prometheus.CounterVec {
	refused := rest.Register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "firebreak_slack_channel_refused_total",
		Help: "Cards that a channel refused: it is archived, renamed or gone, read-only, or the app is not in it.",
	}, []string{"why"}))
	for _, why := range []string{"archived", "not_in_channel", "not_found", "read_only"} {
		refused.WithLabelValues(why)
	}
	return refused
}
