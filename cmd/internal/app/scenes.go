package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/calendar"
	"github.com/firebreak-dev/firebreak/bot/check"
	"github.com/firebreak-dev/firebreak/bot/classify"
	"github.com/firebreak-dev/firebreak/bot/landing"
	"github.com/firebreak-dev/firebreak/bot/owners"
	"github.com/firebreak-dev/firebreak/bot/risk"
	"github.com/firebreak-dev/firebreak/detectors"
)

// scenes are the moments in which pull requests are judged.
type scenes struct {
	app *App
	// services are all services by name.
	services map[string]bot.Service

	mu sync.Mutex
	// last is the scene that was taken in last, taken when, by the machine's clock; zero when it is stale.
	last  *scene
	taken time.Time
	// budgets are the error budgets as they were counted last.
	budgets []bot.Budget
	counted time.Time
	// opened is what the calendar said last, by service.
	opened map[string]opened
	// undone is what was taken back, by repository.
	undone map[string]undone
	// sorted are the classified changes of pull requests, by ID and revision.
	sorted map[string]sorted
}

var _ landing.Rules = (*scenes)(nil)

// sorted is a change with its kinds and services, and the kinds of its paths.
type sorted struct {
	change bot.Change
	kinds  map[string]bot.Kind
}

const (
	// sceneFor is how long what was read of the database is believed, unless somebody tells that it changed.
	sceneFor = time.Second
	// budgetsFor is how long error budgets are believed: they are counted over weeks.
	budgetsFor = 30 * time.Second
	// openedFor is how long what the calendar said is believed without asking again.
	openedFor  = time.Hour
	mostSorted = 5_000
	// undoneFor is how long what was taken back is believed.
	undoneFor  = 5 * time.Second
	mostUndone = 500
)

func newScenes(a *App) *scenes {
	s := &scenes{app: a, services: map[string]bot.Service{}, sorted: map[string]sorted{}, undone: map[string]undone{}, opened: map[string]opened{}}
	for _, service := range a.config.services() {
		s.services[service.Name] = service
	}
	return s
}

// stale has the next scene be taken in anew.
func (s *scenes) stale() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = time.Time{}
}

// scene is one moment.
type scene struct {
	*scenes
	now time.Time
	// incidents are those that are open and those that were resolved of late; open are the former.
	incidents, open []bot.Incident
	findings        []detectors.Finding
	left            []bot.Budget
}

var _ landing.Scene = (*scene)(nil)

// recentIncidents is how many incidents are looked at.
const recentIncidents = 500

// Look takes in what is known now.
func (s *scenes) Look(ctx context.Context, now time.Time) (landing.Scene, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last != nil && time.Since(s.taken) < sceneFor {
		next := *s.last
		next.now = now
		return &next, nil
	}
	next := &scene{scenes: s, now: now}
	var err error
	if next.incidents, err = s.app.db.Incidents(ctx, bot.IncidentQuery{Limit: recentIncidents}); err != nil {
		return nil, err
	}
	for _, in := range next.incidents {
		if in.State != bot.Resolved {
			next.open = append(next.open, in)
		}
	}
	if s.app.watch != nil {
		next.findings = s.app.watch.Findings()
		if next.left = s.budgets; time.Since(s.counted) >= budgetsFor {
			next.left, s.counted = s.app.promised(), time.Now()
			s.budgets = next.left
		}
	}
	s.last, s.taken = next, time.Now()
	return next, nil
}

// sort classifies a pull request once for each of its heads.
func (s *scene) sort(p bot.Pull) sorted {
	key := fmt.Sprintf("%s@%s+%d", p.Change.ID, p.Change.Revision, len(p.Change.Inputs))
	s.mu.Lock()
	defer s.mu.Unlock()
	have, known := s.sorted[key]
	if !known {
		rules := s.app.config.Classify.WithDefaults()
		plain := p.Change
		plain.Kind, plain.Kinds, plain.Services, plain.Rollback = "", nil, nil, ""
		have = sorted{s.app.rules.Classify(plain), map[string]bot.Kind{}}
		for _, f := range p.Files {
			if kind := classify.KindOf(rules, p.Change.Repository, f.Path); kind != "" {
				have.kinds[f.Path] = kind
			}
		}
		if len(s.sorted) >= mostSorted {
			clear(s.sorted)
		}
		s.sorted[key] = have
	}
	// What a review or a label changes is not part of the key.
	c := p.Change
	c.Kind, c.Kinds, c.Services, c.Rollback = have.change.Kind, have.change.Kinds, have.change.Services, have.change.Rollback
	return sorted{c, have.kinds}
}

// Assess judges landing a pull request now.
func (s *scene) Assess(ctx context.Context, p bot.Pull) landing.Assessed {
	known := s.sort(p)
	c := known.change
	facts := risk.Facts{
		Reviews: true, Incidents: true, Budgets: s.left, Files: p.Total, Lines: p.Lines, Committed: p.Committed, Reviewed: p.Reviewed,
		Owners: p.Owners, Asked: p.Asked, Canary: s.app.config.canaried(c.Services),
	}
	for _, g := range p.Owned {
		facts.Owned = append(facts.Owned, owners.Group{Owners: g.Owners, Paths: g.Paths})
	}
	if past, err := s.app.history(ctx, s.now, c); err == nil { // what cannot be read is said to be unknown
		facts.History = &past
	}
	if e := p.Evaluation; e != nil {
		facts.Evaluation = &risk.Evaluation{Answer: e.Answer, At: e.At}
	}
	openings, moment := s.openings(c.Services)
	return landing.Assessed{
		Assessment: risk.Judge(s.now, c, facts, moment, s.open, s.services, s.app.config.Risk.WithDefaults()),
		Change:     c, Kinds: known.kinds, Openings: openings,
	}
}

