package store

import (
	"context"
	"embed"
	"fmt"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/firebreak-dev/firebreak/bot"
)

//go:embed migrations
var migrations embed.FS

// migrate brings the tables up to date. Replicas that start together wait for the first of them. Tables of a newer program are
// left alone: an older one would write rows that the newer one misreads.
func (db *DB) migrate(ctx context.Context) error {
	folder, err := db.dialect.folder()
	if err != nil {
		return fmt.Errorf("store: migrations: %w", err)
	}
	options := []goose.ProviderOption{
		goose.WithDisableGlobalRegistry(true),
		goose.WithTableName("firebreak_version"),
		goose.WithLogger(goose.NopLogger()),
	}
	if db.pool != nil {
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 120))
		if err != nil {
			return fmt.Errorf("store: migrations: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(db.dialect.goose(), db.sql, folder, options...)
	if err != nil {
		return fmt.Errorf("store: migrations: %w", err)
	}
	sources := provider.ListSources()
	newest := sources[len(sources)-1].Version
	have, err := provider.GetDBVersion(ctx)
	if err != nil {
		return db.explain(ctx, "read the version of the tables", err)
	}
	if have > newest {
		return bot.Errorf(bot.Conflict, "the store was written by a newer Firebreak (tables %d, this program knows %d): "+
			"run that one, or restore a backup", have, newest)
	}
	if have == newest {
		return nil
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return db.explain(ctx, "bring the tables up to date", err)
	}
	for _, r := range results {
		db.log.InfoContext(ctx, "store: tables brought up to date", "version", r.Source.Version, "took", r.Duration)
	}
	return nil
}
