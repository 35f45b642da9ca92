package app

import (
	"context"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/calendar"
	"github.com/firebreak-dev/firebreak/bot/engine"
	"github.com/firebreak-dev/firebreak/bot/server"
	"github.com/firebreak-dev/firebreak/integrations/ical"
)

// windowsEvery is how often freezes that another replica started, and calendars that are due, are looked for.
const windowsEvery = 5 * time.Second

// freezesKept is how far back freezes are judged: a change may be told weeks after it landed.
const freezesKept = 100 * 24 * time.Hour

// windows is the calendar with what is known beside the configuration: freezes that people started, and calendars of others. Judging
// takes values that are at hand and waits for nobody.
type windows struct {
	base    *calendar.Calendar
	current atomic.Pointer[calendar.Calendar]

	// mu guards what is known.
	mu    sync.Mutex
	known calendar.Known

	reader  *ical.Reader
	freezes func(context.Context) ([]bot.Freeze, error)
	logger  *slog.Logger
	failing bool
}

func newWindows(c calendar.Config) (*windows, error) {
	base, err := calendar.New(c)
	if err != nil {
		return nil, err
	}
	w := &windows{base: base, logger: slog.New(slog.DiscardHandler)}
	w.current.Store(base)
	return w, nil
}

// At judges a moment for a service.
func (w *windows) At(now time.Time, service string) calendar.Verdict {
	return w.current.Load().At(now, service)
}

// Opening is the verdict of a moment as people and programs are told.
func (w *windows) Opening(now time.Time, service string) bot.Opening {
	c := w.current.Load()
	v := c.At(now, service)
	return bot.Opening{
		Service: service, At: now.UTC(), Zone: c.Zone(service).String(), Open: v.Open, Until: utc(v.Until), Next: utc(c.Edge(now, service)),
		Reasons: NotNil(v.Reasons), Unseen: v.Unseen,
	}
}

func utc(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC()
}

// lookAtFreezes reads the freezes; where they cannot be read, those that are known hold.
func (w *windows) lookAtFreezes(ctx context.Context) error {
	if w.freezes == nil {
		return nil
	}
	w.mu.Lock() // while it is read: of two looks the later one shall win
	defer w.mu.Unlock()
	freezes, err := w.freezes(ctx)
	if err != nil {
		return err
	}
	next := w.known
	next.Freezes = frozen(freezes)
	w.know(next)
	return nil
}

// fetch reads the calendars that are due.
func (w *windows) fetch(ctx context.Context) {
	if w.reader != nil && w.reader.Refresh(ctx) {
		w.takeFeeds()
	}
}

func (w *windows) takeFeeds() {
	feeds := w.reader.Feeds()
	w.mu.Lock()
	defer w.mu.Unlock()
	next := w.known
	next.Feeds = feeds
	w.know(next)
}

// know has all who ask from now on judge by what is known. It is called with mu held.
func (w *windows) know(next calendar.Known) {
	if !reflect.DeepEqual(next, w.known) {
		w.known = next
		w.current.Store(w.base.With(next))
	}
}

// frozen makes windows of freezes.
func frozen(freezes []bot.Freeze) []calendar.Freeze {
	out := make([]calendar.Freeze, 0, len(freezes))
	for _, f := range freezes {
		made := calendar.Freeze{Name: f.ID, Services: f.Services, From: calendar.Instant(f.From), Reason: f.Reason + " (started by " + f.By + ")"}
		if end := f.End(); !end.IsZero() {
			made.To = calendar.Instant(end)
		}
		out = append(out, made)
	}
	return out
}

