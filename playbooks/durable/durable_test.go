package durable_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/bot/store/storetest"
	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/durable"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(child())
	}
	goleak.VerifyTestMain(m)
}

// patience bounds what a test waits for; it is no measure of anything.
const patience = 30 * time.Second

// journal is the real store as a run.Journal that tells when a run is over, and each event to wrote unless that is nil.
type journal struct {
	*store.DB
	wrote chan<- run.Event
	mu    sync.Mutex
	over  map[string]chan struct{}
}

func newJournal(db *store.DB) *journal { return &journal{DB: db, over: map[string]chan struct{}{}} }

func (j *journal) Begin(ctx context.Context, r run.Run) (bool, error) { return j.BeginRun(ctx, r) }

func (j *journal) Append(ctx context.Context, e run.Event) error {
	_, err := j.AppendRun(ctx, e)
	if err == nil && j.wrote != nil {
		j.wrote <- e
	}
	if err == nil && e.Kind == run.Over {
		j.mu.Lock()
		defer j.mu.Unlock()
		close(j.bell(e.Run))
	}
	return err
}

func (j *journal) Events(ctx context.Context, id string) ([]run.Event, error) {
	return j.RunEvents(ctx, id)
}

func (j *journal) Unfinished(ctx context.Context) ([]run.Run, error) {
	return j.Runs(ctx, run.Query{States: []run.State{run.Running, run.Waiting}, Limit: 1000})
}

func (j *journal) bell(id string) chan struct{} {
	if j.over[id] == nil {
		j.over[id] = make(chan struct{})
	}
	return j.over[id]
}

// await returns the run once it is over.
func (j *journal) await(tb testing.TB, id string) run.Run {
	tb.Helper()
	j.mu.Lock()
	bell := j.bell(id)
	j.mu.Unlock()
	select {
	case <-bell:
	case <-time.After(patience):
		events, _ := j.RunEvents(context.Background(), id)
		tb.Fatalf("run %s is not over; its journal: %s", id, lines(events))
	}
	r, err := j.Run(tb.Context(), id)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func lines(events []run.Event) string {
	var out []string
	for _, e := range events {
		line := strings.TrimSpace(string(e.Kind) + " " + e.Step)
		if e.Outcome != nil {
			line += " " + string(e.Outcome.Status)
		}
		out = append(out, line)
	}
	return strings.Join(out, ", ")
}

// plain is an Evaluator for plans without expressions.
type plain struct{}

func (plain) Condition(src string, _ run.Scope) (bool, error)               { return src == "true", nil }
func (plain) With(step playbooks.Step, _ run.Scope) (map[string]any, error) { return step.With, nil }

type act = func(ctx context.Context, c playbooks.Call) (playbooks.Outcome, error)

func done(context.Context, playbooks.Call) (playbooks.Outcome, error) {
	return playbooks.Outcome{Status: playbooks.Done}, nil
}

// process is what one process of the program holds: a store, a runner, an engine.
type process struct {
	*durable.Engine
	journal *journal
}

func newProcess(tb testing.TB, db *store.DB, acts map[string]act, change ...func(*durable.Config)) *process {
	tb.Helper()
	j := newJournal(db)
	runner, err := run.NewRunner(run.Config{Actions: catalogue(acts), Journal: j, Evaluator: plain{}, Grace: 500 * time.Millisecond})
	if err != nil {
		tb.Fatal(err)
	}
	c := durable.Config{Runner: runner, Journal: j, Unfinished: j.Unfinished, Postgres: db.Pool(), SweepEvery: 20 * time.Millisecond}
	if c.Postgres == nil {
		c.SQLite = db.SQL()
	}
	for _, f := range change {
		f(&c)
	}
	e, err := durable.New(c)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.Shutdown(patience); err != nil {
			tb.Error(err)
		}
	})
	return &process{Engine: e, journal: j}
}

func catalogue(acts map[string]act) []playbooks.Bound {
	var out []playbooks.Bound
	for name, f := range acts {
		out = append(out, playbooks.Bound{Action: playbooks.Action{Name: name}, Handler: playbooks.HandlerFunc(f)})
	}
	return out
}

func (p *process) launch(tb testing.TB) {
	tb.Helper()
	if err := p.Launch(tb.Context()); err != nil {
		tb.Fatal(err)
	}
}

func step(action string, change ...func(*playbooks.Step)) playbooks.Step {
	s := playbooks.Step{ID: action, Action: action, Timeout: time.Hour, Retry: playbooks.Retry{Attempts: 1}, OnUnknown: "retry"}
	for _, c := range change {
		c(&s)
	}
	return s
}

func needs(ids ...string) func(*playbooks.Step) {
	return func(s *playbooks.Step) { s.Needs = ids }
}

