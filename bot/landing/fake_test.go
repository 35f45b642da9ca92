package landing_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/check"
	"github.com/firebreak-dev/firebreak/bot/landing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a Memory that may refuse.
type memory struct {
	mu    sync.Mutex
	space map[string][]byte
	fail  error
}

func (m *memory) Recall(_ context.Context, space, key string) ([]byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, found := m.space[space+"/"+key]
	return v, found, m.fail
}

func (m *memory) Recollect(_ context.Context, space string) (map[string][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[string][]byte{}
	for k, v := range m.space {
		if key, ok := bytes.CutPrefix([]byte(k), []byte(space+"/")); ok {
			out[string(key)] = v
		}
	}
	return out, m.fail
}

func (m *memory) Replace(_ context.Context, space, key string, old, value []byte) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return false, m.fail
	}
	have, found := m.space[space+"/"+key]
	if found != (old != nil) || !bytes.Equal(have, old) {
		return false, nil
	}
	m.space[space+"/"+key] = value
	return true, nil
}

// kept is what is kept of pull requests and deployments; policies stay.
func (w *world) kept() (out []string) {
	for key, text := range w.memory.space {
		if !strings.HasPrefix(key, landing.PolicySpace+"/") {
			out = append(out, key+": "+string(text))
		}
	}
	return out
}

func (m *memory) Forget(_ context.Context, space, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.space, space+"/"+key)
	return m.fail
}

// shown is a check as the forge shows it.
type shown struct {
	bot.CheckRun
	id    int64
	edits int
	// all are the annotations of every request together.
	all []bot.Annotation
}

// forge is a forge in memory that counts what it is asked.
type forge struct {
	t        *testing.T
	pulls    map[int]bot.Pull
	policies map[string]string
	members  map[string]bool
	checks   []*shown
	comments map[int64]string
	answers  []string
	// reads and writes are what was asked, in order.
	reads, writes []string
	// down is what everything answers, lost has the next check be made without its answer arriving.
	// odd tells that it is up, and fails all the same.
	down error
	odd  bool
	lost bool
	// during is called while a check is being made.
	during func()
	serial int64
}

const repository = "acme/assistants"

func (f *forge) Pull(_ context.Context, _ string, number int) (bot.Pull, error) {
	f.reads = append(f.reads, fmt.Sprintf("pull %d", number))
	p, ok := f.pulls[number]
	if f.down == nil && !ok {
		return p, &landing.Trouble{Err: errors.New("not found"), Gone: true}
	}
	return p, f.down
}

func (f *forge) Policy(_ context.Context, repository, branch string) ([]byte, error) {
	f.reads = append(f.reads, "policy "+branch)
	if text, ok := f.policies[repository]; ok {
		return []byte(text), f.down
	}
	return nil, f.down
}

func (f *forge) Changed(string) {}

func (f *forge) Ping(context.Context) error {
	if f.odd {
		return nil
	}
	return f.down
}

func (f *forge) Member(_ context.Context, team, login string) (bool, error) {
	f.reads = append(f.reads, "member "+team+" "+login)
	return f.members[team+"/"+login], f.down
}

func (f *forge) FindCheck(_ context.Context, _, head, name, key string) (int64, error) {
	f.reads = append(f.reads, "find "+head)
	for _, c := range f.checks {
		if c.Head == head && c.Name == name && c.Key == key {
			return c.id, f.down
		}
	}
	return 0, f.down
}

func (f *forge) CreateCheck(_ context.Context, run bot.CheckRun) (int64, error) {
	f.writes = append(f.writes, "create "+run.Head)
	if f.during != nil {
		during := f.during
		f.during = nil
		during()
	}
	if f.down != nil {
		return 0, f.down
	}
	f.serial++
	f.checks = append(f.checks, &shown{CheckRun: run, id: f.serial, all: slices.Clone(run.Annotations)})
	f.limits(run)
	if f.lost {
		f.lost = false
		return 0, errors.New("the answer was lost")
	}
	return f.serial, nil
}

