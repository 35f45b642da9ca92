package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/engine"
	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

var friday = time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)

// world is an engine on a real store with plain fakes around it.
type world struct {
	*engine.Engine
	db        *store.DB
	path      string
	now       time.Time
	started   []run.Run
	startErr  error
	woken     []string
	announced map[string]int
	holds     bool
	blind     error
	// undoes has a playbook "undo" start as soon as there is a suspect.
	undoes bool
	// first is the incident that steps are about.
	first   string
	told    map[string]engine.Told
	tellErr error
	// ranks changes what the ranker says, where it is there.
	ranks func(bot.Ranking) bot.Ranking
	// refuses is the service whose entries the timeline does not take, unread whether incidents cannot be read.
	refuses string
	unread  bool
}

func (w *world) Start(ctx context.Context, r run.Run) error {
	if w.startErr != nil {
		return w.startErr
	}
	w.started = append(w.started, r)
	_, err := w.db.BeginRun(ctx, r)
	return err
}

func (w *world) Wake(_ context.Context, id string) error {
	w.woken = append(w.woken, id)
	return nil
}

func (w *world) Choose(trigger string, scope expr.Scope) ([]playbooks.Plan, []string) {
	if scope.Incident.Service == "" {
		return nil, []string{"only incidents of a service"}
	}
	switch {
	case trigger == "opened":
		return []playbooks.Plan{{Name: "respond"}}, nil
	case trigger == "suspects" && w.undoes && len(scope.Suspects) > 0:
		return []playbooks.Plan{{Name: "respond"}, {Name: "undo"}}, nil
	default:
		return nil, []string{"only opened and suspected incidents"}
	}
}

func (w *world) Plans() []playbooks.Plan {
	return []playbooks.Plan{
		{
			Name: "undo", On: []string{"suspects"}, When: "likely",
			Steps:     []playbooks.Step{{ID: "ask", Action: "approval.ask"}, {ID: "back", Action: "github.revert", When: "sure", With: map[string]any{"change": "${suspects[0].change}"}}},
			OnFailure: []playbooks.Step{{ID: "page", Action: "pagerduty.page"}},
		},
		{Name: "respond"},
	}
}

func (w *world) Holds(string, expr.Scope) (bool, string, error) { return w.holds, "", w.blind }

// With renders what tests write: a parameter that is the likeliest suspect's change.
func (w *world) With(step playbooks.Step, scope expr.Scope) (map[string]any, error) {
	out := map[string]any{}
	for name, v := range step.With {
		if v == "${suspects[0].change}" && len(scope.Suspects) > 0 {
			v = scope.Suspects[0].Change
		}
		out[name] = v
	}
	return out, nil
}

func (w *world) Update(_ context.Context, incident string) { w.announced[incident]++ }
func (w *world) Flags(bot.Change) []bot.Reason             { return []bot.Reason{{Code: "friday"}} }
func (w *world) Classify(c bot.Change) bot.Change {
	c.Kind = bot.Prompt
	c.Services = []string{"support"}
	return c
}

func (w *world) Rank(now time.Time, _ bot.Incident, _ []bot.Incident, candidates []bot.Change) bot.Ranking {
	r := bot.Ranking{At: now, None: 1}
	for _, c := range candidates {
		r.None = .1
		r.Suspects = append(r.Suspects, bot.Suspect{Change: c.ID, Kind: c.Kind, Title: c.Title, Probability: .9})
	}
	if w.ranks != nil {
		return w.ranks(r)
	}
	return r
}

func (w *world) Tell(_ context.Context, d bot.Delivery) (engine.Told, error) {
	if d.ID == "panics" {
		var nobody *bot.Change
		_ = nobody.ID // a decoder that trips over what a stranger sent
	}
	if strings.HasPrefix(d.ID, "bad") {
		return engine.Told{}, errors.New("not JSON")
	}
	return w.told[d.ID], w.tellErr
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{now: friday, announced: map[string]int{}, told: map[string]engine.Told{}, path: filepath.Join(t.TempDir(), "test.db")}
	w.open(t)
	return w
}

