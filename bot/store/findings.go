package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/firebreak-dev/firebreak/detectors"
)

// SaveFindings keeps the newest finding of each key, in one transaction. A finding that was judged earlier than the one that is
// kept is dropped.
func (db *DB) SaveFindings(ctx context.Context, findings []detectors.Finding) error {
	if len(findings) == 0 {
		return nil
	}
	docs := make([]string, len(findings))
	for i, f := range findings {
		if err := required("the key of a finding", f.Key); err != nil {
			return err
		}
		text, err := json.Marshal(finite(f))
		if err != nil {
			return fmt.Errorf("store: encode finding %s: %w", f.Key, err)
		}
		docs[i] = string(text)
	}
	return db.write(ctx, "save the findings", func(t *tx) error {
		for i, f := range findings {
			if _, err := t.exec(ctx, `INSERT INTO findings (key, service, at, doc) VALUES ($1, $2, $3, $4)
				ON CONFLICT (key) DO UPDATE SET service = excluded.service, at = excluded.at, doc = excluded.doc
				WHERE excluded.at >= findings.at`, f.Key, f.Service, f.At, docs[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// finite makes the numbers of the evidence such that JSON has them: a ratio of nothing is told as 0, endless burn as the
// largest number. The sentences beside them say what is meant.
func finite(f detectors.Finding) detectors.Finding {
	f.Evidence = slices.Clone(f.Evidence)
	for i := range f.Evidence {
		f.Evidence[i].Value = finiteNumber(f.Evidence[i].Value)
		f.Evidence[i].Limit = finiteNumber(f.Evidence[i].Limit)
	}
	f.At, f.Onset.At = f.At.UTC(), f.Onset.At.UTC()
	f.Onset.Earliest, f.Onset.Latest = f.Onset.Earliest.UTC(), f.Onset.Latest.UTC()
	return f
}

func finiteNumber(v float64) float64 {
	switch {
	case math.IsNaN(v):
		return 0
	case math.IsInf(v, 0):
		return math.Copysign(math.MaxFloat64, v)
	default:
		return v
	}
}

// Findings returns the current finding of each key, by key.
func (db *DB) Findings(ctx context.Context) ([]detectors.Finding, error) {
	found, err := list(ctx, db.sql, func(rows *sql.Rows) (f detectors.Finding, err error) {
		err = rows.Scan(doc(&f))
		return f, err
	}, `SELECT doc FROM findings ORDER BY key`)
	return found, db.explain(ctx, "read the findings", err)
}
