package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// PutFreeze keeps a freeze that somebody started, with a line of the audit log. The same ID again changes nothing and gives what is
// kept.
func (db *DB) PutFreeze(ctx context.Context, f bot.Freeze, when time.Time) (kept bot.Freeze, err error) {
	if err := required("the ID of the freeze", f.ID); err != nil {
		return f, err
	}
	rest := f
	rest.From, rest.To, rest.EndedAt, rest.EndedBy, rest.EndReason = time.Time{}, time.Time{}, time.Time{}, "", ""
	text, err := json.Marshal(rest)
	if err != nil {
		return f, fmt.Errorf("store: encode freeze %s: %w", f.ID, err)
	}
	err = db.write(ctx, "start the freeze", func(t *tx) error {
		n, err := t.exec(ctx, `INSERT INTO freezes (id, from_at, to_at, ended_at, ended_by, end_reason, doc)
			VALUES ($1, $2, $3, 0, '', '', $4) ON CONFLICT DO NOTHING`, f.ID, f.From, f.To, string(text))
		if err != nil {
			return err
		}
		if n > 0 {
			if err := audit(ctx, t, AuditEntry{
				At: when, Actor: f.By, Action: "freeze.start", Target: freezeTarget(f), Detail: "via " + f.Via + ": " + f.ID + ": " + f.Reason,
			}); err != nil {
				return err
			}
		}
		kept, _, err = one(ctx, t, scanFreeze, `SELECT `+freezeColumns+` FROM freezes WHERE id = $1`, f.ID)
		return err
	})
	return kept, err
}

// freezeTarget names the services of a freeze.
func freezeTarget(f bot.Freeze) string {
	if len(f.Services) == 0 {
		return "all services"
	}
	return strings.Join(f.Services, ",")
}

// EndFreeze ends a freeze, with a line of the audit log. One that is over is a Conflict that says since when and by whom.
func (db *DB) EndFreeze(ctx context.Context, id, by, via, reason string, when time.Time) (ended bot.Freeze, err error) {
	err = db.write(ctx, "end the freeze", func(t *tx) error {
		f, found, err := one(ctx, t, scanFreeze, `SELECT `+freezeColumns+` FROM freezes WHERE id = $1`+db.dialect.forUpdate(), id)
		if err != nil {
			return err
		}
		ended = f
		switch {
		case !found:
			return bot.Errorf(bot.NotFound, "there is no freeze %q that was started here; those of the configuration end where they are written", id)
		case !f.EndedAt.IsZero():
			return bot.Errorf(bot.Conflict, "%s ended it already, at %s", f.EndedBy, f.EndedAt.Format("2006-01-02 15:04:05 MST"))
		case f.Over(when):
			return bot.Errorf(bot.Conflict, "it is over since %s", f.To.Format("2006-01-02 15:04:05 MST"))
		}
		ended.EndedAt, ended.EndedBy, ended.EndReason = stored(when), clean(by), clean(reason)
		if _, err := t.exec(ctx, `UPDATE freezes SET ended_at = $1, ended_by = $2, end_reason = $3 WHERE id = $4`, when, by, reason, id); err != nil {
			return err
		}
		detail := "via " + via + ": " + id
		if reason != "" {
			detail += ": " + reason
		}
		return audit(ctx, t, AuditEntry{At: when, Actor: by, Action: "freeze.end", Target: freezeTarget(f), Detail: detail})
	})
	return ended, err
}

const freezeColumns = `id, from_at, to_at, ended_at, ended_by, end_reason, doc`

func scanFreeze(rows *sql.Rows) (f bot.Freeze, err error) {
	var have bot.Freeze
	err = rows.Scan(&have.ID, at(&have.From), at(&have.To), at(&have.EndedAt), &have.EndedBy, &have.EndReason, doc(&f))
	f.ID, f.From, f.To = have.ID, have.From, have.To
	f.EndedAt, f.EndedBy, f.EndReason = have.EndedAt, have.EndedBy, have.EndReason
	return f, err
}

// Freezes returns freezes that people started, newest first by when they begin.
func (db *DB) Freezes(ctx context.Context, q bot.FreezeQuery) ([]bot.Freeze, error) {
	var w where
	if !q.Since.IsZero() {
		w.and("(to_at = 0 OR to_at > ?)", q.Since)
		w.and("(ended_at = 0 OR ended_at > ?)", q.Since)
	}
	found, err := list(ctx, db.sql, scanFreeze,
		`SELECT `+freezeColumns+` FROM freezes`+w.String()+` ORDER BY from_at DESC, id DESC LIMIT `+w.arg(limitOf(q.Limit)), w.args...)
	return found, db.explain(ctx, "read the freezes", err)
}
