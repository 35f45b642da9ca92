package run_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

var t0 = time.Date(2026, 3, 6, 15, 0, 0, 0, time.UTC)

func at(d time.Duration) time.Time { return t0.Add(d) }

// words is an Evaluator whose language is: "true", "false", "broken", and "STEP=PHASE".
type words struct{}

func (words) Condition(src string, scope run.Scope) (bool, error) {
	switch {
	case src == "true":
		return true, nil
	case src == "false":
		return false, nil
	case strings.Contains(src, "="):
		id, phase, _ := strings.Cut(src, "=")
		return string(scope.Steps[id].Phase) == phase, nil
	}
	return false, errors.New("no such word")
}

func (words) With(step playbooks.Step, _ run.Scope) (map[string]any, error) {
	if step.With["broken"] != nil {
		return nil, errors.New("no such key")
	}
	return step.With, nil
}

func step(id string, change ...func(*playbooks.Step)) playbooks.Step {
	s := playbooks.Step{ID: id, Action: "test." + id, Timeout: time.Minute, Retry: playbooks.Retry{Attempts: 1}}
	for _, c := range change {
		c(&s)
	}
	return s
}

func needs(ids ...string) func(*playbooks.Step) {
	return func(s *playbooks.Step) { s.Needs = ids }
}

func intent(id string, attempt int, when time.Duration) run.Event {
	return run.Event{
		Run: "r", Kind: run.Intent, Step: id, Attempt: attempt, At: at(when), ID: fmt.Sprintf("intent/%s/%d/0", id, attempt),
	}
}

func answered(id string, status playbooks.Status, when time.Duration, again ...time.Duration) run.Event {
	o := &playbooks.Outcome{Status: status}
	for _, a := range again {
		o.Again = at(a)
	}
	return run.Event{
		Run: "r", Kind: run.Answered, Step: id, Attempt: 1, At: at(when), Outcome: o,
		ID: fmt.Sprintf("answered/%s/%d", id, when),
	}
}

func erred(id string, attempt int, fate playbooks.Fate, when time.Duration) run.Event {
	return run.Event{
		Run: "r", Kind: run.Erred, Step: id, Attempt: attempt, At: at(when), Fate: fate, Error: "refused",
		ID: fmt.Sprintf("erred/%s/%d/%d", id, attempt, when),
	}
}

func plan(steps ...playbooks.Step) playbooks.Plan {
	return playbooks.Plan{Name: "p", Timeout: time.Hour, Steps: steps}
}

// brief writes a decision in a few words: "begin a#1", "wait b 30s backoff", "fact skipped b", "over failed step_failed".
func brief(d run.Decision) []string {
	out := []string{}
	for _, m := range d.Moves {
		out = append(out, fmt.Sprintf("%s %s#%d %s", m.Kind, m.Step.ID, m.Attempt, m.Reason))
	}
	for _, f := range d.Facts {
		line := fmt.Sprintf("fact %s %s", f.Kind, f.Step)
		if f.Outcome != nil {
			line += " " + string(f.Outcome.Status)
		}
		out = append(out, strings.TrimSpace(line))
	}
	for _, w := range d.Waits {
		if w.Reason == run.RunTimeout {
			continue
		}
		until := "for ever"
		if !w.Until.IsZero() {
			until = w.Until.Sub(t0).String()
		}
		out = append(out, fmt.Sprintf("wait %s %s %s", w.Step, until, w.Reason))
	}
	if d.Ending != nil {
		word := "ending"
		if d.Over {
			word = "over"
		}
		out = append(out, fmt.Sprintf("%s %s %s", word, d.Ending.State, d.Ending.Reason))
	}
	return out
}

