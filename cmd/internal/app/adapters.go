package app

import (
	"context"
	"encoding/json"
	"slices"
	"sync/atomic"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/classify"
	"github.com/firebreak-dev/firebreak/bot/engine"
	"github.com/firebreak-dev/firebreak/bot/risk"
	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/bot/suspect"
	"github.com/firebreak-dev/firebreak/integrations/slack"
	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
)

// The types here join a port of one package to what another one offers. They decide nothing.

// latest is an announcer that is known later than those who announce: the cards it shows are made by the engine, which announces.
type latest struct {
	to atomic.Pointer[engine.Announcer]
	// woken is told that an incident changed, whether it is shown or not.
	woken func()
}

func (l *latest) use(a engine.Announcer) { l.to.Store(&a) }

// Update shows an incident's present state, where there is anything to show it on.
func (l *latest) Update(ctx context.Context, incident string) {
	l.woken()
	if a := l.to.Load(); a != nil {
		(*a).Update(ctx, incident)
	}
}

// documents keeps what the engine writes.
type documents struct{ db *store.DB }

// PutDocument keeps a document under its name.
func (d documents) PutDocument(ctx context.Context, name, incident, mediaType string, body []byte, at time.Time) error {
	return d.db.PutDocument(ctx, store.Document{Name: name, Incident: incident, MediaType: mediaType, Body: body, At: at})
}

// places keeps where Slack's cards stand.
type places struct{ db *store.DB }

// cardSpace is the memory space of Slack's cards.
const cardSpace = "slack-card"

// Remember keeps where an incident's card stands.
func (p places) Remember(ctx context.Context, incident string, place slack.Place) error {
	data, err := json.Marshal(place)
	if err != nil {
		return err
	}
	return p.db.Remember(ctx, cardSpace, incident, data)
}

// Recall tells where an incident's card stands.
func (p places) Recall(ctx context.Context, incident string) (slack.Place, bool, error) {
	data, found, err := p.db.Recall(ctx, cardSpace, incident)
	if err != nil || !found {
		return slack.Place{}, false, err
	}
	var place slack.Place
	return place, true, json.Unmarshal(data, &place)
}

// lateSource makes nouns of GitHub's deliveries; the client is made after the engine.
type lateSource struct{ app *App }

// Tell reads a delivery.
func (s lateSource) Tell(ctx context.Context, d bot.Delivery) (engine.Told, error) {
	told, err := s.app.vendors.github.Changes(ctx, d)
	pulls, protected := s.app.vendors.github.News(d)
	return engine.Told{Changes: told.Changes, Deployments: told.Deployments, Incomplete: told.Incomplete, Pulls: pulls, Protected: protected}, err
}

// language is the playbooks with what it takes to choose among them and to judge their conditions; it is complete once the
// catalogue of actions is known.
type language struct {
	set       *playbooks.Set
	evaluator evaluator
}

// Choose returns the plans that a trigger starts, and why not the others.
func (l *language) Choose(trigger string, scope expr.Scope) ([]playbooks.Plan, []string) {
	scope.Readings = l.evaluator.readings
	return l.set.Choose(trigger, scope)
}

// Plans are the playbooks that are in use.
func (l *language) Plans() []playbooks.Plan { return l.set.Plans() }

// Holds tells whether a waiting step's condition holds now.
func (l *language) Holds(condition string, scope expr.Scope) (bool, string, error) {
	return l.evaluator.Holds(condition, scope)
}

// With gives the parameters of a step the values that they would have now.
func (l *language) With(step playbooks.Step, scope expr.Scope) (map[string]any, error) {
	return l.evaluator.Render(step, scope)
}

// rules are the pure rules with the configuration that they work by.
type rules struct {
	Config
	known    []bot.Service
	calendar *windows
}

func newRules(c Config) (rules, error) {
	r := rules{Config: c, known: c.services()}
	var err error
	r.calendar, err = newWindows(c.Windows)
	return r, err
}

// Flags tells what made a change risky when it landed. Every touched service has its own wall clock; what holds for several is told
// once.
func (r rules) Flags(c bot.Change) []bot.Reason {
	var moment []bot.Reason
	if !c.MergedAt.IsZero() {
		moment = r.moment(c.MergedAt, c.Services)
	}
	return risk.Flags(c, moment, r.Risk.WithDefaults())
}

// moment is what the calendar says of landing a change of services at a time, each reason once.
func (r rules) moment(at time.Time, services []string) []bot.Reason {
	if len(services) == 0 {
		services = []string{""}
	}
	var out []bot.Reason
	for _, service := range services {
		for _, reason := range r.calendar.At(at, service).Reasons {
			if !slices.Contains(out, reason) {
				out = append(out, reason)
			}
		}
	}
	return out
}

// Classify gives a change its kinds, services and rollback path.
func (r rules) Classify(c bot.Change) bot.Change {
	return classify.Classify(r.Config.Classify.WithDefaults(), r.known, c)
}

// Rank ranks the suspects of an incident beside others.
func (r rules) Rank(now time.Time, in bot.Incident, others []bot.Incident, candidates []bot.Change) bot.Ranking {
	services := make(map[string]bot.Service, len(r.known))
	for _, s := range r.known {
		services[s.Name] = s
	}
	return suspect.RankBeside(now, in, others, candidates, services, r.Suspects)
}