// openings are what the calendar says of services now, and its reasons, each once. When it says something else next is searched for up to
// a year ahead, so what it said holds until then, unless the calendar is another.
func (s *scene) openings(services []string) (out []bot.Opening, moment []bot.Reason) {
	if len(services) == 0 {
		services = []string{""}
	}
	windows := s.app.rules.calendar
	current := windows.current.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, service := range services {
		o, known := s.opened[service]
		if !known || o.by != current || s.now.Before(o.At) || (!o.Next.IsZero() && !s.now.Before(o.Next)) || s.now.Sub(o.At) >= openedFor {
			o = opened{windows.Opening(s.now, service), current}
			s.opened[service] = o
		}
		out = append(out, o.Opening)
		for _, reason := range o.Reasons {
			if !slices.Contains(moment, reason) {
				moment = append(moment, reason)
			}
		}
	}
	return out, moment
}

// opened is what the calendar said of a service, and which calendar it was.
type opened struct {
	bot.Opening
	by *calendar.Calendar
}

// Watched tells how a change has gone since it landed.
func (s *scene) Watched(ctx context.Context, c bot.Change, since time.Time) check.Watched {
	out := check.Watched{Reverted: s.reverts(ctx, c.Repository, since)[c.ID]}
	for _, in := range s.incidents {
		if !slices.Contains(c.Services, in.Service) || in.OpenedAt.Before(since) {
			continue
		}
		seen := check.WatchedIncident{ID: in.ID, Title: in.Title, Service: in.Service, Resolved: in.State == bot.Resolved}
		if base := s.app.config.Server.URL; base != "" {
			seen.URL = strings.TrimRight(base, "/") + "/incidents/" + in.ID
		}
		for _, suspect := range in.Ranking.Suspects {
			if suspect.Change == c.ID {
				seen.Probability = suspect.Probability
			}
		}
		out.Incidents = append(out.Incidents, seen)
	}
	for _, f := range s.findings {
		if !slices.Contains(c.Services, f.Service) {
			continue
		}
		switch f.Verdict {
		case detectors.Firing:
			out.Firing = append(out.Firing, f.Service+" "+f.Signal+" ("+f.Detector+")") // its title changes with every look
		case detectors.Blind:
			if f.Blind != detectors.WarmingUp {
				out.Blind = append(out.Blind, f.Service+" "+f.Signal+": "+string(f.Blind))
			}
		case detectors.Quiet:
		}
	}
	slices.Sort(out.Firing)
	slices.Sort(out.Blind)
	out.Blind = slices.Compact(out.Blind)
	return out
}

// reverts are the changes to a repository that were taken back since a time, each with the change that did so. What cannot be read is
// looked for the next time.
func (s *scenes) reverts(ctx context.Context, repository string, since time.Time) map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	have := s.undone[repository]
	if time.Since(have.read) < undoneFor && !have.since.After(since) {
		return have.by
	}
	changes, err := s.app.db.Changes(ctx, bot.ChangeQuery{Repository: repository, From: since, Limit: 1000})
	if err != nil {
		return have.by
	}
	next := undone{by: map[string]string{}, since: since, read: time.Now()}
	for _, c := range changes {
		if c.Reverts != "" {
			next.by[c.Reverts] = cmp.Or(c.Title, c.ID)
		}
	}
	if len(s.undone) >= mostUndone {
		clear(s.undone)
	}
	s.undone[repository] = next
	return next.by
}

// undone is what was taken back in a repository since a time, as it was read last.
type undone struct {
	by          map[string]string
	since, read time.Time
}

// Promotion tells whether a deployment that waits may go on: the services that own something of its repository in that environment all
// have to let it.
func (s *scene) Promotion(ctx context.Context, d bot.Protected) bot.Promotion {
	c := s.app.rules.Classify(bot.Change{Repository: d.Repository, Environment: d.Environment, Revision: d.Revision})
	if len(c.Services) == 0 {
		return bot.Promotion{Answer: bot.Hold, Sentence: "no service is known that owns " + d.Repository + " in " + d.Environment + "; name one in the configuration, or let a person approve"}
	}
	worst := bot.Promotion{Answer: bot.Go}
	for i, service := range c.Services {
		p, err := gatekeeper{s.app}.Promotion(ctx, service, d.Environment)
		if err != nil {
			p = bot.Promotion{Answer: bot.Hold, Sentence: "what is known of " + service + " cannot be read now"}
		}
		if i == 0 || graver(p.Answer, worst.Answer) {
			worst = p
		}
	}
	return worst
}

// graver tells whether one answer lets less through than another.
func graver(a, b string) bool {
	order := []string{bot.Go, bot.Hold, bot.Back}
	return slices.Index(order, a) > slices.Index(order, b)
}
