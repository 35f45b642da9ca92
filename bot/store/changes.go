package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// PutChange records a change, or merges it with what is known of it: a field that the new telling leaves out keeps what an
// earlier one said (EffectiveAt, Reviewers, Paths, …), and Seen stays the earliest. A change whose deployment was told before
// the change itself becomes effective by it.
func (db *DB) PutChange(ctx context.Context, c bot.Change) (created bool, err error) {
	if err := required("the ID of the change", c.ID); err != nil {
		return false, err
	}
	if len(c.Repository) > maxKey || len(c.Revision) > maxKey {
		return false, bot.Errorf(bot.TooLarge, "the repository or the revision of a change is longer than %d bytes", maxKey)
	}
	if c.Seen.IsZero() {
		c.Seen = db.now()
	}
	c.ID = clean(c.ID)
	err = db.write(ctx, "put the change", func(t *tx) error {
		n, err := t.exec(ctx, `INSERT INTO changes
			(id, at, merged_at, effective_at, seen_at, repository, revision, branch, doc)
			VALUES ($1, 0, 0, 0, 0, '', '', '', '') ON CONFLICT DO NOTHING`, c.ID)
		if err != nil {
			return err
		}
		created = n > 0
		var known bot.Change
		if !created {
			known, _, err = one(ctx, t, scanChange, `SELECT `+changeColumns+` FROM changes c WHERE c.id = $1`+db.dialect.forUpdate(), c.ID)
			if err != nil {
				return err
			}
		}
		return db.putChange(ctx, t, mergeChange(known, c))
	})
	return created && err == nil, err
}

// putChange saves a change and applies what is known of deployments: to itself, and to those that its revision carries along.
func (db *DB) putChange(ctx context.Context, t *tx, c bot.Change) error {
	if c.EffectiveAt.IsZero() && c.Repository != "" {
		d, found, err := coveredBy(ctx, t, c)
		if err != nil {
			return err
		}
		if found {
			c.EffectiveAt, c.Environment = d.At, d.Environment
		}
	}
	if err := saveChange(ctx, t, c); err != nil {
		return err
	}
	if c.Repository == "" || c.Revision == "" {
		return nil
	}
	told, err := list(ctx, t, scanDeployment, selectDeployments+` WHERE d.repository = $1 AND d.revision = $2 ORDER BY d.at, d.environment`,
		c.Repository, c.Revision)
	if err != nil {
		return err
	}
	for _, d := range told {
		if _, err := db.deploy(ctx, t, d); err != nil {
			return err
		}
		if !d.At.Before(c.MergedAt) {
			break // what a later deployment of this revision carries, this one has carried already
		}
	}
	return nil
}

// mergeChange is what is known after the same change was told again.
func mergeChange(known, told bot.Change) bot.Change {
	out := told
	keep(&out.Kind, known.Kind)
	keep(&out.Source, known.Source)
	keep(&out.Repository, known.Repository)
	keep(&out.Number, known.Number)
	keep(&out.Revision, known.Revision)
	keep(&out.Branch, known.Branch)
	keep(&out.Title, known.Title)
	keep(&out.Author, known.Author)
	keep(&out.MergedBy, known.MergedBy)
	keep(&out.URL, known.URL)
	out.Rollout = bot.MergeRollouts(known.Rollout, told.Rollout)
	out.Exposure = bot.MergeExposure(out.Rollout, told.Exposure, known.Exposure)
	keep(&out.Rollback, known.Rollback)
	keep(&out.Handle, known.Handle)
	keep(&out.Reverts, known.Reverts)
	keepList(&out.Kinds, known.Kinds)
	keepList(&out.Reviewers, known.Reviewers)
	keepList(&out.Paths, known.Paths)
	keepList(&out.Inputs, known.Inputs)
	keepList(&out.Services, known.Services)
	keepList(&out.Flags, known.Flags)
	if out.MergedAt.IsZero() {
		out.MergedAt = known.MergedAt
	}
	if out.EffectiveAt.IsZero() {
		// Where it took effect belongs to when.
		out.EffectiveAt, out.Environment = known.EffectiveAt, firstOf(known.Environment, told.Environment)
	}
	if first := bot.FirstStep(out.Rollout); !first.IsZero() && (out.EffectiveAt.IsZero() || first.Before(out.EffectiveAt)) {
		out.EffectiveAt = first // a later step does not make it younger
	}
	keep(&out.Environment, known.Environment)
	if !known.Seen.IsZero() && known.Seen.Before(out.Seen) {
		out.Seen = known.Seen
	}
	return out
}

func keep[T comparable](into *T, known T) {
	var none T
	if *into == none {
		*into = known
	}
}

