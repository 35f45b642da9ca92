package run_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/run"
	"github.com/firebreak-dev/firebreak/playbooks/run/runtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// outside is a catalogue of actions that test code answers for.
type outside struct {
	mu      sync.Mutex
	calls   []string
	acts    map[string]func(ctx context.Context, c playbooks.Call) (playbooks.Outcome, error)
	verify  func(c playbooks.Call) (playbooks.Outcome, bool, error)
	answers []run.Answer
	asked   []string
}

func (o *outside) Act(ctx context.Context, c playbooks.Call) (playbooks.Outcome, error) {
	o.mu.Lock()
	o.calls = append(o.calls, fmt.Sprintf("%s#%d", c.Step, c.Attempt))
	act := o.acts[c.Step]
	o.mu.Unlock()
	if act == nil {
		return playbooks.Outcome{Status: playbooks.Done}, nil
	}
	return act(ctx, c)
}

func (o *outside) AskUnknown(_ context.Context, _ run.Run, _ playbooks.Step, question string) (run.Answer, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked = append(o.asked, question)
	if len(o.answers) == 0 {
		return run.Answer{}, nil
	}
	a := o.answers[0]
	o.answers = o.answers[1:]
	return a, nil
}

func (o *outside) called() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.calls)
}

// verifying is an outside whose actions can be looked up.
type verifying struct{ *outside }

func (v verifying) Verify(_ context.Context, c playbooks.Call) (playbooks.Outcome, bool, error) {
	return v.verify(c)
}

// catalogue binds the actions of steps to the outside. Those named "revert…" are rollbacks, "wait…" wait.
func catalogue(h playbooks.Handler, p playbooks.Plan) []playbooks.Bound {
	var out []playbooks.Bound
	for _, s := range slices.Concat(p.Steps, p.OnFailure) {
		out = append(out, playbooks.Bound{Handler: h, Action: playbooks.Action{
			Name: s.Action, Rollback: strings.HasPrefix(s.ID, "revert"), Waits: strings.HasPrefix(s.ID, "wait"),
		}})
	}
	return out
}

// stage is a runner with a journal in memory and a run of a plan.
type stage struct {
	*run.Runner
	journal *runtest.Memory
	out     *outside
	run     run.Run
}

func newStage(t *testing.T, p playbooks.Plan, change ...func(*run.Config)) *stage {
	t.Helper()
	s := &stage{journal: runtest.NewMemory(), out: &outside{acts: map[string]func(context.Context, playbooks.Call) (playbooks.Outcome, error){}}}
	s.restart(t, p, change...)
	s.run = s.begin(t, "r", p)
	return s
}

// restart puts a fresh runner in the place of the old one, as a new process would.
func (s *stage) restart(t *testing.T, p playbooks.Plan, change ...func(*run.Config)) {
	t.Helper()
	c := run.Config{Actions: catalogue(s.out, p), Journal: s.journal, Evaluator: words{}, Approver: s.out}
	for _, f := range change {
		f(&c)
	}
	r, err := run.NewRunner(c)
	if err != nil {
		t.Fatal(err)
	}
	s.Runner = r
}

