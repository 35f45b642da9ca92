package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"github.com/firebreak-dev/firebreak/bot"
)

// attempts is how often a transaction that collided with another one is tried in all.
const attempts = 5

// querier is what rows are read from: the pool, or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// tx is a writing transaction that counts the rows it changed.
type tx struct {
	*sql.Tx
	changed int64
}

func (t *tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := t.ExecContext(ctx, query, bind(args)...)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	t.changed += n
	return n, err
}

// repeat runs one statement for each row of arguments. It is parsed once, which on SQLite costs more than running it.
func (t *tx) repeat(ctx context.Context, query string, rows iter.Seq[[]any]) error {
	statement, err := t.PrepareContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { _ = statement.Close() }() // it ends with the transaction in any case
	for row := range rows {
		result, err := statement.ExecContext(ctx, bind(row)...)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return err
		}
		t.changed += n
	}
	return nil
}

// write runs do in one transaction. It may run more than once (two transactions that collide on PostgreSQL), so do must not
// add to what it found outside of itself.
func (db *DB) write(ctx context.Context, what string, do func(*tx) error) error {
	var err error
	for range attempts {
		if err = db.attempt(ctx, do); err == nil || db.dialect.trouble(err) != collided {
			break
		}
	}
	return db.explain(ctx, what, err)
}

func (db *DB) attempt(ctx context.Context, do func(*tx) error) error {
	raw, err := db.sql.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	t := &tx{Tx: raw}
	if err := do(t); err != nil {
		// The driver's own rollback can fail when the connection is gone, and then there is nothing to roll back.
		_ = raw.Rollback()
		return err
	}
	if err := raw.Commit(); err != nil {
		return err
	}
	if t.changed > 0 && db.readOnly.Swap(nil) != nil {
		db.log.WarnContext(ctx, "store: writes succeed again")
	}
	return nil
}

// list reads rows; scan is called once for each.
func list[T any](ctx context.Context, q querier, scan func(*sql.Rows) (T, error), query string, args ...any) (out []T, err error) {
	err = each(ctx, q, func(rows *sql.Rows) error {
		row, err := scan(rows)
		out = append(out, row)
		return err
	}, query, args...)
	return out, err
}

// one reads the first row, and tells whether there was one.
func one[T any](ctx context.Context, q querier, scan func(*sql.Rows) (T, error), query string, args ...any) (T, bool, error) {
	rows, err := list(ctx, q, scan, query, args...)
	if err != nil || len(rows) == 0 {
		var none T
		return none, false, err
	}
	return rows[0], true, nil
}

func each(ctx context.Context, q querier, visit func(*sql.Rows) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, bind(args)...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // Err has told all there is to know
	for rows.Next() {
		if err := visit(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// The sentences that people read when nothing can be written.
const (
	sentenceFull    = "the disk is full: read-only until there is space"
	sentenceFailing = "the disk refuses the store's file: read-only until it can be written"
)

// explain gives an error the words for its three readers, and notes when nothing can be written any more.
func (db *DB) explain(ctx context.Context, what string, err error) error {
	var said *bot.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &said):
		return err
	case ctx.Err() != nil:
		// The driver's words for it look like a broken connection.
		return fmt.Errorf("store: %s: %w (%w)", what, context.Cause(ctx), err)
	}
	err = fmt.Errorf("store: %s: %w", what, err)
	switch db.dialect.trouble(err) {
	case diskFull:
		db.stopped(sentenceFull, err)
		return bot.Errorf(bot.Unavailable, sentenceFull).Because(err)
	case diskFailing:
		db.stopped(sentenceFailing, err)
		return bot.Errorf(bot.Unavailable, sentenceFailing).Because(err)
	case busy, collided:
		return bot.Errorf(bot.Unavailable, "the store is busy: try again").Because(err)
	case gone:
		return bot.Errorf(bot.Unavailable, "the database cannot be reached").Because(errors.New(db.config.redact(err.Error())))
	case otherTrouble:
	}
	return err
}

func (db *DB) stopped(sentence string, err error) {
	if db.readOnly.CompareAndSwap(nil, &sentence) {
		db.log.Error("store: no more writes", "why", sentence, "error", db.config.redact(err.Error()))
	}
}
