package durable_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/bot/store/storetest"
	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/durable"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

// childEnv makes this test binary be a process of the program that is to be killed.
const childEnv = "FIREBREAK_DURABLE_TEST_CHILD"

// childWork is what the child is told.
type childWork struct {
	Store  string
	Vendor string
	Runs   []run.Run
}

// vendor is the outside: it takes effects by POST. A page is deduplicated by its key, as PagerDuty does; a revert is not, so
// that a second one shows; whether there was one can be looked up by its key.
type vendor struct {
	*httptest.Server
	mu      sync.Mutex
	effects map[string]map[string]int
}

func newVendor(t *testing.T) *vendor {
	t.Helper()
	v := &vendor{effects: map[string]map[string]int{"page": {}, "tell": {}, "revert": {}}}
	v.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		what, key := r.URL.Path[1:], r.URL.Query().Get("key")
		v.mu.Lock()
		defer v.mu.Unlock()
		known := v.effects[what]
		switch {
		case known == nil || key == "":
			t.Errorf("unexpected request %s %s", r.Method, r.URL)
			w.WriteHeader(http.StatusBadRequest)
		case r.Method == http.MethodGet && known[key] == 0:
			w.WriteHeader(http.StatusNotFound)
		case r.Method == http.MethodGet:
		case what == "page" && known[key] > 0:
		default:
			known[key]++
		}
	}))
	t.Cleanup(v.Close)
	return v
}

// remote is an action of the child that asks the vendor over the wire.
type remote struct{ url, what string }

var _ playbooks.Verifier = remote{}

func (r remote) ask(ctx context.Context, method, key string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, method, r.url+"/"+r.what+"?key="+key, http.NoBody)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

func (r remote) Act(ctx context.Context, c playbooks.Call) (playbooks.Outcome, error) {
	if code, err := r.ask(ctx, http.MethodPost, c.Key); err != nil || code != http.StatusOK {
		return playbooks.Outcome{}, fmt.Errorf("%d: %w", code, err)
	}
	return playbooks.Outcome{Status: playbooks.Done}, nil
}

func (r remote) Verify(ctx context.Context, c playbooks.Call) (playbooks.Outcome, bool, error) {
	code, err := r.ask(ctx, http.MethodGet, c.Key)
	return playbooks.Outcome{Status: playbooks.Done, Sentence: "it was there already"}, code == http.StatusOK, err
}

// child carries out its work until every run is over.
func child() int {
	var work childWork
	if err := json.Unmarshal([]byte(os.Getenv(childEnv)), &work); err != nil {
		return fail(err)
	}
	ctx := context.Background()
	db, err := store.Open(ctx, store.Config{URL: work.Store}, store.Options{})
	if err != nil {
		return fail(err)
	}
	j := newJournal(db)
	bound := func(what string, rollback bool) playbooks.Bound {
		return playbooks.Bound{Action: playbooks.Action{Name: what, Rollback: rollback}, Handler: remote{work.Vendor, what}}
	}
	wait := playbooks.HandlerFunc(func(_ context.Context, c playbooks.Call) (playbooks.Outcome, error) {
		if c.Now.Sub(c.Begun) > 4*time.Second {
			return playbooks.Outcome{Status: playbooks.Done}, nil
		}
		return playbooks.Outcome{Status: playbooks.Pending, Again: c.Now.Add(time.Second)}, nil
	})
	now := func() time.Time { return origin.Add(time.Since(origin) * crashSpeed) }
	runner, err := run.NewRunner(run.Config{
		Journal: j, Evaluator: plain{}, Now: now,
		Actions: []playbooks.Bound{
			bound("page", false), bound("tell", false), bound("revert", true), {Action: playbooks.Action{Name: "wait", Waits: true}, Handler: wait},
		},
	})
	if err != nil {
		return fail(err)
	}
	c := durable.Config{
		Runner: runner, Journal: j, Unfinished: j.Unfinished, Postgres: db.Pool(), SweepEvery: 50 * time.Millisecond, Now: now,
		RealDuration: func(d time.Duration) time.Duration { return d / crashSpeed },
	}
	if c.Postgres == nil {
		c.SQLite = db.SQL()
	}
	e, err := durable.New(c)
	if err != nil {
		return fail(err)
	}
	if err := e.Launch(ctx); err != nil {
		return fail(err)
	}
	for _, r := range work.Runs {
		if err := e.Start(ctx, r); err != nil {
			return fail(err)
		}
	}
	deadline := time.After(patience)
	for _, r := range work.Runs {
		j.mu.Lock()
		bell := j.bell(r.ID)
		j.mu.Unlock()
		if known, err := j.Run(ctx, r.ID); err == nil && known.State.Ended() {
			continue
		}
		select {
		case <-bell:
		case <-deadline:
			return fail(fmt.Errorf("run %s is not over", r.ID))
		}
	}
	if err := errors.Join(e.Shutdown(patience), db.Close()); err != nil {
		return fail(err)
	}
	return 0
}