func TestNextSaysWhatFollows(t *testing.T) {
	retrying := func(s *playbooks.Step) {
		s.Retry = playbooks.Retry{Attempts: 4, Backoff: 10 * time.Second, Max: 25 * time.Second}
	}
	on := func(unknown string) func(*playbooks.Step) {
		return func(s *playbooks.Step) { s.OnUnknown = unknown }
	}
	failure := plan(step("a"), step("b", needs("a")))
	failure.OnFailure = []playbooks.Step{step("tell"), step("page")}
	turned := run.Event{Kind: run.Turned, State: run.Failed, Reason: run.StepFailed, Error: "step a failed", At: at(2), ID: "turned"}

	tests := []struct {
		name   string
		plan   playbooks.Plan
		events []run.Event
		now    time.Duration
		woken  bool
		alive  string
		want   []string
	}{
		{
			name: "steps that need nothing begin together", plan: plan(step("a"), step("b"), step("c", needs("a", "b"))),
			want: []string{"begin a#1 needs_over", "begin b#1 needs_over"},
		},
		{
			name: "a step waits for all that it needs", plan: plan(step("a"), step("b"), step("c", needs("a", "b"))),
			events: []run.Event{intent("a", 1, 0), intent("b", 1, 0), answered("a", playbooks.Done, 1)}, alive: "b",
			want: []string{"wait b for ever under_way"},
		},
		{
			name:   "a skipped step counts as over for those that need it",
			plan:   plan(step("a"), step("b", needs("a"))),
			events: []run.Event{{Kind: run.Skipped, Step: "a", At: t0, ID: "s"}}, want: []string{"begin b#1 needs_over"},
		},
		{
			name: "a false condition skips", plan: plan(step("a", func(s *playbooks.Step) { s.When = "false" })),
			want: []string{"fact skipped a"},
		},
		{
			name:   "a condition sees how other steps ended",
			plan:   plan(step("a"), step("b", needs("a"), func(s *playbooks.Step) { s.When = "a=done" })),
			events: []run.Event{intent("a", 1, 0), answered("a", playbooks.Done, 1)}, want: []string{"begin b#1 needs_over"},
		},
		{
			name: "a broken condition fails its step and calls nobody",
			plan: plan(step("a", func(s *playbooks.Step) { s.When = "nonsense" })), want: []string{"fact erred a"},
		},
		{
			name: "the backoff doubles up to its maximum", plan: plan(step("a", retrying)),
			events: []run.Event{
				intent("a", 1, 0), erred("a", 1, playbooks.Transient, 0), intent("a", 2, 0), erred("a", 2, playbooks.Transient, 0),
				intent("a", 3, 0), erred("a", 3, playbooks.Transient, 0),
			},
			now: 24 * time.Second, want: []string{"wait a 25s backoff"},
		},
		{
			name: "a retry comes when its pause is over", plan: plan(step("a", retrying)),
			events: []run.Event{intent("a", 1, 0), erred("a", 1, playbooks.Transient, 0)},
			now:    10 * time.Second, want: []string{"retry a#2 backoff_over"},
		},
		{
			name: "being woken does not shorten a backoff", plan: plan(step("a", retrying)), woken: true,
			events: []run.Event{intent("a", 1, 0), erred("a", 1, playbooks.Transient, 0)},
			now:    time.Second, want: []string{"wait a 10s backoff"},
		},
		{
			name: "the vendor's hint to wait longer wins", plan: plan(step("a", retrying)),
			events: []run.Event{intent("a", 1, 0), func() run.Event {
				e := erred("a", 1, playbooks.Transient, 0)
				e.RetryAt = at(time.Minute)
				return e
			}()},
			now: 20 * time.Second, want: []string{"wait a 1m0s backoff"},
		},
		{
			name: "no attempts left is a failure", plan: plan(step("a")),
			events: []run.Event{intent("a", 1, 0), erred("a", 1, playbooks.Transient, 0)},
			want:   []string{"fact over", "over failed step_failed"},
		},
		{
			name: "a permanent error is not repeated", plan: plan(step("a", retrying)),
			events: []run.Event{intent("a", 1, 0), erred("a", 1, playbooks.Permanent, 0)},
			want:   []string{"fact over", "over failed step_failed"},
		},
		{
			name: "a pending step is asked again when it wants to be", plan: plan(step("a")),
			events: []run.Event{intent("a", 1, 0), answered("a", playbooks.Pending, 0, 5*time.Second)},
			now:    5 * time.Second, want: []string{"poll a#1 poll_due"},
		},
		{
			name: "a pending step waits until then", plan: plan(step("a")),
			events: []run.Event{intent("a", 1, 0), answered("a", playbooks.Pending, 0, 5*time.Second)},
			now:    4 * time.Second, want: []string{"wait a 5s not_yet"},
		},
		{
			name: "a bell asks a pending step at once", plan: plan(step("a")), woken: true,
			events: []run.Event{intent("a", 1, 0), answered("a", playbooks.Pending, 0, 50*time.Second)},
			now:    4 * time.Second, want: []string{"poll a#1 woken"},
		},
		{
			name: "a step is asked a last time when its whole wait is over", plan: plan(step("a")),
			events: []run.Event{intent("a", 1, 0), answered("a", playbooks.Pending, 50*time.Second, 70*time.Second)},
			now:    time.Minute, want: []string{"poll a#1 step_timeout"},
		},
		{
			name: "a step that was asked after its whole wait expires", plan: plan(step("a")),
			events: []run.Event{intent("a", 1, 0), answered("a", playbooks.Pending, time.Minute, 70*time.Second)},
			now:    time.Minute, want: []string{"fact answered a expired"},
		},
		{
			name: "an error while waiting is a look to be repeated, not an unknown effect", plan: plan(step("a", retrying)),
			events: []run.Event{
				intent("a", 1, 0), answered("a", playbooks.Pending, 0, time.Second), erred("a", 1, playbooks.Unknown, time.Second),
			},
			now: 2 * time.Second, want: []string{"wait a 11s backoff"},
		},
		{
			name: "an orphan is asked about by default", plan: plan(step("a")), events: []run.Event{intent("a", 1, 0)},
			want: []string{"ask a#1 orphaned"},
		},
		{
			name: "an orphan is looked up where the plan says so", plan: plan(step("a", on("verify"))),
			events: []run.Event{intent("a", 1, 0)}, want: []string{"verify a#1 orphaned"},
		},
		{
			name: "an orphan is repeated where the plan says so", plan: plan(step("a", on("retry"))),
			events: []run.Event{intent("a", 1, 0)}, want: []string{"retry a#2 orphaned"},
		},
		{
			name: "an attempt that this process carries out is no orphan", plan: plan(step("a")), alive: "a",
			events: []run.Event{intent("a", 1, 0)}, want: []string{"wait a for ever under_way"},
		},
		{
			name: "an orphan that left no trace is repeated and costs no attempt", plan: plan(step("a", on("verify"))),
			events: []run.Event{intent("a", 1, 0), {Kind: run.Absent, Step: "a", Attempt: 1, At: at(1), ID: "x"}},
			now:    1, want: []string{"retry a#2 backoff_over"},
		},
		{
			name: "an unconfirmed attempt is asked about", plan: plan(step("a", on("ask"))),
			events: []run.Event{intent("a", 1, 0), erred("a", 1, playbooks.Unknown, 0)}, want: []string{"ask a#1 unconfirmed"},
		},
		{
			name: "an open question is looked at again after a while", plan: plan(step("a", on("ask"))),
			events: []run.Event{
				intent("a", 1, 0), erred("a", 1, playbooks.Unknown, 0), {Kind: run.Asked, Step: "a", Attempt: 1, At: t0, ID: "q"},
			},
			now: time.Second, want: []string{"wait a 30s person"},
		},
		{
			name: "a bell looks at an open question at once", plan: plan(step("a", on("ask"))), woken: true,
			events: []run.Event{
				intent("a", 1, 0), erred("a", 1, playbooks.Unknown, 0), {Kind: run.Asked, Step: "a", Attempt: 1, At: t0, ID: "q"},
			},
			now: time.Second, want: []string{"ask a#1 woken"},
		},
		{
			name: "a person's word to repeat always counts", plan: plan(step("a", on("ask"))),
			events: []run.Event{
				intent("a", 1, 0), erred("a", 1, playbooks.Unknown, 0),
				{Kind: run.Absent, Step: "a", Attempt: 1, At: at(1), By: "ana", ID: "x"},
			},
			now: 1, want: []string{"retry a#2 backoff_over"},
		},
		{
			name: "what comes after a step's end changes nothing", plan: plan(step("a"), step("b", needs("a"))),
			events: []run.Event{intent("a", 1, 0), answered("a", playbooks.Done, 1), erred("a", 1, playbooks.Permanent, 2)},
			want:   []string{"begin b#1 needs_over"},
		},
		{
			name: "a failed attempt that left no trace may be repeated once where attempts is 1", plan: plan(step("a", on("verify"))),
			events: []run.Event{
				intent("a", 1, 0), erred("a", 1, playbooks.Unknown, 0), {Kind: run.Absent, Step: "a", Attempt: 1, At: t0, ID: "x"},
			},
			want: []string{"retry a#2 backoff_over"},
		},
		{
			name: "but not for ever", plan: plan(step("a", on("verify"))),
			events: []run.Event{
				intent("a", 1, 0), erred("a", 1, playbooks.Unknown, 0),
				{Kind: run.Absent, Step: "a", Attempt: 1, At: t0, ID: "x"},
				intent("a", 2, 0), erred("a", 2, playbooks.Unknown, 0),
				{Kind: run.Absent, Step: "a", Attempt: 2, At: t0, ID: "y"},
			},
			want: []string{"fact over", "over failed step_failed"},
		},
		{
			name: "the first reason to end is the one that is told", plan: plan(step("a"), step("b")),
			events: []run.Event{
				intent("a", 1, 0), intent("b", 1, 0), answered("b", playbooks.Denied, 1), erred("a", 1, playbooks.Permanent, 2),
			},
			want: []string{"fact over", "over failed step_denied"},
		},
		{
			name: "a step that wants to be asked at once is given a moment", plan: plan(step("a")),
			events: []run.Event{intent("a", 1, 0), answered("a", playbooks.Pending, 0, 0)},
			want:   []string{"wait a 1s not_yet"},
		},
		{
			name: "a failure turns the run to on_failure", plan: failure,
			events: []run.Event{intent("a", 1, 0), erred("a", 1, playbooks.Permanent, 1)},
			want:   []string{"fact turned", "ending failed step_failed"},
		},
		{
			name: "on_failure steps run one after the other", plan: failure,
			events: []run.Event{intent("a", 1, 0), erred("a", 1, playbooks.Permanent, 1), turned},
			want:   []string{"begin tell#1 needs_over", "ending failed step_failed"},
		},
		{
			name: "an on_failure step runs whatever became of the one before", plan: failure,
			events: []run.Event{
				intent("a", 1, 0), erred("a", 1, playbooks.Permanent, 1), turned,
				intent("tell", 1, 3), erred("tell", 1, playbooks.Permanent, 4),
			},
			want: []string{"begin page#1 needs_over", "ending failed step_failed"},
		},
		{
			name: "on_failure does not wait for people", plan: failure,
			events: []run.Event{
				intent("a", 1, 0), erred("a", 1, playbooks.Permanent, 1), turned,
				intent("tell", 1, 3),
				{Kind: run.Asked, Step: "tell", Attempt: 1, At: at(4), ID: "q"},
			},
			want: []string{"begin page#1 needs_over", "ending failed step_failed"},
		},
		{
			name: "a run ends only when nothing of it is under way", plan: plan(step("a"), step("b")), alive: "b",
			events: []run.Event{intent("a", 1, 0), intent("b", 1, 0), erred("a", 1, playbooks.Permanent, 1)},
			want:   []string{"wait b for ever under_way", "ending failed step_failed"},
		},
		{
			name:   "an error may be passed over",
			plan:   plan(step("a", func(s *playbooks.Step) { s.OnError = "continue" }), step("b", needs("a"))),
			events: []run.Event{intent("a", 1, 0), erred("a", 1, playbooks.Permanent, 1)}, want: []string{"begin b#1 needs_over"},
		},
		{
			name:   "a denial may end a run quietly",
			plan:   plan(step("a", func(s *playbooks.Step) { s.OnDenied = "end" }), step("b", needs("a"))),
			events: []run.Event{intent("a", 1, 0), answered("a", playbooks.Denied, 1)},
			want:   []string{"fact over", "over succeeded step_denied"},
		},
		{
			name:   "an expiry may be escalated",
			plan:   plan(step("a", func(s *playbooks.Step) { s.OnExpiry = "escalate" }), step("b", needs("a"))),
			events: []run.Event{intent("a", 1, 0), answered("a", playbooks.Expired, 1)},
			want:   []string{"fact over", "over failed step_expired"},
		},
		{
			name: "an abort rolls forward to on_failure", plan: failure,
			events: []run.Event{intent("a", 1, 0), {Kind: run.Aborted, By: "ana", At: at(1), ID: "aborted"}}, alive: "a",
			want: []string{"fact turned", "ending cancelled abort_asked"},
		},
		{
			name: "a run that takes too long fails", plan: plan(step("a")), now: time.Hour,
			events: []run.Event{intent("a", 1, 0), answered("a", playbooks.Pending, time.Hour-1, 2*time.Hour)},
			want:   []string{"fact over", "over failed run_timeout"},
		},
		{
			name: "a run whose steps are over in time has not timed out", plan: plan(step("a")), now: 2 * time.Hour,
			events: []run.Event{intent("a", 1, 0), answered("a", playbooks.Done, 1)},
			want:   []string{"fact over", "over succeeded all_over"},
		},
		{
			name: "a plan that waits for itself fails at once", plan: plan(step("a", needs("b")), step("b", needs("a"))),
			want: []string{"fact over", "over failed broken_plan"},
		},
		{name: "a plan without steps is over", plan: plan(), want: []string{"fact over", "over succeeded all_over"}},
		{
			name: "a run that is over stays over", plan: plan(step("a"), step("b")),
			events: []run.Event{{Kind: run.Over, State: run.Failed, Reason: run.StepFailed, ID: "over"}, intent("a", 1, 5)},
			want:   []string{"over failed step_failed"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := run.Input{
				Run: run.Run{ID: "r", StartedAt: t0}, Plan: tt.plan, Events: tt.events, Now: at(tt.now), Woken: tt.woken,
				Alive: map[string]bool{tt.alive: tt.alive != ""},
			}
			if diff := cmp.Diff(tt.want, brief(run.Next(in, words{}))); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}

// drawPlan draws a plan whose steps need only earlier ones, so that it can always be carried out.
func drawPlan(t *rapid.T) playbooks.Plan {
	policy := rapid.SampledFrom([]string{"", "fail", "continue", "end", "escalate"})
	draw := func(id string, earlier []string) playbooks.Step {
		s := playbooks.Step{
			ID: id, Action: "test.act",
			When:      rapid.SampledFrom([]string{"", "", "", "true", "false", "nonsense", "s0=done"}).Draw(t, "when"),
			Timeout:   time.Duration(rapid.IntRange(0, 90).Draw(t, "timeout")) * time.Second,
			OnError:   policy.Draw(t, "on_error"),
			OnExpiry:  policy.Draw(t, "on_expiry"),
			OnDenied:  policy.Draw(t, "on_denied"),
			OnUnknown: rapid.SampledFrom([]string{"", "retry", "verify", "ask"}).Draw(t, "on_unknown"),
			Retry: playbooks.Retry{
				Attempts: rapid.IntRange(0, 3).Draw(t, "attempts"), Backoff: time.Duration(rapid.IntRange(0, 20).Draw(t, "backoff")) * time.Second,
				Max: 30 * time.Second,
			},
		}
		for _, e := range earlier {
			if rapid.Bool().Draw(t, "needs "+e) {
				s.Needs = append(s.Needs, e)
			}
		}
		return s
	}
	p := playbooks.Plan{Name: "p", Timeout: time.Duration(rapid.IntRange(60, 3600).Draw(t, "run timeout")) * time.Second}
	var ids []string
	for i := range rapid.IntRange(1, 5).Draw(t, "steps") {
		id := fmt.Sprintf("s%d", i)
		p.Steps = append(p.Steps, draw(id, ids))
		ids = append(ids, id)
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "on_failure") {
		p.OnFailure = append(p.OnFailure, draw(fmt.Sprintf("f%d", i), nil))
	}
	return p
}

// world carries out what Next decides, with chance as the outside: it answers, errs, is silent, and the process may stop.
type world struct {
	t      *rapid.T
	plan   playbooks.Plan
	events []run.Event
	alive  map[string]bool
	now    time.Time
}

func (w *world) add(e run.Event) {
	e.Run, e.At = "r", w.now
	for _, have := range w.events {
		if have.ID == e.ID {
			w.t.Fatalf("two events with the ID %s", e.ID)
		}
	}
	w.events = append(w.events, e)
}

func (w *world) next(woken bool) run.Decision {
	in := run.Input{Run: run.Run{ID: "r", StartedAt: t0}, Plan: w.plan, Events: w.events, Alive: w.alive, Woken: woken, Now: w.now}
	before, err := json.Marshal(in)
	if err != nil {
		w.t.Fatal(err)
	}
	first, second := run.Next(in, words{}), run.Next(in, words{})
	if diff := cmp.Diff(first, second, cmpopts.IgnoreUnexported(run.StepState{})); diff != "" {
		w.t.Fatalf("the same input gave two decisions:\n%s", diff)
	}
	if after, _ := json.Marshal(in); string(before) != string(after) {
		w.t.Fatal("the decision changed its input")
	}
	return first
}

func (w *world) check(d run.Decision) {
	seen := map[string]bool{}
	for _, m := range d.Moves {
		if seen[m.Step.ID] || w.alive[m.Step.ID] {
			w.t.Fatalf("two attempts of %s in flight", m.Step.ID)
		}
		seen[m.Step.ID] = true
		if m.Reason == "" || m.Sentence == "" {
			w.t.Fatalf("a move of %s without a reason", m.Step.ID)
		}
		if m.Kind == run.Begin && d.Ending == nil {
			for _, n := range m.Step.Needs {
				if !d.Steps[n].Phase.Over() {
					w.t.Fatalf("%s begins before %s is over", m.Step.ID, n)
				}
			}
		}
	}
}

// result adds what became of a move.
func (w *world) result(m run.Move) {
	delete(w.alive, m.Step.ID)
	id := func(k run.EventKind) string { return fmt.Sprintf("%s/%s/%d/%d", k, m.Step.ID, m.Attempt, m.Number) }
	e := run.Event{Step: m.Step.ID, Attempt: m.Attempt}
	outcome := func(s playbooks.Status, again time.Duration) {
		e.Kind, e.ID, e.Outcome = run.Answered, id(run.Answered), &playbooks.Outcome{Status: s, Again: w.now.Add(again)}
	}
	switch choice := rapid.IntRange(0, 7).Draw(w.t, "result"); {
	case m.Kind == run.Verify && choice > 3, m.Kind == run.Ask && choice == 0:
		e.Kind, e.ID = run.Absent, id(run.Absent)
		if m.Kind == run.Ask {
			e.By = "ana"
		}
	case m.Kind == run.Verify && choice > 0, m.Kind == run.Ask && choice > 3:
		e.Kind, e.ID = run.Asked, id(run.Asked)
	case choice < 3:
		outcome(playbooks.Done, 0)
	case choice == 3:
		outcome(playbooks.Denied, 0)
	case choice == 4:
		outcome(playbooks.Pending, time.Duration(rapid.IntRange(0, 40).Draw(w.t, "again"))*time.Second)
	default:
		e.Kind, e.ID = run.Erred, id(run.Erred)
		e.Fate = []playbooks.Fate{playbooks.Permanent, playbooks.Transient, playbooks.Unknown}[choice-5]
	}
	w.add(e)
}

func TestEveryFairCompletionOfEventsEndsAndNoRuleIsBroken(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{t: t, plan: drawPlan(t), alive: map[string]bool{}, now: t0}
		var open []run.Move
		for round := 0; ; round++ {
			if round > 3000 {
				t.Fatal("the run does not end")
			}
			d := w.next(rapid.IntRange(0, 9).Draw(t, "woken") == 0)
			w.check(d)
			for _, f := range d.Facts {
				w.add(f)
			}
			if d.Over {
				break
			}
			if len(d.Facts) > 0 {
				continue
			}
			for _, m := range d.Moves {
				if m.Kind == run.Begin || m.Kind == run.Retry {
					w.add(run.Event{
						Kind: run.Intent, Step: m.Step.ID, Attempt: m.Attempt,
						ID: fmt.Sprintf("intent/%s/%d/%d", m.Step.ID, m.Attempt, m.Number),
					})
				}
				w.alive[m.Step.ID] = true
				open = append(open, m)
			}
			switch {
			case len(open) > 0 && rapid.IntRange(0, 19).Draw(t, "crash") == 0:
				open, w.alive = nil, map[string]bool{}
			case len(open) > 0:
				i := rapid.IntRange(0, len(open)-1).Draw(t, "which")
				w.result(open[i])
				open = append(open[:i:i], open[i+1:]...)
				w.now = w.now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "pass")) * time.Millisecond)
			default:
				until := d.Until()
				if !until.After(w.now) {
					t.Fatalf("nothing to do and nothing to wait for: %v", brief(d))
				}
				w.now = until
			}
		}
		over := w.next(false)
		if !over.Over || len(over.Moves)+len(over.Facts) > 0 {
			t.Fatalf("a run that was over goes on: %v", brief(over))
		}
	})
}

