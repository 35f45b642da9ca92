package app

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/risk"
	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

// TestTheHistoryOfAChange reads what the ledger, the incidents and the runs of a bot tell, in the bot and through its API.
func TestTheHistoryOfAChange(t *testing.T) {
	c := loadWith(t, fmt.Sprintf(`
services: [{name: support, match: {service_name: support}, rollback: {prompt: argo.undo, model: argo.undo}}]
server: {listen: "127.0.0.1:0"}
store: {url: %q}
`, "sqlite:"+filepath.Join(t.TempDir(), "firebreak.db")), nil)
	a, err := New(t.Context(), c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	now := time.Now().UTC().Truncate(time.Second)
	day := func(n int) time.Time { return now.AddDate(0, 0, -n) }
	put := func(id, author string, merged time.Time) {
		t.Helper()
		_, err := a.db.PutChange(t.Context(), bot.Change{
			ID: id, Author: author, Repository: "acme/assistants", Kind: bot.Prompt, Services: []string{"support"}, Rollback: "argo.undo", MergedAt: merged, Seen: merged,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range 5 {
		put(fmt.Sprint("ana-", i), "ana", day(2+i))
	}
	put("ben-1", "ben", day(3))
	put("old", "ana", day(100))
	for i := range 3 {
		incident(t, a, fmt.Sprint("inc-", i), fmt.Sprint("ana-", i), day(2))
	}
	undo(t, a, "inc-0", "run-rehearsed", run.Rehearsed+"would have called argo.undo", day(1))
	undo(t, a, "inc-0", "run-1", "undone", day(2))

	own := risk.History{
		Since: now.Add(-lookBack), Author: risk.Record{Changes: 5, Failed: 3}, Repository: risk.Record{Changes: 6, Failed: 3}, RolledBack: day(2), Runs: true,
	}
	change := bot.Change{ID: "new", Author: "ana", Repository: "acme/assistants", Kind: bot.Prompt, Services: []string{"support"}, Rollback: "argo.undo"}
	history := func(at time.Time) risk.History {
		t.Helper()
		h, err := a.history(t.Context(), at, change)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	if d := cmp.Diff(own, history(now)); d != "" {
		t.Error(d)
	}

	// Within a minute it is not read again, after it it is.
	put("ana-6", "ana", now)
	if d := cmp.Diff(own, history(now.Add(59*time.Second))); d != "" {
		t.Error(d)
	}
	if h := history(now.Add(time.Minute)); h.Author.Changes != 6 {
		t.Errorf("%+v", h)
	}

	// Who asks from afar sees the same, but for the runs.
	past, err := NewClient("http://"+a.Addr(), "").past(t.Context(), now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	afar := own
	afar.Since, afar.Author.Changes, afar.Repository.Changes, afar.RolledBack, afar.Runs = own.Since.Add(time.Minute), 6, 7, time.Time{}, false
	if d := cmp.Diff(afar, past.Of(change)); d != "" {
		t.Error(d)
	}
}

// incident keeps an incident that a change has caused.
func incident(t *testing.T, a *App, id, cause string, at time.Time) {
	t.Helper()
	data, _ := json.Marshal(map[string]string{"change": cause})
	_, err := a.db.Append(t.Context(),
		bot.Entry{ID: id + "-opened", Incident: id, At: at, Kind: bot.EntryOpened, Key: "opened", Actor: "firebreak", Sentence: "opened"},
		bot.Entry{ID: id + "-cause", Incident: id, At: at, Kind: bot.EntryCause, Key: "cause", Actor: "ana", Sentence: cause, Data: data},
	)
	if err != nil {
		t.Fatal(err)
	}
}

// undo keeps a run that carried a rollback out.
func undo(t *testing.T, a *App, incident, id, sentence string, at time.Time) {
	t.Helper()
	_, err := a.db.BeginRun(t.Context(), run.Run{
		ID: id, Incident: incident, Service: "support", Playbook: "undo", Plan: json.RawMessage(`{"steps":[{"action":"argo.undo"}]}`), StartedAt: at,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []run.Event{
		{Run: id, ID: "done", At: at, Kind: run.Answered, Step: "undo", Action: "argo.undo", Attempt: 1, Outcome: &playbooks.Outcome{Status: playbooks.Done, Sentence: sentence}},
		{Run: id, ID: "over", At: at, Kind: run.Over, State: run.Succeeded},
	} {
		if _, err := a.db.AppendRun(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheLookBackIsBounded(t *testing.T) {
	now := time.Now().UTC()
	asked := 0
	changes, since, err := before(now, func(_, to time.Time) ([]bot.Change, error) {
		page := make([]bot.Change, changesPage)
		for i := range page {
			page[i] = bot.Change{ID: fmt.Sprint(asked, "-", i), MergedAt: to.Add(-time.Duration(i+2) * time.Second)}
		}
		asked++
		return page, nil
	})
	if err != nil || len(changes) != pastChanges || asked != pastChanges/changesPage {
		t.Fatalf("%d changes of %d questions, %v", len(changes), asked, err)
	}
	if oldest := changes[len(changes)-1].At(); !since.Equal(oldest) {
		t.Errorf("complete since %s, but the oldest is of %s", since, oldest)
	}
	_, _, err = before(now, func(_, _ time.Time) ([]bot.Change, error) { return nil, fmt.Errorf("no ledger") })
	if err == nil || !strings.Contains(err.Error(), "no ledger") {
		t.Errorf("got %v", err)
	}
}