func (f *forge) UpdateCheck(_ context.Context, id int64, run bot.CheckRun) error {
	f.writes = append(f.writes, "update "+run.Head)
	if f.down != nil {
		return f.down
	}
	i := slices.IndexFunc(f.checks, func(c *shown) bool { return c.id == id })
	if i < 0 {
		return &landing.Trouble{Err: errors.New("not found"), Gone: true}
	}
	c := f.checks[i]
	c.CheckRun, c.edits, c.all = run, c.edits+1, append(c.all, run.Annotations...)
	f.limits(run)
	return nil
}

// limits are those of GitHub.
func (f *forge) limits(run bot.CheckRun) {
	if len(run.Annotations) > 50 || len(run.Buttons) > 3 || len([]rune(run.Title)) > 255 || len([]rune(run.Summary)) > 65_535 {
		f.t.Errorf("more than GitHub takes: %d annotations, %d buttons", len(run.Annotations), len(run.Buttons))
	}
	for _, b := range run.Buttons {
		if len([]rune(b.Label)) > 20 || len([]rune(b.Description)) > 40 || len(b.ID) > 20 {
			f.t.Errorf("a button is longer than GitHub takes: %+v", b)
		}
	}
}

func (f *forge) FindComment(_ context.Context, _ string, number int, _ string) (int64, error) {
	f.reads = append(f.reads, fmt.Sprintf("comments %d", number))
	for id := range f.comments {
		return id, f.down
	}
	return 0, f.down
}

func (f *forge) Comment(_ context.Context, _ string, number int, body string) (int64, error) {
	f.writes = append(f.writes, fmt.Sprintf("comment %d", number))
	if f.down != nil {
		return 0, f.down
	}
	f.serial++
	f.comments[f.serial] = body
	return f.serial, nil
}

func (f *forge) EditComment(_ context.Context, _ string, id int64, body string) error {
	f.writes = append(f.writes, "edit comment")
	if f.down == nil {
		f.comments[id] = body
	}
	return f.down
}

func (f *forge) Answer(_ context.Context, d bot.Protected, state, comment string) error {
	f.writes = append(f.writes, "answer "+d.Environment)
	if f.down == nil {
		f.answers = append(f.answers, state+": "+comment)
	}
	return f.down
}

// on is the check that stands on a commit, the newest.
func (f *forge) on(head string) *shown {
	f.t.Helper()
	for _, c := range slices.Backward(f.checks) {
		if c.Head == head {
			return c
		}
	}
	f.t.Fatalf("no check stands on %s; there were %v", head, f.writes)
	return nil
}

// rules are what everything is judged by: how risky it is, whatever it is.
type rules struct {
	reasons   []bot.Reason
	level     bot.Level
	openings  []bot.Opening
	watched   check.Watched
	promotion bot.Promotion
	fail      error
	// of gives another level to single pull requests.
	of map[int]bot.Level
}

func (r *rules) Look(context.Context, time.Time) (landing.Scene, error) { return r, r.fail }

func (r *rules) Assess(_ context.Context, p bot.Pull) landing.Assessed {
	c := p.Change
	c.Services = []string{"support"}
	level := r.level
	if own, ok := r.of[c.Number]; ok {
		level = own
	}
	kinds := map[string]bot.Kind{}
	for _, f := range p.Files {
		kinds[f.Path] = bot.Prompt
	}
	return landing.Assessed{
		Assessment: bot.Assessment{Change: c.ID, Level: level, Score: 20, Reasons: r.reasons}, Change: c, Kinds: kinds, Openings: r.openings,
	}
}

func (r *rules) Watched(context.Context, bot.Change, time.Time) check.Watched { return r.watched }

func (r *rules) Promotion(context.Context, bot.Protected) bot.Promotion { return r.promotion }

