package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/diag"
)

// Options are what the store takes from the program around it.
type Options struct {
	// Now tells the time for what the store stamps itself; nil means time.Now.
	Now func() time.Time
	// Logger hears when the store stops and begins again to take writes; nil means silence.
	Logger *slog.Logger
}

// DB is an open store. All its methods may be called by many goroutines at once.
type DB struct {
	sql     *sql.DB
	pool    *pgxpool.Pool
	dialect dialect
	config  Config
	now     func() time.Time
	log     *slog.Logger

	// readOnly is why nothing can be written at the moment, nil while it can.
	readOnly atomic.Pointer[string]

	lead leadership

	closing  sync.Once
	closeErr error
	// closers run in reverse order.
	closers []func() error
}

// Open opens the store, holds it (SQLite: one process per file) and brings its tables up to date. A store that another process
// holds, or that was written by a newer program, is refused with a *bot.Error that says so.
func Open(ctx context.Context, c Config, o Options) (*DB, error) {
	c = c.WithDefaults()
	report := diag.New()
	c.Check(report)
	if faults := report.Faults(); len(faults) > 0 {
		return nil, bot.Errorf(bot.Invalid, "store: url: %s", faults[0].Message)
	}
	db := &DB{config: c, now: o.Now, log: o.Logger}
	if db.now == nil {
		db.now = time.Now
	}
	if db.log == nil {
		db.log = slog.New(slog.DiscardHandler)
	}
	open := db.openPostgres
	if path, ok := strings.CutPrefix(c.URL, sqliteScheme); ok {
		open = func(ctx context.Context) error { return db.openSQLite(ctx, path) }
	}
	err := open(ctx)
	if err == nil {
		err = db.migrate(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// SQL is the handle that the rows are read and written by, for the durable engine to share. On SQLite its writing transactions
// begin immediate and wait in line for the file's one lock, with everybody else's.
func (db *DB) SQL() *sql.DB { return db.sql }

// Pool is the PostgreSQL pool below SQL, nil on SQLite.
func (db *DB) Pool() *pgxpool.Pool { return db.pool }

// Close gives up leadership, closes all connections and lets go of the file. Closing twice is harmless.
func (db *DB) Close() error {
	db.closing.Do(func() {
		db.lead.end()
		var errs []error
		for i := len(db.closers) - 1; i >= 0; i-- {
			errs = append(errs, db.closers[i]())
		}
		db.closeErr = errors.Join(errs...)
	})
	return db.closeErr
}

func (db *DB) onClose(f func() error) { db.closers = append(db.closers, f) }
