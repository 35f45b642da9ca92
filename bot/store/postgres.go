package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/firebreak-dev/firebreak/bot"
)

// postgresConns bounds the pool unless the URL says pool_max_conns. The durable engine keeps one of them to listen.
const postgresConns = 16

func poolConfig(c Config) (*pgxpool.Config, error) {
	pc, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(c.URL, "pool_max_conns=") {
		pc.MaxConns = postgresConns
	}
	pc.MaxConnIdleTime = 5 * time.Minute
	if pc.ConnConfig.ConnectTimeout == 0 {
		pc.ConnConfig.ConnectTimeout = 10 * time.Second
	}
	if pc.ConnConfig.RuntimeParams["application_name"] == "" {
		pc.ConnConfig.RuntimeParams["application_name"] = "firebreak"
	}
	return pc, nil
}

func (db *DB) openPostgres(ctx context.Context) error {
	db.dialect = postgresDialect{}
	pc, err := poolConfig(db.config)
	if err != nil {
		return bot.Errorf(bot.Invalid, "store: url: %s", db.config.redact(err.Error()))
	}
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return fmt.Errorf("store: open PostgreSQL: %s", db.config.redact(err.Error()))
	}
	db.pool = pool
	db.onClose(func() error { pool.Close(); return nil })
	db.sql = stdlib.OpenDBFromPool(pool)
	db.onClose(db.sql.Close)
	if err := db.sql.PingContext(ctx); err != nil {
		where := net.JoinHostPort(pc.ConnConfig.Host, fmt.Sprint(pc.ConnConfig.Port))
		return bot.Errorf(bot.Unavailable, "PostgreSQL at %s cannot be used", where).
			Because(errors.New(db.config.redact(err.Error())))
	}
	return nil
}

func (postgresDialect) backup(context.Context, string) error {
	return bot.Errorf(bot.Invalid, "PostgreSQL has its own backup: use pg_dump, or your server's snapshots")
}

func isNetwork(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		strings.HasSuffix(err.Error(), "conn closed")
}