// open opens the store and puts a fresh engine on it, as a start of the program does.
func (w *world) open(t *testing.T) {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{URL: "sqlite:" + w.path}, store.Options{Now: func() time.Time { return w.now }})
	if err != nil {
		t.Fatal(err)
	}
	w.db = db
	t.Cleanup(func() { _ = db.Close() })
	w.Engine = engine.New(engine.Parts{
		Timeline: flaky{db, w}, Findings: db, Ledger: db, Inbox: db, Approvals: db, Runs: db, Memory: db, Documents: nil,
		Playbooks: w, Conditions: w, Announcer: w, Calendar: w, Classifier: w, Ranker: w,
		Sources: map[string]engine.Source{"github": w},
		Now:     func() time.Time { return w.now }, Logger: slog.New(slog.DiscardHandler),
		Tracer: noop.NewTracerProvider().Tracer(""), Registry: prometheus.NewRegistry(),
	}, engine.Settings{
		Services:  []bot.Service{{Name: "support", Owner: "team-support", Approvers: []string{"mara", "jo"}}},
		PollEvery: 15 * time.Second,
	})
	w.UseRunner(w)
}

// restart ends the store as a crash would and begins anew.
func (w *world) restart(t *testing.T) {
	t.Helper()
	if err := w.db.Close(); err != nil {
		t.Fatal(err)
	}
	w.open(t)
}

func (w *world) firing(severity detectors.Severity) detectors.Finding {
	return detectors.Finding{
		Key: "burn/support//refusal_ratio/1h", Detector: "burn", Service: "support", Signal: "refusal_ratio",
		Verdict: detectors.Firing, Severity: severity, At: w.now, Title: "refuses 9.8 %",
		Onset: detectors.Onset{At: w.now.Add(-5 * time.Minute), Earliest: w.now.Add(-7 * time.Minute), Latest: w.now.Add(-3 * time.Minute)},
	}
}

func (w *world) observe(t *testing.T, f detectors.Finding) {
	t.Helper()
	if err := w.Observe(t.Context(), []detectors.Finding{f}); err != nil {
		t.Fatal(err)
	}
}