func newRun(tb testing.TB, id string, steps ...playbooks.Step) run.Run {
	tb.Helper()
	return runOf(tb, id, playbooks.Plan{Name: "p", Timeout: 24 * time.Hour, Steps: steps})
}

func runOf(tb testing.TB, id string, p playbooks.Plan) run.Run {
	tb.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		tb.Fatal(err)
	}
	return run.Run{
		ID: id, Playbook: p.Name, Plan: text, Scope: json.RawMessage(`{}`), State: run.Running, StartedAt: time.Now(),
		Interpreter: run.Interpreter,
	}
}

func receive[T any](tb testing.TB, what string, from <-chan T) T {
	tb.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		tb.Fatalf("nothing came: %s", what)
		panic("unreachable")
	}
}

func TestARunThatIsStartedTwiceRunsOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		calls := make(chan string, 10)
		p := newProcess(t, db, map[string]act{"page": func(_ context.Context, c playbooks.Call) (playbooks.Outcome, error) {
			calls <- c.Key
			return playbooks.Outcome{Status: playbooks.Done}, nil
		}})
		p.launch(t)
		r := newRun(t, "r1", step("page"))
		for range 3 {
			if err := p.Start(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		if got := p.journal.await(t, "r1"); got.State != run.Succeeded {
			t.Errorf("state %s: %s", got.State, got.Reason)
		}
		if err := p.Start(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if n := len(calls); n != 1 {
			t.Errorf("%d calls", n)
		}
		if err := p.Abort(t.Context(), "r1", "ana"); !errors.Is(err, durable.ErrOver) {
			t.Errorf("aborting a run that is over gives %v", err)
		}
	})
}

// waiting is an action that is pending for an hour until its answer is there.
func waiting(answered <-chan struct{}, asked chan<- int) act {
	return func(_ context.Context, c playbooks.Call) (playbooks.Outcome, error) {
		select {
		case asked <- c.Attempt:
		default:
		}
		select {
		case <-answered:
			return playbooks.Outcome{Status: playbooks.Done, Sentence: "approved by ana"}, nil
		default:
			return playbooks.Outcome{Status: playbooks.Pending, Sentence: "waits", Again: c.Now.Add(time.Hour)}, nil
		}
	}
}

func TestARingMakesAWaitingRunLookAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		answered, asked := make(chan struct{}), make(chan int, 10)
		p := newProcess(t, db, map[string]act{"ask": waiting(answered, asked)})
		p.launch(t)
		if err := p.Start(t.Context(), newRun(t, "r1", step("ask"))); err != nil {
			t.Fatal(err)
		}
		receive(t, "the question", asked)
		close(answered)
		if err := p.Wake(t.Context(), "r1"); err != nil {
			t.Fatal(err)
		}
		if got := p.journal.await(t, "r1"); got.State != run.Succeeded {
			t.Errorf("state %s: %s", got.State, got.Reason)
		}
		if err := p.Wake(t.Context(), "nobody"); err != nil {
			t.Errorf("waking a run that is not there gives %v", err)
		}
	})
}

func TestNewsOfAnotherProcessIsFoundBySweeping(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		answered, asked := make(chan struct{}), make(chan int, 10)
		news := make(chan []string, 1000)
		p := newProcess(t, db, map[string]act{"ask": waiting(answered, asked)}, func(c *durable.Config) {
			c.News = func(_ context.Context, waiting []string) ([]string, error) {
				select {
				case <-answered:
					news <- waiting
					return waiting, nil
				default:
					return nil, nil
				}
			}
		})
		p.launch(t)
		if err := p.Start(t.Context(), newRun(t, "r1", step("ask"))); err != nil {
			t.Fatal(err)
		}
		receive(t, "the question", asked)
		close(answered)
		p.journal.await(t, "r1")
		if got := receive(t, "news", news); len(got) != 1 || got[0] != "r1" {
			t.Errorf("news was asked for %v", got)
		}
	})
}

func TestAWaitEndsByItselfInTheTimeOfTheRun(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		// A clock that runs 3600 times as fast.
		const speed = 3600
		began := time.Now()
		p := newProcess(t, db, map[string]act{"wait": func(_ context.Context, c playbooks.Call) (playbooks.Outcome, error) {
			if c.Now.Sub(c.Begun) >= 10*time.Minute {
				return playbooks.Outcome{Status: playbooks.Done}, nil
			}
			return playbooks.Outcome{Status: playbooks.Pending, Again: c.Now.Add(time.Minute)}, nil
		}}, func(c *durable.Config) {
			c.Now = func() time.Time { return began.Add(time.Since(began) * speed) }
			c.RealDuration = func(d time.Duration) time.Duration { return d / speed }
			runner, err := run.NewRunner(run.Config{Actions: c.Runner.Actions, Journal: c.Journal, Evaluator: plain{}, Now: c.Now})
			if err != nil {
				t.Fatal(err)
			}
			c.Runner = runner
		})
		p.launch(t)
		if err := p.Start(t.Context(), newRun(t, "r1", step("wait"))); err != nil {
			t.Fatal(err)
		}
		if got := p.journal.await(t, "r1"); got.State != run.Succeeded {
			t.Errorf("state %s: %s", got.State, got.Reason)
		}
	})
}

