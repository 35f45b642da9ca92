package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/group"
	"github.com/firebreak-dev/firebreak/detectors"
)

// Parts are what the engine stands on. All are needed but Windows, without which incidents have no chart, Freezes, without which
// nobody can start one, Pulls, without which pull requests have no check, and Briefer, without which pages of others are not briefed.
type Parts struct {
	Timeline   Timeline
	Findings   Findings
	Ledger     Ledger
	Inbox      Inbox
	Approvals  Approvals
	Freezes    Freezes
	Pulls      Pulls
	Runs       Runs
	Memory     Memory
	Documents  Documents
	Playbooks  Playbooks
	Conditions Conditions
	Announcer  Announcer
	Briefer    Briefer
	Herald     Herald
	Calendar   Calendar
	Classifier Classifier
	Ranker     Ranker
	Windows    detectors.Windows
	// Sources make nouns of deliveries, by the delivery's source.
	Sources  map[string]Source
	Now      func() time.Time
	Logger   *slog.Logger
	Tracer   trace.Tracer
	Registry prometheus.Registerer
}

// Settings are what the configuration says. They are replaced as a whole on reload.
type Settings struct {
	Services []bot.Service
	Group    group.Config
	// BaseURL is the address under which people reach the pages.
	BaseURL string
	// Zone is the zone in which times are told, UTC when nil.
	Zone *time.Location
	// PollEvery is how often a waiting condition is looked at.
	PollEvery time.Duration
	// Charted are the signals and objectives that charts are drawn from.
	Charted []Charted
	// Horizon is how long before the onset changes are looked for; zero means a week.
	Horizon time.Duration
	// Rollbacks are the names of the actions that undo a change.
	Rollbacks []string
}

// Charted says how a signal of a service is drawn.
type Charted struct {
	Service, Signal, Title, Unit string
	// Falls tells that the signal is bad when it falls.
	Falls bool
	// Objective is the value of the objective's line, zero where there is none.
	Objective float64
	// ObjectiveName names it.
	ObjectiveName string
}

// Engine puts the rules in order. Its methods may be called from several goroutines.
type Engine struct {
	parts   Parts
	metrics metrics

	settingsMu sync.RWMutex
	settings   Settings
	runner     Runner

	// placing is held while incidents are judged, so that two findings cannot both open one.
	placing sync.Mutex
	// pending are triggers whose runs have not begun yet, news are firing findings that are mere information, by key, and ranked is
	// when the suspects of unresolved incidents were last ranked. Open are the unresolved incidents as they were last seen, and crowded
	// tells that one was opened beside others that may have the same cause. All are guarded by placing.
	pending []trigger
	news    map[string]detectors.Finding
	ranked  map[string]time.Time
	open    []bot.Incident
	crowded bool
	// hit are the services of which the findings that are placed say that they burn, and since when; guarded by placing.
	hit map[string]time.Time

	// partial are the deliveries that are read again; only the inbox worker touches it.
	partial partial
	// stopped is how the kill switch stood when it was last looked at.
	stopped atomic.Pointer[bot.Stop]
	// arrived tells the inbox worker that there is something to do.
	arrived chan struct{}
}

// New makes an engine. Run it with UseRunner first: runs need handlers, and some handlers are the engine's own.
func New(parts Parts, settings Settings) *Engine {
	return &Engine{
		parts: parts, settings: settings, metrics: newMetrics(parts.Registry, parts.Sources), arrived: make(chan struct{}, 1), partial: partial{},
		news: map[string]detectors.Finding{}, ranked: map[string]time.Time{},
	}
}

// UseRunner gives the engine what executes runs. It is called once, before anything is observed.
func (e *Engine) UseRunner(r Runner) { e.runner = r }

// Reload replaces the settings. What is under way ends as it began.
func (e *Engine) Reload(s Settings) {
	e.settingsMu.Lock()
	defer e.settingsMu.Unlock()
	e.settings = s
}

func (e *Engine) current() Settings {
	e.settingsMu.RLock()
	defer e.settingsMu.RUnlock()
	return e.settings
}