func (w *world) incidents(t *testing.T) []bot.Incident {
	t.Helper()
	list, err := w.db.Incidents(t.Context(), bot.IncidentQuery{})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func kinds(entries []bot.Entry) []bot.EntryKind {
	var out []bot.EntryKind
	for _, e := range entries {
		out = append(out, e.Kind)
	}
	return out
}

func TestFindingBecomesIncidentSuspectsAndOneRun(t *testing.T) {
	w := newWorld(t)
	change := bot.Change{ID: "github:acme/a#482", Title: "Warmer tone", MergedAt: w.now.Add(-10 * time.Minute)}
	if err := w.Record(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	w.observe(t, w.firing(detectors.Page))
	w.now = w.now.Add(15 * time.Second)
	w.observe(t, w.firing(detectors.Page)) // the same again

	list := w.incidents(t)
	if len(list) != 1 || list[0].Severity != detectors.Page || list[0].Ranking.Suspects[0].Change != change.ID {
		t.Fatalf("incidents: %+v", list)
	}
	if len(w.started) != 1 {
		t.Fatalf("%d runs began", len(w.started))
	}
	var scope expr.Scope
	if err := json.Unmarshal(w.started[0].Scope, &scope); err != nil || scope.Suspects[0].Probability != .9 || scope.Service.Owner != "team-support" {
		t.Errorf("the run sees %s (%v)", w.started[0].Scope, err)
	}
	if w.announced[list[0].ID] == 0 {
		t.Error("nobody was shown the incident")
	}
}

func TestInformationOpensNothing(t *testing.T) {
	w := newWorld(t)
	w.observe(t, w.firing(detectors.Info))
	if list := w.incidents(t); len(list) != 0 || len(w.started) != 0 {
		t.Errorf("incidents %v, runs %v", list, w.started)
	}
}

func TestRunThatCouldNotBeginBeginsWithTheNextTickAndOnlyOnce(t *testing.T) {
	w := newWorld(t)
	w.startErr = errors.New("the disk is full")
	w.observe(t, w.firing(detectors.Page))
	if len(w.started) != 0 {
		t.Fatal("began in spite of the error")
	}
	w.startErr = nil
	for range 3 {
		if err := w.Tick(t.Context(), time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.started) != 1 {
		t.Errorf("%d runs began", len(w.started))
	}
}

func TestTriggerThatACrashKeptFromItsRunIsFoundAtStart(t *testing.T) {
	w := newWorld(t)
	w.startErr = errors.New("killed")
	w.observe(t, w.firing(detectors.Page))
	w.startErr = nil
	w.restart(t)
	for range 2 {
		if err := w.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.started) != 1 {
		t.Errorf("%d runs began after the restart", len(w.started))
	}
	w.restart(t)
	if err := w.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(w.started) != 1 {
		t.Errorf("a handled trigger began again: %d runs", len(w.started))
	}
}

func TestQuietIncidentRecoversThenResolves(t *testing.T) {
	w := newWorld(t)
	w.observe(t, w.firing(detectors.Page))
	w.now = w.now.Add(time.Minute)
	quiet := w.firing(detectors.Page)
	quiet.Verdict, quiet.Severity = detectors.Quiet, detectors.None
	w.observe(t, quiet)
	for _, step := range []struct {
		after time.Duration
		state bot.State
	}{{4 * time.Minute, bot.Open}, {2 * time.Minute, bot.Mitigated}, {31 * time.Minute, bot.Resolved}} {
		w.now = w.now.Add(step.after)
		if err := w.Tick(t.Context(), w.now); err != nil {
			t.Fatal(err)
		}
		if got := w.incidents(t)[0].State; got != step.state {
			t.Errorf("at %s: %s, want %s", w.now.Sub(friday), got, step.state)
		}
	}
}

// work runs the inbox's worker until it is idle.
func (w *world) work(t *testing.T) {
	t.Helper()
	w.workUntil(t, 0)
}

// workUntil works the inbox off until so many deliveries are left.
func (w *world) workUntil(t *testing.T, left int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { w.WorkInbox(ctx); close(done) }()
	for {
		pending, err := w.db.PendingDeliveries(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(pending) == left {
			break
		}
		select {
		case <-t.Context().Done():
			t.Fatal("the inbox is never empty")
		case <-time.After(time.Millisecond):
		}
	}
	cancel()
	<-done
}

func TestLateWebhookChangesTheRanking(t *testing.T) {
	w := newWorld(t)
	w.observe(t, w.firing(detectors.Page))
	w.told["d1"] = engine.Told{Changes: []bot.Change{{ID: "github:acme/a#7", Title: "late", MergedAt: w.now.Add(-time.Hour)}}}
	fresh, err := w.Accept(t.Context(), bot.Delivery{ID: "d1", Source: "github", Event: "pull_request", Body: []byte("{}"), ReceivedAt: w.now})
	if err != nil || !fresh {
		t.Fatal(fresh, err)
	}
	w.work(t)
	in := w.incidents(t)[0]
	if len(in.Ranking.Suspects) != 1 || in.Ranking.Suspects[0].Change != "github:acme/a#7" {
		t.Errorf("ranking: %+v", in.Ranking)
	}
	entries, err := w.db.Entries(t.Context(), in.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := kinds(entries); !slices.Equal(got, []bot.EntryKind{bot.EntryOpened, bot.EntrySuspects, bot.EntrySuspects}) {
		t.Errorf("timeline: %v", got)
	}
}

func TestASuspectThatIsFoundLateStartsAPlaybookOnceAndOnlyWhileItBurns(t *testing.T) {
	w := newWorld(t)
	w.undoes = true
	w.observe(t, w.firing(detectors.Page))
	begun := func() []string {
		var names []string
		for _, r := range w.started {
			names = append(names, r.Playbook)
		}
		return names
	}
	hear := func(number int) {
		t.Helper()
		id := fmt.Sprintf("github:acme/a#%d", number)
		w.told[id] = engine.Told{Changes: []bot.Change{{ID: id, Title: "late", MergedAt: w.now.Add(-time.Minute)}}}
		if _, err := w.Accept(t.Context(), bot.Delivery{ID: id, Source: "github", Event: "push", Body: []byte("{}"), ReceivedAt: w.now}); err != nil {
			t.Fatal(err)
		}
		w.work(t)
	}
	hear(7)
	hear(8)
	w.restart(t)
	if d := cmp.Diff([]string{"respond", "undo"}, begun()); d != "" {
		t.Errorf("what began (-want +got):\n%s", d)
	}
}

func TestDeliveryThatCannotBeUsedIsKeptAndInNobodysWay(t *testing.T) {
	w := newWorld(t)
	w.told["good"] = engine.Told{Changes: []bot.Change{{ID: "github:acme/a#8", Title: "good", MergedAt: w.now}}}
	for _, id := range []string{"bad", "panics", "good"} {
		if _, err := w.Accept(t.Context(), bot.Delivery{ID: id, Source: "github", Event: "push", Body: []byte("{"), ReceivedAt: w.now}); err != nil {
			t.Fatal(err)
		}
	}
	w.work(t)
	if _, err := w.db.Change(t.Context(), "github:acme/a#8"); err != nil {
		t.Errorf("the good one was lost: %v", err)
	}
	kept, err := w.db.UndecodableDeliveries(t.Context(), 10)
	if err != nil || len(kept) != 2 {
		t.Fatalf("%d kept (%v)", len(kept), err)
	}
	for _, d := range kept {
		if string(d.Body) != "{" || d.Problem == "" {
			t.Errorf("%s: body %q, problem %q", d.ID, d.Body, d.Problem)
		}
	}
}

func TestWhatAVendorCouldNotSayIsAskedForAgain(t *testing.T) {
	w := newWorld(t)
	begun := w.now
	w.told["half"] = engine.Told{Changes: []bot.Change{{ID: "github:acme/a#8", Title: "half", MergedAt: w.now}}, Incomplete: "no paths"}
	w.told["whole"] = engine.Told{Changes: []bot.Change{{ID: "github:acme/a#9", Title: "whole", MergedAt: w.now}}}
	for _, id := range []string{"half", "whole"} {
		if _, err := w.Accept(t.Context(), bot.Delivery{ID: id, Source: "github", Event: "push", Body: []byte("{}"), ReceivedAt: w.now}); err != nil {
			t.Fatal(err)
		}
	}
	w.workUntil(t, 1)
	for _, id := range []string{"github:acme/a#8", "github:acme/a#9"} {
		if _, err := w.db.Change(t.Context(), id); err != nil {
			t.Errorf("what is known of %s is not kept: %v", id, err)
		}
	}
	half := w.told["half"]
	half.Incomplete, half.Changes[0].Paths = "", []string{"prompts/x.md"}
	w.told["half"] = half
	w.now = begun.Add(time.Minute)
	w.work(t)
	if c, err := w.db.Change(t.Context(), "github:acme/a#8"); err != nil || len(c.Paths) != 1 {
		t.Errorf("it was not completed: %+v (%v)", c, err)
	}
}

func TestWhatAVendorNeverSaysIsGivenUp(t *testing.T) {
	w := newWorld(t)
	w.told["half"] = engine.Told{Changes: []bot.Change{{ID: "github:acme/a#8", Title: "half", MergedAt: w.now}}, Incomplete: "no paths"}
	if _, err := w.Accept(t.Context(), bot.Delivery{ID: "half", Source: "github", Event: "push", Body: []byte("{}"), ReceivedAt: w.now}); err != nil {
		t.Fatal(err)
	}
	w.workUntil(t, 1)
	w.now = w.now.Add(2 * time.Hour)
	w.work(t)
}

// call is one look of a waiting step.
func (w *world) call(action string, begun time.Time, with map[string]any) (playbooks.Outcome, error) {
	for _, b := range w.Actions() {
		if b.Name == action {
			return b.Handler.Act(context.Background(), playbooks.Call{
				Run: "r1", Playbook: "respond", Step: "s1", Action: action, Attempt: 1, Key: "r1/s1", With: with,
				Incident: w.first, Service: "support", Begun: begun, Now: w.now,
			})
		}
	}
	return playbooks.Outcome{}, errors.New("no such action")
}

func TestApproval(t *testing.T) {
	setup := func(t *testing.T) (*world, string) {
		w := newWorld(t)
		w.observe(t, w.firing(detectors.Page))
		w.first = w.incidents(t)[0].ID
		out, err := w.call("approval.ask", w.now, map[string]any{"of": "team-support", "expires": 10 * time.Minute})
		if err != nil || out.Status != playbooks.Pending || !out.Again.Equal(w.now.Add(10*time.Minute)) {
			t.Fatalf("%+v %v", out, err)
		}
		return w, engine.ApprovalID("r1", "s1")
	}
	t.Run("one of those who were asked approves, and the run is woken", func(t *testing.T) {
		w, id := setup(t)
		if _, err := w.Decide(t.Context(), id, bot.Approved, "mara", "slack"); err != nil {
			t.Fatal(err)
		}
		out, err := w.call("approval.ask", friday, map[string]any{"expires": 10 * time.Minute})
		if err != nil || out.Status != playbooks.Done || out.Output["by"] != "mara" || !slices.Equal(w.woken, []string{"r1"}) {
			t.Errorf("%+v %v, woken %v", out, err, w.woken)
		}
	})
	t.Run("somebody else is told who could", func(t *testing.T) {
		w, id := setup(t)
		_, err := w.Decide(t.Context(), id, bot.Approved, "eve", "slack")
		if bot.CodeOf(err) != bot.Forbidden || !strings.Contains(bot.MessageOf(err), "jo, mara") {
			t.Errorf("%v", err)
		}
	})
	t.Run("the second answer loses", func(t *testing.T) {
		w, id := setup(t)
		if _, err := w.Decide(t.Context(), id, bot.Denied, "jo", "api"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Decide(t.Context(), id, bot.Approved, "mara", "slack"); bot.CodeOf(err) != bot.Conflict {
			t.Errorf("%v", err)
		}
		if out, _ := w.call("approval.ask", friday, nil); out.Status != playbooks.Denied {
			t.Errorf("%+v", out)
		}
	})
	t.Run("nobody answers, and an answer after that comes too late", func(t *testing.T) {
		w, id := setup(t)
		w.now = w.now.Add(10 * time.Minute)
		if _, err := w.Decide(t.Context(), id, bot.Approved, "mara", "slack"); bot.CodeOf(err) != bot.Conflict {
			t.Errorf("late answer: %v", err)
		}
		if out, err := w.call("approval.ask", friday, map[string]any{"expires": 10 * time.Minute}); err != nil || out.Status != playbooks.Expired {
			t.Errorf("%+v %v", out, err)
		}
	})
}

func TestSignalWait(t *testing.T) {
	w := newWorld(t)
	w.observe(t, w.firing(detectors.Page))
	w.first = w.incidents(t)[0].ID
	with := map[string]any{"until": "burn(1h) < 1", "hold": 5 * time.Minute, "timeout": 30 * time.Minute}
	look := func(after time.Duration, holds bool, blind error) playbooks.Outcome {
		t.Helper()
		w.now = friday.Add(after)
		w.holds, w.blind = holds, blind
		out, err := w.call("signal.wait", friday, with)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	pending := func(after time.Duration, holds bool, blind error, why string) {
		t.Helper()
		if out := look(after, holds, blind); out.Status != playbooks.Pending {
			t.Errorf("%s: %+v", why, out)
		}
	}
	pending(time.Minute, true, nil, "held for a moment only")
	pending(2*time.Minute, true, nil, "held for a minute")
	pending(3*time.Minute, false, errors.New("blind"), "blind is not over")
	pending(9*time.Minute, true, nil, "the time in the dark does not count as held")
	pending(10*time.Minute, true, nil, "held for two minutes in all")
	pending(11*time.Minute, false, nil, "a no begins the hold anew")
	pending(12*time.Minute, true, nil, "held for a moment after the no")
	w.restart(t)
	for minute := 13; minute < 17; minute++ {
		pending(time.Duration(minute)*time.Minute, true, nil, "not held for five minutes yet")
	}
	if out := look(17*time.Minute, true, nil); out.Status != playbooks.Done {
		t.Errorf("a restart does not break it: %+v", out)
	}
	if out := look(31*time.Minute, false, nil); out.Status != playbooks.Expired {
		t.Errorf("the timeout ends it: %+v", out)
	}
}
