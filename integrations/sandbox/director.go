package sandbox

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/assistant"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/githubfake"
)

// Times of the story's people and machines, in simulated time.
const (
	// pickUp is from a successful deployment to the first pod with the new prompt, rampUp from that one to the last.
	pickUp = 20 * time.Second
	rampUp = 100 * time.Second
	// thinks is how long the person on call reads a card before pressing.
	thinks = 3 * time.Minute
	// pipeline is from the merge of a revert to its deployment, and rollout how long that takes.
	pipeline = time.Minute
	rollout  = time.Minute
	// looksBack is over what stretch it is judged whether the service answers as before.
	looksBack = 3 * time.Minute
	// settles is how long a story goes on after everything is well, so that a late double would be seen.
	settles = time.Minute
	// lead is how much of the story's first minute may pass before the bot is ready.
	lead = 40 * time.Second
)

// Rhythms on the wall clock.
const (
	beat    = 40 * time.Millisecond
	askBot  = 400 * time.Millisecond
	maxSaid = 2_000
)

// director lets the story happen: acts that are due, and what people and machines do when they see something.
type director struct {
	sandbox  *Sandbox
	scenario Scenario
	zone     *time.Location

	// told remembers what was seen already.
	told watcher

	mu        sync.Mutex
	acts      []timed
	lines     []string
	incidents []seenIncident
	begun     time.Time // wall clock
	shift     time.Duration
	ended     time.Duration // wall clock, from begun
	healedAt  time.Time     // simulated
	presses   map[string]int
	entries   []seenEntry
	marks     map[string]time.Time
	waiting   []reaction

	// undo is what the revert of a change does, by the name of the change.
	undo map[string]func(githubfake.Pull)
}

// reaction is what happens once, when something is seen.
type reaction struct {
	sees func() bool
	do   func()
}

// timed is an act at its simulated time.
type timed struct {
	at  time.Time
	seq int
	do  func()
}

func newDirector(s *Sandbox, scenario Scenario) *director {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		zone = time.FixedZone("CET", 3600) // the machine has no zones; it is November
	}
	return &director{
		sandbox: s, scenario: scenario, zone: zone, told: newWatcher(), presses: map[string]int{}, marks: map[string]time.Time{},
		undo: map[string]func(githubfake.Pull){},
	}
}

func (d *director) now() time.Time { return d.sandbox.clock.Now() }