func (s *stage) begin(t *testing.T, id string, p playbooks.Plan) run.Run {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	r := run.Run{ID: id, Playbook: p.Name, Service: "support", Plan: text, StartedAt: time.Now(), State: run.Running, Interpreter: 1}
	if _, err := s.journal.Begin(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	return r
}

func (s *stage) advance(t *testing.T) run.Decision {
	t.Helper()
	d, err := s.Advance(t.Context(), s.run, false)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// kinds tells the journal in short.
func (s *stage) kinds(t *testing.T) []string {
	t.Helper()
	events, err := s.journal.Events(t.Context(), s.run.ID)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range events {
		line := strings.TrimSpace(string(e.Kind) + " " + e.Step)
		if e.Outcome != nil {
			line += " " + string(e.Outcome.Status)
		}
		out = append(out, line)
	}
	return out
}

func want[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestARunIsCarriedOutToItsEnd(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	p := plan(step("page"), step("revert", needs("page")))
	s := newStage(t, p, func(c *run.Config) { c.Registerer = reg })
	d := s.advance(t)
	want(t, "journal", []string{"intent page", "answered page done", "intent revert", "answered revert done", "over"}, s.kinds(t))
	want(t, "ending", &run.Ending{State: run.Succeeded, Reason: run.AllOver, Sentence: "2 of 2 steps done"}, d.Ending)
	s.advance(t)
	want(t, "calls", []string{"page#1", "revert#1"}, s.out.called())
	if err := testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP firebreak_runs_ended_total Runs that ended, by how.
# TYPE firebreak_runs_ended_total counter
firebreak_runs_ended_total{state="cancelled"} 0
firebreak_runs_ended_total{state="failed"} 0
firebreak_runs_ended_total{state="succeeded"} 1
`), "firebreak_runs_ended_total"); err != nil {
		t.Error(err)
	}
}

func TestABranchGoesOnWhileAnotherIsStillUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, plan(step("slow"), step("quick"), step("after", needs("quick"))))
		s.out.acts["slow"] = func(ctx context.Context, _ playbooks.Call) (playbooks.Outcome, error) {
			<-time.After(10 * time.Second)
			return playbooks.Outcome{Status: playbooks.Done}, ctx.Err()
		}
		s.advance(t)
		want(t, "journal", []string{
			"intent slow", "intent quick", "answered quick done", "intent after", "answered after done", "answered slow done", "over",
		}, s.kinds(t))
	})
}

func TestWhatTheJournalDoesNotTakeIsNotDone(t *testing.T) {
	s := newStage(t, plan(step("page")))
	full := errors.New("disk full")
	s.journal.Fail = func(run.Event) error { return full }
	if _, err := s.Advance(t.Context(), s.run, false); !errors.Is(err, full) {
		t.Fatalf("Advance gave %v", err)
	}
	if calls := s.out.called(); len(calls) > 0 {
		t.Fatalf("called %v without an intent", calls)
	}
	s.journal.Fail = nil
	s.advance(t)
	want(t, "calls", []string{"page#1"}, s.out.called())
}

func TestAnAnswerThatTheJournalDidNotTakeIsWrittenLater(t *testing.T) {
	s := newStage(t, plan(step("page")))
	full := errors.New("disk full")
	s.journal.Fail = func(e run.Event) error {
		if e.Kind == run.Answered {
			return full
		}
		return nil
	}
	for range 2 {
		if _, err := s.Advance(t.Context(), s.run, false); !errors.Is(err, full) {
			t.Fatalf("Advance gave %v", err)
		}
	}
	s.journal.Fail = nil
	s.advance(t)
	want(t, "calls", []string{"page#1"}, s.out.called())
	want(t, "journal", []string{"intent page", "answered page done", "over"}, s.kinds(t))
}

// orphaned is a stage whose process stopped while revert was under way.
func orphaned(t *testing.T, p playbooks.Plan, change ...func(*run.Config)) *stage {
	t.Helper()
	s := newStage(t, p, change...)
	e := run.Event{Run: "r", At: time.Now(), Kind: run.Intent, Step: "revert", Action: "test.revert", Attempt: 1, ID: "intent/revert/1/0"}
	if err := s.journal.Append(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	return s
}

func onUnknown(word string) func(*playbooks.Step) {
	return func(s *playbooks.Step) { s.OnUnknown = word }
}

func TestAnAttemptOfAProcessThatStoppedIsLookedUpOrAskedAbout(t *testing.T) {
	lost := errors.New("vendor down")
	tests := []struct {
		name      string
		onUnknown string
		verify    func(playbooks.Call) (playbooks.Outcome, bool, error)
		answers   []run.Answer
		calls     []string
		journal   []string
		questions int
	}{
		{
			name: "found at the vendor: it is done and not repeated", onUnknown: "verify",
			verify: func(c playbooks.Call) (playbooks.Outcome, bool, error) {
				return playbooks.Outcome{Sentence: c.Key}, true, nil
			},
			journal: []string{"intent revert", "answered revert done", "over"},
		},
		{
			name: "surely not at the vendor: it is repeated", onUnknown: "verify",
			verify:  func(playbooks.Call) (playbooks.Outcome, bool, error) { return playbooks.Outcome{}, false, nil },
			calls:   []string{"revert#2"},
			journal: []string{"intent revert", "absent revert", "intent revert", "answered revert done", "over"},
		},
		{
			name: "the vendor cannot say: people do", onUnknown: "verify",
			verify:  func(playbooks.Call) (playbooks.Outcome, bool, error) { return playbooks.Outcome{}, false, lost },
			answers: []run.Answer{{Verdict: run.Happened, By: "ana"}}, questions: 1,
			journal: []string{"intent revert", "answered revert done", "over"},
		},
		{
			name: "a look-up that panics is no answer", onUnknown: "verify",
			verify:  func(playbooks.Call) (playbooks.Outcome, bool, error) { panic("nil map") },
			answers: []run.Answer{{Verdict: run.Repeat, By: "ana"}}, questions: 1, calls: []string{"revert#2"},
			journal: []string{"intent revert", "absent revert", "intent revert", "answered revert done", "over"},
		},
		{
			name: "nobody answers yet: it is asked once and waited for", onUnknown: "ask", questions: 1,
			journal: []string{"intent revert", "asked revert"},
		},
		{
			name: "people give up", onUnknown: "ask", answers: []run.Answer{{Verdict: run.GiveUp}}, questions: 1,
			journal: []string{"intent revert", "erred revert", "over"},
		},
		{
			name: "an action that repeats by its key is repeated", onUnknown: "retry", calls: []string{"revert#2"},
			journal: []string{"intent revert", "intent revert", "answered revert done", "over"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := plan(step("revert", onUnknown(tt.onUnknown)))
			s := orphaned(t, p)
			s.out.verify, s.out.answers = tt.verify, tt.answers
			if tt.verify != nil {
				s.restart(t, p, func(c *run.Config) { c.Actions = catalogue(verifying{s.out}, p) })
			}
			s.advance(t)
			want(t, "journal", tt.journal, s.kinds(t))
			want(t, "calls", tt.calls, s.out.called())
			want(t, "questions", tt.questions, len(s.out.asked))
		})
	}
}

func TestAnAnswerToAnOpenQuestionIsSeenWhenTheBellRings(t *testing.T) {
	s := orphaned(t, plan(step("revert", onUnknown("ask"))))
	d := s.advance(t)
	if len(d.Waits) == 0 || d.Waits[0].Reason != run.Person {
		t.Fatalf("waits %+v", d.Waits)
	}
	s.advance(t)
	want(t, "questions before the bell", 1, len(s.out.asked))
	if _, err := s.Advance(t.Context(), s.run, true); err != nil {
		t.Fatal(err)
	}
	want(t, "questions after a bell without an answer", 2, len(s.out.asked))
	s.out.answers = []run.Answer{{Verdict: run.Happened, By: "ana"}}
	if _, err := s.Advance(t.Context(), s.run, true); err != nil {
		t.Fatal(err)
	}
	want(t, "journal", []string{"intent revert", "asked revert", "answered revert done", "over"}, s.kinds(t))
	want(t, "question", "Nobody could confirm whether attempt 1 of revert (test.revert) took effect: look there first.", s.out.asked[0])
}

func TestAPanicIsAnErrorOfUnknownFate(t *testing.T) {
	s := newStage(t, plan(step("revert", onUnknown("ask"))))
	s.out.acts["revert"] = func(context.Context, playbooks.Call) (playbooks.Outcome, error) { panic("nil map") }
	s.advance(t)
	want(t, "journal", []string{"intent revert", "erred revert", "asked revert"}, s.kinds(t))
}

func TestACallThatDoesNotComeBackIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, plan(step("revert", onUnknown("ask"), func(s *playbooks.Step) { s.Timeout = 10 * time.Second })))
		forever := make(chan struct{})
		s.out.acts["revert"] = func(context.Context, playbooks.Call) (playbooks.Outcome, error) {
			<-forever
			return playbooks.Outcome{}, nil
		}
		began := time.Now()
		s.advance(t)
		if took := time.Since(began); took < 10*time.Second || took > 15*time.Second {
			t.Errorf("left behind after %s", took)
		}
		want(t, "journal", []string{"intent revert", "erred revert", "asked revert"}, s.kinds(t))
		close(forever)
	})
}

func TestACallUnderWayIsFinishedWhenTheRunnerIsToldToStop(t *testing.T) {
	for _, tt := range []struct {
		name string
		took time.Duration
		want []string
	}{
		{"one that ends within the grace is written down", 3 * time.Second, []string{"intent page", "answered page done"}},
		{"one that does not is cut off and written down as unknown", time.Hour, []string{"intent page", "erred page"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, plan(step("page"), step("next", needs("page"))), func(c *run.Config) { c.Grace = 5 * time.Second })
				s.out.acts["page"] = func(ctx context.Context, _ playbooks.Call) (playbooks.Outcome, error) {
					select {
					case <-time.After(tt.took):
						return playbooks.Outcome{Status: playbooks.Done}, nil
					case <-ctx.Done():
						return playbooks.Outcome{}, ctx.Err()
					}
				}
				ctx, stop := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, stop)
				if _, err := s.Advance(ctx, s.run, false); !errors.Is(err, context.Canceled) {
					t.Errorf("Advance gave %v", err)
				}
				want(t, "journal", tt.want, s.kinds(t))
			})
		})
	}
}

func TestUnderTheKillSwitchOnlyPagesStart(t *testing.T) {
	stopped := true
	p := plan(step("page"), step("revert"))
	s := newStage(t, p, func(c *run.Config) {
		c.Stopped = func() (bool, string) { return stopped, "ana pulled it" }
		c.WhileStopped = []string{"test.page"}
	})
	d := s.advance(t)
	want(t, "calls", []string{"page#1"}, s.out.called())
	if !slices.ContainsFunc(d.Waits, func(w run.Wait) bool {
		return w.Step == "revert" && w.Reason == run.KillSwitch && strings.Contains(w.Sentence, "ana pulled it") && !w.Until.IsZero()
	}) {
		t.Errorf("waits %+v", d.Waits)
	}
	stopped = false
	s.advance(t)
	want(t, "calls", []string{"page#1", "revert#1"}, s.out.called())
}

func TestOneRollbackAtATimePerService(t *testing.T) {
	p := plan(step("revert"), step("waitproof", needs("revert")))
	proven := false
	proof := func(_ context.Context, c playbooks.Call) (playbooks.Outcome, error) {
		if proven {
			return playbooks.Outcome{Status: playbooks.Done}, nil
		}
		return playbooks.Outcome{Status: playbooks.Pending, Again: c.Now.Add(5 * time.Second)}, nil
	}
	s := newStage(t, p)
	s.out.acts["waitproof"] = proof
	other := s.begin(t, "r2", p)
	s.advance(t)

	busy := func() {
		t.Helper()
		d, err := s.Advance(t.Context(), other, true)
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Waits) == 0 || !slices.ContainsFunc(d.Waits, func(w run.Wait) bool { return w.Reason == run.RollbackBusy }) {
			t.Fatalf("the second rollback is not held back: %+v", d.Waits)
		}
	}
	busy()
	// A new process knows it from the journal.
	s.restart(t, p)
	if err := s.Adopt(t.Context(), s.run); err != nil {
		t.Fatal(err)
	}
	busy()
	proven = true
	if d, err := s.Advance(t.Context(), s.run, true); err != nil || !d.Over {
		t.Fatalf("the first run is not over: %+v, %v", d.Waits, err)
	}
	if d, err := s.Advance(t.Context(), other, false); err != nil || !d.Over {
		t.Fatalf("the second run does not go on: %+v, %v", d.Waits, err)
	}
}

func TestNotYetIsWrittenOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, plan(step("wait", func(s *playbooks.Step) { s.Timeout = time.Hour })))
		polls := 0
		s.out.acts["wait"] = func(_ context.Context, c playbooks.Call) (playbooks.Outcome, error) {
			polls++
			if polls == 40 {
				return playbooks.Outcome{Status: playbooks.Done}, nil
			}
			return playbooks.Outcome{
				Status: playbooks.Pending, Sentence: fmt.Sprintf("burn is %d", polls), Again: c.Now.Add(time.Minute),
				Output: map[string]any{"half": polls / 20},
			}, nil
		}
		for {
			d := s.advance(t)
			if d.Over {
				break
			}
			<-time.After(time.Until(d.Until()))
		}
		want(t, "polls", 40, polls)
		want(t, "journal", []string{"intent wait", "answered wait pending", "answered wait pending", "answered wait done", "over"}, s.kinds(t))
	})
}

func TestABellAsksAPendingStepOnce(t *testing.T) {
	s := newStage(t, plan(step("wait")))
	s.out.acts["wait"] = func(_ context.Context, c playbooks.Call) (playbooks.Outcome, error) {
		if len(s.out.called()) > 10 {
			return playbooks.Outcome{Status: playbooks.Expired}, nil
		}
		return playbooks.Outcome{Status: playbooks.Pending, Again: c.Now.Add(time.Hour)}, nil
	}
	s.advance(t)
	if _, err := s.Advance(t.Context(), s.run, true); err != nil {
		t.Fatal(err)
	}
	want(t, "calls", []string{"wait#1", "wait#1"}, s.out.called())
}

func TestOutputsAreTheSameBeforeAndAfterARestart(t *testing.T) {
	s := newStage(t, plan(step("page")))
	s.out.acts["page"] = func(context.Context, playbooks.Call) (playbooks.Outcome, error) {
		return playbooks.Outcome{Status: playbooks.Done, Output: map[string]any{"n": 3, "for": time.Second, "list": []string{"a"}}}, nil
	}
	before := s.advance(t).Steps["page"].Output
	s.restart(t, plan(step("page")))
	want(t, "output", before, s.advance(t).Steps["page"].Output)
}

func TestWhatAStepLeavesIsCleanAndBounded(t *testing.T) {
	s := newStage(t, plan(step("a"), step("b"), step("c", needs("a", "b"))))
	s.out.acts["a"] = func(context.Context, playbooks.Call) (playbooks.Outcome, error) {
		return playbooks.Outcome{Output: map[string]any{"x": strings.Repeat("y", 1<<20)}, Sentence: "bad \xff and \x00 here"}, nil
	}
	s.out.acts["b"] = func(context.Context, playbooks.Call) (playbooks.Outcome, error) {
		return playbooks.Outcome{Output: map[string]any{"x": make(chan int)}, Sentence: strings.Repeat("€", 4000)}, nil
	}
	d := s.advance(t)
	want(t, "output", map[string]any(nil), d.Steps["a"].Output)
	want(t, "sentence", "bad � and � here (its output is too large, or no JSON, and was dropped)", d.Steps["a"].Sentence)
	if n := len(d.Steps["b"].Sentence); n > 2200 {
		t.Errorf("a sentence of %d bytes", n)
	}
	if !d.Over || d.Ending.State != run.Succeeded {
		t.Errorf("ending %+v", d.Ending)
	}
}

func TestAStepThatCannotBeCalledFailsWithoutACall(t *testing.T) {
	p := plan(step("a", func(s *playbooks.Step) { s.With = map[string]any{"broken": true} }))
	s := newStage(t, p)
	d := s.advance(t)
	want(t, "sentence", "step a failed: its parameters cannot be evaluated: no such key", d.Ending.Sentence)

	gone := newStage(t, plan(step("a")), func(c *run.Config) { c.Actions = nil })
	want(t, "sentence", "step a failed: the action test.a is not configured", gone.advance(t).Ending.Sentence)
	want(t, "calls", []string(nil), append(s.out.called(), gone.out.called()...))
}

// panicking is an Evaluator with a fault.
type panicking struct{}

func (panicking) Condition(string, run.Scope) (bool, error)              { panic("nil map") }
func (panicking) With(playbooks.Step, run.Scope) (map[string]any, error) { panic("nil map") }

func TestAFaultOfTheEvaluatorFailsTheStepAlone(t *testing.T) {
	careless := func(s *playbooks.Step) { s.OnError = "continue" }
	p := plan(step("a", careless, func(s *playbooks.Step) { s.When = "true" }), step("b", careless))
	s := newStage(t, p, func(c *run.Config) { c.Evaluator = panicking{} })
	if d := s.advance(t); !d.Over || d.Ending.Sentence != "0 of 2 steps done, 2 failed" {
		t.Errorf("ending %+v", d.Ending)
	}
}

// faulty is a journal with a fault.
type faulty struct{ run.Journal }

func (f faulty) Append(ctx context.Context, e run.Event) error {
	if e.Kind == run.Intent && e.Step == "b" {
		panic("nil map")
	}
	return f.Journal.Append(ctx, e)
}

func TestAFaultOfTheProgramWaitsForWhatIsUnderWay(t *testing.T) {
	s := newStage(t, plan(step("a"), step("b")))
	s.restart(t, plan(step("a"), step("b")), func(c *run.Config) { c.Journal = faulty{s.journal} })
	if _, err := s.Advance(t.Context(), s.run, false); err == nil || !strings.Contains(err.Error(), "a fault of the program") {
		t.Errorf("Advance gave %v", err)
	}
	want(t, "journal", []string{"intent a", "answered a done"}, s.kinds(t))
}

func TestARunWhosePlanCannotBeReadFails(t *testing.T) {
	s := newStage(t, plan(step("a")))
	s.run.Plan = json.RawMessage(`{"steps": 7}`)
	for range 2 {
		if d := s.advance(t); !d.Over || d.Ending.Reason != run.BrokenPlan {
			t.Errorf("ending %+v", d.Ending)
		}
	}
	want(t, "journal", []string{"over"}, s.kinds(t))
}

func TestARunIsAdvancedByOneCallerAtATime(t *testing.T) {
	s := newStage(t, plan(step("a")))
	under, release := make(chan struct{}), make(chan struct{})
	s.out.acts["a"] = func(context.Context, playbooks.Call) (playbooks.Outcome, error) {
		close(under)
		<-release
		return playbooks.Outcome{}, nil
	}
	done := make(chan error, 1)
	go func() {
		_, err := s.Advance(context.WithoutCancel(t.Context()), s.run, false)
		done <- err
	}()
	<-under
	if _, err := s.Advance(t.Context(), s.run, false); !errors.Is(err, run.ErrBusy) {
		t.Errorf("the second caller gets %v", err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestARunOfANewerProgramIsLeftAlone(t *testing.T) {
	s := newStage(t, plan(step("a")))
	s.run.Interpreter = run.Interpreter + 1
	if _, err := s.Advance(t.Context(), s.run, false); !errors.Is(err, run.ErrTooNew) {
		t.Errorf("Advance gave %v", err)
	}
	want(t, "calls", []string(nil), s.out.called())
}

func TestARehearsalCallsNobodyAndKeepsItsContext(t *testing.T) {
	never := &outside{}
	dry := run.DryRun(playbooks.Bound{Handler: never, Action: playbooks.Action{
		Name: "github.revert", Outputs: map[string]playbooks.Type{"url": playbooks.String, "number": playbooks.Int, "labels": playbooks.List},
	}})
	out, err := dry.Handler.Act(t.Context(), playbooks.Call{With: map[string]any{"change": "acme/app#482"}})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "outcome", playbooks.Outcome{
		Status: playbooks.Done, Sentence: `dry run: would have called github.revert with {"change":"acme/app#482"}`,
		Output: map[string]any{"url": "", "number": int64(0), "labels": []any{}},
	}, out)
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("shutting down"))
	if _, err := dry.Handler.Act(ended, playbooks.Call{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a rehearsal whose context ended gives %v", err)
	}
	if calls := never.called(); len(calls) > 0 {
		t.Errorf("called %v", calls)
	}
}

func TestABadCatalogueIsRefused(t *testing.T) {
	ok := run.Config{Journal: runtest.NewMemory(), Evaluator: words{}}
	for name, change := range map[string]func(*run.Config){
		"no journal":      func(c *run.Config) { c.Journal = nil },
		"no evaluator":    func(c *run.Config) { c.Evaluator = nil },
		"no handler":      func(c *run.Config) { c.Actions = []playbooks.Bound{{Action: playbooks.Action{Name: "a.b"}}} },
		"an action twice": func(c *run.Config) { c.Actions = catalogue(&outside{}, plan(step("a"), step("a"))) },
	} {
		t.Run(name, func(t *testing.T) {
			c := ok
			change(&c)
			if _, err := run.NewRunner(c); err == nil {
				t.Error("it is accepted")
			}
		})
	}
}

func BenchmarkNext(b *testing.B) {
	p := plan(step("page"), step("tell"), step("ask", needs("page", "tell")), step("revert", needs("ask")), step("proven", needs("revert")))
	events := []run.Event{
		intent("page", 1, 0), intent("tell", 1, 0), answered("page", playbooks.Done, 1), answered("tell", playbooks.Done, 2),
		intent("ask", 1, 3), answered("ask", playbooks.Done, 4), intent("revert", 1, 5), answered("revert", playbooks.Done, 6),
	}
	in := run.Input{Run: run.Run{ID: "r", StartedAt: t0}, Plan: p, Events: events, Now: at(time.Second)}
	b.ReportAllocs()
	for b.Loop() {
		run.Next(in, words{})
	}
}
