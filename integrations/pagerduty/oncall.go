package pagerduty

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/internal/hook"
)

// dutyFor is how long what PagerDuty said of who is on call is believed; dutyStale how long it is told when PagerDuty cannot be asked.
const (
	dutyFor   = time.Minute
	dutyStale = 24 * time.Hour
)

// duties are what was last said, by our service.
type duties struct {
	mu    sync.Mutex
	known map[string]remembered
}

// remembered is a duty with what actions need beside it.
type remembered struct {
	duty bot.Duty
	// users are IDs by level.
	users map[int][]string
}

// OnCall tells who is on call for a service. What cannot be asked now is told as it was, and that it is old is told too.
func (c *Client) OnCall(ctx context.Context, service string) bot.Duty {
	return c.onCall(ctx, service).duty
}

func (c *Client) onCall(ctx context.Context, service string) remembered {
	i := slices.IndexFunc(c.services, func(s Service) bool { return s.Name == service })
	switch {
	case !c.config.Asks():
		return remembered{duty: bot.Duty{Service: service, Unknown: "PagerDuty is not asked: pagerduty.api_token is not set"}}
	case i < 0:
		return remembered{duty: bot.Duty{Service: service, Unknown: "no services[].pagerduty says which service of PagerDuty's it is"}}
	}
	c.duties.mu.Lock()
	last, known := c.duties.known[service]
	c.duties.mu.Unlock()
	now := c.now()
	if known && now.Sub(last.duty.Of) < dutyFor {
		return last
	}
	fresh, err := c.askDuty(ctx, c.services[i])
	switch {
	case err == nil:
		fresh.duty.Of = now.UTC()
		c.duties.mu.Lock()
		if c.duties.known == nil {
			c.duties.known = map[string]remembered{}
		}
		c.duties.known[service] = fresh
		c.duties.mu.Unlock()
		return fresh
	case known && now.Sub(last.duty.Of) < dutyStale:
		last.duty.Stale = err.Error()
		return last
	default:
		return remembered{duty: bot.Duty{Service: service, Unknown: "PagerDuty could not be asked: " + err.Error()}}
	}
}

// serviceOfREST is a service as the REST API tells it.
type serviceOfREST struct {
	ID     string     `json:"id"`
	Name   string     `json:"name"`
	Status string     `json:"status"`
	Policy *reference `json:"escalation_policy"`
	// Urgency is the rule by which it is loud.
	Urgency struct {
		Type    string `json:"type"`
		Urgency string `json:"urgency"`
	} `json:"incident_urgency_rule"`
}

func (c *Client) askService(ctx context.Context, s Service) (serviceOfREST, error) {
	if s.ID != "" {
		var answer struct {
			Service serviceOfREST `json:"service"`
		}
		err := c.read(ctx, "/services/"+url.PathEscape(s.ID), nil, &answer)
		return answer.Service, err
	}
	var answer struct {
		Services []serviceOfREST `json:"services"`
	}
	if err := c.read(ctx, "/services", url.Values{"query": {s.Title}, "limit": {"100"}}, &answer); err != nil {
		return serviceOfREST{}, err
	}
	for _, there := range answer.Services {
		if strings.EqualFold(there.Name, s.Title) {
			return there, nil
		}
	}
	return serviceOfREST{}, bot.Errorf(bot.NotFound, "PagerDuty has no service called %q", s.Title)
}

func (c *Client) askDuty(ctx context.Context, s Service) (remembered, error) {
	there, err := c.askService(ctx, s)
	if err != nil {
		return remembered{}, err
	}
	out := remembered{duty: bot.Duty{Service: s.Name, Maintenance: there.Status == "maintenance", Urgency: there.urgency(), Levels: []bot.DutyLevel{}}, users: map[int][]string{}}
	if there.Policy == nil {
		return out, nil
	}
	out.duty.Policy = nameOf(there.Policy)
	calls, err := c.askOnCalls(ctx, there.Policy.ID)
	if err != nil {
		return remembered{}, err
	}
	now := c.now()
	for _, o := range calls {
		if o.User == nil || o.Start.After(now) || slices.Contains(out.users[o.Level], o.User.ID) {
			continue
		}
		out.users[o.Level] = append(out.users[o.Level], o.User.ID)
		person := c.onDuty(o)
		person.Until = o.End.Time
		level := at(&out.duty, o.Level)
		level.People = append(level.People, person)
	}
	for _, o := range calls {
		if o.User != nil && o.Start.After(now) {
			person := c.onDuty(o)
			person.From = o.Start.Time
			level := at(&out.duty, o.Level)
			level.Next = next(level.Next, person)
		}
	}
	slices.SortFunc(out.duty.Levels, func(a, b bot.DutyLevel) int { return a.Level - b.Level })
	return out, nil
}

