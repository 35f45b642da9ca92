package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
)

// Deployed makes changes effective: those of the repository with that revision, and those of the same repository and branch
// that were merged before it and are not effective yet, since a revision carries its past. It returns what it altered, newest
// first. The first time counts: a later deployment of the same revision, here or elsewhere, does not make a change younger than
// the harm it may have done. A deployment that did not succeed alters nothing; one that is told before its change is remembered.
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
		_, err := t.exec(ctx, `INSERT INTO deployments (repository, revision, environment, at, source, url)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (repository, revision, environment)
			DO UPDATE SET at = excluded.at, source = excluded.source, url = excluded.url WHERE excluded.at < deployments.at`,
			d.Repository, d.Revision, d.Environment, d.At, d.Source, d.URL)
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

const selectDeployments = `SELECT source, repository, revision, environment, at, url FROM deployments`

func scanDeployment(rows *sql.Rows) (d bot.Deployment, err error) {
	d.Succeeded = true // only such are kept
	err = rows.Scan(&d.Source, &d.Repository, &d.Revision, &d.Environment, at(&d.At), &d.URL)
	return d, err
}

// coveredBy finds the earliest deployment that carried a change: of its own revision, or of a revision that was merged after it
// on its branch.
func coveredBy(ctx context.Context, t *tx, c bot.Change) (bot.Deployment, bool, error) {
	if c.Revision != "" {
		d, found, err := one(ctx, t, scanDeployment, selectDeployments+
			` WHERE repository = $1 AND revision = $2 ORDER BY at LIMIT 1`, c.Repository, c.Revision)
		if err != nil || found {
			return d, found, err
		}
	}
	if c.MergedAt.IsZero() {
		return bot.Deployment{}, false, nil
	}
	return one(ctx, t, scanDeployment, `SELECT d.source, d.repository, d.revision, d.environment, d.at, d.url
		FROM deployments d JOIN changes k ON k.repository = d.repository AND k.revision = d.revision
		WHERE d.repository = $1 AND k.merged_at >= $2 AND d.at >= $2 AND (k.branch = $3 OR k.branch = '' OR $3 = '')
		ORDER BY d.at LIMIT 1`, c.Repository, c.MergedAt, c.Branch)
}

// deploy makes effective what a deployment carried.
func (db *DB) deploy(ctx context.Context, t *tx, d bot.Deployment) ([]bot.Change, error) {
	carried, err := list(ctx, t, scanChange, `SELECT `+changeColumns+` FROM changes c
		WHERE c.repository = $1 AND c.revision = $2 ORDER BY c.id`+db.dialect.forUpdate(), d.Repository, d.Revision)
	if err != nil {
		return nil, err
	}
	altered := slices.DeleteFunc(slices.Clone(carried), func(c bot.Change) bool {
		return !c.EffectiveAt.IsZero() && !d.At.Before(c.EffectiveAt)
	})
	for _, head := range carried {
		if head.MergedAt.IsZero() {
			continue
		}
		past, err := list(ctx, t, scanChange, `SELECT `+changeColumns+` FROM changes c
			WHERE c.repository = $1 AND c.effective_at = 0 AND c.merged_at > 0 AND c.merged_at <= $2 AND c.revision <> $3
			AND (c.branch = $4 OR c.branch = '' OR $4 = '') ORDER BY c.id`+db.dialect.forUpdate(),
			d.Repository, head.MergedAt, d.Revision, head.Branch)
		if err != nil {
			return nil, err
		}
		altered = append(altered, past...)
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
