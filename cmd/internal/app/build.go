package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/check"
	"github.com/firebreak-dev/firebreak/bot/engine"
	"github.com/firebreak-dev/firebreak/bot/server"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/watch"
	"github.com/firebreak-dev/firebreak/integrations/events"
	"github.com/firebreak-dev/firebreak/integrations/github"
	"github.com/firebreak-dev/firebreak/integrations/pagerduty"
	"github.com/firebreak-dev/firebreak/integrations/prometheus"
	"github.com/firebreak-dev/firebreak/integrations/slack"
	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/durable"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

// buildWatch makes what asks and judges. Findings reach the engine by a sink that is made before the engine is.
func (a *App) buildWatch(context.Context) error {
	if a.config.Prometheus.URL == "" {
		return nil
	}
	client, err := prometheus.NewClient(a.config.Prometheus, nil)
	if err != nil {
		return err
	}
	a.onClose("prometheus", func(context.Context) error { client.Close(); return nil })
	signals, err := a.config.signals()
	if err != nil {
		return err
	}
	asked, err := prometheus.NewSource(client, signals, prometheus.Targets(a.config.services(), a.config.Prometheus.EnvironmentLabel))
	if err != nil {
		return err
	}
	source := sources{Source: asked, inbox: a.db, from: a.config.deliverers()}
	a.watched = source.Watched()
	judges, err := a.config.detectors(a.watched)
	if err != nil {
		return err
	}
	config := a.config.Watch
	config.Now, config.Wait = a.options.Clock.Now, a.options.Clock.Wait
	a.watch, err = watch.New(config, watch.Parts{
		Source: source, Sink: sink{a}, Tiles: a.db, Signals: a.watched, Detectors: judges,
		Log: a.logger, Registry: a.registry, Tracer: a.tracing.Tracer("watch"),
	})
	if err == nil {
		a.onClose("watch", a.watch.Save)
	}
	return err
}

// sink hands findings to the engine, which is made after the watch.
type sink struct{ a *App }

// Observe hands findings on; services whose risky change has just landed are looked at more closely.
func (s sink) Observe(ctx context.Context, findings []detectors.Finding) error {
	if watched := s.a.landing.to.Watched(); len(watched) > 0 {
		findings = slices.Clone(findings)
		for i := range findings {
			findings[i] = check.Closely(s.a.options.Clock.Now(), findings[i], watched)
		}
	}
	return s.a.engine.Observe(ctx, findings)
}

// buildEngine makes the order of things. Playbooks and conditions follow when the catalogue of actions is known.
func (a *App) buildEngine(ctx context.Context) error {
	a.announcer, a.landing = &latest{woken: a.wakeChecks}, &lateLanding{}
	a.language = &language{}
	rules, err := newRules(a.config)
	if err != nil {
		return err
	}
	a.rules = rules
	if err := a.buildWindows(ctx); err != nil {
		return err
	}
	parts := engine.Parts{
		Timeline: a.db, Findings: a.db, Ledger: a.db, Inbox: a.db, Approvals: a.db, Freezes: freezer{a}, Pulls: a.landing, Runs: a.db, Memory: a.db,
		Documents: documents{a.db}, Playbooks: a.language, Conditions: a.language, Announcer: a.announcer,
		Calendar: rules, Classifier: rules, Ranker: rules, Sources: map[string]engine.Source{},
		Now: a.options.Clock.Now, Logger: a.logger, Tracer: a.tracing.Tracer("engine"), Registry: a.registry, Briefer: lateBriefer{a}, Herald: lateHerald{a},
	}
	if a.config.GitHub.Enabled() {
		parts.Sources["github"] = lateSource{a}
	}
	if a.config.PagerDuty.Listens() {
		parts.Sources["pagerduty"] = latePager{a}
	}
	parts.Sources["api"] = events.Recorded{}
	a.inbound = a.config.inbound(a.options.Clock.Now)
	for name, source := range a.inbound {
		parts.Sources[name] = source
	}
	if a.watch != nil {
		parts.Windows = a.watch.Windows()
	}
	a.engine = engine.New(parts, a.settings())
	return nil
}

// vendors are the integrations that are configured; nil where one is not.
type vendors struct {
	github    *github.Client
	slack     *slack.Client
	announcer *slack.Announcer
	homes     *slack.Homes
	buttons   *slack.Handler
	socket    *slack.Socket
	pagerduty *pagerduty.Client
	mirror    *pagerduty.Mirror
	briefer   *pagerduty.Briefer
	herald    *pagerduty.Herald
}