func TestAnAbortTurnsToOnFailureAndEndsAsCancelled(t *testing.T) {
	plan := playbooks.Plan{Name: "p", Steps: []playbooks.Step{step("ask")}, OnFailure: []playbooks.Step{step("tell")}}
	ended := func(t *testing.T, p *process, want string) {
		t.Helper()
		got := p.journal.await(t, "r1")
		events, err := p.journal.Events(t.Context(), "r1")
		if err != nil {
			t.Fatal(err)
		}
		if journal := lines(events); got.State != run.Cancelled || got.Reason != "aborted by ana" || journal != want {
			t.Errorf("state %s, reason %q, journal %s", got.State, got.Reason, journal)
		}
	}
	t.Run("while a step waits", func(t *testing.T) {
		storetest.Each(t, func(t *testing.T, db *store.DB) {
			wrote := make(chan run.Event, 20)
			p := newProcess(t, db, map[string]act{"ask": waiting(nil, nil), "tell": done})
			p.journal.wrote = wrote
			p.launch(t)
			if err := p.Start(t.Context(), runOf(t, "r1", plan)); err != nil {
				t.Fatal(err)
			}
			for receive(t, "the step's first answer", wrote).Kind != run.Answered {
			}
			if err := p.Abort(t.Context(), "r1", "ana"); err != nil {
				t.Fatal(err)
			}
			ended(t, p, "intent ask, answered ask pending, aborted, turned, intent tell, answered tell done, over")
		})
	})
	// A call that is under way is not cut off, and what it says is written before the run turns.
	t.Run("while a step is called", func(t *testing.T) {
		storetest.Each(t, func(t *testing.T, db *store.DB) {
			called, release := make(chan struct{}), make(chan struct{})
			p := newProcess(t, db, map[string]act{"ask": func(ctx context.Context, c playbooks.Call) (playbooks.Outcome, error) {
				close(called)
				<-release
				return playbooks.Outcome{Status: playbooks.Pending, Sentence: "waits", Again: c.Now.Add(time.Hour)}, ctx.Err()
			}, "tell": done})
			p.launch(t)
			if err := p.Start(t.Context(), runOf(t, "r1", plan)); err != nil {
				t.Fatal(err)
			}
			receive(t, "the call", called)
			err := p.Abort(t.Context(), "r1", "ana")
			close(release)
			if err != nil {
				t.Fatal(err)
			}
			ended(t, p, "intent ask, aborted, answered ask pending, turned, intent tell, answered tell done, over")
		})
	})
}

func TestAnUnfinishedRunGoesOnAfterTheNextLaunch(t *testing.T) {
	for _, stop := range []string{"shutdown", "end of the launch's context"} {
		t.Run("after "+stop, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB) {
				answered, asked := make(chan struct{}), make(chan int, 10)
				paged := make(chan string, 10)
				acts := map[string]act{"ask": waiting(answered, asked), "page": func(_ context.Context, c playbooks.Call) (playbooks.Outcome, error) {
					paged <- c.Key
					return playbooks.Outcome{Status: playbooks.Done}, nil
				}}
				first := newProcess(t, db, acts)
				ctx, end := context.WithCancel(t.Context())
				defer end()
				if err := first.Launch(ctx); err != nil {
					t.Fatal(err)
				}
				if err := first.Launch(ctx); err == nil {
					t.Error("a second launch is accepted")
				}
				if err := first.Start(t.Context(), newRun(t, "r1", step("page"), step("ask", needs("page")))); err != nil {
					t.Fatal(err)
				}
				receive(t, "the question", asked)
				end()
				if stop == "shutdown" {
					if err := first.Shutdown(patience); err != nil {
						t.Fatal(err)
					}
				}
				// Shutting down waits for the one that the context brought about.
				if err := first.Shutdown(patience); err != nil {
					t.Fatal(err)
				}
				if err := db.SQL().PingContext(t.Context()); err != nil {
					t.Fatalf("the shutdown closed our handle: %v", err)
				}
				second := newProcess(t, db, acts)
				second.launch(t)
				receive(t, "the question after the restart", asked)
				close(answered)
				if err := second.Wake(t.Context(), "r1"); err != nil {
					t.Fatal(err)
				}
				second.journal.await(t, "r1")
				if n := len(paged); n != 1 {
					t.Errorf("paged %d times", n)
				}
			})
		})
	}
}

func TestTheSameEngineCanBeLaunchedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newProcess(t, db, map[string]act{"page": done})
		for i := range 3 {
			p.launch(t)
			id := fmt.Sprintf("r%d", i)
			if err := p.Start(t.Context(), newRun(t, id, step("page"))); err != nil {
				t.Fatal(err)
			}
			p.journal.await(t, id)
			if err := p.Shutdown(patience); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestARunThatNobodyCarriesOnIsFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newProcess(t, db, map[string]act{"page": done})
		// Begun by a process that stopped before the workflow was started.
		if _, err := db.BeginRun(t.Context(), newRun(t, "begun", step("page"))); err != nil {
			t.Fatal(err)
		}
		// Started where runs are not carried out.
		if err := p.Start(t.Context(), newRun(t, "elsewhere", step("page"))); err != nil {
			t.Fatal(err)
		}
		p.launch(t)
		p.journal.await(t, "begun")
		p.journal.await(t, "elsewhere")
	})
}

func TestAWorkflowThatEndedWithoutItsRunIsReplaced(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		answered, asked := make(chan struct{}), make(chan int, 10)
		acts := map[string]act{"ask": waiting(answered, asked)}
		first := newProcess(t, db, acts)
		first.launch(t)
		if err := first.Start(t.Context(), newRun(t, "r1", step("ask"))); err != nil {
			t.Fatal(err)
		}
		receive(t, "the question", asked)
		if err := first.Shutdown(patience); err != nil {
			t.Fatal(err)
		}
		if _, err := db.SQL().ExecContext(t.Context(), "UPDATE "+statusTable(db)+" SET status = 'CANCELLED'"); err != nil {
			t.Fatal(err)
		}
		close(answered)
		second := newProcess(t, db, acts)
		second.launch(t)
		second.journal.await(t, "r1")
	})
}

func statusTable(db *store.DB) string {
	if db.Pool() != nil {
		return "dbos.workflow_status"
	}
	return "workflow_status"
}

func TestRowsOfRunsThatAreLongOverAreDeleted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newProcess(t, db, map[string]act{"page": done}, func(c *durable.Config) { c.Keep = time.Nanosecond })
		p.launch(t)
		for i := range 5 {
			if err := p.Start(t.Context(), newRun(t, fmt.Sprintf("r%d", i), step("page"))); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 5 {
			p.journal.await(t, fmt.Sprintf("r%d", i))
		}
		deadline, tick := time.After(patience), time.NewTicker(10*time.Millisecond)
		defer tick.Stop()
		for {
			var left int
			if err := db.SQL().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+statusTable(db)).Scan(&left); err != nil {
				t.Fatal(err)
			}
			if left == 0 {
				break
			}
			select {
			case <-tick.C:
			case <-deadline:
				t.Fatalf("%d rows are left", left)
			}
		}
		// The run itself is still known, and is not run again.
		if err := p.Start(t.Context(), newRun(t, "r1", step("page"))); err != nil {
			t.Fatal(err)
		}
		if r, err := p.journal.Run(t.Context(), "r1"); err != nil || r.State != run.Succeeded {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

func TestManyRunsAtOnceAllEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newProcess(t, db, map[string]act{"page": done, "tell": done})
		p.launch(t)
		const many = 60
		var wg sync.WaitGroup
		for i := range many {
			wg.Go(func() {
				r := newRun(t, fmt.Sprintf("r%d", i), step("page"), step("tell"))
				if err := p.Start(t.Context(), r); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for i := range many {
			p.journal.await(t, fmt.Sprintf("r%d", i))
		}
	})
}

func TestAnEnvironmentThatWouldHideRunsIsRefused(t *testing.T) {
	t.Setenv("DBOS__VMID", "somebody-else")
	p := newProcess(t, storetest.Open(t, storetest.SQLite(t)), nil)
	if err := p.Launch(t.Context()); err == nil || !strings.Contains(err.Error(), "DBOS__VMID") {
		t.Errorf("Launch gave %v", err)
	}
}

func TestABadConfigurationIsRefused(t *testing.T) {
	db := storetest.Open(t, storetest.SQLite(t))
	j := newJournal(db)
	runner, err := run.NewRunner(run.Config{Journal: j, Evaluator: plain{}})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]durable.Config{
		"no database": {Runner: runner, Journal: j, Unfinished: j.Unfinished},
		"no runner":   {SQLite: db.SQL(), Journal: j, Unfinished: j.Unfinished},
		"no journal":  {SQLite: db.SQL(), Runner: runner, Unfinished: j.Unfinished},
	} {
		if _, err := durable.New(c); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
