package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/bot/store/storetest"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

const day = 24 * time.Hour

// furnish puts one of everything into the store, all of it at one time.
func furnish(t *testing.T, db *store.DB, name string, at time.Time, ended bool) {
	t.Helper()
	ctx := t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, problem := range []string{"", "not JSON"} {
		d := bot.Delivery{Source: "github", ID: fmt.Sprintf("%s-%d", name, i), Body: []byte("{}"), ReceivedAt: at}
		must[bool](t)(db.PutDelivery(ctx, d))
		if ended {
			check(db.FinishDelivery(ctx, d.Source, d.ID, problem))
		}
	}
	must[bool](t)(db.PutChange(ctx, bot.Change{ID: name, Kind: bot.Code, Services: []string{"s"}, MergedAt: at, Seen: at}))
	must[[]bot.Change](t)(db.Deployed(ctx, bot.Deployment{Repository: "acme/a", Revision: name, At: at, Succeeded: true}))
	check(db.SaveFindings(ctx, []detectors.Finding{{Key: name, At: at}}))
	must[[]bot.Entry](t)(db.Append(ctx, opened(name, "assistant", at)))
	must[bool](t)(db.BeginRun(ctx, run.Run{ID: name, Incident: name, StartedAt: at}))
	must[bool](t)(db.BeginRun(ctx, run.Run{ID: name + "-lone", StartedAt: at}))
	if ended {
		must[[]bot.Entry](t)(db.Append(ctx, bot.Entry{Incident: name, At: at, Kind: bot.EntryResolved}))
		for _, id := range []string{name, name + "-lone"} {
			must[bool](t)(db.AppendRun(ctx, run.Event{Run: id, ID: "over", Kind: run.Over, State: run.Succeeded, At: at}))
		}
	}
	_, _, err := db.AskApproval(ctx, bot.Approval{ID: name, Incident: name, Run: name, AskedAt: at})
	check(err)
	check(db.PutDocument(ctx, store.Document{Name: name, Incident: name, At: at}))
	check(db.Remember(ctx, "slack", name, nil))
	check(db.SaveChunks(ctx, []detectors.Chunk{{Series: detectors.SeriesID{Signal: name}, Start: at}}))
	freeze := bot.Freeze{ID: name, Reason: name, By: name, From: at}
	if ended {
		freeze.To = at.Add(time.Minute)
	}
	must[bot.Freeze](t)(db.PutFreeze(ctx, freeze, at))
	check(db.Audit(ctx, store.AuditEntry{At: at, Actor: name}))
}

func TestRetention(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		var clock time.Time // what the store stamps memories with
		db := must[*store.DB](t)(store.Open(t.Context(), store.Config{URL: url}, store.Options{Now: func() time.Time { return clock }}))
		defer func() { _ = db.Close() }()
		ctx := t.Context()
		now := t0.Add(2000 * day)
		for _, c := range []struct {
			name  string
			at    time.Time
			ended bool
		}{{"old", t0, true}, {"open", t0, false}, {"young", now.Add(-time.Hour), true}} {
			clock = c.at
			furnish(t, db, c.name, c.at, c.ended)
		}
		removed := must[store.Removed](t)(db.Retention(ctx, store.Retention{}, now))
		want := store.Removed{
			"deliveries": 2, "changes": 2, "deployments": 2, "findings": 2, "incidents": 1, "runs": 2, "approvals": 1, "documents": 1,
			"memory": 2, "chunks": 2, "freezes": 1, "audit": 8, // two audit lines per run that began, one per run that ended, and our own
		}
		want["audit"] = 2 + 2*2 + 2 + 2 // and one per freeze
		if d := cmp.Diff(want, removed); d != "" {
			t.Errorf("removed (-want +got):\n%s", d)
		}
		if d := cmp.Diff([]string{"young", "open"}, ids(must[[]bot.Incident](t)(db.Incidents(ctx, bot.IncidentQuery{})))); d != "" {
			t.Errorf("incidents that stay (-want +got):\n%s", d)
		}
		if n := len(must[[]bot.Entry](t)(db.Entries(ctx, "old"))); n != 0 {
			t.Errorf("%d entries of a removed incident are left", n)
		}
		if n := len(must[[]run.Event](t)(db.RunEvents(ctx, "old"))); n != 0 {
			t.Errorf("%d events of a removed run are left", n)
		}
		if n := len(must[[]bot.Delivery](t)(db.PendingDeliveries(ctx, 0))); n != 2 {
			t.Errorf("%d deliveries wait, want the 2 that were never worked on, however old", n)
		}
		if n := len(must[[]bot.Change](t)(db.Changes(ctx, bot.ChangeQuery{Service: "s"}))); n != 1 {
			t.Errorf("%d changes are found by service, want the young one", n)
		}
		for name, n := range must[store.Removed](t)(db.Retention(ctx, store.Retention{}, now)) {
			if n != 0 {
				t.Errorf("a second pass removed %d more %s", n, name)
			}
		}
	})
}

func TestRetentionGoesInBatches(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		chunks := make([]detectors.Chunk, 1201)
		for i := range chunks {
			chunks[i] = detectors.Chunk{Series: detectors.SeriesID{Signal: "s"}, Start: minute(i)}
		}
		if err := db.SaveChunks(t.Context(), chunks); err != nil {
			t.Fatal(err)
		}
		removed := must[store.Removed](t)(db.Retention(t.Context(), store.Retention{Windows: day}, minute(1201).Add(day)))
		if removed["chunks"] != 1201 {
			t.Errorf("%d chunks were removed, want all 1201", removed["chunks"])
		}
	})
}

func TestRetentionCheckNamesEveryAgeThatIsTooShort(t *testing.T) {
	r := diag.New()
	store.Retention{}.Check(r)
	if r.Len() != 0 {
		t.Errorf("the defaults have faults: %+v", r.Faults())
	}
	store.Retention{Deliveries: time.Hour, Windows: time.Second, Memory: day}.Check(r)
	var paths []string
	for _, f := range r.Faults() {
		paths = append(paths, f.Path)
	}
	if d := cmp.Diff([]string{"deliveries", "windows", "memory"}, paths); d != "" {
		t.Errorf("faults (-want +got):\n%s", d)
	}
}
