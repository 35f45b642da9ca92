package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/risk"
	"github.com/firebreak-dev/firebreak/detectors/canary"
	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

const (
	// lookBack is how far back the past is read.
	lookBack = 90 * 24 * time.Hour
	// The bounds of what is read of it: the newest count.
	pastChanges, pastIncidents, pastRuns = 5000, 1000, 200
	// pastFor is how long what was read is taken for the past: a month changes little in a minute.
	pastFor = time.Minute
)

// hindsight is the past as it was read last, so that judging many changes at once reads it once.
type hindsight struct {
	mu   sync.Mutex
	read time.Time
	past risk.Past
}

// history is what the ledger, the incidents and the runs tell of the time before a change.
func (a *App) history(ctx context.Context, now time.Time, c bot.Change) (risk.History, error) {
	m := &a.hindsight
	m.mu.Lock()
	defer m.mu.Unlock()
	if age := now.Sub(m.read); m.read.IsZero() || age < 0 || age >= pastFor {
		past, err := a.readPast(ctx, now)
		if err != nil {
			return risk.History{}, err
		}
		m.past, m.read = past, now
	}
	return m.past.Of(c), nil
}

func (a *App) readPast(ctx context.Context, now time.Time) (risk.Past, error) {
	changes, since, err := before(now, func(from, to time.Time) ([]bot.Change, error) {
		return a.db.Changes(ctx, bot.ChangeQuery{From: from, To: to, Limit: changesPage})
	})
	if err != nil {
		return risk.Past{}, fmt.Errorf("read the changes of the last weeks: %w", err)
	}
	incidents, err := a.db.Incidents(ctx, bot.IncidentQuery{Limit: pastIncidents})
	if err != nil {
		return risk.Past{}, fmt.Errorf("read the incidents of the last weeks: %w", err)
	}
	rolledBack, err := a.rolledBack(ctx, since, incidents, changes)
	if err != nil {
		return risk.Past{}, fmt.Errorf("read the runs of the last weeks: %w", err)
	}
	return risk.NewPast(now, since, changes, incidents, rolledBack), nil
}

// before reads changes from now on back, page by page, and tells how far back they are complete.
func before(now time.Time, read func(from, to time.Time) ([]bot.Change, error)) (changes []bot.Change, since time.Time, err error) {
	since = now.Add(-lookBack)
	seen := map[string]bool{}
	for to := now.Add(time.Second); ; {
		page, err := read(since, to)
		if err != nil {
			return nil, since, err
		}
		fresh := 0
		for _, c := range page {
			if !seen[c.ID] {
				seen[c.ID] = true
				changes = append(changes, c)
				fresh++
			}
		}
		if len(page) < changesPage || fresh == 0 {
			return changes, since, nil
		}
		last := page[len(page)-1].At()
		if len(changes) >= pastChanges {
			return changes, last, nil
		}
		to = last.Add(time.Second) // the API knows whole seconds; what shares the last one's comes again
	}
}

// rolledBack lists the rollbacks that runs have carried out to their end.
func (a *App) rolledBack(ctx context.Context, since time.Time, incidents []bot.Incident, changes []bot.Change) ([]risk.RolledBack, error) {
	actions := map[string]bool{}
	for _, s := range a.config.Services {
		for _, action := range s.Rollback {
			actions[action] = true
		}
	}
	out := []risk.RolledBack{}
	runs, err := a.db.Runs(ctx, run.Query{States: []run.State{run.Succeeded}, Limit: pastRuns})
	if err != nil {
		return nil, err
	}
	undone := undoneKinds(incidents, changes)
	var errs []error
	for _, r := range runs {
		kind, known := undone[r.Incident]
		if !known || r.StartedAt.Before(since) || !plans(r, actions) {
			continue
		}
		events, err := a.db.RunEvents(ctx, r.ID)
		errs = append(errs, err)
		for _, e := range events {
			if actions[e.Action] && carriedOut(e) {
				out = append(out, risk.RolledBack{Action: e.Action, Service: r.Service, Kind: kind, At: e.At})
			}
		}
	}
	return out, errors.Join(errs...)
}

// plans tells whether a run's plan names one of the actions; most runs page and tell only.
func plans(r run.Run, actions map[string]bool) bool {
	for action := range actions {
		if action != "" && bytes.Contains(r.Plan, []byte(`"`+action+`"`)) {
			return true
		}
	}
	return false
}

// carriedOut tells whether an attempt took effect. A rehearsal says that it would have.
func carriedOut(e run.Event) bool {
	return e.Kind == run.Answered && e.Outcome != nil && e.Outcome.Status == playbooks.Done && !strings.HasPrefix(e.Outcome.Sentence, run.Rehearsed)
}

// undoneKinds tells of each incident what kind of change its rollback was for: the cause, or else the likeliest suspect.
func undoneKinds(incidents []bot.Incident, changes []bot.Change) map[string]bot.Kind {
	kinds := make(map[string]bot.Kind, len(changes))
	for _, c := range changes {
		kinds[c.ID] = c.Kind
	}
	out := map[string]bot.Kind{}
	for _, in := range incidents {
		suspects := in.Ranking.Suspects
		if kind, known := kinds[in.Cause]; known {
			out[in.ID] = kind
		} else if len(suspects) > 0 {
			out[in.ID] = suspects[0].Kind
		}
	}
	return out
}

// canaried tells whether a canary is watched for one of the services.
func (c Config) canaried(services []string) bool {
	return slices.ContainsFunc(c.Detectors.Canary, func(k canary.Config) bool { return slices.Contains(services, k.Service) })
}

// past is the past as a client can know it: what changes and incidents tell. Of runs it asks nothing.
func (c *Client) past(ctx context.Context, now time.Time) (risk.Past, error) {
	changes, since, err := before(now, func(from, to time.Time) ([]bot.Change, error) { return c.changesBetween(ctx, from, to) })
	if err != nil {
		return risk.Past{}, err
	}
	incidents, err := c.recentIncidents(ctx)
	if err != nil {
		return risk.Past{}, err
	}
	return risk.NewPast(now, since, changes, incidents, nil), nil
}
