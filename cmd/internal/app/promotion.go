package app

import (
	"context"
	"slices"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/gate"
	"github.com/firebreak-dev/firebreak/bot/server"
	"github.com/firebreak-dev/firebreak/detectors"
)

// gatekeeper tells roll-outs whether they may go on, by what the bot knows now.
type gatekeeper struct{ app *App }

var _ server.Gatekeeper = gatekeeper{}

// Promotion gathers what is known of a service and judges it.
func (g gatekeeper) Promotion(ctx context.Context, service, environment string) (bot.Promotion, error) {
	a := g.app
	i := slices.IndexFunc(a.config.Services, func(s ServiceConfig) bool { return s.Name == service })
	if i < 0 {
		return bot.Promotion{}, bot.Errorf(bot.NotFound, "no service %q is configured", service)
	}
	if known := a.config.Services[i].Environments; environment != "" && len(known) > 0 && !slices.Contains(known, environment) {
		return bot.Promotion{}, bot.Errorf(bot.NotFound, "%s has no environment %q", service, environment)
	}
	now := a.options.Clock.Now()
	c := gate.Circumstances{Service: service, Environment: environment}
	verdict := a.rules.calendar.At(now, service)
	if !verdict.Open {
		c.Closed = verdict.Reasons
	}
	for _, unseen := range verdict.Unseen {
		c.Closed = append(c.Closed, bot.Reason{Code: "unseen_calendar", Sentence: "a calendar could not be read: " + unseen})
	}
	incidents, err := a.db.Incidents(ctx, bot.IncidentQuery{
		Service: service, States: []bot.State{bot.Open, bot.Acknowledged, bot.Mitigated}, Limit: 100,
	})
	if err != nil {
		return bot.Promotion{}, err
	}
	c.Incidents = incidents
	if a.watch != nil {
		c.Findings = a.watch.Findings()
		c.Watched, c.Blind = a.seen(service)
	}
	return gate.Promote(now, c), nil
}

// seen tells whether signals of a service are judged, and why they cannot be seen now.
func (a *App) seen(service string) (watched bool, why detectors.Blindness) {
	status := a.watch.Status()
	for _, f := range a.watch.Findings() {
		if f.Service != service || f.Detector == "canary" {
			continue
		}
		watched = true
		if reason := status.Blind[f.Signal]; reason != detectors.Sighted {
			why = reason
		} else if f.Detector == "burn" && f.Verdict == detectors.Blind && f.Blind != detectors.WarmingUp {
			why = f.Blind
		}
	}
	return watched, why
}