func TestNextTakesAnyJournal(t *testing.T) {
	kinds := []run.EventKind{
		run.Intent, run.Answered, run.Erred, run.Skipped, run.Absent, run.Asked, run.Aborted, run.Turned, run.Over, "new", "",
	}
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		for i := range p.Steps {
			// Plans of an older or a broken compiler: needs that make circles or are not there.
			p.Steps[i].Needs = rapid.SliceOfN(rapid.SampledFrom([]string{"s0", "s1", "s2", "f0", "nobody"}), 0, 2).Draw(t, "needs")
		}
		in := run.Input{Run: run.Run{ID: "r", StartedAt: t0}, Plan: p, Now: at(time.Duration(rapid.IntRange(-10, 4000).Draw(t, "now")) * time.Second)}
		for i := range rapid.IntRange(0, 12).Draw(t, "events") {
			e := run.Event{
				Run: "r", ID: fmt.Sprint(i), Kind: rapid.SampledFrom(kinds).Draw(t, "kind"),
				Step: rapid.SampledFrom([]string{"s0", "s1", "s2", "f0", "nobody", ""}).Draw(t, "step"), Attempt: rapid.IntRange(-1, 3).Draw(t, "attempt"),
				At: at(time.Duration(rapid.IntRange(0, 4000).Draw(t, "at")) * time.Second), By: rapid.SampledFrom([]string{"", "ana"}).Draw(t, "by"),
				Fate: rapid.SampledFrom([]playbooks.Fate{"", playbooks.Permanent, playbooks.Transient, playbooks.Unknown, "odd"}).Draw(t, "fate"),
			}
			if rapid.Bool().Draw(t, "has outcome") {
				e.Outcome = &playbooks.Outcome{Status: rapid.SampledFrom([]playbooks.Status{
					"", playbooks.Done, playbooks.Pending, playbooks.Denied, playbooks.Expired, "odd",
				}).Draw(t, "status")}
			}
			in.Events = append(in.Events, e)
		}
		d := run.Next(in, words{})
		seen := map[string]bool{}
		for _, m := range d.Moves {
			if seen[m.Step.ID] {
				t.Fatalf("two moves of %s: %v", m.Step.ID, brief(d))
			}
			seen[m.Step.ID] = true
		}
		if d.Over && (len(d.Moves) > 0 || d.Ending == nil) || !d.Over && len(d.Moves)+len(d.Facts)+len(d.Waits) == 0 {
			t.Fatalf("decision %v", brief(d))
		}
	})
}

func ExampleNext() {
	plan := playbooks.Plan{Steps: []playbooks.Step{
		{ID: "page", Action: "pagerduty.page"},
		{ID: "tell", Action: "slack.post"},
		{ID: "ask", Action: "approval.ask", Needs: []string{"page", "tell"}},
	}}
	events := []run.Event{
		{Kind: run.Intent, Step: "page", Attempt: 1},
		{Kind: run.Answered, Step: "page", Attempt: 1, Outcome: &playbooks.Outcome{Status: playbooks.Done}},
	}
	d := run.Next(run.Input{Run: run.Run{ID: "r1"}, Plan: plan, Events: events}, nil)
	for _, m := range d.Moves {
		fmt.Println(m.Kind, m.Step.ID, "because", m.Sentence)
	}
	// Output: begin tell because what it needs is over
}
