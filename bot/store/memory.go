package store

import (
	"context"
	"database/sql"
)

// Remember keeps a small fact of an integration, as the Slack message of an incident, in place of what was kept under the key.
func (db *DB) Remember(ctx context.Context, space, key string, value []byte) error {
	return db.remember(ctx, space, key, func(t *tx) error {
		_, err := t.exec(ctx, `INSERT INTO memory (space, key, value, at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (space, key) DO UPDATE SET value = excluded.value, at = excluded.at`, space, key, value, db.now())
		return err
	})
}

// RememberOnce keeps a fact unless the key has one already, and tells whether it was fresh: of many who claim a slot, one is
// told true.
func (db *DB) RememberOnce(ctx context.Context, space, key string, value []byte) (fresh bool, err error) {
	err = db.remember(ctx, space, key, func(t *tx) error {
		n, err := t.exec(ctx, `INSERT INTO memory (space, key, value, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			space, key, value, db.now())
		fresh = n > 0
		return err
	})
	return fresh && err == nil, err
}

func (db *DB) remember(ctx context.Context, space, key string, do func(*tx) error) error {
	if err := required("the space of a memory", space); err != nil {
		return err
	}
	if err := required("the key of a memory", key); err != nil {
		return err
	}
	return db.write(ctx, "remember", do)
}

// Recall returns what was kept under the key, and whether there was anything.
func (db *DB) Recall(ctx context.Context, space, key string) ([]byte, bool, error) {
	value, found, err := one(ctx, db.sql, func(rows *sql.Rows) (v []byte, err error) {
		err = rows.Scan(&v)
		return v, err
	}, `SELECT value FROM memory WHERE space = $1 AND key = $2`, space, key)
	return value, found, db.explain(ctx, "recall", err)
}

// Forget drops what was kept under the key, if anything.
func (db *DB) Forget(ctx context.Context, space, key string) error {
	return db.remember(ctx, space, key, func(t *tx) error {
		_, err := t.exec(ctx, `DELETE FROM memory WHERE space = $1 AND key = $2`, space, key)
		return err
	})
}

// mostRecalled bounds how many facts of a space are read at once.
const mostRecalled = 20_000

// Recollect returns what was kept in a space, by key, the newest 20,000 at most.
func (db *DB) Recollect(ctx context.Context, space string) (map[string][]byte, error) {
	type fact struct {
		key   string
		value []byte
	}
	found, err := list(ctx, db.sql, func(rows *sql.Rows) (f fact, err error) {
		err = rows.Scan(&f.key, &f.value)
		return f, err
	}, `SELECT key, value FROM memory WHERE space = $1 ORDER BY at DESC LIMIT $2`, space, mostRecalled)
	out := make(map[string][]byte, len(found))
	for _, f := range found {
		out[f.key] = f.value
	}
	return out, db.explain(ctx, "recollect", err)
}

// Replace keeps a fact in place of what the caller knew to be kept, nil for nothing, and tells whether it was so: of two who replace
// the same, one is told false.
func (db *DB) Replace(ctx context.Context, space, key string, old, value []byte) (replaced bool, err error) {
	if old == nil {
		return db.RememberOnce(ctx, space, key, value)
	}
	err = db.remember(ctx, space, key, func(t *tx) error {
		n, err := t.exec(ctx, `UPDATE memory SET value = $1, at = $2 WHERE space = $3 AND key = $4 AND value = $5`, value, db.now(), space, key, old)
		replaced = n > 0
		return err
	})
	return replaced && err == nil, err
}
