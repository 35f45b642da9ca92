package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"modernc.org/sqlite"
)

// sqliteBusy is how long a writer waits for the file's lock before it is told that the store is busy.
const sqliteBusy = 10 * time.Second

// sqliteConns bounds the open connections: one writes at a time, the others read. The durable engine shares them.
const sqliteConns = 8

func (db *DB) openSQLite(ctx context.Context, path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("store: the path of the SQLite file: %w", err)
	}
	db.dialect = sqliteDialect{path: path}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("store: make the folder of the SQLite file: %w", err)
	}
	release, err := lockFile(path+".lock", path, db.now)
	if err != nil {
		return err
	}
	db.onClose(release)
	if err := private(path); err != nil {
		return fmt.Errorf("store: make the SQLite file: %w", err)
	}
	connector, err := sqlite.NewConnector(sqliteDSN(path))
	if err != nil {
		return fmt.Errorf("store: open the SQLite file: %w", err)
	}
	db.sql = sql.OpenDB(lined{connector, make(line, 1)})
	db.onClose(db.sql.Close)
	db.sql.SetMaxOpenConns(sqliteConns)
	db.sql.SetMaxIdleConns(sqliteConns / 2)
	db.sql.SetConnMaxIdleTime(5 * time.Minute)
	if err := db.sql.PingContext(ctx); err != nil {
		return db.explain(ctx, "open the SQLite file", err)
	}
	return nil
}

// private makes the file for its owner alone, before SQLite would make it readable for all; -wal and -shm inherit its mode.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator's own path
	if err != nil {
		return err
	}
	return f.Close()
}

// sqliteDSN sets what keeps the file safe: writers take the lock when they begin (so none fails half-way for want of it),
// readers never block writers (WAL), and a commit is on the disk before it is reported (FULL).
func sqliteDSN(path string) string {
	q := url.Values{
		"_txlock":       {"immediate"},
		"_busy_timeout": {strconv.FormatInt(sqliteBusy.Milliseconds(), 10)},
		"_pragma":       {"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "journal_size_limit(67108864)"},
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// backup copies into a file that nobody else may read, and gives it its name only when it is whole. It reads by a connection of
// its own, because writers need not wait in line for it.
func (d sqliteDialect) backup(ctx context.Context, path string) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s: %w", path, os.ErrExist)
	}
	part, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".part-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(part.Name())
		}
	}()
	if err := part.Close(); err != nil {
		return err
	}
	reader, err := sql.Open("sqlite", sqliteDSN(d.path))
	if err != nil {
		return err
	}
	_, err = reader.ExecContext(ctx, `VACUUM INTO $1`, part.Name())
	if err := errors.Join(err, reader.Close()); err != nil {
		return err
	}
	if err := syncFile(part.Name()); err != nil {
		return err
	}
	return os.Rename(part.Name(), path)
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0) //nolint:gosec // a file that we have just made
	if err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