// buildVendors makes the integrations that are configured.
func (a *App) buildVendors(context.Context) (err error) {
	a.buildDesk()
	now := a.options.Clock.Now
	if a.config.GitHub.Enabled() {
		a.vendors.github, err = github.New(a.config.GitHub, github.Options{
			Changes: a.db, Pins: a.config.pins(), Registerer: a.registry, Tracer: a.tracing, Logger: a.logger, Now: now, Wait: a.options.Clock.Wait,
		})
		if err != nil {
			return err
		}
		a.onClose("github", func(context.Context) error { a.vendors.github.Close(); return nil })
	}
	if pd := a.config.pagerDuty(); pd.Enabled() {
		a.vendors.pagerduty = pagerduty.New(pd, pagerduty.Options{
			Cards: a.engine, Memory: a.db, Incidents: a.db, Services: a.config.paged(), Hours: a.config.hours(), People: a.config.People, Registerer: a.registry, Tracer: a.tracing, Now: now,
		})
		a.onClose("pagerduty", func(context.Context) error { a.vendors.pagerduty.Close(); return nil })
	}
	if a.config.Slack.Enabled() {
		a.buildSlack()
	}
	a.buildMirror()
	a.buildBriefer()
	a.buildHerald()
	a.digests, a.host = a.buildDigests(), a.buildHost()
	return nil
}

func (a *App) buildSlack() {
	channels := map[string]string{}
	for _, s := range a.config.Services {
		channels[s.Name] = s.Slack
	}
	// Signatures and hints carry Slack's own time, so Slack lives by the machine's clock.
	a.vendors.slack = slack.New(a.config.Slack, slack.Options{
		Cards: a.engine, Memory: places{a.db}, Channel: func(service string) string { return channels[service] },
		Registerer: a.registry, Tracer: a.tracing, Logger: a.logger, Clock: a.options.Clock.Now,
	})
	a.vendors.announcer = a.vendors.slack.Announcer()
	a.vendors.homes = a.vendors.slack.Homes(clerk{a})
	a.announcer.use(shown{a.vendors.announcer, a.vendors.homes, a.logger})
	a.vendors.buttons = a.vendors.slack.Handler(slack.HandlerOptions{
		Commander: clerk{a}, Decider: clerk{a}, Acknowledger: clerk{a}, Judge: clerk{a}, Forms: clerk{a}, Homes: a.vendors.homes,
		Updater: a.vendors.announcer, Registerer: a.registry,
	})
	if a.config.Slack.AppToken.IsSet() {
		a.vendors.socket = a.vendors.slack.Socket(a.vendors.buttons)
	}
	a.onClose("slack", func(ctx context.Context) error {
		err := a.vendors.buttons.Close(ctx)
		a.vendors.slack.Close()
		return err
	})
}

// actions lists everything that playbooks may call. This is the one catalogue.
func (a *App) actions() []playbooks.Bound {
	out := a.engine.Actions()
	if a.config.GitHub.CanAct() {
		out = append(out, a.vendors.github.Actions()...)
	}
	if a.vendors.slack != nil {
		out = append(out, a.vendors.slack.Actions()...)
	}
	if a.config.pagerDuty().CanPage() {
		out = append(out, a.vendors.pagerduty.Actions()...)
	}
	return out
}

// telling are the actions that start while the kill switch is on: those that tell or ask people, look, and write reports. None of them
// changes what users are served.
func telling() []string {
	return []string{
		"pagerduty.page", "pagerduty.escalate", "pagerduty.resolve", "pagerduty.add_responders", "slack.post", "approval.ask", "signal.wait", "report.write",
	}
}

