package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/bot/store/storetest"
	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/run"
	"github.com/firebreak-dev/firebreak/playbooks/run/runtest"
)

// journal is the smallest run.Journal over the store.
type journal struct{ db *store.DB }

func (j journal) Begin(ctx context.Context, r run.Run) (bool, error) { return j.db.BeginRun(ctx, r) }
func (j journal) Append(ctx context.Context, e run.Event) error {
	_, err := j.db.AppendRun(ctx, e)
	return err
}

func (j journal) Events(ctx context.Context, id string) ([]run.Event, error) {
	return j.db.RunEvents(ctx, id)
}
func (j journal) Run(ctx context.Context, id string) (run.Run, error) { return j.db.Run(ctx, id) }

func TestJournalExam(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		runtest.Exam(t, func(t *testing.T) run.Journal { return journal{storetest.Open(t, storetest.SQLite(t))} })
	})
	t.Run("postgres", func(t *testing.T) {
		runtest.Exam(t, func(t *testing.T) run.Journal { return journal{storetest.Open(t, storetest.Postgres(t))} })
	})
}

func aRun(id string, at int) run.Run {
	return run.Run{
		ID: id, Playbook: "prompt-regression", Incident: "i1", Service: "assistant", Trigger: "opened", State: run.Running,
		Plan: json.RawMessage(`{"name": "<b>", "steps": [1.50]}`), Scope: json.RawMessage(`{"title":"a\u0000b"}`),
		StartedAt: minute(at), Interpreter: 1,
	}
}

func TestRunComesBackVerbatim(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		want := aRun("r1", 0)
		must[bool](t)(db.BeginRun(t.Context(), want))
		if d := cmp.Diff(want, must[run.Run](t)(db.Run(t.Context(), "r1"))); d != "" {
			t.Errorf("the snapshot that a run works by must not change by a byte (-want +got):\n%s", d)
		}
		_, err := db.Run(t.Context(), "nobody")
		wantCode(t, err, bot.NotFound)
		_, err = db.AppendRun(t.Context(), run.Event{Run: "nobody", ID: "x"})
		wantCode(t, err, bot.NotFound)
		_, err = db.AppendRun(t.Context(), run.Event{Run: "r1"})
		wantCode(t, err, bot.Invalid)
		_, err = db.BeginRun(t.Context(), run.Run{})
		wantCode(t, err, bot.Invalid)
	})
}

func TestRunTellsTimelineAndAuditInOneTransaction(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		told := func(key string) bot.Entry {
			e := note("i1", key)
			e.Key = key
			return e
		}
		if !must[bool](t)(db.BeginRun(ctx, aRun("r1", 0), told("begun"))) {
			t.Fatal("not created")
		}
		if must[bool](t)(db.BeginRun(ctx, aRun("r1", 0), told("begun again"))) {
			t.Error("the same run began twice")
		}
		page := run.Event{
			Run: "r1", At: minute(1), Kind: run.Answered, Step: "page", Action: "pagerduty.page", Attempt: 1, ID: "answered/page/1",
			Outcome: &playbooks.Outcome{Status: playbooks.Done, Sentence: "paged ana"},
		}
		if !must[bool](t)(db.AppendRun(ctx, page, told("paged"))) {
			t.Error("the event was not added")
		}
		if must[bool](t)(db.AppendRun(ctx, page, told("paged again"))) {
			t.Error("the same event was added twice")
		}
		// An entry that is refused takes the event with it.
		bad := page
		bad.ID = "bad"
		tooLong := told(string(make([]byte, 600)))
		_, err := db.AppendRun(ctx, bad, tooLong)
		wantCode(t, err, bot.TooLarge)

		var keys []string
		for _, e := range must[[]bot.Entry](t)(db.Entries(ctx, "i1")) {
			keys = append(keys, e.Key)
		}
		if d := cmp.Diff([]string{"begun", "paged"}, keys); d != "" {
			t.Errorf("timeline (-want +got):\n%s", d)
		}
		if n := len(must[[]run.Event](t)(db.RunEvents(ctx, "r1"))); n != 1 {
			t.Errorf("%d events, want 1", n)
		}
		want := []store.AuditEntry{
			{At: minute(1), Actor: "run:r1", Action: "pagerduty.page", Target: "i1", Detail: "page, attempt 1: done. paged ana"},
			{At: minute(0), Actor: "run:r1", Action: "run.begin", Target: "i1", Detail: "prompt-regression on opened"},
		}
		if d := cmp.Diff(want, must[[]store.AuditEntry](t)(db.AuditLog(ctx, 0))); d != "" {
			t.Errorf("audit log (-want +got):\n%s", d)
		}
		// A run of no incident has no timeline; its entries are left out, not refused.
		lone := aRun("r2", 0)
		lone.Incident = ""
		if !must[bool](t)(db.BeginRun(ctx, lone, note("", "nobody reads this"))) {
			t.Error("a run of no incident was not created")
		}
	})
}

