package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

// savedAtOnce bounds a transaction of SaveChunks: a month of many services is hundreds of thousands of chunks when it is first read, and nobody
// who has to write down a page may wait for all of them.
const savedAtOnce = 1000

// SaveChunks keeps stretches of windows; a chunk of the same series and start is replaced. After an error some of them are kept, and keeping
// all of them again is right.
func (db *DB) SaveChunks(ctx context.Context, chunks []detectors.Chunk) error {
	for _, c := range chunks {
		s := c.Series
		if len(s.Signal)+len(s.Service)+len(s.Environment)+len(s.Slice) > 4*maxKey {
			return bot.Errorf(bot.TooLarge, "the series %.80s of %.80s has a name longer than %d bytes", s.Signal, s.Service, 4*maxKey)
		}
	}
	for some := range slices.Chunk(chunks, savedAtOnce) {
		if err := db.saveChunks(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

func (db *DB) saveChunks(ctx context.Context, chunks []detectors.Chunk) error {
	return db.write(ctx, "save the windows", func(t *tx) error {
		return t.repeat(ctx, `INSERT INTO chunks (start_at, signal, service, environment, slice, data)
			VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (start_at, signal, service, environment, slice) DO UPDATE SET data = excluded.data`, func(yield func([]any) bool) {
			for _, c := range chunks {
				s := c.Series
				if !yield([]any{c.Start, s.Signal, s.Service, s.Environment, s.Slice, c.Data}) {
					return
				}
			}
		})
	})
}

// LoadChunks hands over every kept chunk that starts at since or later, oldest first. An error of take ends it. Chunks are read
// as they are taken, so take must be done with the store before it returns.
func (db *DB) LoadChunks(ctx context.Context, since time.Time, take func(detectors.Chunk) error) error {
	var refused error
	err := each(ctx, db.sql, func(rows *sql.Rows) error {
		var c detectors.Chunk
		if err := rows.Scan(at(&c.Start), &c.Series.Signal, &c.Series.Service, &c.Series.Environment, &c.Series.Slice, &c.Data); err != nil {
			return err
		}
		refused = take(c)
		return refused
	}, `SELECT start_at, signal, service, environment, slice, data FROM chunks WHERE start_at >= $1
		ORDER BY start_at, signal, service, environment, slice`, since)
	if refused != nil {
		return fmt.Errorf("store: load the windows: %w", refused)
	}
	return db.explain(ctx, "load the windows", err)
}
