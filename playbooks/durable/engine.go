package durable

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	_ "github.com/dbos-inc/dbos-transact-golang/dbos/driver/sqlite" // lets DBOS work on a SQLite handle
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-dev/firebreak/playbooks/run"
)

// These never change: DBOS restarts only workflows of the same application, version and executor. A newer program that carries
// runs on differently tells them apart by Run.Interpreter.
const (
	appName    = "firebreak"
	appVersion = "firebreak-runs-1"
	executorID = "firebreak"
	workflow   = "firebreak.run"
)

// Config is what an Engine works with. Exactly one of SQLite and Postgres is set; Runner, Journal and Unfinished are required.
type Config struct {
	// SQLite is the handle that our own rows are written by. It must begin transactions immediately, wait for locks, enforce
	// foreign keys and allow at least two connections. The engine borrows connections from it and never closes it.
	SQLite *sql.DB
	// Postgres is the pool that our own rows are written by. The engine opens a small pool of its own to the same database,
	// since DBOS closes the pool that it is given.
	Postgres *pgxpool.Pool

	Runner  *run.Runner
	Journal run.Journal
	// Unfinished lists the runs that are not over.
	Unfinished func(ctx context.Context) ([]run.Run, error)
	// News says which of the given waiting runs have something new that was written by another process: an answer to a
	// question, an abort. It may be nil where one process does everything.
	News func(ctx context.Context, waiting []string) ([]string, error)

	// Now is the clock by which runs live; time.Now when nil.
	Now func() time.Time
	// RealDuration turns a duration of that clock into one that passes here; nil means that they are the same.
	RealDuration func(time.Duration) time.Duration
	Logger       *slog.Logger
	// Registerer takes the metrics; nil keeps them to itself.
	Registerer prometheus.Registerer
	// SweepEvery is how often, in real time, the sweeper looks; 2 s when zero.
	SweepEvery time.Duration
	// Keep is how long, in real time, DBOS's rows of a run that is over are kept; 24 h when zero.
	Keep time.Duration
}

// Engine carries runs on. It can be launched again after it was shut down, as a replica that takes over again does.
type Engine struct {
	Config
	metrics *metrics

	// turning is held while the engine is launched or shut down, mu for a moment.
	turning sync.Mutex
	mu      sync.Mutex
	life    *life
	active  map[string]*bell
}

// life is the time from a launch to its shutdown.
type life struct {
	dbos    dbos.Context
	close   func()
	stop    context.CancelFunc
	stopped chan struct{}
	// detach ends the watch over the context of the launch.
	detach func() bool
}

// bell wakes one run. It remembers one ring.
type bell struct {
	ring    chan struct{}
	waiting bool
}

// ErrOver is given for a run that is over already.
var ErrOver = errors.New("durable: the run is over")

