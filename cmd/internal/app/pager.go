package app

import (
	"context"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/engine"
	whose "github.com/firebreak-dev/firebreak/bot/paging"
	"github.com/firebreak-dev/firebreak/integrations/pagerduty"
)

// latePager makes nouns of PagerDuty's webhooks; the client is made after the engine.
type latePager struct{ app *App }

var _ engine.Source = latePager{}

// Tell reads a delivery.
func (p latePager) Tell(ctx context.Context, d bot.Delivery) (bot.Told, error) {
	return p.app.vendors.pagerduty.Tell(ctx, d)
}

// buildMirror has PagerDuty told of what is acknowledged and resolved here. A dry run tells nobody.
func (a *App) buildMirror() {
	if a.vendors.pagerduty == nil || a.options.DryRun {
		return
	}
	a.vendors.mirror = a.vendors.pagerduty.Mirror(pagerduty.MirrorOptions{
		Incidents: a.db, Owed: func(in bot.Incident) string { return string(whose.Owed(in)) }, Hear: a.engine.HearPages, Logger: a.logger,
	})
	all := several{a.vendors.mirror}
	if before := a.announcer.to.Load(); before != nil {
		all = append(all, *before)
	}
	a.announcer.use(all)
}

// buildBriefer has what is known written onto PagerDuty's incidents, where there is a token and a name to write in.
func (a *App) buildBriefer() {
	if a.vendors.pagerduty == nil || a.options.DryRun || !a.config.PagerDuty.Writes() {
		return
	}
	a.vendors.briefer = a.vendors.pagerduty.Briefer(pagerduty.BrieferOptions{Brief: a.brief, Hear: a.engine.HearPages, Logger: a.logger})
}

// brief is what is known of a service for something that began at a time.
func (a *App) brief(ctx context.Context, service string, at time.Time) (bot.Brief, error) {
	findings, err := a.db.Findings(ctx)
	if err != nil {
		return bot.Brief{}, err
	}
	return a.engine.Brief(ctx, service, at, findings)
}

// lateBriefer hears of pages; the briefer is made after the engine.
type lateBriefer struct{ app *App }

var _ engine.Briefer = lateBriefer{}

// Paged has a page briefed, where anybody does that.
func (b lateBriefer) Paged(ctx context.Context, n bot.PageNews) {
	if briefer := b.app.vendors.briefer; briefer != nil {
		briefer.Paged(ctx, n)
	}
}

// buildHerald has PagerDuty told of changes.
func (a *App) buildHerald() {
	if a.vendors.pagerduty == nil || a.options.DryRun || !a.config.pagerDuty().Heralds() {
		return
	}
	a.vendors.herald = a.vendors.pagerduty.Herald(pagerduty.HeraldOptions{Changes: a.db.Changes, Logger: a.logger})
}

// lateHerald hears of changes; who tells of them is made after the engine.
type lateHerald struct{ app *App }

var _ engine.Herald = lateHerald{}

// Changed has a change told, where anybody wants to hear.
func (h lateHerald) Changed(ctx context.Context, c bot.Change) {
	if herald := h.app.vendors.herald; herald != nil {
		herald.Changed(ctx, c)
	}
}

// several are told one after the other; none of them blocks.
type several []engine.Announcer

// Update shows an incident's present state to all.
func (s several) Update(ctx context.Context, incident string) {
	for _, a := range s {
		a.Update(ctx, incident)
	}
}
