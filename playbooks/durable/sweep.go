package durable

import (
	"context"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/firebreak-dev/firebreak/playbooks/run"
)

const (
	// sweepBatch bounds how many rows one look of the sweeper reads or deletes.
	sweepBatch = 500
	// strayEvery and oldEvery are how many looks lie between two searches for runs without a workflow, and for old rows.
	strayEvery, oldEvery = 5, 150
)

// sweep finds what no bell tells: runs that were begun but whose workflow was never started, answers that another process
// wrote, and rows of runs that are long over.
func (e *Engine) sweep(ctx context.Context, l *life) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for look := 0; ; look++ {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if look%strayEvery == 0 {
			e.report(ctx, "runs that nobody carries on", e.startStrays(ctx, l.dbos))
		}
		if e.News != nil {
			e.report(ctx, "news of waiting runs", e.ringNews(ctx))
		}
		if look%oldEvery == 0 {
			e.report(ctx, "rows of runs that are long over", e.forget(l.dbos))
		}
		timer.Reset(e.SweepEvery)
	}
}

func (e *Engine) report(ctx context.Context, what string, err error) {
	if err == nil || ctx.Err() != nil {
		return
	}
	e.metrics.failures.Inc()
	e.Logger.ErrorContext(ctx, "the sweeper could not look", "for", what, "error", err)
}

// startStrays starts the workflow of every unfinished run that has none, or whose workflow ended without it.
func (e *Engine) startStrays(ctx context.Context, d dbos.Context) error {
	unfinished, err := e.Unfinished(ctx)
	if err != nil {
		return err
	}
	var strays []run.Run
	var ids []string
	e.mu.Lock()
	for _, r := range unfinished {
		if e.active[r.ID] == nil && len(strays) < sweepBatch {
			strays, ids = append(strays, r), append(ids, r.ID)
		}
	}
	e.mu.Unlock()
	if len(strays) == 0 {
		return nil
	}
	known, err := dbos.ListWorkflows(d, dbos.WithFilterWorkflowIDs(ids...), dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(false))
	if err != nil {
		return err
	}
	status := make(map[string]dbos.WorkflowStatusType, len(known))
	for _, w := range known {
		status[w.ID] = w.Status
	}
	for _, r := range strays {
		if err := e.startStray(ctx, d, r, status[r.ID]); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) startStray(ctx context.Context, d dbos.Context, r run.Run, status dbos.WorkflowStatusType) error {
	switch status {
	case dbos.WorkflowStatusPending, dbos.WorkflowStatusEnqueued, dbos.WorkflowStatusDelayed:
		return nil // it is about to be carried on
	case "":
	default:
		// The workflow ended; the run may have as well, since it was listed. If it did not, the workflow is no use any more.
		now, err := e.Journal.Run(ctx, r.ID)
		if err != nil || now.State.Ended() {
			return err
		}
		if err := dbos.DeleteWorkflows(d, []string{r.ID}); err != nil {
			return err
		}
	}
	e.metrics.strays.Inc()
	e.Logger.InfoContext(ctx, "a run that nobody carried on is started", "run", r.ID, "workflow", status)
	return e.startWorkflow(d, r)
}

// ringNews rings for the waiting runs of which another process wrote something new.
func (e *Engine) ringNews(ctx context.Context) error {
	var waiting []string
	e.mu.Lock()
	for id, b := range e.active {
		if b.waiting {
			waiting = append(waiting, id)
		}
	}
	e.mu.Unlock()
	if len(waiting) == 0 {
		return nil
	}
	news, err := e.News(ctx, waiting)
	if err != nil {
		return err
	}
	for _, id := range news {
		_ = e.Wake(ctx, id)
	}
	return nil
}

// forget deletes DBOS's rows of runs that were over long ago, a batch at a time. The journal keeps the runs themselves.
func (e *Engine) forget(d dbos.Context) error {
	old, err := dbos.ListWorkflows(d, dbos.WithFilterName(workflow), dbos.WithFilterCompletedBefore(time.Now().Add(-e.Keep)),
		dbos.WithFilterStatus(dbos.WorkflowStatusSuccess, dbos.WorkflowStatusError, dbos.WorkflowStatusCancelled,
			dbos.WorkflowStatusMaxRecoveryAttemptsExceeded),
		dbos.WithFilterLimit(sweepBatch), dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(false))
	if err != nil || len(old) == 0 {
		return err
	}
	ids := make([]string, 0, len(old))
	for _, w := range old {
		ids = append(ids, w.ID)
	}
	return dbos.DeleteWorkflows(d, ids)
}
