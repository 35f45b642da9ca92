package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/otel/trace"

	"github.com/firebreak-dev/firebreak/bot/desk"
	"github.com/firebreak-dev/firebreak/bot/engine"
	"github.com/firebreak-dev/firebreak/bot/server"
	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/detectors/watch"
	"github.com/firebreak-dev/firebreak/playbooks/durable"
)

// Options are what the program around the bot decides.
type Options struct {
	Logger  *slog.Logger
	Version string
	// Clock is the machine's unless a sandbox lends its own.
	Clock Clock
	// DryRun has playbooks say what they would do.
	DryRun bool
	// Front is used instead of opening server.listen; reload hands it on.
	Front *server.Front
}

// App is the bot, put together. New builds it, Run runs it once.
type App struct {
	config  Config
	options Options
	logger  *slog.Logger

	registry  *prometheus.Registry
	tracing   trace.TracerProvider
	db        *store.DB
	rules     rules
	engine    *engine.Engine
	desk      *desk.Desk
	watch     *watch.Watch
	watched   []watch.Watched
	durable   *durable.Engine
	server    *server.Server
	scheduler *scheduler
	vendors   vendors
	landing   *lateLanding
	digests   *digests
	host      *host
	scenes    *scenes
	inbound   map[string]inbound
	// backfilled is touched by the job that catches up only.
	backfilled bool
	// presented tells that open pull requests were asked for; touched by the same job only.
	presented bool
	health    *health
	hindsight hindsight
	announcer *latest
	language  *language

	// closers end what New began, in reverse order.
	closers []closer
}

// closer ends one part, under a name for the log.
type closer struct {
	name string
	end  func(ctx context.Context) error
}

// stopWithin bounds the whole way down.
const stopWithin = 10 * time.Second

// New puts the bot together: it opens the store and the port and contacts nobody. What it began is ended when it fails.
func New(ctx context.Context, config Config, options Options) (*App, error) {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	a := &App{config: config, options: options, logger: options.Logger, registry: prometheus.NewRegistry()}
	if err := a.build(ctx); err != nil {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
		defer cancel()
		return nil, errors.Join(err, a.close(stopping))
	}
	return a, nil
}

func (a *App) build(ctx context.Context) (err error) {
	a.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	provider, shutdown, err := newTracing(ctx, a.config.Telemetry, a.options.Version)
	if err != nil {
		return fmt.Errorf("telemetry: %w", err)
	}
	a.tracing = provider
	a.onClose("telemetry", shutdown)

	a.db, err = store.Open(ctx, a.config.Store, store.Options{Now: a.options.Clock.Now, Logger: a.logger})
	if err != nil {
		return err
	}
	a.onClose("store", func(context.Context) error { return a.db.Close() })

	for _, part := range []struct {
		name  string
		build func(ctx context.Context) error
	}{
		{"watch", a.buildWatch}, {"engine", a.buildEngine}, {"integrations", a.buildVendors}, {"checks", a.buildChecks}, {"runs", a.buildRuns}, {"server", a.buildServer},
	} {
		if err := part.build(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

func (a *App) onClose(name string, end func(ctx context.Context) error) {
	a.closers = append(a.closers, closer{name, end})
}

// close ends what was begun, newest first, and goes on when a part fails to end.
func (a *App) close(ctx context.Context) error {
	var errs []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		if err := a.closers[i].end(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", a.closers[i].name, err))
		}
	}
	a.closers = nil
	return errors.Join(errs...)
}

// Addr is the address that the server listens on.
func (a *App) Addr() string { return a.server.Addr() }

// URL is the address for links.
func (a *App) URL() string { return a.server.URL() }

// Run serves, and executes once this process leads, until the context ends; then it stops within ten seconds. It may be
// called once.
func (a *App) Run(ctx context.Context) error {
	served := make(chan error, 1)
	a.keepWindows(ctx)
	a.keepHomes(ctx)
	go func() { served <- a.server.Serve() }()
	a.logger.Info("serving", "url", a.URL(), "version", a.options.Version)

	executed := make(chan error, 1)
	executing, stopExecuting := context.WithCancel(ctx)
	go func() { executed <- a.execute(executing) }()

	var err error
	running, serving := true, true
	select {
	case <-ctx.Done():
	case err = <-served:
		serving = false
	case err = <-executed:
		running = false
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	stopExecuting()
	if running {
		err = errors.Join(err, <-executed)
	}
	err = errors.Join(err, a.close(stopping))
	if serving {
		err = errors.Join(err, <-served)
	}
	a.logger.Info("stopped", "error", err)
	return err
}

// Abandon ends an app that was never run.
func (a *App) Abandon(ctx context.Context) error { return a.close(ctx) }