func (e *Engine) service(name string) bot.Service {
	for _, s := range e.current().Services {
		if s.Name == name {
			return s
		}
	}
	return bot.Service{Name: name}
}

// unresolved are the incidents that findings may belong to.
func (e *Engine) unresolved(ctx context.Context) ([]bot.Incident, error) {
	return e.parts.Timeline.Incidents(ctx, bot.IncidentQuery{
		States: []bot.State{bot.Open, bot.Acknowledged, bot.Mitigated}, Limit: 1000,
	})
}

// resolvedSpan is how long ago an incident may have been resolved for a slow window still to remember it: that of the longest pair.
const resolvedSpan = 3 * 24 * time.Hour

// placeable are the incidents that Place looks at: the unresolved ones, and those resolved of late, which nothing joins.
func (e *Engine) placeable(ctx context.Context) ([]bot.Incident, error) {
	open, err := e.unresolved(ctx)
	if err != nil {
		return nil, err
	}
	resolved, err := e.parts.Timeline.Incidents(ctx, bot.IncidentQuery{States: []bot.State{bot.Resolved}, Limit: 100})
	if err != nil {
		return nil, err
	}
	for _, in := range resolved {
		if e.parts.Now().Sub(in.ResolvedAt) < resolvedSpan {
			open = append(open, in)
		}
	}
	return open, nil
}

// Observe takes what the detectors said. It implements the watch's sink; an error means that it wants to be told again.
//
// Services are looked at one after the other, the most urgent first, and everything that follows for one is begun before the next:
// when many fail at once, the first page does not wait for the last incident.
func (e *Engine) Observe(ctx context.Context, findings []detectors.Finding) error {
	if len(findings) == 0 {
		return nil
	}
	ctx, span := e.parts.Tracer.Start(ctx, "engine.Observe")
	defer span.End()
	e.placing.Lock()
	defer e.placing.Unlock()

	open, err := e.placeable(ctx)
	if err != nil {
		return fmt.Errorf("read incidents: %w", err)
	}
	e.open, e.crowded, e.hit = slices.Clone(open), false, hitBy(findings)
	var errs []error
	learnt, err := e.takeNews(ctx, findings)
	if err != nil {
		errs = append(errs, err)
	}
	groups := byScope(findings)
	e.upstreamFirst(groups)
	for _, together := range groups {
		touched := newTouched()
		for _, f := range together {
			e.metrics.findings.WithLabelValues(f.Detector, string(f.Verdict)).Inc()
			if open, err = e.place(ctx, f, open, touched); err != nil {
				errs = append(errs, err)
				break
			}
		}
		e.follow(ctx, touched)
	}
	if learnt || e.crowded {
		if err := e.rankAgain(ctx); err != nil {
			errs = append(errs, err)
		}
	}
	// Waking people comes before keeping books.
	if err := e.parts.Findings.SaveFindings(ctx, findings); err != nil {
		errs = append(errs, fmt.Errorf("keep findings: %w", err))
	}
	return errors.Join(errs...)
}

// byScope groups findings by service and environment, which share an incident.
func byScope(findings []detectors.Finding) [][]detectors.Finding {
	type scope struct{ service, environment string }
	index := map[scope]int{}
	var groups [][]detectors.Finding
	for _, f := range findings {
		of := scope{f.Service, f.Environment}
		i, known := index[of]
		if !known {
			i = len(groups)
			index[of], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], f)
	}
	return groups
}

// urgency is the rank of the most severe finding that fires.
func urgency(together []detectors.Finding) int {
	most := 0
	for _, f := range together {
		if f.Verdict == detectors.Firing {
			most = max(most, f.Severity.Rank())
		}
	}
	return most
}

