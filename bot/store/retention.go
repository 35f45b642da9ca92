package store

import (
	"context"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

// retentionBatch is how many rows one transaction removes: few enough that nobody waits long for the write lock.
const retentionBatch = 500

// Retention says how long rows are kept. Zero fields take their default; nothing is kept for ever but what is still open.
type Retention struct {
	// Deliveries is for those that were understood. They are kept, without body, to know them when they come again: 14 days.
	Deliveries time.Duration `yaml:"deliveries" doc:"how long to know deliveries that come again; 14d when left out"`
	// Undecodable is for those that were not, with their bodies: 90 days.
	Undecodable time.Duration `yaml:"undecodable" doc:"how long to keep deliveries that could not be used; 90d when left out"`
	// Changes is for the ledger with its deployments, and for freezes that are over: 400 days, a year and a quarter's comparison.
	Changes time.Duration `yaml:"changes" doc:"how long to keep the ledger; 400d when left out"`
	// Incidents is for resolved ones with timeline, runs, approvals and documents: 400 days.
	Incidents time.Duration `yaml:"incidents" doc:"how long to keep resolved incidents with their runs and reports; 400d when left out"`
	// Findings is for those that nothing judges any more: 7 days.
	Findings time.Duration `yaml:"findings" doc:"how long to keep findings that nothing judges any more; 7d when left out"`
	// Windows is for kept tiles; the longest window that a detector reads must fit: 35 days.
	Windows time.Duration `yaml:"windows" doc:"how long to keep tiles of signals; 35d when left out"`
	// Memory is for small facts that nobody renewed: 100 days.
	Memory time.Duration `yaml:"memory" doc:"how long to keep small facts that nobody renewed; 100d when left out"`
	// Audit is for the log of who did what: 800 days.
	Audit time.Duration `yaml:"audit" doc:"how long to keep the log of who did what; 800d when left out"`
}

const day = 24 * time.Hour

// WithDefaults fills in the ages that are not set.
func (r Retention) WithDefaults() Retention {
	keep(&r.Deliveries, 14*day)
	keep(&r.Undecodable, 90*day)
	keep(&r.Changes, 400*day)
	keep(&r.Incidents, 400*day)
	keep(&r.Findings, 7*day)
	keep(&r.Windows, 35*day)
	keep(&r.Memory, 100*day)
	keep(&r.Audit, 800*day)
	return r
}

// Check reports ages that are too short to work with.
func (r Retention) Check(report *diag.Report) {
	r = r.WithDefaults()
	for _, f := range []struct {
		field string
		age   time.Duration
		least time.Duration
		why   string
	}{
		{"deliveries", r.Deliveries, 3 * day, "a vendor may send a delivery again for three days"},
		{"undecodable", r.Undecodable, day, "somebody must have the time to look at it"},
		{"changes", r.Changes, 14 * day, "suspects are looked for among the changes of two weeks"},
		{"incidents", r.Incidents, day, "an incident is looked at on the next day"},
		{"findings", r.Findings, time.Hour, "a finding must outlive a restart"},
		{"windows", r.Windows, time.Hour, "windows must outlive a restart"},
		{"memory", r.Memory, 7 * day, "an incident's card must be found again"},
		{"audit", r.Audit, day, "an audit looks back"},
	} {
		if f.age < f.least {
			report.Faultf(f.field, "short-retention", "%s is shorter than %s: %s", f.age, f.least, f.why).Suggest("write %s or more", f.least)
		}
	}
}

// Removed counts the rows that retention took, by table.
type Removed map[string]int64

// Retention removes what is older than its age, in small transactions that let others in between. It stops early, without
// harm, when ctx ends. What is open, pending or running is never removed, however old.
func (db *DB) Retention(ctx context.Context, r Retention, now time.Time) (Removed, error) {
	r = r.WithDefaults()
	removed := Removed{}
	for _, rule := range retentionRules(r, now) {
		for {
			var n int64
			err := db.write(ctx, "remove old "+rule.table, func(t *tx) (err error) {
				n, err = t.exec(ctx, rule.query(), append(rule.args, retentionBatch)...)
				return err
			})
			if err != nil {
				return removed, err
			}
			removed[rule.table] += n
			if n < retentionBatch {
				break
			}
		}
	}
	return removed, nil
}

// old is one sort of rows that may go.
type old struct {
	table string
	// key are the columns that identify a row.
	key string
	// condition is over the table's own columns, args are its arguments.
	condition string
	args      []any
}

func (o old) query() string {
	var w where
	w.args = o.args
	return `DELETE FROM ` + o.table + ` WHERE (` + o.key + `) IN (SELECT ` + o.key + ` FROM ` + o.table +
		` WHERE ` + o.condition + ` LIMIT ` + w.arg(retentionBatch) + `)`
}

func retentionRules(r Retention, now time.Time) []old {
	before := func(age time.Duration) time.Time { return now.Add(-age) }
	const goneIncident = `incident <> '' AND NOT EXISTS (SELECT 1 FROM incidents i WHERE i.id = incident)`
	return []old{
		{"deliveries", "source, id", `state = $1 AND received_at < $2`, []any{DeliveryDone, before(r.Deliveries)}},
		{"deliveries", "source, id", `state = $1 AND received_at < $2`, []any{DeliveryUndecodable, before(r.Undecodable)}},
		{"changes", "id", `at < $1`, []any{before(r.Changes)}},
		{"deployments", "repository, revision, at, environment", `at < $1`, []any{before(r.Changes)}},
		{"freezes", "id", `ended_at <> 0 AND ended_at < $1 OR to_at <> 0 AND to_at < $2`, []any{before(r.Changes), before(r.Changes)}},
		{"findings", "key", `at < $1`, []any{before(r.Findings)}},
		{
			"incidents", "id", `state = $1 AND resolved_at < $2 AND NOT EXISTS
			(SELECT 1 FROM runs r WHERE r.incident = incidents.id AND r.state IN ($3, $4))`,
			[]any{bot.Resolved, before(r.Incidents), run.Running, run.Waiting},
		},
		// Runs, approvals and documents of an incident go with it; those of none go by their own age.
		{
			"runs", "id", `state NOT IN ($1, $2) AND ended_at < $3 AND (incident = '' OR ` + goneIncident + `)`,
			[]any{run.Running, run.Waiting, before(r.Incidents)},
		},
		{
			"approvals", "id", `asked_at < $1 AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.id = run) AND (incident = '' OR ` + goneIncident + `)`,
			[]any{before(r.Incidents)},
		},
		{"documents", "name", `at < $1 AND (incident = '' OR ` + goneIncident + `)`, []any{before(r.Incidents)}},
		{"memory", "space, key", `at < $1`, []any{before(r.Memory)}},
		{"chunks", "start_at, signal, service, environment, slice", `start_at < $1`, []any{before(r.Windows)}},
		{"audit", "seq", `at < $1`, []any{before(r.Audit)}},
	}
}