func keepList[T any](into *[]T, known []T) {
	if len(*into) == 0 {
		*into = known
	}
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// saveChange writes all that is kept of a change. Its own times stand in columns, the rest in the document.
func saveChange(ctx context.Context, t *tx, c bot.Change) error {
	rest := c
	rest.MergedAt, rest.EffectiveAt, rest.Seen = time.Time{}, time.Time{}, time.Time{}
	text, err := json.Marshal(rest)
	if err != nil {
		return fmt.Errorf("encode change %s: %w", c.ID, err)
	}
	if _, err := t.exec(ctx, `UPDATE changes SET at = $1, merged_at = $2, effective_at = $3, seen_at = $4,
		repository = $5, revision = $6, branch = $7, doc = $8 WHERE id = $9`,
		c.At(), c.MergedAt, c.EffectiveAt, c.Seen, c.Repository, c.Revision, c.Branch, string(text), c.ID); err != nil {
		return err
	}
	kinds := make([]string, 0, len(c.Kinds)+1)
	for _, k := range append(slices.Clone(c.Kinds), c.Kind) {
		kinds = append(kinds, string(k))
	}
	if err := index(ctx, t, "change_services", "service", c, c.Services); err != nil {
		return err
	}
	if err := index(ctx, t, "change_kinds", "kind", c, kinds); err != nil {
		return err
	}
	return indexInputs(ctx, t, c)
}

// indexInputs makes anew the rows by which a change that tells of operational inputs is found: one for each service, and one under
// no name, for those who ask for all.
func indexInputs(ctx context.Context, t *tx, c bot.Change) error {
	if _, err := t.exec(ctx, `DELETE FROM change_inputs WHERE change_id = $1`, c.ID); err != nil || !c.TellsInputs() {
		return err
	}
	for _, service := range append([]string{""}, c.Services...) {
		if _, err := t.exec(ctx, `INSERT INTO change_inputs (service, at, change_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			service, c.At(), c.ID); err != nil {
			return err
		}
	}
	return nil
}

// index makes anew the rows by which a change is found.
func index(ctx context.Context, t *tx, table, column string, c bot.Change, values []string) error {
	if _, err := t.exec(ctx, `DELETE FROM `+table+` WHERE change_id = $1`, c.ID); err != nil {
		return err
	}
	for _, v := range values {
		if v == "" {
			continue
		}
		if _, err := t.exec(ctx, `INSERT INTO `+table+` (`+column+`, at, change_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			v, c.At(), c.ID); err != nil {
			return err
		}
	}
	return nil
}

const changeColumns = `c.id, c.merged_at, c.effective_at, c.seen_at, c.doc`

func scanChange(rows *sql.Rows) (c bot.Change, err error) {
	var id string
	var merged, effective, seen time.Time
	err = rows.Scan(&id, at(&merged), at(&effective), at(&seen), doc(&c))
	c.ID, c.MergedAt, c.EffectiveAt, c.Seen = id, merged, effective, seen
	return c, err
}

// Change returns a change of the ledger.
func (db *DB) Change(ctx context.Context, id string) (bot.Change, error) {
	c, found, err := one(ctx, db.sql, scanChange, `SELECT `+changeColumns+` FROM changes c WHERE c.id = $1`, id)
	if err == nil && !found {
		return c, bot.Errorf(bot.NotFound, "there is no change %q in the ledger", id)
	}
	return c, db.explain(ctx, "read the change", err)
}

// Changes returns changes, newest first by the time that counts (bot.Change.At). Kinds match when a change has any of them.
func (db *DB) Changes(ctx context.Context, q bot.ChangeQuery) ([]bot.Change, error) {
	query, args := changesQuery(q)
	found := pile{most: limitOf(q.Limit)}
	err := each(ctx, db.sql, func(rows *sql.Rows) error {
		row, err := scanRow(rows)
		if err == nil {
			found.add(row)
		}
		return err
	}, query, args...)
	changes, torn := found.all()
	if err = cmp.Or(err, torn); err != nil {
		return nil, db.explain(ctx, "read the ledger", err)
	}
	return changes, nil
}

// decodedAtOnce is how many documents a goroutine decodes.
const decodedAtOnce = 64

// pile decodes documents while rows are still read, on every core and each into its place: they are more than half of the cost of a thousand
// candidates.
type pile struct {
	most     int // rows
	rows     []changeRow
	changes  []bot.Change
	decoding sync.WaitGroup
	torn     atomic.Pointer[error]
	begun    int // rows that are decoded or being decoded
}

func (p *pile) add(row changeRow) {
	p.rows = append(p.rows, row)
	if len(p.rows)-p.begun < decodedAtOnce {
		return
	}
	if p.changes == nil {
		p.changes = make([]bot.Change, p.most)
	}
	rows, changes := p.rows[p.begun:], p.changes[p.begun:len(p.rows):len(p.rows)]
	p.begun = len(p.rows)
	p.decoding.Go(func() { p.decode(rows, changes) })
}

// all waits for the rest.
func (p *pile) all() ([]bot.Change, error) {
	if p.changes == nil && len(p.rows) > 0 {
		p.changes = make([]bot.Change, len(p.rows))
	}
	p.decode(p.rows[p.begun:], p.changes[p.begun:len(p.rows)])
	p.decoding.Wait()
	if err := p.torn.Load(); err != nil {
		return nil, *err
	}
	return slices.Clip(p.changes[:len(p.rows)]), nil
}

// decode reads the documents of rows as one array, which costs less than each alone.
func (p *pile) decode(rows []changeRow, into []bot.Change) {
	size := 2
	for i := range rows {
		size += len(rows[i].doc) + 3
	}
	array := append(make([]byte, 0, size), '[')
	for i := range rows {
		if i > 0 {
			array = append(array, ',')
		}
		array = append(array, cmp.Or(rows[i].doc, "{}")...)
	}
	read := into
	err := json.Unmarshal(append(array, ']'), &read)
	if err == nil && len(read) != len(rows) {
		err = fmt.Errorf("%d documents hold %d changes", len(rows), len(read))
	}
	if err != nil {
		p.torn.CompareAndSwap(nil, &err)
		return
	}
	for i := range rows {
		c, r := &into[i], &rows[i]
		c.ID, c.MergedAt, c.EffectiveAt, c.Seen = r.id, r.merged, r.effective, r.seen
	}
}

// changeRow is a change as it lies in the table.
type changeRow struct {
	id                      string
	merged, effective, seen time.Time
	doc                     string
}

func scanRow(rows *sql.Rows) (r changeRow, err error) {
	err = rows.Scan(&r.id, at(&r.merged), at(&r.effective), at(&r.seen), &r.doc)
	return r, err
}

// changesQuery walks the index that fits best, newest first, and stops at the limit: a million older rows cost nothing. A query
// for kinds alone walks one index range per kind, each to the limit, and takes the newest of them all.
func changesQuery(q bot.ChangeQuery) (query string, args []any) {
	var w where
	limit := limitOf(q.Limit)
	if q.Service == "" && len(q.Kinds) == 0 && !q.Inputs {
		return plainQuery(q, limit)
	}
	walk := func(from, time, id string, narrow func()) string {
		w.conditions = nil
		narrow()
		if !q.From.IsZero() {
			w.and(time+" >= ?", q.From)
		}
		if !q.To.IsZero() {
			w.and(time+" < ?", q.To)
		}
		if q.Repository != "" {
			w.and("c.repository = ?", q.Repository)
		}
		return `SELECT * FROM (SELECT c.id FROM ` + from + w.String() +
			` ORDER BY ` + time + ` DESC, ` + id + ` DESC LIMIT ` + w.arg(limit) + `) AS walked`
	}
	var walks []string
	if q.Service != "" || q.Inputs {
		from := `change_services`
		if q.Inputs {
			from = `change_inputs`
		}
		walks = append(walks, walk(from+` s JOIN changes c ON c.id = s.change_id`, "s.at", "s.change_id", func() {
			w.and("s.service = ?", q.Service)
			if len(q.Kinds) > 0 {
				var of where
				of.args = w.args
				andIn(&of, "k.kind", q.Kinds)
				w.args = of.args
				w.conditions = append(w.conditions,
					`EXISTS (SELECT 1 FROM change_kinds k WHERE k.change_id = c.id AND `+of.conditions[0]+`)`)
			}
		}))
	} else {
		for _, kind := range q.Kinds {
			walks = append(walks, walk(`change_kinds k JOIN changes c ON c.id = k.change_id`, "k.at", "k.change_id", func() {
				w.and("k.kind = ?", kind)
			}))
		}
	}
	return `SELECT ` + changeColumns + ` FROM changes c WHERE c.id IN (` + strings.Join(walks, " UNION ") +
		`) ORDER BY c.at DESC, c.id DESC LIMIT ` + w.arg(limit), w.args
}

// plainQuery needs no rows beside the changes themselves, as the one for the candidates of an incident: it reads them in the order
// of the index, looks up no ID and sorts nothing.
func plainQuery(q bot.ChangeQuery, limit int) (query string, args []any) {
	var w where
	if q.Repository != "" {
		w.and("c.repository = ?", q.Repository)
	}
	if !q.From.IsZero() {
		w.and("c.at >= ?", q.From)
	}
	if !q.To.IsZero() {
		w.and("c.at < ?", q.To)
	}
	return `SELECT ` + changeColumns + ` FROM changes c` + w.String() + ` ORDER BY c.at DESC, c.id DESC LIMIT ` + w.arg(limit), w.args
}