// keep looks again and again until the context ends.
func (w *windows) keep(ctx context.Context) {
	tick := time.NewTicker(windowsEvery)
	defer tick.Stop()
	for {
		err := w.lookAtFreezes(ctx)
		w.fetch(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !w.failing:
			w.logger.WarnContext(ctx, "the freezes cannot be read; those that are known hold", "error", err)
		case err == nil && w.failing:
			w.logger.InfoContext(ctx, "the freezes can be read again")
		}
		w.failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// buildWindows lets the calendar know of the store's freezes and of the calendars of others, as they were last read.
func (a *App) buildWindows(ctx context.Context) error {
	w := a.rules.calendar
	w.logger = a.logger
	w.freezes = func(ctx context.Context) ([]bot.Freeze, error) {
		return a.db.Freezes(ctx, bot.FreezeQuery{Since: a.options.Clock.Now().Add(-freezesKept), Limit: 1000})
	}
	if len(a.config.Calendars) > 0 {
		w.reader = ical.NewReader(a.config.Calendars, ical.Options{
			Memory: a.db, Now: a.options.Clock.Now, Logger: a.logger, Registerer: a.registry, Tracer: a.tracing,
		})
		a.onClose("calendars", func(context.Context) error { w.reader.Close(); return nil })
		if err := w.reader.Load(ctx); err != nil {
			return err
		}
		w.takeFeeds()
	}
	return w.lookAtFreezes(ctx)
}

// keepWindows has the calendar kept until the bot stops.
func (a *App) keepWindows(ctx context.Context) {
	a.beside(ctx, "windows", a.rules.calendar.keep)
}

// beside has work go on until the bot stops, which waits for it to end.
func (a *App) beside(ctx context.Context, name string, work func(context.Context)) {
	working, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		work(working)
	}()
	a.onClose(name, func(ctx context.Context) error {
		stop()
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// freezer keeps freezes for the engine, and has the calendar of this process know of them at once.
type freezer struct{ a *App }

var _ engine.Freezes = freezer{}

// PutFreeze keeps a freeze.
func (f freezer) PutFreeze(ctx context.Context, freeze bot.Freeze, at time.Time) (bot.Freeze, error) {
	kept, err := f.a.db.PutFreeze(ctx, freeze, at)
	return kept, f.then(ctx, err)
}

// EndFreeze ends one.
func (f freezer) EndFreeze(ctx context.Context, id, by, via, reason string, at time.Time) (bot.Freeze, error) {
	ended, err := f.a.db.EndFreeze(ctx, id, by, via, reason, at)
	return ended, f.then(ctx, err)
}

// then looks at the freezes after one was written. That this fails changes nothing of what was written; the next look finds it.
func (f freezer) then(ctx context.Context, err error) error {
	if err == nil {
		if err := f.a.rules.calendar.lookAtFreezes(ctx); err != nil {
			f.a.logger.WarnContext(ctx, "a freeze holds here in a moment only", "error", err)
		}
		f.a.wakeChecks()
	}
	return err
}

// almanac answers for the calendar.
type almanac struct{ a *App }

var _ server.Calendar = almanac{}

// Openings tells of a service, or of all.
func (m almanac) Openings(_ context.Context, service string, at time.Time) ([]bot.Opening, error) {
	return openings(m.a.rules.calendar, m.a.config, service, at)
}

func openings(w *windows, c Config, service string, at time.Time) ([]bot.Opening, error) {
	names := c.names()
	if service != "" {
		if !slices.Contains(names, service) {
			return nil, bot.Errorf(bot.NotFound, "no service %q is configured", service)
		}
		names = []string{service}
	}
	out := make([]bot.Opening, 0, len(names))
	for _, name := range names {
		out = append(out, w.Opening(at, name))
	}
	return out, nil
}

// Freezes lists freezes that people started.
func (m almanac) Freezes(ctx context.Context, q bot.FreezeQuery) ([]bot.Freeze, error) {
	return m.a.db.Freezes(ctx, q)
}

// StartFreeze starts one.
func (m almanac) StartFreeze(ctx context.Context, f bot.Freeze) (bot.Freeze, error) {
	return m.a.engine.StartFreeze(ctx, f)
}

// EndFreeze ends one.
func (m almanac) EndFreeze(ctx context.Context, id, by, via, reason string) (bot.Freeze, error) {
	return m.a.engine.EndFreeze(ctx, id, by, via, reason)
}
