package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// AskApproval records a question together with entries for its incident's timeline. Asking the same question again gives what
// is known of it, with its decision if there is one, and drops the entries.
func (db *DB) AskApproval(ctx context.Context, a bot.Approval, entries ...bot.Entry) (asked bot.Approval, created bool, err error) {
	if err := required("the ID of the approval", a.ID); err != nil {
		return a, false, err
	}
	if entries, err = db.prepare(ofIncidents(entries)); err != nil {
		return a, false, err
	}
	if a.AskedAt.IsZero() {
		a.AskedAt = db.now()
	}
	rest := a
	rest.AskedAt, rest.Expires, rest.DecidedAt = time.Time{}, time.Time{}, time.Time{}
	rest.Decision, rest.By, rest.Via = "", "", ""
	text, err := json.Marshal(rest)
	if err != nil {
		return a, false, fmt.Errorf("store: encode approval %s: %w", a.ID, err)
	}
	err = db.write(ctx, "ask for the approval", func(t *tx) error {
		n, err := t.exec(ctx, `INSERT INTO approvals
			(id, incident, run, asked_at, expires_at, decision, decided_by, via, decided_at, doc)
			VALUES ($1, $2, $3, $4, $5, '', '', '', 0, $6) ON CONFLICT DO NOTHING`,
			a.ID, a.Incident, a.Run, a.AskedAt, a.Expires, string(text))
		if err != nil {
			return err
		}
		created = n > 0
		if created && len(entries) > 0 {
			if _, err := db.append(ctx, t, entries); err != nil {
				return err
			}
		}
		asked, _, err = one(ctx, t, scanApproval, `SELECT `+approvalColumns+` FROM approvals WHERE id = $1`, a.ID)
		return err
	})
	return asked, created && err == nil, err
}

// Decide records the answer to a question together with entries for its incident's timeline and a line of the audit log. Only
// the first answer counts: a later one gets the approval as it was decided and a Conflict that says who decided when. Whether
// the one who answers may, and whether it is too late, is for the caller to know.
func (db *DB) Decide(ctx context.Context, id string, decision bot.Decision, by, via string, when time.Time,
	entries ...bot.Entry,
) (decided bot.Approval, err error) {
	if decision != bot.Approved && decision != bot.Denied && decision != bot.Expired {
		return decided, bot.Errorf(bot.Invalid, "unknown decision %q: write %q, %q or %q", decision, bot.Approved, bot.Denied, bot.Expired)
	}
	if entries, err = db.prepare(ofIncidents(entries)); err != nil {
		return decided, err
	}
	if when.IsZero() {
		when = db.now()
	}
	err = db.write(ctx, "decide the approval", func(t *tx) error {
		a, found, err := one(ctx, t, scanApproval, `SELECT `+approvalColumns+` FROM approvals WHERE id = $1`+db.dialect.forUpdate(), id)
		if err != nil {
			return err
		}
		decided = a
		switch {
		case !found:
			return bot.Errorf(bot.NotFound, "there is no approval %q", id)
		case a.Decision != "":
			return bot.Errorf(bot.Conflict, "it was already %s by %s at %s via %s",
				a.Decision, a.By, a.DecidedAt.Format("2006-01-02 15:04:05 MST"), a.Via)
		}
		decided.Decision, decided.By, decided.Via, decided.DecidedAt = decision, clean(by), clean(via), stored(when)
		if _, err := t.exec(ctx, `UPDATE approvals SET decision = $1, decided_by = $2, via = $3, decided_at = $4 WHERE id = $5`,
			decision, by, via, when, id); err != nil {
			return err
		}
		if err := audit(ctx, t, AuditEntry{
			At: when, Actor: by, Action: "approval." + string(decision), Target: firstOf(a.Incident, a.Run),
			Detail: "via " + via + ": " + a.Question,
		}); err != nil || len(entries) == 0 {
			return err
		}
		_, err = db.append(ctx, t, entries)
		return err
	})
	return decided, err
}

const approvalColumns = `id, asked_at, expires_at, decision, decided_by, via, decided_at, doc`

func scanApproval(rows *sql.Rows) (a bot.Approval, err error) {
	var have bot.Approval
	err = rows.Scan(&have.ID, at(&have.AskedAt), at(&have.Expires), &have.Decision, &have.By, &have.Via, at(&have.DecidedAt), doc(&a))
	a.ID, a.AskedAt, a.Expires = have.ID, have.AskedAt, have.Expires
	a.Decision, a.By, a.Via, a.DecidedAt = have.Decision, have.By, have.Via, have.DecidedAt
	return a, err
}

// Approval returns an approval.
func (db *DB) Approval(ctx context.Context, id string) (bot.Approval, error) {
	a, found, err := one(ctx, db.sql, scanApproval, `SELECT `+approvalColumns+` FROM approvals WHERE id = $1`, id)
	if err == nil && !found {
		return a, bot.Errorf(bot.NotFound, "there is no approval %q", id)
	}
	return a, db.explain(ctx, "read the approval", err)
}

// Approvals returns approvals, newest first by when they were asked.
func (db *DB) Approvals(ctx context.Context, q bot.ApprovalQuery) ([]bot.Approval, error) {
	var w where
	if q.Open {
		w.and("decision = ''")
	}
	if q.Incident != "" {
		w.and("incident = ?", q.Incident)
	}
	if q.Run != "" {
		w.and("run = ?", q.Run)
	}
	query := `SELECT ` + approvalColumns + ` FROM approvals` + w.String() + ` ORDER BY asked_at DESC, id DESC LIMIT ` + w.arg(limitOf(q.Limit))
	found, err := list(ctx, db.sql, scanApproval, query, w.args...)
	return found, db.explain(ctx, "read the approvals", err)
}
