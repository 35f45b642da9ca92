package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/firebreak-dev/firebreak/bot"
)

const (
	// leadKey names the session advisory lock of the leader within its database. It must never change: replicas of two
	// versions have to agree on it.
	leadKey int64 = 0x6669726562726b31 // "firebrk1"
	// leadPoll is how often a replica that does not lead asks for the lock. A blocking wait would hold a snapshot open, and
	// keep PostgreSQL from cleaning up for as long as the leader lives.
	leadPoll = time.Second
	// leadPing is how long the leader's connection may be silent before it is tried, and how long the trial may take. A
	// server that goes away properly is noticed at once; this is for those that vanish.
	leadPing = 5 * time.Second
)

// leadership knows who in this process leads.
type leadership struct {
	mu     sync.Mutex
	closed bool
	// terms are those that run, each with what ends it as lost.
	terms map[*term]func()
	// taken is the one place that a SQLite store has.
	taken chan struct{}
}

// term is one time of leading.
type term struct {
	lost chan struct{}
	once sync.Once
}

func (t *term) lose() { t.once.Do(func() { close(t.lost) }) }

// Lead waits until this process is the one that executes, of all that share the store. The channel lost is closed when the
// lock is gone without release having been called: its connection broke, or the store was closed; execution must stop then.
// Release gives the lock back; calling it again is harmless. On SQLite the file's lock has already decided between processes,
// and Lead only decides between callers in this one.
func (db *DB) Lead(ctx context.Context) (lost <-chan struct{}, release func(), err error) {
	if db.pool == nil {
		return db.leadFile(ctx)
	}
	return db.leadServer(ctx)
}

func (db *DB) leadFile(ctx context.Context) (<-chan struct{}, func(), error) {
	place := db.lead.place()
	select {
	case place <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, fmt.Errorf("store: wait to lead: %w", context.Cause(ctx))
	}
	t := &term{lost: make(chan struct{})}
	if !db.lead.begin(t, t.lose) {
		<-place
		return nil, nil, errClosed()
	}
	return t.lost, sync.OnceFunc(func() {
		db.lead.end1(t)
		<-place
	}), nil
}

func (db *DB) leadServer(ctx context.Context) (<-chan struct{}, func(), error) {
	conn, err := db.win(ctx)
	if err != nil {
		return nil, nil, db.explain(ctx, "wait to lead", err)
	}
	watching, stop := context.WithCancel(context.WithoutCancel(ctx)) // leading outlasts the call that began it
	t, done := &term{lost: make(chan struct{})}, make(chan struct{})
	finish := func() { stop(); <-done }
	if !db.lead.begin(t, func() { finish(); t.lose() }) {
		stop()
		_ = conn.Close(context.WithoutCancel(ctx))
		return nil, nil, errClosed()
	}
	go func() {
		defer close(done)
		if err := hold(watching, conn); watching.Err() == nil {
			db.log.Error("store: leadership lost", "error", db.config.redact(err.Error()))
			t.lose()
		}
		closing, cancel := context.WithTimeout(context.WithoutCancel(watching), leadPing)
		defer cancel()
		_ = conn.Close(closing) // ends the session, and with it the lock
	}()
	return t.lost, sync.OnceFunc(func() {
		db.lead.end1(t)
		finish()
	}), nil
}

// win opens a connection of its own, outside the pool, and asks for the lock until it gets it.
func (db *DB) win(ctx context.Context) (_ *pgx.Conn, err error) {
	conn, err := pgx.ConnectConfig(ctx, db.pool.Config().ConnConfig.Copy())
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = conn.Close(context.WithoutCancel(ctx))
		}
	}()
	tick := time.NewTicker(leadPoll)
	defer tick.Stop()
	for {
		var won bool
		if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, leadKey).Scan(&won); err != nil {
			return nil, err
		}
		if won {
			return conn, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// hold returns when the connection is gone or ctx ends. Listening on it is how the end of the connection is noticed at once.
func hold(ctx context.Context, conn *pgx.Conn) error {
	for {
		silence, cancel := context.WithTimeout(ctx, leadPing)
		_, err := conn.WaitForNotification(silence)
		quiet := silence.Err() != nil
		cancel()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !quiet, conn.IsClosed():
			return err
		}
		trial, cancel := context.WithTimeout(ctx, leadPing)
		err = conn.Ping(trial)
		cancel()
		if err != nil {
			return err
		}
	}
}

func (l *leadership) place() chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken == nil {
		l.taken = make(chan struct{}, 1)
	}
	return l.taken
}

// begin notes a term and what ends it when the store is closed; it refuses when the store is closed already.
func (l *leadership) begin(t *term, lose func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	if l.terms == nil {
		l.terms = map[*term]func(){}
	}
	l.terms[t] = lose
	return true
}

// end1 ends one term that was released.
func (l *leadership) end1(t *term) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.terms, t)
}

// end loses every term, for the store closes.
func (l *leadership) end() {
	l.mu.Lock()
	terms := l.terms
	l.terms, l.closed = nil, true
	l.mu.Unlock()
	for _, lose := range terms {
		lose()
	}
}

func errClosed() error { return bot.Errorf(bot.Unavailable, "the store is closed") }
