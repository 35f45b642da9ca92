package store

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestWritersAreServedInTheOrderInWhichTheyCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := make(line, 1)
		if entered, err := l.enter(t.Context()); !entered || err != nil {
			t.Fatalf("the first one waits: %v, %v", entered, err)
		}
		var served []int
		var wg sync.WaitGroup
		for i := range 5 {
			wg.Go(func() {
				if entered, err := l.enter(t.Context()); !entered || err != nil {
					t.Errorf("%d was not served: %v, %v", i, entered, err)
				}
				served = append(served, i)
				l.leave()
			})
			synctest.Wait()
		}
		l.leave()
		wg.Wait()
		if !slices.Equal(served, []int{0, 1, 2, 3, 4}) {
			t.Errorf("served in the order %v", served)
		}
	})
}

func TestAWriterThatWaitsForItselfIsLeftToSQLite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := make(line, 1)
		if _, err := l.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		entered, err := l.enter(t.Context())
		if waited := time.Since(began); entered || err != nil || waited != lineWait {
			t.Errorf("after %s: entered %v, %v; want to be let go without a place after %s", waited, entered, err, lineWait)
		}
		reason := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(reason)
		if _, err := l.enter(ctx); !errors.Is(err, reason) {
			t.Errorf("a writer whose context has ended: %v", err)
		}
	})
}

func openLined(t *testing.T) *DB {
	t.Helper()
	db, err := Open(t.Context(), Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "x.db")}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.sql.ExecContext(t.Context(), `CREATE TABLE other (n INTEGER)`); err != nil {
		t.Fatal(err)
	}
	return db
}

// However a transaction ends, the next writer gets its turn.
func TestATransactionLeavesTheLineHoweverItEnds(t *testing.T) {
	db := openLined(t)
	ctx := t.Context()
	for name, end := range map[string]func(tx *sql.Tx, cancel func()) error{
		"committed":   func(tx *sql.Tx, _ func()) error { return tx.Commit() },
		"rolled back": func(tx *sql.Tx, _ func()) error { return tx.Rollback() },
		"cancelled":   func(tx *sql.Tx, cancel func()) error { cancel(); _ = tx.Rollback(); return nil },
		"broken": func(tx *sql.Tx, _ func()) error {
			if _, err := tx.Exec(`no SQL`); err == nil {
				return errors.New("it was understood")
			}
			return tx.Rollback()
		},
		"refused by a deferred constraint": func(tx *sql.Tx, _ func()) error {
			for _, s := range []string{`PRAGMA defer_foreign_keys = 1`, `INSERT INTO change_kinds (kind, at, change_id) VALUES ('k', 0, 'nobody')`} {
				if _, err := tx.Exec(s); err != nil {
					return err
				}
			}
			if err := tx.Commit(); err == nil {
				return errors.New("it was committed")
			}
			return nil
		},
	} {
		within, cancel := context.WithCancel(ctx)
		tx, err := db.sql.BeginTx(within, nil)
		if err == nil {
			_, err = tx.ExecContext(within, `INSERT INTO other VALUES (1)`)
		}
		if err = errors.Join(err, end(tx, cancel)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
		if _, err := db.sql.ExecContext(ctx, `INSERT INTO other VALUES (2)`); err != nil {
			t.Errorf("%s: the next writer: %v", name, err)
		}
	}
	// Readers never wait: not for a writer, not in line.
	tx, err := db.sql.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	reading, err := db.sql.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, end := range []func() error{reading.Rollback, tx.Rollback} {
		if err := end(); err != nil {
			t.Error(err)
		}
	}
}

// The durable engine writes by the same handle with transactions of its own: it must not starve beside a busy store.
func TestABusyStoreDoesNotStarveTheDurableEngine(t *testing.T) {
	db := openLined(t)
	ctx := t.Context()
	var others atomic.Int64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			tx, err := db.sql.BeginTx(ctx, nil)
			if err == nil {
				_, err = tx.ExecContext(ctx, `INSERT INTO other VALUES (1)`)
			}
			if err = errors.Join(err, tx.Commit()); err != nil {
				t.Error(err)
				return
			}
			others.Add(1)
		}
	})
	const ours = 200
	for range ours {
		if err := db.Audit(ctx, AuditEntry{Actor: "ana"}); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	wg.Wait()
	// In turns it is one for one; by SQLite's own lock alone one of the two has dozens of turns for one of the other.
	if n := others.Load(); n < ours/4 || n > 4*ours {
		t.Errorf("the other writer had %d turns beside our %d", n, ours)
	}
}
