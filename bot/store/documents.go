package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// Document is something that was written for people: a report, a chart.
type Document struct {
	// Name is unique, as "reports/inc-….md"; putting it again replaces it.
	Name string
	// Incident is what it is about; it goes when the incident goes. Empty for documents of no incident.
	Incident  string
	MediaType string
	Body      []byte
	// At is when it was written.
	At time.Time
}

// PutDocument keeps a document, in place of one of the same name.
func (db *DB) PutDocument(ctx context.Context, d Document) error {
	if err := required("the name of the document", d.Name); err != nil {
		return err
	}
	if d.At.IsZero() {
		d.At = db.now()
	}
	return db.write(ctx, "put the document", func(t *tx) error {
		_, err := t.exec(ctx, `INSERT INTO documents (name, incident, media_type, body, at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (name) DO UPDATE SET incident = excluded.incident, media_type = excluded.media_type,
			body = excluded.body, at = excluded.at`, d.Name, d.Incident, d.MediaType, d.Body, d.At)
		return err
	})
}

// Document returns a document.
func (db *DB) Document(ctx context.Context, name string) (Document, error) {
	d, found, err := one(ctx, db.sql, func(rows *sql.Rows) (d Document, err error) {
		err = rows.Scan(&d.Name, &d.Incident, &d.MediaType, &d.Body, at(&d.At))
		return d, err
	}, `SELECT name, incident, media_type, body, at FROM documents WHERE name = $1`, name)
	if err == nil && !found {
		return d, bot.Errorf(bot.NotFound, "there is no document %q", name)
	}
	return d, db.explain(ctx, "read the document", err)
}
