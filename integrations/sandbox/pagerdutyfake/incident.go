package pagerdutyfake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Service is a service of PagerDuty's.
type Service struct {
	ID, Name, Policy string
	// Maintenance tells that it is under maintenance: no alert opens an incident.
	Maintenance bool
	// Urgency is "high" (when empty), "low" or "severity_based".
	Urgency string
	// OnCall are the people on call, by the level at which they are asked.
	OnCall []string
	// Next are the people who come after them at Handover, by level; nobody where it is zero.
	Next     []string
	Handover time.Time
}

// Incident is what people see of an alert.
type Incident struct {
	ID, Title, Key string
	Number         int
	State          State
	Service        Service
	Created        time.Time
	Changed        time.Time
	By             string // who changed its state last; empty for programs
	Assigned       []string
	Level          int
	Into           string // the incident that it was merged into
	Alerts         []*Alert
	Notes          []Note
	Fields         map[string]string
	Updates        []string
	Asked          []string // people who were asked to help
}

// Note is a note on an incident.
type Note struct {
	ID, From, Content string
	At                time.Time
}

// Webhook is one delivery.
type Webhook struct {
	Header http.Header
	Body   []byte
}

// Acts are what people do to an incident.
func Acts() []string {
	return []string{"acknowledge", "unacknowledge", "resolve", "reopen", "reassign", "prioritize", "merge"}
}

// openIncident makes the incident of an alert. It is called with mu held.
func (p *Pager) openIncident(a *Alert) {
	s, known := p.cfg.Services[a.RoutingKey]
	if !known {
		s = Service{ID: "PSERVICE", Name: "Default Service", Policy: "PPOLICY"}
	}
	if s.Maintenance {
		return
	}
	p.serial++
	in := &Incident{
		ID: fmt.Sprintf("PINC%04d", p.serial), Number: p.serial, Title: a.Summary, Key: a.DedupKey, State: Triggered, Service: s,
		Created: p.cfg.Now(), Changed: p.cfg.Now(), Level: 1, Alerts: []*Alert{a}, Fields: map[string]string{},
	}
	if len(s.OnCall) > 0 {
		in.Assigned = s.OnCall[:1]
	}
	p.incidents = append(p.incidents, in)
	p.tell(in, "incident.triggered", "")
}

// alertMoved moves the incident of an alert: with an acknowledge at once, with a resolve when all of its alerts are. It is called with
// mu held.
func (p *Pager) alertMoved(a *Alert) {
	for _, in := range p.incidents {
		if !slices.Contains(in.Alerts, a) || in.State == Resolved {
			continue
		}
		switch {
		case a.State == Acknowledged && in.State == Triggered:
			p.move(in, Acknowledged, "incident.acknowledged", "")
		case a.State == Resolved && !slices.ContainsFunc(in.Alerts, func(b *Alert) bool { return b.State != Resolved }):
			p.move(in, Resolved, "incident.resolved", "")
		}
	}
}

func (p *Pager) move(in *Incident, to State, event, by string) {
	in.State, in.Changed, in.By = to, p.cfg.Now(), by
	for _, a := range in.Alerts {
		if a.State != Resolved || event == "incident.reopened" {
			a.State = to
			if to == Resolved {
				a.ResolvedAt = p.cfg.Now()
			}
		}
	}
	p.tell(in, event, by)
}

// Raise opens an incident that no key of ours opened, as another tool or a person does.
func (p *Pager) Raise(routing, title, key string) Incident {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := &Alert{RoutingKey: routing, DedupKey: key, State: Triggered, Summary: title, Severity: "critical", Source: "another tool", OpenedAt: p.cfg.Now(), Accepted: time.Now(), Triggers: 1}
	p.alerts = append(p.alerts, a)
	p.openIncident(a)
	return *p.incidents[len(p.incidents)-1]
}