// comesWithin is how far ahead it is looked who comes next; onCallPages bounds the answers that are read for it, of a hundred each.
const (
	comesWithin = 21 * 24 * time.Hour
	onCallPages = 3
)

// onCall is that somebody is asked, at a level of a policy.
type onCall struct {
	User     *user       `json:"user"`
	Schedule *reference  `json:"schedule"`
	Level    int         `json:"escalation_level"`
	Start    hook.Moment `json:"start"`
	End      hook.Moment `json:"end"`
}

// user is a person with the address, which is proven once the invitation to it was accepted.
type user struct {
	reference

	Email   string `json:"email"`
	Invited bool   `json:"invitation_sent"`
}

// proven is the address that the user has accepted, empty without one.
func (u user) proven() string {
	if u.Invited {
		return ""
	}
	return u.Email
}

// askOnCalls tells who is on call of a policy, and of those who are not, when they are next: the earliest of each person at each level.
func (c *Client) askOnCalls(ctx context.Context, policy string) ([]onCall, error) {
	var out []onCall
	query := url.Values{
		"escalation_policy_ids[]": {policy}, "include[]": {"users"}, "earliest": {"true"}, "limit": {"100"},
		"until": {c.now().Add(comesWithin).UTC().Format(time.RFC3339)},
	}
	for range onCallPages {
		var answer struct {
			OnCalls []onCall `json:"oncalls"`
			More    bool     `json:"more"`
		}
		if err := c.read(ctx, "/oncalls", query, &answer); err != nil {
			return nil, err
		}
		out = append(out, answer.OnCalls...)
		if !answer.More || len(answer.OnCalls) == 0 {
			break
		}
		query.Set("offset", strconv.Itoa(len(out)))
	}
	return out, nil
}

// onDuty is the person of an on-call, as the configuration means them.
func (c *Client) onDuty(o onCall) bot.DutyPerson {
	p := bot.DutyPerson{Name: nameOf(&o.User.reference), Email: o.User.proven()}
	if o.Schedule != nil {
		p.Schedule = nameOf(o.Schedule)
	}
	if c.people == nil {
		return p
	}
	if name, known := c.people.OfPager(o.User.ID); known {
		p.Name = name
	} else if name, known := c.people.OfEmail(p.Email); known {
		p.Name = name
	}
	return p
}

// next keeps of each schedule who comes first.
func next(all []bot.DutyPerson, p bot.DutyPerson) []bot.DutyPerson {
	i := slices.IndexFunc(all, func(have bot.DutyPerson) bool { return have.Schedule == p.Schedule })
	switch {
	case i < 0:
		return append(all, p)
	case p.From.Before(all[i].From):
		all[i] = p
	}
	return all
}

// at is a level of a duty.
func at(d *bot.Duty, level int) *bot.DutyLevel {
	i := slices.IndexFunc(d.Levels, func(l bot.DutyLevel) bool { return l.Level == level })
	if i < 0 {
		i = len(d.Levels)
		d.Levels = append(d.Levels, bot.DutyLevel{Level: level, People: []bot.DutyPerson{}})
	}
	return &d.Levels[i]
}

// names are the people of a level in a line.
func (d remembered) names(level int) string {
	for _, l := range d.duty.Levels {
		if l.Level == level {
			out := make([]string, 0, len(l.People))
			for _, p := range l.People {
				out = append(out, p.Name)
			}
			return strings.Join(out, ", ")
		}
	}
	return "level " + strconv.Itoa(level)
}
