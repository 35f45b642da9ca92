package durable

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
)

// borrow makes a handle whose connections are those of another handle, taken for each use and given back after it. DBOS closes
// the handle that it is given when it shuts down; closing this one leaves the other open.
func borrow(from *sql.DB) *sql.DB {
	db := sql.OpenDB(lender{from})
	db.SetMaxIdleConns(-1) // an idle connection would be kept from its owner
	return db
}

// lender connects by taking a connection of a handle.
type lender struct{ from *sql.DB }

// Connect takes a connection.
func (l lender) Connect(ctx context.Context) (driver.Conn, error) {
	// The connection outlives the call that asks for it.
	taken, err := l.from.Conn(ctx)
	if err != nil {
		return nil, err
	}
	var inner conn
	err = taken.Raw(func(dc any) error {
		var ok bool
		if inner, ok = dc.(conn); !ok {
			return errors.New("durable: the SQLite driver lacks context support")
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, taken.Close())
	}
	return &borrowed{conn: inner, taken: taken}, nil
}

// Driver is asked for by database/sql and used by nobody.
func (l lender) Driver() driver.Driver { return l.from.Driver() }

// conn is what the SQLite driver's connections can do.
type conn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
}

// borrowed is a connection that goes back to its owner when it is closed.
type borrowed struct {
	conn
	taken *sql.Conn
}

var _ conn = (*borrowed)(nil)

// Close gives the connection back.
func (b *borrowed) Close() error { return b.taken.Close() }
