package watch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/window"
)

// Parts are what a Watch works with. Tiles, Log, Registry and Tracer may be nil.
type Parts struct {
	Source    Source
	Sink      Sink
	Tiles     Tiles
	Signals   []Watched
	Detectors []detectors.Detector
	Log       *slog.Logger
	Registry  prometheus.Registerer
	Tracer    trace.Tracer
}

// Watch asks, judges and hands on. Make one with New.
type Watch struct {
	config  Config
	parts   Parts
	windows *window.Store
	metrics *metrics

	// tick keeps ticks from overlapping; it guards what follows it.
	tick     sync.Mutex
	restored bool
	saved    time.Time
	apart    bool // the source's clock disagrees with ours
	signals  []*signal
	ledger   ledger
	sight    sight
	hinted   map[string]hint

	// seen guards the answers of Status and Findings, and the remarks that were logged.
	seen   sync.Mutex
	noted  map[string]bool
	status Status
	now    []detectors.Finding
}

// signal is what a Watch remembers of one signal between ticks. Each is touched by one goroutine at a time.
type signal struct {
	Watched
	// known is the end of the newest tile that was answered.
	known time.Time
	// whole is true when no stretch of the history is missing.
	whole bool
	// piece is how many tiles a catch-up query asks for; it shrinks when the source finds that too expensive.
	piece int
	// err is the outcome of the newest query.
	err error
	// slices are the parts of the series that were met, with when each was last seen. Which there are is the source's to say.
	slices map[detectors.SeriesID]time.Time
}

// Status is what a Watch knows about itself.
type Status struct {
	// Ticked is when the newest tick judged; zero before the first.
	Ticked time.Time
	// Behind is how far the source's clock is behind ours; what it has not seen yet was not judged.
	Behind time.Duration
	// CaughtUp is true when no stretch of the history is missing.
	CaughtUp bool
	// Blind names the signals whose newest question was not answered, with the reason.
	Blind map[string]detectors.Blindness
}

// New makes a Watch. It asks nothing yet.
func New(c Config, p Parts) (*Watch, error) {
	c = c.WithDefaults()
	if p.Source == nil || p.Sink == nil {
		return nil, errors.New("watch: a source and a sink are needed")
	}
	nouns := make([]detectors.Signal, len(p.Signals))
	for i, s := range p.Signals {
		nouns[i] = s.Signal
	}
	windows, err := window.New(window.Config{Base: c.base(), Retention: c.Retention, StaleAfter: c.StaleAfter}, nouns)
	if err != nil {
		return nil, err
	}
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	if p.Tracer == nil {
		p.Tracer = noTracer()
	}
	w := &Watch{config: c, parts: p, windows: windows, ledger: newLedger(c.Refresh), sight: newSight(), noted: map[string]bool{}, hinted: map[string]hint{}}
	w.metrics = newMetrics(p.Registry, p.Signals)
	for _, s := range p.Signals {
		w.signals = append(w.signals, &signal{Watched: s, piece: pieceTiles, slices: map[detectors.SeriesID]time.Time{}})
	}
	return w, nil
}

// Windows are what was seen so far, for charts and conditions.
func (w *Watch) Windows() detectors.Windows { return w.windows }

// Status tells how watching goes.
func (w *Watch) Status() Status {
	w.seen.Lock()
	defer w.seen.Unlock()
	return w.status
}

// Findings are those of the newest tick, quiet ones included.
func (w *Watch) Findings() []detectors.Finding {
	w.seen.Lock()
	defer w.seen.Unlock()
	return slices.Clone(w.now)
}

