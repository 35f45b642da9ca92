package runtest

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

var began = time.Date(2026, 3, 6, 15, 4, 5, 678901000, time.UTC)

// someRun is a run with every field set that Begin must keep.
func someRun(id string) run.Run {
	return run.Run{
		ID: id, Playbook: "prompt-regression", Incident: "inc-1", Service: "support-assistant", Trigger: "opened",
		Plan:  json.RawMessage(`{"name":"prompt-regression","steps":[{"id":"page","action":"pagerduty.page","timeout":1000000000}]}`),
		Scope: json.RawMessage(`{"incident":{"title":"refusals <!channel> \"up\" €"},"none":0.1}`),
		State: run.Running, StartedAt: began, Interpreter: run.Interpreter,
	}
}

// someEvents holds an event of every kind, with every field set somewhere.
func someEvents(id string) []run.Event {
	at := func(i int) time.Time { return began.Add(time.Duration(i) * time.Millisecond) }
	return []run.Event{
		{Run: id, At: at(1), Kind: run.Intent, Step: "page", Action: "pagerduty.page", Attempt: 1, Key: "k", ID: "intent/page/1/0"},
		{
			Run: id, At: at(2), Kind: run.Erred, Step: "page", Action: "pagerduty.page", Attempt: 1, Key: "k", ID: "erred/page/1/0",
			Error: "HTTP 429 “slow down”\n<b>", Fate: playbooks.Transient, RetryAt: at(3000),
		},
		{
			Run: id, At: at(3), Kind: run.Answered, Step: "page", Action: "pagerduty.page", Attempt: 2, Key: "k", ID: "answered/page/2/1",
			Outcome: &playbooks.Outcome{
				Status: playbooks.Pending, Sentence: "waits for an answer", Again: at(5000),
				Output: map[string]any{"dedup_key": "d", "count": 3.0, "nested": map[string]any{"list": []any{"a", 1.5, true, nil}}},
			},
			By: "ana",
		},
		{Run: id, At: at(4), Kind: run.Skipped, Step: "tell", Reason: run.ConditionFalse, Error: "its condition is false", ID: "skipped/tell/0/0"},
		{Run: id, At: at(5), Kind: run.Asked, Step: "revert", Attempt: 1, ID: "asked/revert/1/0"},
		{Run: id, At: at(6), Kind: run.Absent, Step: "revert", Attempt: 1, By: "ben", Error: "ben says so", ID: "absent/revert/1/1"},
		{Run: id, At: at(7), Kind: run.Aborted, By: "ana", ID: "aborted"},
		{Run: id, At: at(8), Kind: run.Turned, State: run.Cancelled, Reason: run.AbortAsked, Error: "aborted by ana", ID: "turned"},
	}
}

// Exam examines a journal. The function gives an empty one, ready for use, each time it is called.
func Exam(t *testing.T, open func(t *testing.T) run.Journal) {
	t.Helper()
	examRuns(t, open)
	examEvents(t, open)
}