// buildRuns makes what carries playbooks out.
func (a *App) buildRuns(context.Context) error {
	bound := a.actions()
	if a.options.DryRun {
		for i := range bound {
			bound[i] = run.DryRun(bound[i])
		}
	}
	own := playbooks.NewEvaluator(expr.New(), playbooks.Catalogue(bound))
	values := evaluator{own, a.readings()}
	a.language.set = playbooks.NewSet(a.config.plans, own)
	a.language.evaluator = values
	journal := engine.NewJournal(a.db, a.announcer)
	runner, err := run.NewRunner(run.Config{
		Actions: bound, Journal: journal, Evaluator: values, Approver: a.engine, Now: a.options.Clock.Now, Logger: a.logger,
		Registerer: a.registry, Stopped: a.engine.Halted, WhileStopped: telling(),
	})
	if err != nil {
		return err
	}
	config := durable.Config{
		Runner: runner, Journal: journal, Unfinished: a.unfinished, News: a.news, Now: a.options.Clock.Now,
		RealDuration: a.options.Clock.Real, Logger: a.logger, Registerer: a.registry,
	}
	if pool := a.db.Pool(); pool != nil {
		config.Postgres = pool
	} else {
		config.SQLite = a.db.SQL()
	}
	if a.durable, err = durable.New(config); err != nil {
		return err
	}
	a.engine.UseRunner(a.durable)
	return nil
}

// readings are what conditions see of the signals.
func (a *App) readings() readings {
	r := readings{tile: min(a.config.Watch.WithDefaults().Interval, time.Minute)}
	if a.watch != nil {
		r.windows = a.watch.Windows()
		r.judged = func() (time.Time, time.Duration) {
			s := a.watch.Status()
			return s.Ticked, s.Behind
		}
	}
	for _, o := range a.config.Objectives {
		o = o.WithDefaults()
		r.objectives = append(r.objectives, measured{o.Service, o.Environment, o.Signal, o.Target})
	}
	return r
}

// unfinished lists the runs that a restart has to carry on.
func (a *App) unfinished(ctx context.Context) ([]run.Run, error) {
	return a.db.Runs(ctx, run.Query{States: []run.State{run.Running, run.Waiting}, Limit: 1000})
}

// news tells which waiting runs have an answer that another replica took.
func (a *App) news(ctx context.Context, waiting []string) ([]string, error) {
	var out []string
	var errs []error
	for _, id := range waiting {
		answered, err := a.db.Approvals(ctx, bot.ApprovalQuery{Run: id})
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, approval := range answered {
			if approval.Decision != "" {
				out = append(out, id)
				break
			}
		}
	}
	return out, errors.Join(errs...)
}

// buildServer opens the port.
func (a *App) buildServer(context.Context) (err error) {
	a.health = &health{app: a}
	parts := server.Parts{
		Receivers: map[string]server.Receiver{}, Mounts: map[string]http.Handler{}, Inbox: a.engine, Reader: a.db, Viewer: a.engine,
		Operator: a.engine, People: hands{killSwitch{a}}, Judge: a.engine, Gates: gatekeeper{a}, Calendar: almanac{a}, Inputs: stock{a}, Rollbacks: hands{killSwitch{a}}, Rota: rota{a}, Evaluations: a.landing.to, Health: a.health, Now: a.options.Clock.Now, Logger: a.logger, Registry: a.registry, Tracer: a.tracing,
		Version: a.options.Version, Front: a.options.Front,
	}
	parts.Teller, parts.Linker = composer{a}, hands{killSwitch{a}}
	if a.vendors.github != nil {
		parts.Receivers["github"] = a.vendors.github
	}
	if a.config.PagerDuty.Listens() {
		parts.Receivers["pagerduty"] = a.vendors.pagerduty
	}
	for name, source := range a.inbound {
		parts.Receivers[name] = source
	}
	if a.vendors.buttons != nil {
		parts.Mounts["POST /slack/interactions"] = a.vendors.buttons
		parts.Mounts["POST /slack/commands"] = a.vendors.buttons.Commands()
		parts.Mounts["POST /slack/events"] = a.vendors.buttons.Events()
	}
	if a.server, err = server.New(a.config.Server, parts); err != nil {
		return err
	}
	a.onClose("server", a.server.Shutdown)
	settings := a.settings()
	settings.BaseURL = a.server.URL()
	a.engine.Reload(settings)
	return nil
}

// shown hands updates to Slack's announcer, which may refuse when too many wait, and to the pages that people have open there.
type shown struct {
	to    *slack.Announcer
	homes *slack.Homes
	log   *slog.Logger
}

// Update has the incident's card edited.
func (s shown) Update(ctx context.Context, incident string) {
	s.homes.Update()
	if err := s.to.Update(ctx, incident); err != nil {
		s.log.WarnContext(ctx, "a card was not brought up to date", "incident", incident, "error", err)
	}
}