// Run ticks at the interval until the context ends, and saves what changed before it returns. A failed tick is logged and
// counted; it never ends the loop.
func (w *Watch) Run(ctx context.Context) error {
	for {
		if err := w.Tick(ctx); err != nil && ctx.Err() == nil {
			w.parts.Log.ErrorContext(ctx, "A tick failed.", "error", err)
		}
		now := w.config.Now()
		next := now.Truncate(w.config.Interval).Add(w.config.Interval)
		if err := w.config.Wait(ctx, next.Sub(now)); err != nil {
			break
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	w.tick.Lock()
	defer w.tick.Unlock()
	return w.save(last)
}

// Tick asks, judges and hands on once. Its error joins what the sink and the keeper of tiles said; a source that cannot answer
// is no error of the tick but a finding.
func (w *Watch) Tick(ctx context.Context) error {
	w.tick.Lock()
	defer w.tick.Unlock()
	ctx, span := w.parts.Tracer.Start(ctx, "watch.tick")
	defer span.End()
	started := w.config.Now()
	defer func() { w.metrics.seconds.Observe(w.config.Now().Sub(started).Seconds()) }()

	var errs []error
	if !w.restored {
		if err := w.restore(ctx, started); err != nil {
			errs = append(errs, err)
		}
		w.restored = true
	}
	behind := w.behind(ctx)
	to := started.Add(-behind).Truncate(w.config.base()).UTC()
	w.askAll(ctx, func(ctx context.Context, s *signal) { w.askNewest(ctx, s, to) })
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	errs = append(errs, w.judge(ctx, to, false))
	if w.missing() {
		w.askAll(ctx, func(ctx context.Context, s *signal) { w.askMissing(ctx, s, to) })
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		errs = append(errs, w.judge(ctx, to, true))
	}
	if started.Sub(w.saved) >= w.config.SaveEvery {
		w.windows.Forget(to.Add(-sliceRetention))
		errs = append(errs, w.save(ctx))
	}
	err := errors.Join(errs...)
	w.metrics.tick(err)
	if err != nil {
		span.RecordError(err)
	}
	w.remember(to, behind)
	return err
}

// behind is how far the source's clock is behind ours, and tells of a difference once.
func (w *Watch) behind(ctx context.Context) time.Duration {
	clocked, ok := w.parts.Source.(Clocked)
	if !ok {
		return 0
	}
	ahead := clocked.Ahead()
	w.metrics.clock.Set(ahead.Seconds())
	if apart := ahead.Abs() >= notableSkew; apart != w.apart {
		w.apart = apart
		if apart {
			w.parts.Log.WarnContext(ctx, "The source's clock and ours disagree; what it has not seen yet is asked for later. Synchronize them.", "ahead", ahead)
		} else {
			w.parts.Log.InfoContext(ctx, "The source's clock and ours agree again.")
		}
	}
	return max(0, -ahead)
}

// notableSkew is the difference of clocks that is told.
const notableSkew = 5 * time.Second

// askAll lets several signals be asked at a time.
func (w *Watch) askAll(ctx context.Context, ask func(context.Context, *signal)) {
	var group errgroup.Group
	group.SetLimit(w.config.Parallel)
	for _, s := range w.signals {
		group.Go(func() error {
			ctx, span := w.parts.Tracer.Start(ctx, "watch.ask", trace.WithAttributes(attribute.String("signal", s.Signal.Name)))
			defer span.End()
			ask(ctx, s)
			if s.err != nil {
				span.RecordError(s.err)
			}
			return nil
		})
	}
	_ = group.Wait() // the functions keep their errors in the signals
}

// judge lets all detectors judge and hands on what changed. The second judgement of a tick is an early look at older windows:
// it does not count as another interval of blindness.
func (w *Watch) judge(ctx context.Context, to time.Time, again bool) error {
	all := make([]detectors.Finding, 0, len(w.now)+len(w.parts.Detectors))
	if !again {
		w.sight.begin()
	}
	for _, d := range w.parts.Detectors {
		_, span := w.parts.Tracer.Start(ctx, "watch.judge", trace.WithAttributes(attribute.String("detector", d.Name())))
		found := d.Judge(to, w.windows)
		span.End()
		w.hints(ctx, to, found)
		if !again {
			w.sight.count(d, found)
		}
		all = append(all, found...)
	}
	if !again {
		for _, s := range w.signals {
			w.sight.asked(s)
		}
		w.sight.end()
	}
	all = append(all, w.sight.finding(to))
	w.metrics.judged(all)
	w.seen.Lock()
	w.now = all
	w.seen.Unlock()

	changed := w.ledger.changed(all)
	if len(changed) == 0 {
		return nil
	}
	if err := w.parts.Sink.Observe(ctx, changed); err != nil {
		return fmt.Errorf("hand on %d findings: %w", len(changed), err)
	}
	w.ledger.delivered(changed)
	w.metrics.handed.Add(float64(len(changed)))
	return nil
}

// restore reads back what was saved before a restart.
func (w *Watch) restore(ctx context.Context, now time.Time) error {
	w.saved = now
	if w.parts.Tiles == nil {
		return nil
	}
	watched := map[detectors.SeriesID]bool{}
	for _, s := range w.signals {
		for _, id := range s.Series {
			watched[id] = true
		}
	}
	bad := 0
	err := w.parts.Tiles.LoadChunks(ctx, now.Add(-w.config.Retention).Truncate(time.Hour), func(c detectors.Chunk) error {
		whole := c.Series
		whole.Slice = ""
		sliced := watched[whole] && now.Sub(c.Start) <= sliceRetention // a slice of what is watched
		if (!watched[c.Series] && !sliced) || c.Start.After(now) {
			return nil
		}
		if err := w.windows.Load(c); err != nil {
			bad++
			w.parts.Log.WarnContext(ctx, "A saved stretch cannot be read; the source is asked for it again.", "error", err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read back saved tiles: %w", err)
	}
	return nil
}

// Save keeps the tiles that changed. Whoever ticks by other means than Run calls it at the end.
func (w *Watch) Save(ctx context.Context) error {
	w.tick.Lock()
	defer w.tick.Unlock()
	return w.save(ctx)
}

// save keeps the tiles that changed.
func (w *Watch) save(ctx context.Context) error {
	w.saved = w.config.Now()
	if w.parts.Tiles == nil {
		return nil
	}
	chunks := w.windows.Snapshot()
	if len(chunks) == 0 {
		return nil
	}
	if err := w.parts.Tiles.SaveChunks(ctx, chunks); err != nil {
		w.windows.Unsaved(chunks)
		return fmt.Errorf("save %d stretches of tiles: %w", len(chunks), err)
	}
	return nil
}

// missing tells whether some signal lacks a stretch of its history.
func (w *Watch) missing() bool {
	return slices.ContainsFunc(w.signals, func(s *signal) bool { return !s.whole && s.err == nil })
}

func (w *Watch) remember(to time.Time, behind time.Duration) {
	status := Status{Ticked: to, Behind: behind, CaughtUp: true, Blind: map[string]detectors.Blindness{}}
	for _, s := range w.signals {
		status.CaughtUp = status.CaughtUp && s.whole
		if s.err != nil {
			status.Blind[s.Signal.Name] = cmp.Or(ReasonOf(s.err), detectors.Unreachable)
		}
	}
	w.seen.Lock()
	w.status = status
	w.seen.Unlock()
}