func examRuns(t *testing.T, open func(t *testing.T) run.Journal) {
	t.Helper()
	t.Run("a run comes back as it was begun", func(t *testing.T) {
		j := open(t)
		want := someRun("inc-1/prompt-regression/ent-1")
		if created, err := j.Begin(t.Context(), want); err != nil || !created {
			t.Fatalf("Begin: created %v, %v", created, err)
		}
		got, err := j.Run(t.Context(), want.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, sameJSON, cmpopts.EquateApproxTime(0)); diff != "" {
			t.Errorf("run (-want +got):\n%s", diff)
		}
	})
	t.Run("a run begins once", func(t *testing.T) {
		j := open(t)
		first := someRun("r")
		second := someRun("r")
		second.Playbook, second.Trigger = "another", "worsened"
		mustBegin(t, j, first)
		if created, err := j.Begin(t.Context(), second); err != nil || created {
			t.Fatalf("the second Begin: created %v, %v", created, err)
		}
		got, err := j.Run(t.Context(), "r")
		if err != nil || got.Playbook != first.Playbook || got.Trigger != first.Trigger {
			t.Errorf("the second Begin changed the run: %+v, %v", got, err)
		}
	})
	t.Run("an unknown run is an error, its events are none or an error", func(t *testing.T) {
		j := open(t)
		if _, err := j.Run(t.Context(), "nobody"); err == nil {
			t.Error("Run gave no error")
		}
		if events, err := j.Events(t.Context(), "nobody"); err == nil && len(events) > 0 {
			t.Errorf("Events gave %v", events)
		}
		if err := j.Append(t.Context(), run.Event{Run: "nobody", Kind: run.Intent, ID: "x", At: began}); err == nil {
			t.Error("Append took an event of a run that was never begun")
		}
	})
	t.Run("a run that is over says how", func(t *testing.T) {
		j := open(t)
		mustBegin(t, j, someRun("r"))
		over := run.Event{
			Run: "r", At: began.Add(time.Minute), Kind: run.Over, State: run.Failed, Reason: run.StepFailed, Error: "step page failed", ID: "over",
		}
		mustAppend(t, j, over)
		got, err := j.Run(t.Context(), "r")
		if err != nil {
			t.Fatal(err)
		}
		if got.State != run.Failed || !got.EndedAt.Equal(over.At) || got.Reason != over.Error {
			t.Errorf("state %s, ended at %s, reason %q", got.State, got.EndedAt, got.Reason)
		}
	})
}

func examEvents(t *testing.T, open func(t *testing.T) run.Journal) {
	t.Helper()
	t.Run("events come back whole and in order", func(t *testing.T) {
		j := open(t)
		mustBegin(t, j, someRun("r"))
		want := someEvents("r")
		mustAppend(t, j, want...)
		got, err := j.Events(t.Context(), "r")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateApproxTime(0)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
	t.Run("an event is added once, the first one wins", func(t *testing.T) {
		j := open(t)
		mustBegin(t, j, someRun("r"))
		first := someEvents("r")[0]
		second := first
		second.Attempt, second.At = 7, began.Add(time.Hour)
		mustAppend(t, j, first, second, first)
		got, err := j.Events(t.Context(), "r")
		if err != nil || len(got) != 1 || got[0].Attempt != first.Attempt {
			t.Errorf("events %+v, %v", got, err)
		}
	})
	t.Run("runs keep their events apart", func(t *testing.T) {
		j := open(t)
		mustBegin(t, j, someRun("r1"))
		mustBegin(t, j, someRun("r2"))
		mustAppend(t, j, someEvents("r1")[0], someEvents("r2")[0], someEvents("r2")[1])
		for id, want := range map[string]int{"r1": 1, "r2": 2} {
			if got, err := j.Events(t.Context(), id); err != nil || len(got) != want {
				t.Errorf("%s has %d events, %v, want %d", id, len(got), err, want)
			}
		}
	})
	t.Run("many add at once and nothing is lost or doubled", func(t *testing.T) {
		j := open(t)
		mustBegin(t, j, someRun("r"))
		const writers, each = 8, 12
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				for i := range each {
					e := run.Event{Run: "r", At: began, Kind: run.Intent, Step: "s", Attempt: i, ID: fmt.Sprintf("intent/s/%d", i)}
					if err := j.Append(t.Context(), e); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		got, err := j.Events(t.Context(), "r")
		if err != nil || len(got) != each {
			t.Errorf("%d events, %v, want %d", len(got), err, each)
		}
	})
}

// sameJSON compares raw JSON by what it says: a store may write it differently.
var sameJSON = cmp.Comparer(func(a, b json.RawMessage) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return string(a) == string(b)
	}
	return cmp.Equal(x, y)
})

func mustBegin(t *testing.T, j run.Journal, r run.Run) {
	t.Helper()
	if created, err := j.Begin(t.Context(), r); err != nil || !created {
		t.Fatalf("Begin %s: created %v, %v", r.ID, created, err)
	}
}

func mustAppend(t *testing.T, j run.Journal, events ...run.Event) {
	t.Helper()
	for _, e := range events {
		if err := j.Append(t.Context(), e); err != nil {
			t.Fatalf("Append %s: %v", e.ID, err)
		}
	}
}
