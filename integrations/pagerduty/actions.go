package pagerduty

import (
	"context"
	"fmt"

	pd "github.com/PagerDuty/go-pagerduty"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// severities are PagerDuty's words, the worst first.
func severities() []string { return []string{"critical", "error", "warning", "info"} }

// Actions lists what playbooks may call here. All of them are safe to call again: PagerDuty folds events by dedup key.
func (c *Client) Actions() []playbooks.Bound {
	event := map[string]playbooks.Type{"dedup_key": playbooks.String, "status": playbooks.String}
	return []playbooks.Bound{
		{
			Action: playbooks.Action{
				Name:       "pagerduty.page",
				Doc:        "Wake whoever is on call for the incident's service; one page per incident, however often it is called.",
				Idempotent: true,
				Params: []playbooks.Param{
					{
						Name: "severity", Type: playbooks.String, Allowed: severities(),
						Doc: "Overrides the severity that follows from the incident.",
					},
					{Name: "summary", Type: playbooks.String, Doc: "Replaces the one line that people are woken with."},
				},
				Outputs: event,
			},
			Handler: again(c.page),
		},
		{
			Action: playbooks.Action{
				Name:       "pagerduty.resolve",
				Doc:        "Resolve (or acknowledge) the incident's page and its escalation.",
				Idempotent: true,
				Params: []playbooks.Param{{
					Name: "as", Type: playbooks.String, Allowed: []string{"resolve", "acknowledge"},
					Doc: "What to do with the page; resolve unless said otherwise.",
				}},
				Outputs: event,
			},
			Handler: again(c.resolve),
		},
		{
			Action: playbooks.Action{
				Name:       "pagerduty.escalate",
				Doc:        "Wake people again with a critical alert of its own, because nobody decided or something failed.",
				Idempotent: true,
				Params: []playbooks.Param{
					{Name: "reason", Type: playbooks.String, Doc: "What failed, in one sentence."},
					{
						Name: "to", Type: playbooks.String, Allowed: []string{"again", "next_level"},
						Doc: "again: whoever is on call, by an alert of its own; next_level: those above whoever has the page, by the REST API.",
					},
				},
				Outputs: event,
			},
			Handler: again(c.escalate),
		},
		{
			Action: playbooks.Action{
				Name: "pagerduty.add_responders",
				Doc:  "Ask people to help with the incident's page, by the REST API.",
				Params: []playbooks.Param{
					{Name: "users", Type: playbooks.List, Required: true, Doc: "E-mail addresses of PagerDuty users."},
					{Name: "message", Type: playbooks.String, Doc: "What they are told."},
				},
				Outputs: map[string]playbooks.Type{"asked": playbooks.Int},
			},
			Handler: playbooks.HandlerFunc(c.addResponders),
		},
	}
}

// again is a handler that may always be repeated: PagerDuty deduplicates by key.
type again func(ctx context.Context, call playbooks.Call) (playbooks.Outcome, error)

var (
	_ playbooks.Handler  = again(nil)
	_ playbooks.Verifier = again(nil)
)

// Act sends the event.
func (a again) Act(ctx context.Context, call playbooks.Call) (playbooks.Outcome, error) {
	return a(ctx, call)
}

// Verify settles what became of an event by sending it once more: the same dedup key is the same alert, so the question
// "did it arrive?" is answered by "it has now". The Events API has no way to look an event up.
func (a again) Verify(ctx context.Context, call playbooks.Call) (playbooks.Outcome, bool, error) {
	outcome, err := a(ctx, call)
	return outcome, err == nil, err
}

func (c *Client) page(ctx context.Context, call playbooks.Call) (playbooks.Outcome, error) {
	card, err := c.cards.Card(ctx, call.Incident)
	if err != nil {
		return playbooks.Outcome{}, unread(err)
	}
	if c.maintained(ctx, call.Service) {
		return playbooks.Outcome{
			Status: playbooks.Done, Output: map[string]any{"dedup_key": dedupKey(call.Incident), "status": "maintenance"},
			Sentence: "PagerDuty: nobody was paged, the service is under maintenance there",
		}, nil
	}
	if needless, why := c.needless(ctx, call); needless {
		_ = c.wish(ctx, call.Incident, func(w *wishes) { w.Page = nil }) // at worst the mirror finds it needless, too
		return playbooks.Outcome{
			Status: playbooks.Done, Output: map[string]any{"dedup_key": dedupKey(call.Incident), "status": "needless"},
			Sentence: "PagerDuty: nobody was paged, " + why,
		}, nil
	}
	event := c.pageEvent(card, call)
	if c.memory != nil { // before it is sent: what is resolved meanwhile must be taken back
		if err := c.remember(ctx, pagedSpace, call.Incident, true); err != nil {
			return playbooks.Outcome{}, unread(err)
		}
	}
	answer, err := c.sendWish(ctx, call, event, func(w *wishes, now *wish) {
		if now != nil && w.Page != nil && w.Page.Playbook == call.Playbook {
			now.Asked = w.Page.Asked
		}
		w.Page = now
	})
	if err != nil {
		return playbooks.Outcome{}, err
	}
	return done(answer, fmt.Sprintf("paged with severity %s", event.Payload.Severity)), nil
}

func (c *Client) escalate(ctx context.Context, call playbooks.Call) (playbooks.Outcome, error) {
	if text(call.With, "to") == "next_level" {
		return c.nextLevel(ctx, call)
	}
	card, err := c.cards.Card(ctx, call.Incident)
	if err != nil {
		return playbooks.Outcome{}, unread(err)
	}
	answer, err := c.sendWish(ctx, call, escalationEvent(card, call), func(w *wishes, now *wish) { w.Escalation, w.Escalated = now, true })
	if err != nil {
		return playbooks.Outcome{}, err
	}
	return done(answer, "escalated with a page of its own"), nil
}

func (c *Client) resolve(ctx context.Context, call playbooks.Call) (playbooks.Outcome, error) {
	verb := text(call.With, "as")
	if verb == "" {
		verb = "resolve"
	}
	if c.incidents != nil {
		// What PagerDuty has resolved by itself may have been opened again there since: our echo must not close it.
		in, err := c.incidents.Incident(ctx, call.Incident)
		if err == nil && in.Page.Status == bot.PageResolved {
			return c.resolveEscalation(ctx, call, verb)
		}
	}
	first, err := c.send(ctx, call.Service, pd.V2Event{Action: verb, DedupKey: dedupKey(call.Incident)})
	if err != nil {
		return playbooks.Outcome{}, err
	}
	// Nothing here knows whether there was an escalation; PagerDuty drops events for alerts that are not open.
	if _, err := c.send(ctx, call.Service, pd.V2Event{Action: verb, DedupKey: escalationKey(call.Incident)}); err != nil {
		return playbooks.Outcome{}, err
	}
	return done(first, verb+"d the page"), nil
}

// resolveEscalation takes the escalation back of a page that is resolved at PagerDuty already.
func (c *Client) resolveEscalation(ctx context.Context, call playbooks.Call, verb string) (playbooks.Outcome, error) {
	answer, err := c.send(ctx, call.Service, pd.V2Event{Action: verb, DedupKey: escalationKey(call.Incident)})
	if err != nil {
		return playbooks.Outcome{}, err
	}
	return done(answer, "the page was resolved there"), nil
}

func done(answer *pd.V2EventResponse, sentence string) playbooks.Outcome {
	return playbooks.Outcome{
		Status:   playbooks.Done,
		Output:   map[string]any{"dedup_key": answer.DedupKey, "status": answer.Status},
		Sentence: "PagerDuty: " + sentence,
	}
}

// unread is the failure of reading our own incident: nothing was sent.
func unread(err error) error {
	fate := playbooks.Transient
	if code := bot.CodeOf(err); code == bot.NotFound || code == bot.Invalid {
		fate = playbooks.Permanent
	}
	return &playbooks.Failure{Fate: fate, Err: fmt.Errorf("pagerduty: the incident could not be read: %w", err)}
}

func text(with map[string]any, name string) string {
	s, _ := with[name].(string)
	return s
}
