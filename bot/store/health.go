package store

import (
	"context"

	"github.com/firebreak-dev/firebreak/bot"
)

// ReadOnly tells that the disk took no more writes when one was last tried. It is true until a write succeeds again.
func (db *DB) ReadOnly() bool { return db.readOnly.Load() != nil }

// WhyReadOnly says in a sentence why no more writes are taken; empty while they are.
func (db *DB) WhyReadOnly() string {
	if why := db.readOnly.Load(); why != nil {
		return *why
	}
	return ""
}

// Health reads from the database and, while it is read-only, tries a small write, so that the store comes back by itself when
// there is space again.
func (db *DB) Health(ctx context.Context) error {
	if _, _, err := one(ctx, db.sql, scanInt, `SELECT COUNT(*) FROM (SELECT 1 FROM runs LIMIT 1) AS probe`); err != nil {
		return db.explain(ctx, "read", err)
	}
	if !db.ReadOnly() {
		return nil
	}
	return db.Remember(ctx, "store", "probe", []byte("written to see whether there is space"))
}

// Backup writes a whole and consistent copy of a SQLite store to a new file, while the store goes on working. An existing file
// is never overwritten. PostgreSQL has its own ways, and refuses with a sentence that names them.
func (db *DB) Backup(ctx context.Context, path string) error {
	if path == "" {
		return bot.Errorf(bot.Invalid, "name the file that the backup goes to")
	}
	return db.explain(ctx, "back up", db.dialect.backup(ctx, path))
}