// Do is something that a person does to the newest incident of a key; Object is to whom, which priority, or the key to merge into.
func (p *Pager) Do(key, act, who, object string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	in := p.newest(key)
	if in == nil {
		return fmt.Errorf("no incident has the key %q", key)
	}
	switch {
	case act == "acknowledge" && in.State == Triggered:
		p.move(in, Acknowledged, "incident.acknowledged", who)
	case act == "unacknowledge" && in.State == Acknowledged:
		p.move(in, Triggered, "incident.unacknowledged", "")
	case act == "resolve" && in.State != Resolved:
		p.move(in, Resolved, "incident.resolved", who)
	case act == "reopen" && in.State == Resolved:
		p.move(in, Triggered, "incident.reopened", who)
	case act == "reassign" && in.State != Resolved:
		in.Assigned = []string{object}
		p.tell(in, "incident.reassigned", who)
	case act == "prioritize":
		in.Fields["\x00priority"] = object
		p.tell(in, "incident.priority_updated", who)
	case act == "merge" && in.State != Resolved:
		into := p.newest(object)
		if into == nil || into == in {
			return fmt.Errorf("no other incident has the key %q", object)
		}
		into.Alerts, in.Alerts = append(into.Alerts, in.Alerts...), nil
		in.Into = into.ID
		p.move(in, Resolved, "incident.resolved", who)
	case slices.Contains(Acts(), act):
		return fmt.Errorf("an incident that is %s cannot be told to %s", in.State, act)
	default:
		return errors.New("nobody can do that: " + act)
	}
	return nil
}

func (p *Pager) newest(key string) *Incident {
	for _, in := range slices.Backward(p.incidents) {
		if in.Key == key {
			return in
		}
	}
	return nil
}

// Incidents returns copies of all, oldest first.
func (p *Pager) Incidents() []Incident {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]Incident, 0, len(p.incidents))
	for _, in := range p.incidents {
		one := *in
		one.Notes = slices.Clone(in.Notes)
		out = append(out, one)
	}
	return out
}

// tell delivers an event. It is called with mu held; Deliver must not call back.
func (p *Pager) tell(in *Incident, kind, by string) {
	if p.cfg.Deliver == nil {
		return
	}
	p.serial++
	var agent any
	if by != "" {
		agent = ref("user_reference", "PU"+by, by)
	}
	body, err := json.Marshal(map[string]any{"event": map[string]any{
		"id": fmt.Sprintf("01EVENT%019d", p.serial), "event_type": kind, "resource_type": "incident",
		"occurred_at": p.cfg.Now().UTC().Format("2006-01-02T15:04:05.000Z"), "agent": agent, "client": nil, "data": in.webhook(),
	}})
	if err != nil {
		panic(err) // made of strings
	}
	mac := hmac.New(sha256.New, []byte(p.cfg.WebhookSecret))
	mac.Write(body)
	p.cfg.Deliver(Webhook{Body: body, Header: http.Header{
		"Content-Type": {"application/json"}, "X-Webhook-Id": {fmt.Sprintf("hook-%d", p.serial)},
		"X-Pagerduty-Signature": {"v1=" + hex.EncodeToString(mac.Sum(nil))},
	}})
}

func ref(kind, id, summary string) map[string]any {
	return map[string]any{
		"id": id, "type": kind, "summary": summary, "self": "https://api.pagerduty.com/x/" + id, "html_url": "https://acme.pagerduty.com/x/" + id,
	}
}

func refs(names []string) []map[string]any {
	out := make([]map[string]any, 0, len(names))
	for _, name := range names {
		out = append(out, ref("user_reference", "PU"+name, name))
	}
	return out
}

func (in *Incident) priority() any {
	if name := in.Fields["\x00priority"]; name != "" {
		return ref("priority_reference", "PP"+name, name)
	}
	return nil
}

func (in *Incident) resolveReason() any {
	if in.Into == "" {
		return nil
	}
	return map[string]any{"type": "merge_resolve_reason", "incident": ref("incident_reference", in.Into, "incident "+in.Into)}
}

// webhook is the incident as webhooks tell it.
func (in *Incident) webhook() map[string]any {
	return map[string]any{
		"id": in.ID, "type": "incident", "self": "https://api.pagerduty.com/incidents/" + in.ID, "html_url": "https://acme.pagerduty.com/incidents/" + in.ID,
		"number": in.Number, "status": in.State, "incident_key": in.Key, "created_at": stamp(in.Created), "title": in.Title,
		"service": ref("service_reference", in.Service.ID, in.Service.Name), "assignees": refs(in.Assigned),
		"escalation_policy": ref("escalation_policy_reference", in.Service.Policy, in.Service.Policy), "teams": []any{}, "priority": in.priority(),
		"urgency": "high", "resolve_reason": in.resolveReason(),
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
