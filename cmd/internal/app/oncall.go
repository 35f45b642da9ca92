package app

import (
	"context"
	"net/url"
	"slices"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/server"
)

// Duty is who is on call for a service.
type Duty = bot.Duty

// rota answers who is on call.
type rota struct{ a *App }

var _ server.Rota = rota{}

// OnCall asks PagerDuty, or what it said last.
func (r rota) OnCall(ctx context.Context, service string) ([]bot.Duty, error) {
	names := r.a.config.names()
	if service != "" {
		if !slices.Contains(names, service) {
			return nil, bot.Errorf(bot.NotFound, "no service %q is configured", service)
		}
		names = []string{service}
	}
	out := make([]bot.Duty, 0, len(names))
	for _, name := range names {
		if r.a.vendors.pagerduty == nil {
			out = append(out, bot.Duty{Service: name, Levels: []bot.DutyLevel{}, Unknown: "no pager is configured that could be asked"})
			continue
		}
		duty := r.a.vendors.pagerduty.OnCall(ctx, name)
		duty.Levels = NotNil(duty.Levels)
		out = append(out, duty)
	}
	return out, nil
}

// OnCall asks who is on call; an empty service means all.
func (c *Client) OnCall(ctx context.Context, service string) ([]Duty, error) {
	var answer struct {
		OnCall []Duty `json:"oncall"`
	}
	err := c.call(ctx, "GET", "/api/v1/oncall?"+url.Values{"service": {service}}.Encode(), nil, &answer)
	return NotNil(answer.OnCall), err
}
