package store

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

func TestQuestionsToTheLedgerWalkAnIndexAndSortNoMoreThanTheyReturn(t *testing.T) {
	db, err := Open(t.Context(), Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "firebreak.db")}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	day := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		ask   bot.ChangeQuery
		index string
		sorts bool
	}{
		"the candidates of an incident":    {bot.ChangeQuery{From: day, To: day.Add(time.Hour), Limit: 1000}, "changes_by_time (at>? AND at<?)", false},
		"the newest":                       {bot.ChangeQuery{}, "changes_by_time", false},
		"those of a repository":            {bot.ChangeQuery{Repository: "acme/x", From: day}, "changes_by_repository (repository=? AND at>?)", false},
		"the last day of a service":        {bot.ChangeQuery{Service: "support", From: day}, "PRIMARY KEY (service=? AND at>?)", true},
		"what tells of a service's inputs": {bot.ChangeQuery{Service: "support", Inputs: true, To: day}, "PRIMARY KEY (service=? AND at<?)", true},
		"what tells of inputs":             {bot.ChangeQuery{Inputs: true, To: day}, "PRIMARY KEY (service=? AND at<?)", true},
		"those of a kind in the last day":  {bot.ChangeQuery{Kinds: []bot.Kind{bot.Price}, From: day}, "PRIMARY KEY (kind=? AND at>?)", true},
	} {
		query, args := changesQuery(c.ask)
		steps, err := list(t.Context(), db.sql, func(rows *sql.Rows) (step string, err error) {
			var id, parent, unused int
			err = rows.Scan(&id, &parent, &unused, &step)
			return step, err
		}, `EXPLAIN QUERY PLAN `+query, args...)
		if err != nil {
			t.Fatal(err)
		}
		plan := strings.Join(steps, "\n")
		if !strings.Contains(plan, c.index) {
			t.Errorf("%s do not walk %s:\n%s", name, c.index, plan)
		}
		if strings.Contains(plan, "TEMP B-TREE FOR ORDER BY") && !c.sorts {
			t.Errorf("%s are sorted:\n%s", name, plan)
		}
	}
}
