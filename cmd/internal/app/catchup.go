package app

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot/engine"
	"github.com/firebreak-dev/firebreak/bot/store"
)

const (
	// catchUpEvery is how often GitHub is asked what it sent, catchUpOverlap how much of what was heard is asked for again: GitHub's
	// lists lag, and a delivery may still be on its way.
	catchUpEvery   = 10 * time.Minute
	catchUpOverlap = time.Hour
	// heardSpace is the memory space of when a source was last heard completely.
	heardSpace = "heard"
)

// lostAndFound is the inbox as those see it who look for what was lost.
type lostAndFound struct {
	*engine.Engine
	db *store.DB
}

// KnownDeliveries tells which deliveries came.
func (l lostAndFound) KnownDeliveries(ctx context.Context, source string, ids []string) (map[string]bool, error) {
	return l.db.KnownDeliveries(ctx, source, ids)
}

// catchUp asks GitHub for what happened while nobody listened, and for what its webhooks lost. With an App its list of deliveries
// tells, and repositories are asked once, after the start; without one they are asked each time.
func (a *App) catchUp(ctx context.Context) error {
	now := a.options.Clock.Now()
	backfill := *a.config.GitHub.WithDefaults().Backfill
	since := now.Add(-backfill)
	heard, known, err := a.heard(ctx)
	if err != nil {
		return err
	}
	if known && heard.Add(-catchUpOverlap).After(since) {
		since = heard.Add(-catchUpOverlap)
	}
	in := lostAndFound{a.engine, a.db}
	var errs []error
	if backfill > 0 && (!a.backfilled || a.config.GitHub.App.ID == 0) {
		found, err := a.vendors.github.Backfill(ctx, in, a.repositories(), since)
		if found > 0 {
			a.logger.InfoContext(ctx, "what happened before was asked for", "found", found, "since", since)
		}
		a.backfilled = err == nil
		errs = append(errs, err)
	}
	errs = append(errs, a.presentPulls(ctx))
	recovered, err := a.vendors.github.Sweep(ctx, in, since)
	if recovered > 0 {
		a.logger.WarnContext(ctx, "deliveries of GitHub were lost, and found", "recovered", recovered)
	}
	if err := errors.Join(append(errs, err)...); err != nil {
		return err
	}
	return a.db.Remember(ctx, heardSpace, "github", []byte(now.UTC().Format(time.RFC3339)))
}

// presentPulls asks once, after the start, which pull requests are open in the repositories that carry checks and are named in full:
// those may have been opened before anybody listened. Later on webhooks tell, and what they lose the sweep finds.
func (a *App) presentPulls(ctx context.Context) error {
	if a.presented {
		return nil
	}
	var errs []error
	for _, repository := range a.repositories() {
		if !a.config.Checks.Covers(repository) || strings.ContainsAny(repository, "*?[") {
			continue
		}
		open, err := a.vendors.github.OpenPulls(ctx, repository)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		differ, err := a.landing.to.Present(ctx, repository, open)
		if differ > 0 {
			a.logger.InfoContext(ctx, "pull requests were opened or changed while nobody listened", "repository", repository, "pulls", differ)
		}
		errs = append(errs, err)
	}
	err := errors.Join(errs...)
	a.presented = err == nil
	return err
}

func (a *App) heard(ctx context.Context) (at time.Time, known bool, err error) {
	text, known, err := a.db.Recall(ctx, heardSpace, "github")
	if err != nil || !known {
		return at, false, err
	}
	at, err = time.Parse(time.RFC3339, string(text))
	return at, err == nil, nil // what cannot be read was never heard
}

// repositories are those that services name, each once.
func (a *App) repositories() []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range a.config.Services {
		for _, r := range s.Repositories {
			if !seen[r.Name] {
				seen[r.Name] = true
				out = append(out, r.Name)
			}
		}
	}
	return out
}
