package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// execute does the work that only one replica does: watching, working the inbox off, running playbooks. It waits until this
// process leads. When the lock is lost it stops at once and ends with an error: whoever supervises the process starts a fresh one,
// which waits for its turn.
func (a *App) execute(ctx context.Context) error {
	lost, release, err := a.db.Lead(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("wait to lead: %w", err)
	}
	defer release()
	term, end := context.WithCancelCause(ctx)
	defer end(nil)
	defer context.AfterFunc(ctx, func() { end(nil) })()
	go func() {
		select {
		case <-lost:
			end(errLostLead)
		case <-term.Done():
		}
	}()
	err = a.lead(term)
	if errors.Is(context.Cause(term), errLostLead) && ctx.Err() == nil {
		err = errors.Join(errLostLead, err)
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil // told to stop while it was starting
	}
	return err
}

var errLostLead = errors.New("another replica may execute now: the lock that says who leads was lost")

// lead is one term: from the lock to its loss or the end.
func (a *App) lead(ctx context.Context) error {
	if err := a.durable.Launch(ctx); err != nil {
		return fmt.Errorf("launch runs: %w", err)
	}
	stopRuns := func() error { return a.durable.Shutdown(a.stopPart()) }
	if err := a.engine.Resume(ctx); err != nil {
		return errors.Join(fmt.Errorf("resume: %w", err), stopRuns())
	}
	if err := a.notePrices(ctx); err != nil {
		a.logger.ErrorContext(ctx, "whether prices changed could not be noted", "error", err)
	}
	a.scheduler = newScheduler(a.options.Clock, a.logger)
	a.schedule()
	a.scheduler.start()
	var background sync.WaitGroup
	background.Go(func() { a.engine.WorkInbox(ctx) })
	if announcer := a.vendors.announcer; announcer != nil {
		background.Go(func() { _ = announcer.Run(ctx) }) // ends with the context only
	}
	if socket := a.vendors.socket; socket != nil {
		background.Go(func() { _ = socket.Run(ctx) }) // ends with the context only
	}
	background.Go(func() { a.landing.to.Run(ctx) })
	if mirror := a.vendors.mirror; mirror != nil {
		background.Go(func() { mirror.Run(ctx) })
	}
	if briefer := a.vendors.briefer; briefer != nil {
		background.Go(func() { briefer.Run(ctx) })
	}
	if herald := a.vendors.herald; herald != nil {
		background.Go(func() { herald.Run(ctx) })
	}
	a.health.executing.Store(true)
	a.logger.Info("executing")

	<-ctx.Done()

	a.health.executing.Store(false)
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.stopPart())
	defer cancel()
	err := a.scheduler.stop(stopping)
	background.Wait()
	return errors.Join(err, stopRuns())
}

// stopPart is how long one part of the way down may take.
func (a *App) stopPart() time.Duration { return stopWithin / 3 }

// schedule lists the work that comes with time.
func (a *App) schedule() {
	now := a.options.Clock.Now
	interval := a.config.Watch.WithDefaults().Interval
	if a.watch != nil {
		a.scheduler.add("watch", every{interval}, a.watch.Tick)
	}
	a.scheduler.add("incidents", every{interval}, func(ctx context.Context) error {
		judged := now() // without a watch, alerts are told when they change
		if a.watch != nil {
			judged = a.watch.Status().Ticked
		}
		return a.engine.Tick(ctx, judged)
	})
	a.scheduler.add("retention", every{time.Hour}, func(ctx context.Context) error {
		removed, err := a.db.Retention(ctx, a.config.Retention, now())
		if len(removed) > 0 {
			a.logger.Info("retention", "removed", removed)
		}
		return err
	})
	if a.vendors.github != nil {
		a.scheduler.add("github", &atOnce{then: every{catchUpEvery}}, a.catchUp)
	}
	if a.host != nil {
		a.scheduler.add("rooms", every{roomsEvery}, a.host.keep)
		a.scheduler.add("rooms that are over", every{time.Hour}, a.host.archive)
	}
	if a.digests != nil {
		a.scheduler.add("digests", every{digestsEvery}, a.digests.due)
	}
}
