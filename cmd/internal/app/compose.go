package app

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/desk"
	"github.com/firebreak-dev/firebreak/bot/digest"
	"github.com/firebreak-dev/firebreak/bot/server"
)

// composer collects what digests are made of, and tells how things are.
type composer struct{ a *App }

var (
	_ desk.Teller   = composer{}
	_ server.Teller = composer{}
)

// Bounds of what a digest is made of.
const (
	mostDigestIncidents = 300
	mostDigestTurns     = 12
)

// waking are the actions that wake somebody.
func waking() []string { return []string{"pagerduty.page", "pagerduty.escalate"} }

// Account is how things are.
func (c composer) Account(ctx context.Context) (bot.Account, error) { return c.a.desk.Account(ctx) }

// Postmortem is what is known of an incident.
func (c composer) Postmortem(ctx context.Context, incident string) (bot.Postmortem, error) {
	return c.a.engine.Postmortem(ctx, incident)
}

// Digest is what a digest of a kind would say at a moment.
func (c composer) Digest(ctx context.Context, kind, service string, at time.Time) (bot.Digest, error) {
	if service != "" && !slices.Contains(c.a.config.names(), service) {
		return bot.Digest{}, bot.Errorf(bot.NotFound, "no service %q is configured", service)
	}
	if at.IsZero() {
		at = c.a.options.Clock.Now()
	}
	e, configured := c.entry(kind)
	if service != "" {
		e.Services = []string{service}
	}
	var from time.Time
	switch {
	case kind == digest.Weekly:
		from = at.AddDate(0, 0, -7)
	case kind == digest.Handover && !configured:
		from = at.Add(-12 * time.Hour)
	default:
		from = since(e, c.a.config.digestZone(e), at)
	}
	return c.compose(ctx, e, at, from)
}

// entry is the first that is configured of a kind, or one as it would be.
func (c composer) entry(kind string) (e digest.Entry, configured bool) {
	for _, e := range c.a.config.Digests {
		if e.Kind == kind {
			return e, true
		}
	}
	return digest.Entry{Kind: kind}, false
}

// compose makes a digest. What cannot be read is said in it: a part is better than nothing.
func (c composer) compose(ctx context.Context, e digest.Entry, now, from time.Time) (bot.Digest, error) {
	a := c.a
	in := digest.Input{
		Kind: e.Kind, Now: now, From: from, Zone: a.config.digestZone(e), Services: e.Services, Paging: waking(), Night: e.Night,
		Homes: a.config.People.Homes(), ServiceZones: c.zones(), URL: a.address(), Budgets: a.promised(), Blind: a.blind(),
	}
	if !slices.Contains(digest.Kinds(), e.Kind) {
		return digest.Make(in) // which says what there is
	}
	if present := a.options.Clock.Now(); present.Sub(now).Abs() > time.Minute {
		in.Unread = append(in.Unread, "how budgets, sight, open pull requests, freezes and on-call were at that moment: they are told as of now")
	}
	read := func(what string, err error) {
		if err != nil {
			a.logger.WarnContext(ctx, "a part of a digest could not be read", "digest", e.Kind, "part", what, "error", err)
			in.Unread = append(in.Unread, what+": "+bot.MessageOf(err))
		}
	}
	var err error
	in.Incidents, in.Entries, err = c.incidents(ctx, now, from)
	read("incidents", err)
	in.Changes, err = a.db.Changes(ctx, bot.ChangeQuery{From: from, To: now, Limit: 1000})
	read("changes", err)
	in.Approvals, err = a.db.Approvals(ctx, bot.ApprovalQuery{Open: true, Limit: 100})
	read("questions", err)
	in.Freezes, err = a.db.Freezes(ctx, bot.FreezeQuery{Since: now, Limit: 100})
	read("freezes", err)
	in.Stop, err = a.engine.Stopped(ctx)
	read("the kill switch", err)
	in.Windows = c.windows(in.Zone, now)
	if a.vendors.github != nil {
		in.Pulls, err = a.landing.to.Waiting(ctx, now)
		read("open pull requests", err)
	}
	if e.Kind == digest.Handover {
		in.Duties, err = rota{a}.OnCall(ctx, "")
		read("who is on call", err)
	}
	return digest.Make(in)
}

