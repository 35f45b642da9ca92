package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
)

// Deployed makes changes effective: those of the repository with that revision, and those of the same repository and branch
// that were merged before it and were not effective yet, since a revision carries its past. It returns what it altered, newest
// first. The earliest time counts: a later deployment of the same revision, here or elsewhere, does not make a change younger
// than the harm it may have done. A deployment that did not succeed alters nothing; one that is told before its change, or
// before an earlier deployment, comes to the same.
func (db *DB) Deployed(ctx context.Context, d bot.Deployment) ([]bot.Change, error) {
	if !d.Succeeded {
		return nil, nil
	}
	for what, key := range map[string]string{"the repository of the deployment": d.Repository, "the revision of the deployment": d.Revision} {
		if err := required(what, key); err != nil {
			return nil, err
		}
	}
	if len(d.Environment) > maxKey {
		return nil, bot.Errorf(bot.TooLarge, "the environment of the deployment is longer than %d bytes", maxKey)
	}
	if d.At.IsZero() {
		d.At = db.now()
	}
	d.At = stored(d.At)
	var altered []bot.Change
	err := db.write(ctx, "record the deployment", func(t *tx) error {
		declared, err := declaredInputs(d)
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `INSERT INTO deployments (repository, revision, environment, at, source, url, inputs)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
			d.Repository, d.Revision, d.Environment, d.At, d.Source, d.URL, declared)
		if err != nil {
			return err
		}
		altered, err = db.deploy(ctx, t, d)
		return err
	})
	if err != nil {
		return nil, err
	}
	return altered, nil
}

// declaredInputs is what a deployment declared, as it is kept; the empty text is nothing.
func declaredInputs(d bot.Deployment) (string, error) {
	if len(d.Inputs) == 0 {
		return "", nil
	}
	text, err := json.Marshal(d.Inputs)
	return string(text), err
}

// Deployments returns successful deployments of a repository, newest first, each with when and where its revision was merged, as far
// as the ledger knows it.
func (db *DB) Deployments(ctx context.Context, q bot.DeploymentQuery) ([]bot.Deployment, error) {
	var w where
	w.and("d.repository = ?", q.Repository)
	if !q.To.IsZero() {
		w.and("d.at < ?", q.To)
	}
	found, err := list(ctx, db.sql, scanCarried, `SELECT d.source, d.repository, d.revision, d.environment, d.at, d.url, d.inputs,
		COALESCE((SELECT MAX(c.merged_at) FROM changes c WHERE c.repository = d.repository AND c.revision = d.revision), 0),
		COALESCE((SELECT MAX(c.branch) FROM changes c WHERE c.repository = d.repository AND c.revision = d.revision), '')
		FROM deployments d`+w.String()+` ORDER BY d.at DESC, d.revision DESC, d.environment DESC LIMIT `+w.arg(limitOf(q.Limit)), w.args...)
	return found, db.explain(ctx, "read the deployments", err)
}

func scanCarried(rows *sql.Rows) (d bot.Deployment, err error) {
	d.Succeeded = true // only such are kept
	err = rows.Scan(&d.Source, &d.Repository, &d.Revision, &d.Environment, at(&d.At), &d.URL, doc(&d.Inputs), at(&d.MergedAt), &d.Branch)
	return d, err
}

const selectDeployments = `SELECT d.source, d.repository, d.revision, d.environment, d.at, d.url FROM deployments d`

func scanDeployment(rows *sql.Rows) (d bot.Deployment, err error) {
	d.Succeeded = true // only such are kept
	err = rows.Scan(&d.Source, &d.Repository, &d.Revision, &d.Environment, at(&d.At), &d.URL)
	return d, err
}

// carried is how far back a revision carries its past. What was merged earlier and never seen to be deployed went live without
// telling us; the first deployment that is told of a repository must not make its whole history young.
const carried = 30 * day

// coveredBy finds the earliest deployment that made a change effective: of its own revision, or of one that carried it.
func coveredBy(ctx context.Context, t *tx, c bot.Change) (bot.Deployment, bool, error) {
	var w where
	w.and("d.repository = ?", c.Repository)
	var ways where
	ways.args = w.args
	if c.Revision != "" {
		ways.and("d.revision = ?", c.Revision)
	}
	if !c.MergedAt.IsZero() {
		ways.and(`(d.at >= ? AND EXISTS (SELECT 1 FROM changes k WHERE k.repository = d.repository AND k.revision = d.revision
			AND k.merged_at >= ? AND k.merged_at <= ? AND `+sameBranch("k.branch", "?")+`))`,
			c.MergedAt, c.MergedAt, c.MergedAt.Add(carried), c.Branch, c.Branch)
	}
	if len(ways.conditions) == 0 {
		return bot.Deployment{}, false, nil
	}
	w.args = ways.args
	w.conditions = append(w.conditions, "("+strings.Join(ways.conditions, " OR ")+")")
	return one(ctx, t, scanDeployment, selectDeployments+w.String()+` ORDER BY d.at, d.environment LIMIT 1`, w.args...)
}

// sameBranch is the condition that two branches are one, or that one of them is not known.
func sameBranch(column, mark string) string {
	return "(" + column + " = '' OR " + column + " = " + mark + " OR " + mark + " = '')"
}

// deploy makes effective what a deployment carried: its revision, and what was merged before that and was not effective yet at
// that time. It comes to the same whatever the order in which changes and deployments are told.
func (db *DB) deploy(ctx context.Context, t *tx, d bot.Deployment) ([]bot.Change, error) {
	heads, err := list(ctx, t, scanChange, `SELECT `+changeColumns+` FROM changes c
		WHERE c.repository = $1 AND c.revision = $2 ORDER BY c.id`+db.dialect.forUpdate(), d.Repository, d.Revision)
	if err != nil {
		return nil, err
	}
	altered := slices.DeleteFunc(slices.Clone(heads), func(c bot.Change) bool {
		return !c.EffectiveAt.IsZero() && !d.At.Before(c.EffectiveAt)
	})
	for _, head := range heads {
		if head.MergedAt.IsZero() {
			continue
		}
		for _, notYet := range []string{"c.effective_at = 0", "c.effective_at > $6"} {
			past, err := list(ctx, t, scanChange, `SELECT `+changeColumns+` FROM changes c
				WHERE c.repository = $1 AND c.merged_at >= $2 AND c.merged_at <= $3 AND c.id <> $4
				AND `+sameBranch("c.branch", "$5")+` AND c.merged_at <= $6 AND `+notYet+` ORDER BY c.id`+db.dialect.forUpdate(),
				d.Repository, head.MergedAt.Add(-carried), head.MergedAt, head.ID, head.Branch, d.At)
			if err != nil {
				return nil, err
			}
			altered = append(altered, past...)
		}
	}
	slices.SortFunc(altered, func(a, b bot.Change) int { return strings.Compare(a.ID, b.ID) })
	altered = slices.CompactFunc(altered, func(a, b bot.Change) bool { return a.ID == b.ID })
	for i := range altered {
		altered[i].EffectiveAt, altered[i].Environment = d.At, d.Environment
		if err := saveChange(ctx, t, altered[i]); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(altered, func(a, b bot.Change) int {
		if c := b.MergedAt.Compare(a.MergedAt); c != 0 {
			return c
		}
		return strings.Compare(b.ID, a.ID)
	})
	return altered, nil
}
