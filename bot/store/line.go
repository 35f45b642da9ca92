package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"
)

// line has the writers of a SQLite file wait for each other in the order in which they came, whoever they are: our rows and the
// durable engine share it. SQLite's own way is to look again after up to 100 ms, and by then somebody who came later has often
// taken the lock; a busy writer starves all others.
type line chan struct{}

// lineWait bounds the wait, after which SQLite's own lock decides, and refuses in its own words. It is there for a caller that
// waits for itself: one that writes on a second connection while its transaction is open.
const lineWait = sqliteBusy

func (l line) enter(ctx context.Context) (entered bool, err error) {
	select {
	case l <- struct{}{}:
		return true, nil
	default:
	}
	timer := time.NewTimer(lineWait)
	defer timer.Stop()
	select {
	case l <- struct{}{}:
		return true, nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	case <-timer.C:
		return false, nil
	}
}

func (l line) leave() { <-l }

// lined opens connections whose writers wait in line.
type lined struct {
	driver.Connector
	line line
}

func (c lined) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	whole, ok := conn.(sqliteConn)
	if !ok {
		_ = conn.Close()
		return nil, fmt.Errorf("the SQLite driver's %T lacks a method that it used to have", conn)
	}
	return &linedConn{sqliteConn: whole, line: c.line}, nil
}

// sqliteConn is what the driver's connection offers to database/sql.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// linedConn is used by one goroutine at a time, as database/sql promises.
type linedConn struct {
	sqliteConn
	line line
	// open is true while a transaction runs on this connection, inside while that has its place in the line.
	open, inside bool
}

// BeginTx waits in line, unless the transaction says that it only reads.
func (c *linedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if !o.ReadOnly {
		entered, err := c.line.enter(ctx)
		if err != nil {
			return nil, err
		}
		c.inside = entered
	}
	t, err := c.sqliteConn.BeginTx(ctx, o)
	if err != nil {
		c.end()
		return nil, err
	}
	c.open = true
	return linedTx{t, c}, nil
}

// ExecContext waits in line for a statement that is a transaction of its own.
func (c *linedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.open {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	entered, err := c.line.enter(ctx)
	if err != nil {
		return nil, err
	}
	if entered {
		defer c.line.leave()
	}
	return c.sqliteConn.ExecContext(ctx, query, args)
}

// Close gives up the place of a transaction that nobody ended.
func (c *linedConn) Close() error {
	defer c.end()
	return c.sqliteConn.Close()
}

// end is called when the transaction is over.
func (c *linedConn) end() {
	c.open = false
	if c.inside {
		c.inside = false
		c.line.leave()
	}
}

type linedTx struct {
	driver.Tx
	conn *linedConn
}

func (t linedTx) Commit() error {
	defer t.conn.end()
	return t.Tx.Commit()
}

func (t linedTx) Rollback() error {
	defer t.conn.end()
	return t.Tx.Rollback()
}
