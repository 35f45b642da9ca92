package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/firebreak-dev/firebreak/bot"
)

// Append adds entries to the timelines of their incidents in one transaction and returns those that were new: an entry whose
// key or ID its incident already has is dropped. The incidents are folded anew in the same transaction.
func (db *DB) Append(ctx context.Context, entries ...bot.Entry) (added []bot.Entry, err error) {
	entries, err = db.prepare(entries)
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	err = db.write(ctx, "append to the timeline", func(t *tx) error {
		added, err = db.append(ctx, t, entries)
		return err
	})
	if err != nil {
		return nil, err
	}
	return added, nil
}

// prepare makes entries as they will come back, and gives an ID to those without.
func (db *DB) prepare(entries []bot.Entry) ([]bot.Entry, error) {
	out := make([]bot.Entry, 0, len(entries))
	for _, e := range entries {
		if err := required("the incident of a timeline entry", e.Incident); err != nil {
			return nil, err
		}
		if len(e.Key) > maxKey {
			return nil, bot.Errorf(bot.TooLarge, "the key of a timeline entry is longer than %d bytes", maxKey)
		}
		if e.At.IsZero() {
			e.At = db.now()
		}
		if e.ID == "" {
			e.ID = bot.NewID("entry", e.At)
		}
		e.Incident, e.ID, e.Key = clean(e.Incident), clean(e.ID), clean(e.Key)
		e.Actor, e.Sentence = clean(e.Actor), clean(e.Sentence)
		e.At, e.Data = stored(e.At), storedJSON(e.Data)
		out = append(out, e)
	}
	return out, nil
}

// append adds prepared entries within a transaction. Incidents are locked in the order of their IDs, so that two writers never
// wait for each other.
func (db *DB) append(ctx context.Context, t *tx, entries []bot.Entry) (added []bot.Entry, err error) {
	incidents := make([]string, 0, len(entries))
	for _, e := range entries {
		incidents = append(incidents, e.Incident)
	}
	slices.Sort(incidents)
	fresh := map[string]int{}
	next := map[string]int64{}
	for _, id := range slices.Compact(incidents) {
		if next[id], err = db.lockIncident(ctx, t, id); err != nil {
			return nil, err
		}
	}
	for _, e := range entries {
		n, err := t.exec(ctx, `INSERT INTO entries (incident, seq, id, key, at, kind, actor, sentence, data)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
			e.Incident, next[e.Incident], e.ID, e.Key, e.At, e.Kind, e.Actor, e.Sentence, e.Data)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			next[e.Incident]++
			fresh[e.Incident]++
			added = append(added, e)
		}
	}
	for id := range fresh {
		if err := refold(ctx, t, id); err != nil {
			return nil, err
		}
	}
	return added, nil
}

// lockIncident makes the incident's row where there is none, keeps other writers off it, and returns the next place in its
// timeline.
func (db *DB) lockIncident(ctx context.Context, t *tx, id string) (next int64, err error) {
	if _, err := t.exec(ctx, `INSERT INTO incidents
		(id, service, environment, state, severity, opened_at, updated_at, resolved_at, doc)
		VALUES ($1, '', '', '', '', 0, 0, 0, '{}') ON CONFLICT DO NOTHING`, id); err != nil {
		return 0, err
	}
	if lock := db.dialect.forUpdate(); lock != "" {
		if _, _, err := one(ctx, t, scanText, `SELECT id FROM incidents WHERE id = $1`+lock, id); err != nil {
			return 0, err
		}
	}
	last, _, err := one(ctx, t, scanInt, `SELECT COALESCE(MAX(seq), 0) FROM entries WHERE incident = $1`, id)
	return last + 1, err
}

// refold saves what the timeline says.
func refold(ctx context.Context, t *tx, id string) error {
	entries, err := list(ctx, t, scanEntry, selectEntries, id)
	if err != nil {
		return err
	}
	in := bot.FoldIncident(entries)
	doc, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode incident %s: %w", id, err)
	}
	_, err = t.exec(ctx, `UPDATE incidents SET service = $1, environment = $2, state = $3, severity = $4,
		opened_at = $5, updated_at = $6, resolved_at = $7, doc = $8 WHERE id = $9`,
		in.Service, in.Environment, in.State, in.Severity, in.OpenedAt, in.Updated, in.ResolvedAt, string(doc), id)
	return err
}

const selectEntries = `SELECT incident, id, key, at, kind, actor, sentence, data FROM entries WHERE incident = $1 ORDER BY seq`

func scanEntry(rows *sql.Rows) (e bot.Entry, err error) {
	err = rows.Scan(&e.Incident, &e.ID, &e.Key, at(&e.At), &e.Kind, &e.Actor, &e.Sentence, raw(&e.Data))
	return e, err
}

func scanText(rows *sql.Rows) (s string, err error) { err = rows.Scan(&s); return s, err }
func scanInt(rows *sql.Rows) (n int64, err error)   { err = rows.Scan(&n); return n, err }

// Entries returns the timeline of an incident in the order in which it was told, which is the order that it is folded in. An
// unknown incident has none.
func (db *DB) Entries(ctx context.Context, incident string) ([]bot.Entry, error) {
	entries, err := list(ctx, db.sql, scanEntry, selectEntries, incident)
	return entries, db.explain(ctx, "read the timeline", err)
}

// Incident returns an incident as its timeline folds.
func (db *DB) Incident(ctx context.Context, id string) (bot.Incident, error) {
	in, found, err := one(ctx, db.sql, scanIncident, `SELECT doc FROM incidents WHERE id = $1`, id)
	if err == nil && !found {
		return in, bot.Errorf(bot.NotFound, "there is no incident %q", id)
	}
	return in, db.explain(ctx, "read the incident", err)
}

func scanIncident(rows *sql.Rows) (in bot.Incident, err error) {
	err = rows.Scan(doc(&in))
	return in, err
}

// Incidents returns incidents, newest first by when they opened.
func (db *DB) Incidents(ctx context.Context, q bot.IncidentQuery) ([]bot.Incident, error) {
	var w where
	andIn(&w, "state", q.States)
	if q.Service != "" {
		w.and("service = ?", q.Service)
	}
	query := `SELECT doc FROM incidents` + w.String() + ` ORDER BY opened_at DESC, id DESC LIMIT ` + w.arg(limitOf(q.Limit))
	found, err := list(ctx, db.sql, scanIncident, query, w.args...)
	return found, db.explain(ctx, "read the incidents", err)
}

// OpenIncidents returns every incident that is not resolved, newest first. There is no limit: what is open must be seen.
func (db *DB) OpenIncidents(ctx context.Context) ([]bot.Incident, error) {
	found, err := list(ctx, db.sql, scanIncident, `SELECT doc FROM incidents
		WHERE state IN ($1, $2, $3) ORDER BY opened_at DESC, id DESC`, bot.Open, bot.Acknowledged, bot.Mitigated)
	return found, db.explain(ctx, "read the open incidents", err)
}