// incidents are those that were not over at a moment, and those that changed since another, as they stood then, with their timelines.
func (c composer) incidents(ctx context.Context, now, from time.Time) ([]bot.Incident, map[string][]bot.Entry, error) {
	open, err := c.a.db.Incidents(ctx, bot.IncidentQuery{States: []bot.State{bot.Open, bot.Acknowledged, bot.Mitigated}, Limit: 1000})
	if err != nil {
		return nil, nil, err
	}
	recent, err := c.a.db.Incidents(ctx, bot.IncidentQuery{Limit: 1000})
	if err != nil {
		return nil, nil, err
	}
	seen, entries := map[string]bool{}, map[string][]bot.Entry{}
	var out []bot.Incident
	for _, in := range append(open, recent...) {
		touched := in.State != bot.Resolved || in.Updated.After(from)
		if seen[in.ID] || !touched || in.OpenedAt.After(now) {
			continue
		}
		seen[in.ID] = true
		if len(out) == mostDigestIncidents {
			return out, entries, bot.Errorf(bot.TooLarge, "there are more than %d; the rest is not told", mostDigestIncidents)
		}
		timeline, err := c.a.db.Entries(ctx, in.ID)
		if err != nil {
			return out, entries, err
		}
		if i := slices.IndexFunc(timeline, func(e bot.Entry) bool { return e.At.After(now) }); i >= 0 {
			timeline = timeline[:i]
			in = bot.FoldIncident(timeline)
		}
		entries[in.ID] = timeline
		out = append(out, in)
	}
	slices.SortStableFunc(out, func(x, y bot.Incident) int { return cmp.Or(y.OpenedAt.Compare(x.OpenedAt), cmp.Compare(x.ID, y.ID)) })
	return out, entries, nil
}

// windows tell of each service how it is at a moment, and each turn until the end of that week.
func (c composer) windows(zone *time.Location, now time.Time) map[string][]bot.Opening {
	local := now.In(zone)
	daysLeft := 7 - (int(local.Weekday())+6)%7
	end := time.Date(local.Year(), local.Month(), local.Day()+daysLeft, 0, 0, 0, 0, zone)
	out := map[string][]bot.Opening{}
	for _, name := range c.a.config.names() {
		o := c.a.rules.calendar.Opening(now, name)
		out[name] = append(out[name], o)
		for range mostDigestTurns {
			if o.Until.IsZero() || !o.Until.Before(end) {
				break
			}
			o = c.a.rules.calendar.Opening(o.Until, name)
			out[name] = append(out[name], o)
		}
	}
	return out
}

// zones are those of the services' people.
func (c composer) zones() map[string]*time.Location {
	out := map[string]*time.Location{}
	for _, name := range c.a.config.names() {
		out[name] = c.a.rules.calendar.current.Load().Zone(name)
	}
	return out
}

// executing tells whether this process watches and runs playbooks, and in words what it does.
func (a *App) executing() (bool, string) {
	switch {
	case a.health != nil && a.health.executing.Load():
		return true, "this process watches and runs playbooks"
	case a.db.Pool() != nil:
		return false, "another replica leads; this process serves and waits"
	default:
		return false, "this process is starting"
	}
}

// Link hangs on an incident what belongs to it.
func (h hands) Link(ctx context.Context, incident, to, title, by, via string) (bot.Incident, error) {
	in, err := h.a.engine.Link(ctx, incident, to, title, by, via)
	h.note(ctx, by, via, "link", incident, to, err)
	return in, err
}

// Account is how things are.
type Account = bot.Account

// Status asks how things are.
func (c *Client) Status(ctx context.Context) (Account, error) {
	var answer struct {
		Status Account `json:"status"`
	}
	err := c.call(ctx, "GET", "/api/v1/status", nil, &answer)
	return answer.Status, err
}

// Digest asks what a digest would say; an empty service means all, a zero moment now.
func (c *Client) Digest(ctx context.Context, kind, service string, at time.Time) (Digest, error) {
	q := url.Values{"service": {service}}
	if !at.IsZero() {
		q.Set("at", at.UTC().Format(time.RFC3339))
	}
	var answer struct {
		Digest Digest `json:"digest"`
	}
	err := c.call(ctx, "GET", "/api/v1/digests/"+url.PathEscape(kind)+"?"+q.Encode(), nil, &answer)
	return answer.Digest, err
}

// Postmortem is what is known of an incident when it is over.
type Postmortem = bot.Postmortem

// Postmortem asks for it.
func (c *Client) Postmortem(ctx context.Context, id string) (Postmortem, error) {
	var answer struct {
		Postmortem Postmortem `json:"postmortem"`
	}
	err := c.call(ctx, "GET", "/api/v1/incidents/"+url.PathEscape(id)+"/postmortem", nil, &answer)
	return answer.Postmortem, err
}

// Link hangs on an incident an https address, or another incident.
func (c *Client) Link(ctx context.Context, id, to, title, by string) (Incident, error) {
	return c.act(ctx, fmt.Sprintf("/%s/links", url.PathEscape(id)), map[string]string{"to": to, "title": title, "by": by, "via": "cli"})
}
