package store

import (
	"context"
	"errors"
	"io/fs"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3/database"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// trouble is what an error of the database means for what comes next.
type trouble int

const (
	otherTrouble trouble = iota
	diskFull             // nothing can be written until there is space
	diskFailing          // the disk refuses to read or write
	busy                 // somebody else held the database for too long
	collided             // two transactions met: the same one may succeed now
	gone                 // the server cannot be reached, or closed the connection
)

// dialect is where the two databases differ. All other SQL is the same for both.
type dialect interface {
	// goose is the migration tool's word for the database, and folder the migrations.
	goose() database.Dialect
	folder() (fs.FS, error)
	// forUpdate goes behind a SELECT of rows that the same transaction changes.
	forUpdate() string
	// trouble sorts an error of the driver.
	trouble(err error) trouble
	// backup writes a copy of the whole database to a new file.
	backup(ctx context.Context, path string) error
}

var (
	_ dialect = sqliteDialect{}
	_ dialect = postgresDialect{}
)

// sqliteDialect needs no row locks: each of its writing transactions begins by taking the only write lock.
type sqliteDialect struct{ path string }

func (sqliteDialect) goose() database.Dialect { return database.DialectSQLite3 }
func (sqliteDialect) folder() (fs.FS, error)  { return fs.Sub(migrations, "migrations/sqlite") }
func (sqliteDialect) forUpdate() string       { return "" }

func (sqliteDialect) trouble(err error) trouble {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return otherTrouble
	}
	switch e.Code() & 0xff { // the low byte is the primary code, the rest only refines it
	case sqlite3.SQLITE_FULL:
		return diskFull
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
		return diskFailing
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return busy
	default:
		return otherTrouble
	}
}

type postgresDialect struct{}

func (postgresDialect) goose() database.Dialect { return database.DialectPostgres }
func (postgresDialect) folder() (fs.FS, error)  { return fs.Sub(migrations, "migrations/postgres") }
func (postgresDialect) forUpdate() string       { return " FOR UPDATE" }

func (postgresDialect) trouble(err error) trouble {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		switch {
		case e.Code == "53100": // disk_full
			return diskFull
		case e.Code == "58030": // io_error
			return diskFailing
		case e.Code == "40001", e.Code == "40P01": // serialization_failure, deadlock_detected
			return collided
		case e.Code == "55P03": // lock_not_available
			return busy
		case len(e.Code) == 5 && (e.Code[:2] == "08" || e.Code[:2] == "57" && e.Code != "57014" || e.Code[:3] == "533"):
			return gone // connection exception, operator intervention (but for a cancelled query), too many connections
		}
		return otherTrouble
	}
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) || pgconn.SafeToRetry(err) || isNetwork(err) {
		return gone
	}
	return otherTrouble
}