// policies read "required" and nothing else.
type policies struct{ own check.Policy }

func (p policies) Default() check.Policy { return p.own }

func (p policies) Read(text []byte) (check.Policy, string) {
	if string(text) != "required" {
		return check.Policy{}, "not what it should be"
	}
	own := p.own
	own.Required = true
	return own, ""
}

// audit keeps lines.
type audit struct{ lines []string }

func (a *audit) Note(_ context.Context, _ time.Time, actor, action, target, detail string) error {
	a.lines = append(a.lines, actor+" "+action+" "+target+" "+detail)
	return nil
}

// world is a Landing with all around it.
type world struct {
	*landing.Landing
	t      *testing.T
	now    time.Time
	forge  *forge
	rules  *rules
	memory *memory
	audit  *audit
	policy check.Policy
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		t: t, now: time.Date(2026, 11, 20, 15, 50, 0, 0, time.UTC), memory: &memory{space: map[string][]byte{}}, audit: &audit{},
		forge:  &forge{t: t, pulls: map[int]bot.Pull{}, policies: map[string]string{}, members: map[string]bool{}, comments: map[int64]string{}, serial: 1000},
		rules:  &rules{level: bot.Low},
		policy: check.Policy{Required: true, Overrides: check.Overrides{By: []string{"ben", "@acme/leads"}}},
	}
	w.restart()
	return w
}

// restart is another process on the same memory.
func (w *world) restart() { w.Landing = w.another() }

func (w *world) another() *landing.Landing { return landing.New(w.parts()) }

func (w *world) parts() landing.Parts {
	return landing.Parts{
		Config: check.Config{Repositories: []string{"acme/*"}}, Memory: w.memory, Audit: w.audit, Forge: w.forge,
		Policies: policies{w.policy}, Rules: w.rules, Now: func() time.Time { return w.now }, Logger: discard(), Registry: prometheus.NewRegistry(),
	}
}

// open makes a pull request at the forge and tells of it.
func (w *world) open(number int, head string) {
	w.t.Helper()
	w.forge.pulls[number] = pull(number, head)
	w.hear(bot.PullNews{Event: bot.PullChanged, Number: number, Head: head})
}

func pull(number int, head string) bot.Pull {
	return bot.Pull{
		Change: bot.Change{
			ID: fmt.Sprintf("github:%s#%d", repository, number), Repository: repository, Number: number, Title: "Be <strict>", Author: "ana",
			Revision: head, Branch: "main", Paths: []string{"prompts/system.md"},
		},
		Files: []bot.PullFile{{Path: "prompts/system.md", Line: 3}}, Total: 1, Lines: 2,
	}
}

func (w *world) hear(n bot.PullNews) {
	w.t.Helper()
	if n.Repository == "" {
		n.Repository = repository
	}
	if n.At.IsZero() {
		n.At = w.now
	}
	if err := w.Heard(w.t.Context(), []bot.PullNews{n}); err != nil {
		w.t.Fatal(err)
	}
}

// settle steps until there is nothing to do at once, letting the pace pass, but at most so long.
func (w *world) settle(most time.Duration) {
	w.t.Helper()
	for end := w.now.Add(most); ; {
		pause := w.Step(w.t.Context())
		if pause >= 5*time.Second {
			return
		}
		w.now = w.now.Add(pause)
		if w.now.After(end) {
			return
		}
	}
}

// asked forgets what the forge was asked, and returns how many reads and writes there were.
func (w *world) asked() (reads, writes int) {
	reads, writes = len(w.forge.reads), len(w.forge.writes)
	w.forge.reads, w.forge.writes = nil, nil
	return reads, writes
}

func (w *world) wantConclusion(head string, want check.Conclusion) {
	w.t.Helper()
	if got := w.forge.on(head).Conclusion; got != string(want) {
		w.t.Errorf("%s stands on %s, want %s: %s", got, head, want, w.forge.on(head).Title)
	}
}
