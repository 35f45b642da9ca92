package pagerduty

import (
	"context"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// wishSpace is the memory of events that were asked for. A step gives up after half a minute; who was to be woken is woken all the same when
// PagerDuty is there again, if that is still needed then.
const wishSpace = "pagerduty-wish"

// wishes are what was asked for of an incident and not taken yet.
type wishes struct {
	Page       *wish `json:"page,omitempty"`
	Escalation *wish `json:"escalation,omitempty"`
	// Escalated tells that an escalation may stand beside the page.
	Escalated bool `json:"escalated,omitempty"`
}

// wish is an event as a playbook asked for it. What it says is said anew when it is sent.
type wish struct {
	Severity string `json:"severity,omitempty"`
	Summary  string `json:"summary,omitempty"`
	Reason   string `json:"reason,omitempty"`
	Playbook string `json:"playbook,omitempty"`
	// Tried is when a step tried to send it last, by the machine's clock; Asked when it did first, by the bot's.
	Tried time.Time `json:"tried"`
	Asked time.Time `json:"asked"`
}

// wishAfter is how long a wish is left to the step that tries to send it, which pauses for shorter times between its attempts.
const wishAfter = 30 * time.Second

func (c *Client) wishOf(call playbooks.Call) *wish {
	return &wish{
		Severity: text(call.With, "severity"), Summary: text(call.With, "summary"), Reason: text(call.With, "reason"), Playbook: call.Playbook,
		Tried: time.Now().UTC(), Asked: c.now().UTC(),
	}
}

// needless tells whether a page that was asked for and not taken yet, as far as is known, is needed no more: the incident is over, or somebody
// is on it since. Answers get lost, so it may stand there all the same, and the key would wake people anew.
func (c *Client) needless(ctx context.Context, call playbooks.Call) (needless bool, why string) {
	if c.incidents == nil || c.memory == nil {
		return false, ""
	}
	var w wishes
	if _, err := c.recall(ctx, wishSpace, call.Incident, &w); err != nil || w.Page == nil || w.Page.Playbook != call.Playbook {
		return false, ""
	}
	in, err := c.incidents.Incident(ctx, call.Incident)
	switch {
	case err != nil: // people are woken rather than not
		return false, ""
	case in.State == bot.Resolved && in.ResolvedAt.After(w.Page.Asked):
		return true, "the incident was resolved before PagerDuty could be told"
	case in.State == bot.Acknowledged && in.AcknowledgedAt.After(w.Page.Asked):
		return true, firstOf(in.AcknowledgedBy, "somebody") + " was on it before PagerDuty could be told"
	}
	return false, ""
}

func (w wish) call(in bot.Incident) playbooks.Call {
	with := map[string]any{}
	for name, value := range map[string]string{"severity": w.Severity, "summary": w.Summary, "reason": w.Reason} {
		if value != "" {
			with[name] = value
		}
	}
	return playbooks.Call{Incident: in.ID, Service: in.Service, Playbook: w.Playbook, With: with}
}

// wish keeps what is asked for, or that it no longer is.
func (c *Client) wish(ctx context.Context, incident string, change func(*wishes)) error {
	if c.memory == nil {
		return nil
	}
	c.linking.Lock()
	defer c.linking.Unlock()
	var w wishes
	if _, err := c.recall(ctx, wishSpace, incident, &w); err != nil {
		return err
	}
	change(&w)
	return c.remember(ctx, wishSpace, incident, w)
}

// sendWish sends an event that is kept as wished until PagerDuty took it or refuses it for good. That it could not be kept keeps nobody from
// being woken now.
func (c *Client) sendWish(ctx context.Context, call playbooks.Call, event pd.V2Event, keep func(*wishes, *wish)) (*pd.V2EventResponse, error) {
	kept := c.wish(ctx, call.Incident, func(w *wishes) { keep(w, c.wishOf(call)) })
	answer, err := c.send(ctx, call.Service, event)
	switch {
	case !settled(err) && c.wished != nil:
		c.wished(call.Incident)
	case kept == nil:
		_ = c.wish(ctx, call.Incident, func(w *wishes) { keep(w, nil) }) // at worst it is sent once more, under the same key
	}
	return answer, err
}

// settled tells whether nobody need try an event again: it was taken, or is refused for good.
func settled(err error) bool {
	fate, _ := playbooks.FateOf(err)
	return err == nil || fate == playbooks.Permanent
}

// late sends what was asked for while PagerDuty took nothing, as far as it is still needed: a page while the incident is open, speaks for
// itself and nobody is on it, an escalation until it is over.
func (m *Mirror) late(ctx context.Context, in bot.Incident, w wishes) (after time.Duration, err error) {
	c := m.client
	standing := in.Page.ID != "" && in.Page.Status != bot.PageResolved
	send := func(what string, needed bool, one *wish, event func(bot.Card, playbooks.Call) pd.V2Event, drop func(*wishes)) error {
		if one == nil {
			return nil
		}
		if ready := one.Tried.Add(wishAfter); ready.After(time.Now()) {
			m.look(in.ID, ready)
			return nil
		}
		if needed && !c.maintained(ctx, in.Service) {
			card, err := c.cards.Card(ctx, in.ID)
			if err != nil {
				return unread(err)
			}
			_, err = c.send(ctx, in.Service, event(card, one.call(in)))
			if !settled(err) {
				return err
			}
			if err != nil {
				m.options.Logger.ErrorContext(ctx, "PagerDuty refuses what it could not take before", "incident", in.ID, "what", what, "error", err)
			} else {
				m.options.Logger.InfoContext(ctx, "PagerDuty took what it could not take before", "incident", in.ID, "what", what)
			}
		}
		return c.wish(ctx, in.ID, drop)
	}
	open := in.State == bot.Open && in.AcknowledgedAt.IsZero() && !standing && in.Lead.Incident == ""
	if open && w.Page != nil && m.taken(ctx, in) {
		open = false
	}
	if err := send("page", open, w.Page, c.pageEvent, func(w *wishes) { w.Page = nil }); err != nil {
		_, after := playbooks.FateOf(err)
		return after, err
	}
	if err := send("escalation", in.State != bot.Resolved, w.Escalation, escalationEvent, func(w *wishes) { w.Escalation = nil }); err != nil {
		_, after := playbooks.FateOf(err)
		return after, err
	}
	return 0, m.takeBack(ctx, in, w)
}

// taken asks whether PagerDuty took a page whose answer was lost, and what became of it: somebody may have dealt with it there since, and
// the key would wake people anew. Where that cannot be asked, people are woken.
func (m *Mirror) taken(ctx context.Context, in bot.Incident) bool {
	if !m.client.config.Asks() {
		return false
	}
	n, found, err := m.client.seen(ctx, in)
	began := in.OpenedAt
	if in.ReopenedAt.After(began) {
		began = in.ReopenedAt
	}
	if err != nil || !found || n.Page.Status == bot.PageResolved && n.Page.At.Before(began.Truncate(time.Second)) {
		return false
	}
	if err := m.options.Hear(ctx, []bot.PageNews{n}); err != nil {
		m.options.Logger.WarnContext(ctx, "what PagerDuty says of a page could not be kept", "incident", in.ID, "error", err)
	}
	m.look(in.ID, time.Now())
	return true
}

// takeBack resolves the escalation of an incident that is over, wherever it ended.
func (m *Mirror) takeBack(ctx context.Context, in bot.Incident, w wishes) error {
	if in.State != bot.Resolved || !w.Escalated {
		return nil
	}
	if _, err := m.client.send(ctx, in.Service, pd.V2Event{Action: "resolve", DedupKey: escalationKey(in.ID)}); !settled(err) {
		return err
	}
	return m.client.wish(ctx, in.ID, func(w *wishes) { w.Escalated = false })
}
