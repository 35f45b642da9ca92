package pagerduty

import (
	"context"
	"fmt"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/internal/hook"
)

// pagerName is how people write the vendor.
const pagerName = "PagerDuty"

// kinds are the events that say where an incident stands.
var kinds = map[string]bot.PageKind{
	"incident.triggered":      bot.PageOpened,
	"incident.acknowledged":   bot.PageTaken,
	"incident.unacknowledged": bot.PageDropped,
	"incident.resolved":       bot.PageClosed,
	"incident.reopened":       bot.PageReopened,
}

// silent are the events that are known and tell nothing here.
var silent = []string{
	"incident.annotated", "incident.conference_bridge.updated", "incident.custom_field_values.updated", "incident.incident_type.changed",
	"incident.role.assigned", "incident.status_update_published", "incident.task.", "incident.action_invocation.", "incident.workflow.",
	"service.", "pagey.ping",
}

// Tell makes news of an event. An incident is ours when its key is one that we gave to PagerDuty, or when it was found to be.
func (c *Client) Tell(ctx context.Context, d bot.Delivery) (bot.Told, error) {
	e, err := readEvent(d.Body)
	if err != nil {
		return bot.Told{}, err
	}
	for _, prefix := range silent {
		if e.Type == prefix || strings.HasSuffix(prefix, ".") && strings.HasPrefix(e.Type, prefix) {
			return bot.Told{}, nil
		}
	}
	news, known := c.newsOf(e, d)
	news.By = c.who(ctx, e.Agent)
	if !known {
		return bot.Told{Unused: "events of the type " + hook.Word(e.Type) + " are not known here"}, nil
	}
	if news.Page.ID == "" {
		return bot.Told{Unused: "the event names no incident"}, nil
	}
	all, err := c.ours(ctx, news)
	if err != nil {
		return bot.Told{}, err
	}
	if len(all) == 0 {
		return bot.Told{Unused: "the incident is of a service that no services[].pagerduty names"}, nil
	}
	return bot.Told{Pages: all}, nil
}

// newsOf words an event. False means that its type is not known.
func (c *Client) newsOf(e event3, d bot.Delivery) (bot.PageNews, bool) {
	n := bot.PageNews{ID: d.ID, Pager: pagerName}
	at := e.OccurredAt.Time
	if at.IsZero() || at.After(d.ReceivedAt.Add(hook.Tolerance)) {
		at = d.ReceivedAt
	}
	if e.Type == "incident.responder.added" || e.Type == "incident.responder.replied" {
		var a about
		if lenient(e.Data, &a) != nil || a.Incident == nil {
			return n, true
		}
		n.Kind, n.Page = bot.PageChanged, bot.Page{ID: hook.Word(a.Incident.ID), URL: hook.Link(a.Incident.URL), At: at}
		n.Title, n.Said = hook.Title(a.Incident.Summary), responderSaid(e.Type, a)
		return n, true
	}
	var in incident3
	_ = lenient(e.Data, &in) // what could be read is used
	n.Page, n.Title = in.page(), hook.Title(in.Title)
	n.Page.At = at
	if n.Page.Status = bot.PageStatus(in.Status); n.Page.Status.Rank() == 0 {
		n.Page.Status = ""
	}
	n.Incident, n.Second = incidentOf(in.Key)
	n.Service = c.serviceOf(in.Service)
	kind, states := kinds[e.Type]
	switch {
	case states:
		n.Kind = kind
		if in.ResolvedBy != nil && kind == bot.PageClosed && in.ResolvedBy.Type == "merge_resolve_reason" && in.ResolvedBy.Incident != nil {
			n.Kind = bot.PageMerged
			n.Into = bot.Page{ID: hook.Word(in.ResolvedBy.Incident.ID), URL: hook.Link(in.ResolvedBy.Incident.URL)}
			n.Said = "merged into " + firstOf(hook.Title(in.ResolvedBy.Incident.Summary), n.Into.ID)
		}
		return n, true
	case e.Type == "incident.reassigned":
		n.Said = "reassigned to " + listOf(n.Page.Assigned)
	case e.Type == "incident.escalated":
		n.Said = "escalated to " + listOf(n.Page.Assigned)
	case e.Type == "incident.delegated":
		n.Said = "handed to the escalation policy " + nameOf(in.Policy)
	case e.Type == "incident.priority_updated":
		n.Said = "priority is now " + firstOf(n.Page.Priority, "none")
	case e.Type == "incident.service_updated":
		n.Said = "moved to the service " + nameOf(in.Service)
	default:
		return n, false
	}
	n.Kind = bot.PageChanged
	return n, true
}