func TestRunState(t *testing.T) {
	event := func(kind run.EventKind, step string) run.Event { return run.Event{Kind: kind, Step: step, At: t0} }
	pending := func(step string) run.Event {
		e := event(run.Answered, step)
		e.Outcome = &playbooks.Outcome{Status: playbooks.Pending}
		return e
	}
	done := func(step string) run.Event {
		e := event(run.Answered, step)
		e.Outcome = &playbooks.Outcome{Status: playbooks.Done}
		return e
	}
	again := event(run.Erred, "page")
	again.Fate, again.RetryAt = playbooks.Transient, minute(1)
	over := event(run.Over, "")
	over.State, over.Error = run.Succeeded, "all steps are done"

	cases := map[string]struct {
		events []run.Event
		want   run.State
	}{
		"it begins running":                            {nil, run.Running},
		"a step in flight runs":                        {[]run.Event{event(run.Intent, "page")}, run.Running},
		"a step that asks people waits":                {[]run.Event{event(run.Intent, "ask"), pending("ask")}, run.Waiting},
		"it waits though another step has ended":       {[]run.Event{pending("ask"), event(run.Intent, "page"), done("page")}, run.Waiting},
		"it runs while another step is in flight":      {[]run.Event{pending("ask"), event(run.Intent, "page")}, run.Running},
		"it runs again when the answer is there":       {[]run.Event{pending("ask"), done("ask")}, run.Running},
		"it waits for the next attempt":                {[]run.Event{event(run.Intent, "page"), again}, run.Waiting},
		"it waits for people about an unknown outcome": {[]run.Event{event(run.Intent, "page"), event(run.Asked, "page")}, run.Waiting},
		"over is over, whatever waits":                 {[]run.Event{pending("ask"), over}, run.Succeeded},
		"over stays over when an answer comes late":    {[]run.Event{over, pending("ask")}, run.Succeeded},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				must[bool](t)(db.BeginRun(t.Context(), aRun(name, 0)))
				for i, e := range c.events {
					e.Run, e.ID = name, fmt.Sprint(i)
					must[bool](t)(db.AppendRun(t.Context(), e))
				}
				got := must[run.Run](t)(db.Run(t.Context(), name))
				if got.State != c.want {
					t.Errorf("state %s, want %s", got.State, c.want)
				}
				if ended := !got.EndedAt.IsZero() && got.Reason == over.Error; ended != c.want.Ended() {
					t.Errorf("ended at %v for the reason %q", got.EndedAt, got.Reason)
				}
			})
		}
	})
}

