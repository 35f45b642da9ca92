package app

import (
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot/engine"
	"github.com/firebreak-dev/firebreak/detectors"
)

// settings are what the engine goes by.
func (a *App) settings() engine.Settings {
	c := a.config
	s := engine.Settings{
		Services: c.services(), Group: c.Incidents, BaseURL: c.Server.URL, PollEvery: c.Watch.WithDefaults().Interval,
		Zone: c.zone(), Rollbacks: c.rollbacks(), Horizon: c.Suspects.WithDefaults().Horizon,
	}
	for _, o := range c.Objectives {
		o = o.WithDefaults()
		for _, w := range a.watched {
			if w.Signal.Name == o.Signal {
				s.Charted = append(s.Charted, engine.Charted{
					Service: o.Service, Signal: o.Signal, Title: w.Signal.Title, Unit: w.Signal.Unit, Objective: 1 - o.Target,
					ObjectiveName: o.Name, Falls: w.Signal.Worse == detectors.Down,
				})
			}
		}
	}
	for _, w := range a.watched {
		for _, id := range w.Series {
			if !slices.ContainsFunc(s.Charted, func(o engine.Charted) bool { return o.Service == id.Service && o.Signal == id.Signal }) {
				s.Charted = append(s.Charted, engine.Charted{
					Service: id.Service, Signal: id.Signal, Title: w.Signal.Title, Unit: w.Signal.Unit, Falls: w.Signal.Worse == detectors.Down,
				})
			}
		}
	}
	return s
}

// zone is the zone of the change windows, in which people here think.
func (c Config) zone() *time.Location {
	if zone, err := time.LoadLocation(c.Windows.Zone); err == nil && c.Windows.Zone != "" {
		return zone
	}
	return time.UTC
}

// rollbacks are the actions that services name as their rollback paths.
func (c Config) rollbacks() []string {
	var out []string
	for _, s := range c.Services {
		for _, action := range s.Rollback {
			out = append(out, action)
		}
	}
	return out
}