// origin and crashSpeed make the clock by which the child's runs live.
var origin = time.Unix(1_770_000_000, 0)

const crashSpeed = 10

func fail(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// crashes is how often the child is killed; FIREBREAK_CRASHES sets another number for a longer trial.
func crashes(t *testing.T) int {
	t.Helper()
	if text := os.Getenv("FIREBREAK_CRASHES"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if testing.Short() {
		return 3
	}
	return 10
}

func TestNoEffectIsLostOrDoubledWhenTheProcessIsKilled(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		v := newVendor(t)
		kills, rounds, want := 0, 0, crashes(t)
		for ; kills < want; rounds++ {
			if rounds > 20*want {
				t.Fatalf("the child ends before it can be killed: %d kills in %d rounds", kills, rounds)
			}
			work := storyOf(t, fmt.Sprintf("round-%d", rounds), url, v)
			for kills < want && !runChild(t, work, time.Duration(20+rand.IntN(300))*time.Millisecond) {
				kills++
			}
			if !runChild(t, work, patience) {
				t.Fatal("the last child did not end")
			}
			v.check(t, work)
		}
		t.Logf("killed %d times in %d rounds of %d runs", kills, rounds, runsPerRound)
	})
}

const runsPerRound = 6

// storyOf makes the runs of one round: page and tell, wait, revert, two runs to a service.
func storyOf(t *testing.T, round, url string, v *vendor) childWork {
	t.Helper()
	verify := func(s *playbooks.Step) { s.OnUnknown = "verify" }
	plan := playbooks.Plan{Name: "p", Steps: []playbooks.Step{
		step("page"), step("tell", verify), step("wait", needs("page", "tell")), step("revert", verify, needs("wait")),
	}}
	work := childWork{Store: url, Vendor: v.URL}
	for i := range runsPerRound {
		r := runOf(t, fmt.Sprintf("%s-r%d", round, i), plan)
		r.Service, r.StartedAt = fmt.Sprintf("service-%d", i%3), origin
		work.Runs = append(work.Runs, r)
	}
	return work
}

// check tells whether every run of a round succeeded and had each of its effects once.
func (v *vendor) check(t *testing.T, work childWork) {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{URL: work.Store}, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, r := range work.Runs {
		got, err := db.Run(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		events, err := db.RunEvents(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got.State != run.Succeeded {
			t.Errorf("run %s is %s (%s): %s", r.ID, got.State, got.Reason, lines(events))
		}
		for what, known := range v.effects {
			if n := known[run.Key(r.ID, what)]; n != 1 {
				t.Errorf("run %s: %s took effect %d times: %s", r.ID, what, n, lines(events))
			}
		}
	}
}

// runChild runs the child and kills it after a while; it tells whether the child came to its end.
func runChild(t *testing.T, work childWork, killAfter time.Duration) bool {
	t.Helper()
	told, err := json.Marshal(work)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(told))
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(killAfter, func() { _ = cmd.Process.Kill() })
	err = cmd.Wait()
	timer.Stop()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return true
	case errors.As(err, &exit) && exit.ExitCode() == -1:
		return false
	default:
		t.Fatalf("the child failed: %v\n%s", err, output.Bytes())
		return false
	}
}