func TestRunQueries(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		for i := range 4 {
			r := aRun(fmt.Sprintf("r%d", i), i)
			r.Incident = fmt.Sprintf("i%d", i%2)
			must[bool](t)(db.BeginRun(ctx, r))
		}
		must[bool](t)(db.AppendRun(ctx, run.Event{Run: "r0", ID: "over", Kind: run.Over, State: run.Failed, At: minute(9)}))
		for name, c := range map[string]struct {
			query run.Query
			want  []string
		}{
			"everything, newest first":     {run.Query{}, []string{"r3", "r2", "r1", "r0"}},
			"of an incident":               {run.Query{Incident: "i0"}, []string{"r2", "r0"}},
			"in a state":                   {run.Query{States: []run.State{run.Failed, run.Cancelled}}, []string{"r0"}},
			"of an incident and not ended": {run.Query{Incident: "i0", States: []run.State{run.Running, run.Waiting}}, []string{"r2"}},
			"the newest":                   {run.Query{Limit: 1}, []string{"r3"}},
		} {
			var got []string
			for _, r := range must[[]run.Run](t)(db.Runs(ctx, c.query)) {
				got = append(got, r.ID)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
		}
	})
}

// anOutput draws a value of the sorts that an action may give.
func anOutput(t *rapid.T, depth int) any {
	switch n := rapid.IntRange(0, 6).Draw(t, "sort"); {
	case n == 0:
		return rapid.String().Draw(t, "text")
	case n == 1:
		return rapid.Int64().Draw(t, "integer")
	case n == 2:
		return rapid.Float64().Draw(t, "float")
	case n == 3:
		return rapid.Bool().Draw(t, "bool")
	case n == 4 && depth > 0:
		return []any{anOutput(t, depth-1), anOutput(t, depth-1)}
	case n == 5 && depth > 0:
		return map[string]any{"a": anOutput(t, depth-1), "b": nil}
	default:
		return float64(rapid.IntRange(-5, 5).Draw(t, "whole float"))
	}
}

func TestOutputsComeBackWithTheirTypes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		must[bool](t)(db.BeginRun(t.Context(), aRun("r1", 0)))
		round := 0
		rapid.Check(t, func(rt *rapid.T) {
			round++
			want := run.Event{
				Run: "r1", ID: fmt.Sprint(round), At: t0, Kind: run.Answered, Step: "s",
				Outcome: &playbooks.Outcome{Status: playbooks.Done, Output: map[string]any{"v": anOutput(rt, 3)}, Again: minute(3)},
			}
			if _, err := db.AppendRun(t.Context(), want); err != nil {
				rt.Fatal(err)
			}
			events, err := db.RunEvents(t.Context(), "r1")
			if err != nil {
				rt.Fatal(err)
			}
			if d := cmp.Diff(want, events[len(events)-1]); d != "" {
				rt.Fatalf("event (-want +got):\n%s", d)
			}
		})
	})
}

func TestManyAppendToARunAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		must[bool](t)(db.BeginRun(t.Context(), aRun("r1", 0)))
		added := race(t, 16, func(g int) (n int, err error) {
			for i := range 6 {
				e := run.Event{Run: "r1", ID: fmt.Sprint(i), At: t0.Add(time.Duration(g)), Kind: run.Intent, Step: fmt.Sprint(i)}
				entry := note("i1", "told")
				entry.Key = fmt.Sprintf("step-%d", i)
				is, err := db.AppendRun(t.Context(), e, entry)
				if err != nil {
					return n, err
				}
				if is {
					n++
				}
			}
			return n, nil
		})
		events := must[[]run.Event](t)(db.RunEvents(t.Context(), "r1"))
		entries := must[[]bot.Entry](t)(db.Entries(t.Context(), "i1"))
		lines := must[[]store.AuditEntry](t)(db.AuditLog(t.Context(), 0))
		if added != 6 || len(events) != 6 || len(entries) != 6 || len(lines) != 7 {
			t.Errorf("%d added, %d events, %d entries, %d audit lines; want 6, 6, 6 and one more for the beginning",
				added, len(events), len(entries), len(lines))
		}
	})
}
