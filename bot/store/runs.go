package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

// BeginRun records a run together with entries for its incident's timeline. A run that is known already is left as it is, and
// the entries are dropped.
func (db *DB) BeginRun(ctx context.Context, r run.Run, entries ...bot.Entry) (created bool, err error) {
	if err := required("the ID of the run", r.ID); err != nil {
		return false, err
	}
	if entries, err = db.prepare(ofIncidents(entries)); err != nil {
		return false, err
	}
	if r.State == "" {
		r.State = run.Running
	}
	if r.StartedAt.IsZero() {
		r.StartedAt = db.now()
	}
	rest, err := encodeRun(r)
	if err != nil {
		return false, fmt.Errorf("store: encode run %s: %w", r.ID, err)
	}
	err = db.write(ctx, "begin the run", func(t *tx) error {
		n, err := t.exec(ctx, `INSERT INTO runs (id, incident, state, reason, started_at, ended_at, plan, scope, doc)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
			r.ID, r.Incident, r.State, r.Reason, r.StartedAt, r.EndedAt, r.Plan, r.Scope, rest)
		created = n > 0
		if err != nil || !created {
			return err
		}
		if err := audit(ctx, t, AuditEntry{
			At: r.StartedAt, Actor: actorOf(r.ID), Action: "run.begin", Target: firstOf(r.Incident, r.Service),
			Detail: r.Playbook + " on " + r.Trigger,
		}); err != nil {
			return err
		}
		if len(entries) == 0 {
			return nil
		}
		_, err = db.append(ctx, t, entries)
		return err
	})
	return created && err == nil, err
}

// AppendRun adds an event to a run's journal and, in the same transaction, sets the run's state, adds entries to its incident's
// timeline and a line to the audit log. An event whose ID the run already has changes nothing, and its entries are dropped. An
// event that comes after the end is kept, but the run stays over.
func (db *DB) AppendRun(ctx context.Context, e run.Event, entries ...bot.Entry) (added bool, err error) {
	if err := required("the ID of the run's event", e.ID); err != nil {
		return false, err
	}
	if entries, err = db.prepare(ofIncidents(entries)); err != nil {
		return false, err
	}
	if e.At.IsZero() {
		e.At = db.now()
	}
	rest, err := encodeEvent(e)
	if err != nil {
		return false, fmt.Errorf("store: encode event %s: %w", e.ID, err)
	}
	err = db.write(ctx, "append to the run", func(t *tx) error {
		added = false
		r, found, err := one(ctx, t, scanRunHead, `SELECT incident, doc, state FROM runs WHERE id = $1`+db.dialect.forUpdate(), e.Run)
		if err != nil {
			return err
		}
		if !found {
			return bot.Errorf(bot.NotFound, "there is no run %q", e.Run)
		}
		if added, err = insertEvent(ctx, t, e, rest); err != nil || !added {
			return err
		}
		if err := setRunState(ctx, t, r.State, e); err != nil {
			return err
		}
		if line, tell := auditOf(r, e); tell {
			if err := audit(ctx, t, line); err != nil {
				return err
			}
		}
		if len(entries) == 0 {
			return nil
		}
		_, err = db.append(ctx, t, entries)
		return err
	})
	return added && err == nil, err
}

// ofIncidents leaves out entries of no incident: a run that was started by hand has no timeline.
func ofIncidents(entries []bot.Entry) []bot.Entry {
	return slices.DeleteFunc(slices.Clone(entries), func(e bot.Entry) bool { return e.Incident == "" })
}

func insertEvent(ctx context.Context, t *tx, e run.Event, rest string) (bool, error) {
	last, _, err := one(ctx, t, scanInt, `SELECT COALESCE(MAX(seq), 0) FROM run_events WHERE run = $1`, e.Run)
	if err != nil {
		return false, err
	}
	var status playbooks.Status
	if e.Outcome != nil {
		status = e.Outcome.Status
	}
	n, err := t.exec(ctx, `INSERT INTO run_events (run, seq, id, at, kind, step, status, retry_at, doc)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
		e.Run, last+1, e.ID, e.At, e.Kind, e.Step, status, e.RetryAt, rest)
	return n > 0, err
}

// setRunState keeps the run's state true: over when its journal says so, waiting when no step is in flight and one waits for a
// person, a condition or its next attempt, else running.
func setRunState(ctx context.Context, t *tx, have run.State, e run.Event) error {
	if have.Ended() {
		return nil
	}
	if e.Kind == run.Over {
		_, err := t.exec(ctx, `UPDATE runs SET state = $1, ended_at = $2, reason = $3 WHERE id = $4`, e.State, e.At, e.Error, e.Run)
		return err
	}
	// The newest event of each step says where it stands.
	inFlight, waiting := false, false
	err := each(ctx, t, func(rows *sql.Rows) error {
		var kind run.EventKind
		var status playbooks.Status
		var retry time.Time
		if err := rows.Scan(&kind, &status, at(&retry)); err != nil {
			return err
		}
		inFlight = inFlight || kind == run.Intent
		waiting = waiting || status == playbooks.Pending || kind == run.Asked || kind == run.Erred && !retry.IsZero()
		return nil
	}, `SELECT kind, status, retry_at FROM run_events e WHERE run = $1 AND step <> ''
		AND seq = (SELECT MAX(seq) FROM run_events l WHERE l.run = e.run AND l.step = e.step)`, e.Run)
	if err != nil {
		return err
	}
	state := run.Running
	if waiting && !inFlight {
		state = run.Waiting
	}
	if state == have {
		return nil
	}
	_, err = t.exec(ctx, `UPDATE runs SET state = $1 WHERE id = $2`, state, e.Run)
	return err
}

// auditOf is the audit line of an event. Asking again whether something has come true is not worth one.
func auditOf(r run.Run, e run.Event) (AuditEntry, bool) {
	line := AuditEntry{At: e.At, Actor: actorOf(e.Run), Action: e.Action, Target: firstOf(r.Incident, r.Service)}
	switch e.Kind {
	case run.Skipped:
		return line, false
	case run.Answered:
		if e.Outcome == nil || e.Outcome.Status == playbooks.Pending {
			return line, false
		}
		line.Detail = fmt.Sprintf("%s, attempt %d: %s. %s", e.Step, e.Attempt, e.Outcome.Status, e.Outcome.Sentence)
	case run.Erred:
		line.Detail = fmt.Sprintf("%s, attempt %d: %s error. %s", e.Step, e.Attempt, e.Fate, e.Error)
	case run.Over, run.Aborted:
		line.Action = "run." + string(e.Kind)
		line.Detail = fmt.Sprintf("%s. %s", e.State, e.Error)
	default:
		line.Detail = fmt.Sprintf("%s, attempt %d: %s", e.Step, e.Attempt, e.Kind)
	}
	return line, true
}

func actorOf(run string) string { return "run:" + run }

func scanRunHead(rows *sql.Rows) (r run.Run, err error) {
	var incident string
	err = rows.Scan(&incident, doc(&r), &r.State)
	r.Incident = incident
	return r, err
}

// RunEvents returns a run's journal, oldest first. An unknown run has none.
func (db *DB) RunEvents(ctx context.Context, id string) ([]run.Event, error) {
	events, err := list(ctx, db.sql, func(rows *sql.Rows) (run.Event, error) {
		var rest string
		var when, retry time.Time
		if err := rows.Scan(at(&when), at(&retry), &rest); err != nil {
			return run.Event{}, err
		}
		e, err := decodeEvent(rest)
		e.At, e.RetryAt = when, retry
		return e, err
	}, `SELECT at, retry_at, doc FROM run_events WHERE run = $1 ORDER BY seq`, id)
	return events, db.explain(ctx, "read the run's journal", err)
}

const runColumns = `id, state, reason, started_at, ended_at, plan, scope, doc`

func scanRun(rows *sql.Rows) (r run.Run, err error) {
	var have run.Run
	err = rows.Scan(&have.ID, &have.State, &have.Reason, at(&have.StartedAt), at(&have.EndedAt), raw(&have.Plan), raw(&have.Scope), doc(&r))
	r.ID, r.State, r.Reason, r.StartedAt, r.EndedAt = have.ID, have.State, have.Reason, have.StartedAt, have.EndedAt
	r.Plan, r.Scope = have.Plan, have.Scope
	return r, err
}

// encodeRun writes what has no column of its own.
func encodeRun(r run.Run) (string, error) {
	r.Plan, r.Scope, r.StartedAt, r.EndedAt = nil, nil, time.Time{}, time.Time{}
	text, err := json.Marshal(r)
	return string(text), err
}

// Run returns a run.
func (db *DB) Run(ctx context.Context, id string) (run.Run, error) {
	r, found, err := one(ctx, db.sql, scanRun, `SELECT `+runColumns+` FROM runs WHERE id = $1`, id)
	if err == nil && !found {
		return r, bot.Errorf(bot.NotFound, "there is no run %q", id)
	}
	return r, db.explain(ctx, "read the run", err)
}

// Runs returns runs, newest first by when they started.
func (db *DB) Runs(ctx context.Context, q run.Query) ([]run.Run, error) {
	var w where
	if q.Incident != "" {
		w.and("incident = ?", q.Incident)
	}
	andIn(&w, "state", q.States)
	query := `SELECT ` + runColumns + ` FROM runs` + w.String() + ` ORDER BY started_at DESC, id DESC LIMIT ` + w.arg(limitOf(q.Limit))
	found, err := list(ctx, db.sql, scanRun, query, w.args...)
	return found, db.explain(ctx, "read the runs", err)
}
