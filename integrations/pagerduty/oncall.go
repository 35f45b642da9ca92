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
	var answer struct {
		OnCalls []struct {
			User     *reference  `json:"user"`
			Schedule *reference  `json:"schedule"`
			Level    int         `json:"escalation_level"`
			End      hook.Moment `json:"end"`
		} `json:"oncalls"`
	}
	query := url.Values{"escalation_policy_ids[]": {there.Policy.ID}, "limit": {"100"}}
	if err := c.read(ctx, "/oncalls", query, &answer); err != nil {
		return remembered{}, err
	}
	for _, o := range answer.OnCalls {
		if o.User == nil || slices.Contains(out.users[o.Level], o.User.ID) {
			continue
		}
		out.users[o.Level] = append(out.users[o.Level], o.User.ID)
		person := bot.DutyPerson{Name: nameOf(o.User), Until: o.End.Time}
		if o.Schedule != nil {
			person.Schedule = nameOf(o.Schedule)
		}
		out.duty.Levels = at(out.duty.Levels, o.Level, person)
	}
	slices.SortFunc(out.duty.Levels, func(a, b bot.DutyLevel) int { return a.Level - b.Level })
	return out, nil
}

func at(levels []bot.DutyLevel, level int, p bot.DutyPerson) []bot.DutyLevel {
	for i := range levels {
		if levels[i].Level == level {
			levels[i].People = append(levels[i].People, p)
			return levels
		}
	}
	return append(levels, bot.DutyLevel{Level: level, People: []bot.DutyPerson{p}})
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
