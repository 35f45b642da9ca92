package store

import (
	"context"
	"database/sql"
	"time"
)

// AuditEntry is one line of the log of who did what. Lines are only ever added, until retention takes them.
type AuditEntry struct {
	At time.Time `json:"at"`
	// Actor is a person, "run:ID" or "firebreak".
	Actor string `json:"actor"`
	// Action is a word, as "github.revert" or "approval.approved".
	Action string `json:"action"`
	// Target is what it was done to: an incident, a service, a change.
	Target string `json:"target"`
	Detail string `json:"detail,omitempty"`
}

// Audit adds a line to the audit log.
func (db *DB) Audit(ctx context.Context, e AuditEntry) error {
	if e.At.IsZero() {
		e.At = db.now()
	}
	return db.write(ctx, "write the audit log", func(t *tx) error { return audit(ctx, t, e) })
}

func audit(ctx context.Context, t *tx, e AuditEntry) error {
	_, err := t.exec(ctx, `INSERT INTO audit (at, actor, action, target, detail) VALUES ($1, $2, $3, $4, $5)`,
		e.At, e.Actor, e.Action, e.Target, e.Detail)
	return err
}

// AuditLog returns the newest lines, newest first in the order of writing; a limit of 0 means 100, at most 1000.
func (db *DB) AuditLog(ctx context.Context, limit int) ([]AuditEntry, error) {
	lines, err := list(ctx, db.sql, func(rows *sql.Rows) (e AuditEntry, err error) {
		err = rows.Scan(at(&e.At), &e.Actor, &e.Action, &e.Target, &e.Detail)
		return e, err
	}, `SELECT at, actor, action, target, detail FROM audit ORDER BY seq DESC LIMIT $1`, limitOf(limit))
	return lines, db.explain(ctx, "read the audit log", err)
}