// place puts one finding where it belongs and returns the open incidents as they are then.
func (e *Engine) place(ctx context.Context, f detectors.Finding, open []bot.Incident, touched *touched) ([]bot.Incident, error) {
	decision := group.Place(e.parts.Now(), f, open, e.current().Group)
	e.parts.Logger.DebugContext(ctx, "placed", "finding", f.Key, "verdict", string(f.Verdict), "incident", decision.Incident,
		"transition", string(decision.Transition), "why", decision.Why)
	if len(decision.Entries) == 0 {
		return open, nil
	}
	added, err := e.parts.Timeline.Append(ctx, decision.Entries...)
	if err != nil {
		return open, fmt.Errorf("append to timeline: %w", err)
	}
	if len(added) == 0 {
		return open, nil
	}
	e.metrics.transitions.WithLabelValues(string(decision.Transition)).Inc()
	incident, err := e.parts.Timeline.Incident(ctx, decision.Incident)
	if err != nil {
		e.pending = append(e.pending, triggersOf(decision.Incident, added)...) // it is not told again: the timeline has it
		return open, fmt.Errorf("read incident: %w", err)
	}
	if decision.Transition == group.Opened {
		noted, err := e.tellNews(ctx, incident)
		if err != nil {
			e.parts.Logger.ErrorContext(ctx, "what else is known could not be noted", "incident", incident.ID, "error", err)
		}
		added = append(added, noted...)
	}
	touched.add(incident, added)
	return replaceIncident(open, incident), nil
}

// Tick does what time alone brings: recovery and resolution, and whatever could not be done before.
func (e *Engine) Tick(ctx context.Context, judged time.Time) error {
	e.placing.Lock()
	defer e.placing.Unlock()
	open, err := e.unresolved(ctx)
	if err != nil {
		return fmt.Errorf("read open incidents: %w", err)
	}
	e.metrics.open.Set(float64(len(open)))
	e.open = slices.Clone(open)
	touched := newTouched()
	var errs []error
	for _, incident := range open {
		entries := group.Tick(e.parts.Now(), judged, incident, e.current().Group)
		if len(entries) == 0 {
			continue
		}
		added, err := e.parts.Timeline.Append(ctx, entries...)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if incident, err = e.parts.Timeline.Incident(ctx, incident.ID); err != nil {
			errs = append(errs, err)
			continue
		}
		touched.add(incident, added)
	}
	errs = append(errs, e.releaseAll(ctx, touched))
	e.startPending(ctx)
	e.follow(ctx, touched)
	again := newTouched()
	errs = append(errs, e.lookAgain(ctx, untouched(open, touched), again))
	e.follow(ctx, again)
	return errors.Join(errs...)
}

// untouched are the incidents to which nothing was added.
func untouched(open []bot.Incident, t *touched) []bot.Incident {
	return slices.DeleteFunc(open, func(in bot.Incident) bool { _, is := t.incidents[in.ID]; return is })
}

// Acknowledge notes that somebody is on it.
func (e *Engine) Acknowledge(ctx context.Context, incident, by string) error {
	in, err := e.parts.Timeline.Incident(ctx, incident)
	if err != nil {
		return err
	}
	if in.State == bot.Resolved {
		return bot.Errorf(bot.Conflict, "the incident was resolved at %s", in.ResolvedAt.UTC().Format(time.RFC3339))
	}
	now := e.parts.Now()
	key := "acknowledged"
	if !in.Page.At.IsZero() { // it may have been dropped at the pager since
		key += "/" + in.Page.At.UTC().Format(time.RFC3339Nano)
	}
	if !in.AcknowledgedAt.IsZero() {
		return nil
	}
	_, err = e.parts.Timeline.Append(ctx, bot.Entry{
		ID: bot.NewID("ent", now), Incident: incident, At: now, Kind: bot.EntryAcknowledged, Key: key,
		Actor: by, Sentence: "acknowledged by " + by,
	})
	if err == nil {
		e.parts.Announcer.Update(ctx, incident)
	}
	return err
}

// replaceIncident puts the newest form of an incident into the list.
func replaceIncident(list []bot.Incident, in bot.Incident) []bot.Incident {
	for i := range list {
		if list[i].ID == in.ID {
			list[i] = in
			return list
		}
	}
	return append(list, in)
}