// run waits for the bot, lets the story happen and returns when it ended or the context did.
func (d *director) run(ctx context.Context) {
	for !d.sandbox.view.ready(ctx, d.sandbox.hooks.where()) {
		if pause(ctx, beat) != nil {
			return
		}
	}
	d.begin()
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for {
		d.step()
		if d.over() {
			d.refresh(ctx)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// begin puts the acts on the calendar; a bot that was long in coming shifts them all.
func (d *director) begin() {
	now := d.now()
	d.mu.Lock()
	d.begun = time.Now()
	d.shift = max(0, now.Sub(d.sandbox.clock.Origin)-lead)
	d.mu.Unlock()
	for _, a := range d.scenario.acts(d) {
		d.at(d.sandbox.clock.Origin.Add(d.shift+a.at), a.do)
	}
}

// at schedules something.
func (d *director) at(when time.Time, do func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.acts = append(d.acts, timed{at: when, seq: len(d.acts), do: do})
	slices.SortStableFunc(d.acts, func(a, b timed) int { return cmp.Or(a.at.Compare(b.at), a.seq-b.seq) })
}

func (d *director) in(after time.Duration, do func()) { d.at(d.now().Add(after), do) }

// step does what is due and looks around.
func (d *director) step() {
	now := d.now()
	for {
		d.mu.Lock()
		if len(d.acts) == 0 || d.acts[0].at.After(now) {
			d.mu.Unlock()
			break
		}
		next := d.acts[0]
		d.acts = d.acts[1:]
		d.mu.Unlock()
		next.do()
	}
	d.sandbox.world.Advance(now)
	d.look()
}

// over tells whether the story has ended, and remembers when.
func (d *director) over() bool {
	now := d.now()
	d.mu.Lock()
	late := now.Sub(d.sandbox.clock.Origin) > d.shift+d.scenario.deadline
	d.mu.Unlock()
	well := d.scenario.ends(d)
	d.mu.Lock()
	defer d.mu.Unlock()
	if !well {
		d.healedAt = time.Time{}
	} else if d.healedAt.IsZero() {
		d.healedAt = now
	}
	if late || (well && now.Sub(d.healedAt) >= settles) {
		d.ended = time.Since(d.begun)
		return true
	}
	return false
}

// follow asks the bot's API now and then, beside the story, so that a slow bot does not slow the story.
func (d *director) follow(ctx context.Context) {
	for pause(ctx, askBot) == nil {
		d.refresh(ctx)
	}
}

// refresh asks the bot for its incidents, and for the timeline of the story's own. A bot that does not answer leaves what is known.
func (d *director) refresh(ctx context.Context) {
	list, err := d.sandbox.view.incidents(ctx, d.sandbox.hooks.where())
	if err != nil {
		return
	}
	var entries []seenEntry
	if in, ok := mainIncident(list, d.scenario.service); ok {
		entries, err = d.sandbox.view.entries(ctx, d.sandbox.hooks.where(), in.ID)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.incidents = list
	if err == nil {
		d.entries = entries
	}
}

func (d *director) known() []seenIncident {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.incidents)
}

// healed tells that the guilty change is undone, the service answers as before, the bot says so and the pager is silent.
func (d *director) healed() bool {
	s := d.sandbox
	return rollbackOf(s.hub.Pulls(), s.hub.Deployments(), d.scenario.Cause) == RollbackDeployed && d.healedByItself()
}

// healedByItself tells that the service answers as before, the bot says so and the pager is silent.
func (d *director) healedByItself() bool {
	in, ok := d.incident()
	if !ok || (in.State != "mitigated" && in.State != "resolved") || !d.answersAsBefore() {
		return false
	}
	return d.pagerIsSilent()
}

// incident is the story's own, as the bot tells of it.
func (d *director) incident() (seenIncident, bool) {
	return mainIncident(d.known(), d.scenario.service)
}

// pagerIsSilent tells that somebody was paged, and that all of it is over.
func (d *director) pagerIsSilent() bool {
	alerts := d.sandbox.pager.Alerts()
	for _, a := range alerts {
		if a.ResolvedAt.IsZero() {
			return false
		}
	}
	return len(alerts) > 0
}

// answersAsBefore judges the service by what really happened to its requests.
func (d *director) answersAsBefore() bool {
	share, seen := d.vital()
	return seen && share < d.scenario.vital.bound
}

// vital is how the story's service is: the share of the last minutes that is not as it should be.
func (d *director) vital() (share float64, seen bool) {
	v, now := d.scenario.vital, d.now()
	truth := d.sandbox.world.Truth(d.scenario.service, now.Add(-cmp.Or(v.over, looksBack)), now)
	if truth.Requests == 0 {
		return 0, false
	}
	return v.of(d, truth), true
}

// land merges a pull request as a person and tells it.
func (d *director) land(repo string, number int, by, how string) {
	p, err := d.sandbox.hub.Land(repo, number, by)
	if err != nil {
		d.say("%v", err)
		return
	}
	d.say("%s is merged: “%s”, %s.", shortID(p), p.Title, how)
}

func (d *director) open(p githubfake.Pull) {
	if p, err := d.sandbox.hub.Open(p); err == nil {
		d.say("%s opens %s: “%s”.", p.Author, shortID(p), p.Title)
	}
}

// deploy rolls a merged pull request out; effect is what changes when it is out.
func (d *director) deploy(repo string, number int, effect func(githubfake.Pull)) {
	p, ok := d.sandbox.hub.Pull(repo, number)
	if !ok || !p.Merged() {
		return
	}
	dep, err := d.sandbox.hub.Deploy(repo, p.MergeSHA, production, p.Title, deployer)
	if err != nil {
		d.say("%v", err)
		return
	}
	d.in(rollout, func() {
		if err := d.sandbox.hub.Report(repo, dep.ID, "success"); err != nil {
			return
		}
		d.say("%s is live in production.", shortID(p))
		if effect != nil {
			effect(p)
		}
	})
}

// rollOut makes the effect of a prompt: pods pick it up one after another.
func (d *director) rollOut(b assistant.Behaviour) func(githubfake.Pull) {
	return func(p githubfake.Pull) {
		d.sandbox.world.Deploy(Service, p.MergeSHA[:7], b, d.now().Add(pickUp), rampUp)
	}
}

// renameSearch is the effect of a code rollout: the neighbour's pods get new names.
func (d *director) renameSearch(githubfake.Pull) {
	now := d.now()
	d.sandbox.world.Rename("search-copilot", 0, "search-copilot-6b8d-c2v9n:9464", now.Add(20*time.Second))
	d.sandbox.world.Rename("search-copilot", 1, "search-copilot-6b8d-zk7mw:9464", now.Add(50*time.Second))
}

// landed is told by GitHub of every merge; a revert goes through the pipeline to production.
func (d *director) landed(p githubfake.Pull) {
	if p.Reverts == 0 {
		return
	}
	effect := d.undo[causeOf(p.Repository, p.Reverts)]
	d.in(pipeline, func() { d.deploy(p.Repository, p.Number, effect) })
}

func shortID(p githubfake.Pull) string { return fmt.Sprintf("%s#%d", p.Repository, p.Number) }

func (d *director) hello() {
	d.say("It is Friday afternoon. %s answers; %s of its answers are refusals.", Service, d.refusals())
}

func (d *director) tellRefusals() { d.say("%s now refuses %s of its requests.", Service, d.refusals()) }

// refusals is the share of the last minutes in words.
func (d *director) refusals() string {
	now := d.now()
	return percent(d.sandbox.world.Truth(d.scenario.service, now.Add(-looksBack), now).RefusalRatio())
}

func percent(ratio float64) string { return fmt.Sprintf("%.1f %%", ratio*100) }

// measures tells how many seconds of the wall clock the story took, or has taken so far, and how many approvals the bot accepted.
func (d *director) measures() (seconds float64, approvals int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	took := d.ended
	if took == 0 && !d.begun.IsZero() {
		took = time.Since(d.begun)
	}
	for _, n := range d.presses {
		approvals += n
	}
	return math.Round(took.Seconds()*10) / 10, approvals
}

func (d *director) said() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.lines)
}