// New makes an engine. It contacts nothing before Launch.
func New(c Config) (*Engine, error) {
	switch {
	case (c.SQLite == nil) == (c.Postgres == nil):
		return nil, errors.New("durable: exactly one of SQLite and Postgres must be set")
	case c.Runner == nil || c.Journal == nil || c.Unfinished == nil:
		return nil, errors.New("durable: Runner, Journal and Unfinished must be set")
	}
	if c.SQLite != nil {
		if n := c.SQLite.Stats().MaxOpenConnections; n == 1 {
			return nil, errors.New("durable: the SQLite handle must allow at least two connections")
		}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.RealDuration == nil {
		c.RealDuration = func(d time.Duration) time.Duration { return d }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.SweepEvery <= 0 {
		c.SweepEvery = 2 * time.Second
	}
	if c.Keep <= 0 {
		c.Keep = 24 * time.Hour
	}
	e := &Engine{Config: c, active: map[string]*bell{}}
	m, err := newMetrics(c.Registerer)
	if err != nil {
		return nil, fmt.Errorf("durable: metrics: %w", err)
	}
	e.metrics = m
	return e, nil
}

// Launch begins to carry runs on: those that an earlier process left and those that are started from now on. Only one process
// may do so at a time; whoever calls Launch has made sure of it. The end of ctx shuts the engine down.
func (e *Engine) Launch(ctx context.Context) error {
	e.turning.Lock()
	defer e.turning.Unlock()
	if _, launched := e.launched(); launched {
		return errors.New("durable: the engine is launched already")
	}
	unfinished, err := e.Unfinished(ctx)
	if err != nil {
		return fmt.Errorf("durable: the unfinished runs: %w", err)
	}
	for _, r := range unfinished {
		if err := e.Runner.Adopt(ctx, r); err != nil {
			// The run itself will say so when it is advanced.
			e.Logger.WarnContext(ctx, "an unfinished run could not be read", "run", r.ID, "error", err)
		}
	}
	l, err := e.open(ctx)
	if err != nil {
		return err
	}
	swept, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = stop
	e.mu.Lock()
	e.life = l
	e.mu.Unlock()
	go func() {
		defer close(l.stopped)
		e.sweep(swept, l)
	}()
	l.detach = context.AfterFunc(ctx, func() {
		if err := e.Shutdown(shutdownTimeout); err != nil {
			e.Logger.ErrorContext(ctx, "the engine did not stop in time", "error", err)
		}
	})
	return nil
}

// shutdownTimeout bounds the shutdown that the end of a launch's context brings about.
const shutdownTimeout = 10 * time.Second

// open makes and launches a DBOS context.
func (e *Engine) open(ctx context.Context) (*life, error) {
	l := &life{close: func() {}, stopped: make(chan struct{})}
	c := dbos.Config{
		AppName: appName, ApplicationVersion: appVersion, ExecutorID: executorID, Logger: quieter(e.Logger),
		SchedulerPollingInterval: time.Hour,
	}
	if e.SQLite != nil {
		borrowed := borrow(e.SQLite)
		c.SQLiteSystemDB, l.close = borrowed, func() { _ = borrowed.Close() }
	} else {
		config := e.Postgres.Config()
		config.MaxConns, config.MinConns, config.MinIdleConns = 6, 0, 0
		pool, err := pgxpool.NewWithConfig(ctx, config)
		if err != nil {
			return nil, fmt.Errorf("durable: a pool for DBOS: %w", err)
		}
		c.SystemDBPool, l.close = pool, pool.Close
	}
	// The end of a context is a durable cancellation to DBOS, and only its own Shutdown is not: so it never sees ctx end.
	d, err := dbos.NewContext(context.WithoutCancel(ctx), c)
	if err != nil {
		l.close()
		return nil, fmt.Errorf("durable: %w", err)
	}
	l.dbos = d
	if dbos.GetApplicationVersion(d) != appVersion || dbos.GetExecutorID(d) != executorID {
		err = errors.New("durable: the environment sets DBOS__APPVERSION or DBOS__VMID, which would hide runs from a restart; unset them")
	} else {
		dbos.RegisterWorkflow(d, e.interpret, dbos.WithWorkflowName(workflow), dbos.WithMaxRecoveryAttempts(math.MaxInt32))
		err = dbos.Launch(d)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("durable: %w", err), dbos.Shutdown(d, time.Second))
	}
	return l, nil
}

// Shutdown stops carrying runs on. Calls to the outside that are under way are finished within the runner's grace; runs that
// are not over stay as they are for the next launch. It gives an error when something is still at work after the timeout.
// Shutting down twice, or what was never launched, is harmless.
func (e *Engine) Shutdown(timeout time.Duration) error {
	e.turning.Lock()
	defer e.turning.Unlock()
	e.mu.Lock()
	l := e.life
	e.life = nil
	e.mu.Unlock()
	if l == nil {
		return nil
	}
	l.detach()
	l.stop()
	err := dbos.Shutdown(l.dbos, timeout)
	<-l.stopped
	l.close()
	if err != nil {
		return fmt.Errorf("durable: %w", err)
	}
	return nil
}

// Start begins a run. It is the same run however often it is started. Once Start returned without an error the run is carried
// on to its end; where this process does not carry out runs, the one that does finds it.
func (e *Engine) Start(ctx context.Context, r run.Run) error {
	if r.ID == "" {
		return errors.New("durable: a run needs an ID")
	}
	created, err := e.Journal.Begin(ctx, r)
	if err != nil {
		return fmt.Errorf("durable: begin run %s: %w", r.ID, err)
	}
	if created {
		e.metrics.started.Inc()
	} else {
		known, err := e.Journal.Run(ctx, r.ID)
		if err != nil {
			return fmt.Errorf("durable: run %s: %w", r.ID, err)
		}
		if known.State.Ended() {
			return nil
		}
	}
	d, launched := e.launched()
	if !launched {
		e.Logger.DebugContext(ctx, "the run is left to the process that carries out runs", "run", r.ID)
		return nil
	}
	return e.startWorkflow(d, r)
}

func (e *Engine) startWorkflow(d dbos.Context, r run.Run) error {
	in := input{Run: r.ID, Interpreter: r.Interpreter}
	if _, err := dbos.RunWorkflow(d, e.interpret, in, dbos.WithWorkflowID(r.ID)); err != nil {
		return fmt.Errorf("durable: start run %s: %w", r.ID, err)
	}
	return nil
}

// Wake has a waiting run look again at once. It is harmless for a run that does not wait, is over, or is not carried out here.
func (e *Engine) Wake(_ context.Context, runID string) error {
	e.mu.Lock()
	b := e.active[runID]
	e.mu.Unlock()
	if b != nil {
		b.strike()
	}
	return nil
}

// Abort asks a run to stop: it turns to its on_failure steps and ends as cancelled. What is under way is finished first.
func (e *Engine) Abort(ctx context.Context, runID, by string) error {
	r, err := e.Journal.Run(ctx, runID)
	if err != nil {
		return fmt.Errorf("durable: abort run %s: %w", runID, err)
	}
	if r.State.Ended() {
		return ErrOver
	}
	event := run.Event{Run: runID, At: e.Now(), Kind: run.Aborted, By: by, ID: string(run.Aborted)}
	if err := e.Journal.Append(ctx, event); err != nil {
		return fmt.Errorf("durable: abort run %s: %w", runID, err)
	}
	return e.Wake(ctx, runID)
}

func (e *Engine) launched() (dbos.Context, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.life == nil {
		return nil, false
	}
	return e.life.dbos, true
}

// strike rings the bell; a bell that rings already goes on ringing.
func (b *bell) strike() {
	select {
	case b.ring <- struct{}{}:
	default:
	}
}
