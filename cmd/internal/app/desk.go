package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/desk"
	"github.com/firebreak-dev/firebreak/detectors"
)

// buildDesk makes what serves people who write commands.
func (a *App) buildDesk() {
	a.desk = desk.New(desk.Parts{
		Reader: a.db, Operator: a.engine, Playbooks: a.engine, Rollbacks: undoer{a}, Calendar: almanac{a}, Landing: asker{a}, Rota: rota{a}, Switch: killSwitch{a}, Audit: auditor{a.db},
		Teller: composer{a}, Executing: a.executing,
		Budgets: a.promised, Blind: a.blind, Who: a.config.People.Who, URL: a.address, Zone: a.config.zone(),
		Now: a.options.Clock.Now, Logger: a.logger,
	})
}

// address is that of the pages, once there are some.
func (a *App) address() string {
	if a.server == nil {
		return a.config.Server.URL
	}
	return a.server.URL()
}

// clerk hands what people write in Slack to the desk.
type clerk struct{ a *App }

// Command carries out a line of a Slack user.
func (c clerk) Command(ctx context.Context, line, user string) bot.Answer {
	return c.a.desk.Do(ctx, line, c.person(ctx, user))
}

// Decide answers an approval by a button.
func (c clerk) Decide(ctx context.Context, approval string, decision bot.Decision, user string) (bot.Approval, error) {
	return c.a.desk.Press(ctx, approval, decision, c.person(ctx, user))
}

// Acknowledge says by a button that the user is on it.
func (c clerk) Acknowledge(ctx context.Context, incident, user string) error {
	return c.a.desk.Acknowledge(ctx, incident, c.person(ctx, user))
}

// Judge says by a button whether a change was it.
func (c clerk) Judge(ctx context.Context, incident string, v bot.Verdict) (bot.Incident, error) {
	return c.a.desk.Judge(ctx, incident, v, c.person(ctx, v.By))
}

// person tells who a Slack user is. A group or an address that cannot be read gives no role, and the person is told so where one was wanting.
func (c clerk) person(ctx context.Context, user string) bot.Person {
	known := c.a.config.People
	in, unread := c.a.vendors.slack.Within(ctx, user, known.SlackGroups())
	var doubts []string
	if len(unread) > 0 {
		doubts = append(doubts, "who is in "+strings.Join(unread, ", ")+" could not be read from Slack")
	}
	address, err := c.address(ctx, user)
	if err != nil {
		doubts = append(doubts, "your e-mail address could not be read from Slack")
	}
	p := known.OfSlack(user, address, in)
	p.Doubt = strings.Join(doubts, "; ")
	return p
}

// address is the e-mail address of a user, where a member may be known by it only.
func (c clerk) address(ctx context.Context, user string) (string, error) {
	if !c.a.config.People.Addressed(user) {
		return "", nil
	}
	return c.a.vendors.slack.Address(ctx, user)
}

// promised are the objectives with what is left of their budgets; of what cannot be seen it is said why.
func (a *App) promised() []bot.Budget {
	out := make([]bot.Budget, 0, len(a.config.Objectives))
	now := a.options.Clock.Now()
	for _, o := range a.config.Objectives {
		o = o.WithDefaults()
		b := bot.Budget{
			Service: o.Service, Environment: o.Environment, Objective: o.Name, Signal: o.Signal, Target: o.Target, Period: o.Period, Days: o.Period.Hours() / 24,
			Blind: "nothing is watched",
		}
		if a.watch != nil {
			r := a.readings()
			sum := r.windows.Sum(detectors.SeriesID{Signal: o.Signal, Service: o.Service, Environment: o.Environment}, r.end(now), o.Period)
			switch {
			case sum.Blind != detectors.Sighted:
				b.Blind = strings.ReplaceAll(string(sum.Blind), "_", " ")
			case sum.Total <= 0:
				b.Blind = "no traffic"
			default:
				b.Blind, b.Left = "", 1-sum.Bad/(sum.Total*(1-o.Target))
			}
		}
		out = append(out, b)
	}
	return out
}

// blind tells in words what cannot be seen.
func (a *App) blind() []string {
	if a.watch == nil {
		return nil
	}
	var out []string
	for signal, why := range a.watch.Status().Blind {
		out = append(out, signal+" ("+strings.ReplaceAll(string(why), "_", " ")+")")
	}
	slices.Sort(out)
	return out
}

// asker judges pull requests of which somebody asks.
type asker struct{ a *App }

// Landing judges landing one now. Only repositories of services are looked at: whoever writes in Slack shall not read others through
// Firebreak's token.
func (r asker) Landing(ctx context.Context, repository string, number int) (bot.Judged, error) {
	if r.a.vendors.github == nil {
		return bot.Judged{}, bot.Errorf(bot.Unavailable, "Firebreak has no access to GitHub: set the github section")
	}
	for _, s := range r.a.config.Services {
		for _, known := range s.Repositories {
			if strings.EqualFold(known.Name, repository) {
				return r.a.landing.to.Asked(ctx, repository, number)
			}
		}
	}
	return bot.Judged{}, bot.Errorf(bot.NotFound, "%s is no repository of a service that is watched", repository)
}

// killSwitch turns the kill switch, and writes down who did.
type killSwitch struct{ a *App }

// Stopped tells how it stands.
func (k killSwitch) Stopped(ctx context.Context) (bot.Stop, error) { return k.a.engine.Stopped(ctx) }

// Stop turns it.
func (k killSwitch) Stop(ctx context.Context, s bot.Stop) (bot.Stop, error) {
	before, err := k.a.engine.Stopped(ctx)
	if err != nil {
		return before, err
	}
	after, err := k.a.engine.Stop(ctx, s)
	if err != nil || before.On == after.On {
		return after, err
	}
	action := "actions.lifted"
	if after.On {
		action = "actions.stopped"
	}
	err = auditor{k.a.db}.Note(ctx, k.a.options.Clock.Now(), s.By, action, "", strings.TrimSpace(s.Via+" "+s.Reason))
	if err != nil { // it is turned, which matters more
		k.a.logger.ErrorContext(ctx, "who turned the kill switch could not be written down", "by", s.By, "at", time.Now(), "error", err)
	}
	return after, nil
}