func responderSaid(kind string, a about) string {
	who := nameOf(a.User)
	if kind == "incident.responder.added" {
		return "asked " + who + " to help"
	}
	return who + " answered the request to help: " + firstOf(hook.Word(a.State), "unknown")
}

// page is what people know the incident by, and how it stands.
func (in incident3) page() bot.Page {
	p := bot.Page{ID: hook.Word(in.ID), Number: in.Number, URL: hook.Link(in.URL), Urgency: hook.Word(in.Urgency)}
	if in.Priority != nil {
		p.Priority = hook.Word(in.Priority.Summary)
	}
	for i := range in.Assignees {
		if i == mostAssignees {
			break
		}
		p.Assigned = append(p.Assigned, nameOf(&in.Assignees[i]))
	}
	return p
}

const mostAssignees = 10

// incidentOf reads our incident out of a key that we gave to PagerDuty.
func incidentOf(key string) (incident string, second bool) {
	rest, ours := strings.CutPrefix(key, "firebreak/")
	if !ours {
		return "", false
	}
	incident, second = strings.CutSuffix(rest, "/escalation")
	if dedupKey(incident) != "firebreak/"+incident {
		return "", false // a key that was shortened names nobody
	}
	return incident, second
}

// personOf is the name of a person; programs and services are nobody.
func personOf(agent *reference) string {
	if agent == nil || !strings.HasPrefix(agent.Type, "user") {
		return ""
	}
	return firstOf(hook.Word(agent.Summary), hook.Word(agent.ID))
}

func nameOf(r *reference) string {
	if r == nil {
		return "nobody"
	}
	return firstOf(hook.Word(r.Summary), hook.Word(r.ID), "somebody without a name")
}

func listOf(names []string) string {
	if len(names) == 0 {
		return "nobody"
	}
	return strings.Join(names, ", ")
}

func firstOf(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// serviceOf is our name of a service of PagerDuty's, by its ID or by its name there.
func (c *Client) serviceOf(there *reference) string {
	if there == nil {
		return ""
	}
	for _, s := range c.services {
		if s.ID != "" && s.ID == there.ID || s.ID == "" && s.Title != "" && strings.EqualFold(s.Title, there.Summary) {
			return s.Name
		}
	}
	return ""
}

// ours gives the news once for each incident of ours that the page is of, or once for a known service whose incident is none of ours.
func (c *Client) ours(ctx context.Context, n bot.PageNews) ([]bot.PageNews, error) {
	linked, err := c.linked(ctx, n.Page.ID)
	if err != nil {
		return nil, err
	}
	if n.Incident != "" {
		if err := c.link(ctx, n.Page.ID, link{Incident: n.Incident, Second: n.Second}); err != nil {
			return nil, err
		}
		linked = linked.with(link{Incident: n.Incident, Second: n.Second})
	}
	if n.Kind == bot.PageMerged {
		for _, l := range linked {
			if err := c.link(ctx, n.Into.ID, l); err != nil {
				return nil, err
			}
		}
	}
	var out []bot.PageNews
	for _, l := range linked {
		one := n
		one.Incident, one.Second = l.Incident, l.Second
		out = append(out, one)
	}
	if len(out) == 0 && n.Service != "" {
		out = append(out, n)
	}
	return out, nil
}

// Where a page of ours is PagerDuty's incident, that is remembered: later events name the incident by its ID alone.
const linkSpace = "pagerduty-incident"

// link is one of our incidents, as a page of PagerDuty's has it.
type link struct {
	Incident string `json:"incident"`
	Second   bool   `json:"second,omitempty"`
}

type links []link

func (all links) with(l link) links {
	for _, have := range all {
		if have == l {
			return all
		}
	}
	if len(all) == mostLinks {
		return all
	}
	return append(all, l)
}

// mostLinks bounds how many of our incidents one page may be merged of.
const mostLinks = 50

func (c *Client) linked(ctx context.Context, page string) (links, error) {
	var out links
	if c.memory == nil || page == "" {
		return nil, nil
	}
	if _, err := c.recall(ctx, linkSpace, page, &out); err != nil {
		return nil, fmt.Errorf("which incident a page is of could not be read: %w", err)
	}
	return out, nil
}

func (c *Client) link(ctx context.Context, page string, l link) error {
	if c.memory == nil || page == "" {
		return nil
	}
	c.linking.Lock()
	defer c.linking.Unlock()
	known, err := c.linked(ctx, page)
	if err != nil {
		return err
	}
	if all := known.with(l); len(all) != len(known) {
		return c.remember(ctx, linkSpace, page, all)
	}
	return nil
}
