package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/robfig/cron/v3"
)

// every is a schedule that is aligned to the interval, so that a restart ticks at the same instants.
type every struct{ interval time.Duration }

// Next is the first multiple of the interval after t.
func (e every) Next(t time.Time) time.Time { return t.Truncate(e.interval).Add(e.interval) }

// atOnce begins with the start, and goes on by another schedule.
type atOnce struct {
	begun bool
	then  cron.Schedule
}

// Next is a moment from now, once.
func (s *atOnce) Next(t time.Time) time.Time {
	if !s.begun {
		s.begun = true
		return t.Add(time.Second)
	}
	return s.then.Next(t)
}

// byClock runs a schedule by the bot's clock. Cron asks in the machine's time; zones are those of the schedule itself.
type byClock struct {
	clock    Clock
	schedule cron.Schedule
}

// Next is the machine's time of the schedule's next slot.
func (s byClock) Next(machine time.Time) time.Time {
	return s.clock.Machine(s.schedule.Next(s.clock.At(machine).UTC()))
}

// scheduler runs the jobs that come with time. A job that is still running when its next slot comes misses that slot; the next one
// finds what was missed, since every job is idempotent.
type scheduler struct {
	cron   *cron.Cron
	clock  Clock
	logger *slog.Logger
	ctx    context.Context
	cancel context.CancelFunc
}

func newScheduler(clock Clock, logger *slog.Logger) *scheduler {
	ctx, cancel := context.WithCancel(context.Background())
	return &scheduler{
		cron: cron.New(cron.WithLocation(time.UTC), cron.WithLogger(cron.DiscardLogger)), clock: clock, logger: logger,
		ctx: ctx, cancel: cancel,
	}
}

// add has a job run by a schedule; the job's context ends when the scheduler stops.
func (s *scheduler) add(name string, schedule cron.Schedule, job func(ctx context.Context) error) {
	var busy sync.Mutex
	s.cron.Schedule(byClock{s.clock, schedule}, cron.FuncJob(func() {
		if !busy.TryLock() {
			s.logger.Debug("job is still at work and misses a slot", "job", name)
			return
		}
		defer busy.Unlock()
		defer func() {
			if r := recover(); r != nil {
				s.logger.Error("job panicked", "job", name, "panic", r)
			}
		}()
		if err := job(s.ctx); err != nil && s.ctx.Err() == nil {
			s.logger.Error("job failed; it runs again at its next slot", "job", name, "error", err)
		}
	}))
}

func (s *scheduler) start() { s.cron.Start() }

// stop lets no job begin any more, tells the running ones to end, and waits for them until the context ends.
func (s *scheduler) stop(ctx context.Context) error {
	done := s.cron.Stop()
	s.cancel()
	select {
	case <-done.Done():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
