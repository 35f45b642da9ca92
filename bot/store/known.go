package store

import (
	"context"
	"database/sql"
)

// KnownDeliveries tells which of the IDs a source's deliveries were ever put under, finished ones included.
func (db *DB) KnownDeliveries(ctx context.Context, source string, ids []string) (map[string]bool, error) {
	known := make(map[string]bool, len(ids))
	for len(ids) > 0 {
		some := ids[:min(len(ids), 500)]
		ids = ids[len(some):]
		var w where
		w.and("source = ?", source)
		andIn(&w, "id", some)
		err := each(ctx, db.sql, func(rows *sql.Rows) error {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			known[id] = true
			return nil
		}, `SELECT id FROM deliveries`+w.String(), w.args...)
		if err != nil {
			return nil, db.explain(ctx, "look deliveries up", err)
		}
	}
	return known, nil
}
