package risk

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// Suspected is the probability from which on a suspect counts as a failure although nobody has confirmed it.
const Suspected = 0.5

// RolledBack is a rollback that was carried out to its end.
type RolledBack struct {
	Action, Service string
	Kind            bot.Kind
	At              time.Time
}

// Past is what the ledger, the incidents and the runs tell, counted once, so that many changes can be held against it.
type Past struct {
	since        time.Time
	runs         bool
	people       map[string]Record
	repositories map[string]Record
	all          Record
	rolledBack   map[way]time.Time
	shared       map[string]bool
	running      map[string][]Running
}

// way is a way back that was gone.
type way struct {
	action, service string
	kind            bot.Kind
}

// NewPast counts what was. The changes and incidents may be in any order and may reach further back than Since, which says from when
// on they are complete. Rollbacks are nil where nobody was asked for them.
func NewPast(now, since time.Time, changes []bot.Change, incidents []bot.Incident, rolledBack []RolledBack) Past {
	p := Past{
		since: since, runs: rolledBack != nil, people: map[string]Record{}, repositories: map[string]Record{}, rolledBack: map[way]time.Time{}, shared: map[string]bool{},
		running: map[string][]Running{},
	}
	failed := Failures(changes, incidents)
	known := make(map[string]bot.Change, len(changes))
	for _, c := range changes {
		known[c.ID] = c
		if at := c.At(); !at.After(now) && at.After(now.Add(-Recent)) {
			tally(p.people, strings.ToLower(c.Author), failed[c.ID])
			if c.Repository != "" {
				tally(p.repositories, strings.ToLower(c.Repository), failed[c.ID])
				p.all = p.all.plus(failed[c.ID])
			}
		}
		if c.Exposure > 0 && c.Exposure < 1 {
			for _, service := range c.Services {
				p.shared[service] = true
			}
		}
	}
	for _, c := range changes {
		if undone, found := known[c.Reverts]; found && !c.At().After(now) {
			for _, service := range undone.Services {
				p.gone(way{undone.Rollback, service, undone.Kind}, c.At())
			}
		}
	}
	for _, in := range incidents {
		for _, v := range in.Verdicts { // what an undoing brought tells that there was one
			if undone, found := known[v.Change]; found && v.Via == bot.ByRollback && !v.At.After(now) {
				for _, service := range undone.Services {
					p.gone(way{undone.Rollback, service, undone.Kind}, v.At)
				}
			}
		}
	}
	for _, r := range rolledBack {
		if !r.At.After(now) {
			p.gone(way{r.Action, r.Service, r.Kind}, r.At)
		}
	}
	p.run(changes)
	return p
}

func tally(records map[string]Record, of string, failed bool) {
	if of == "" {
		return
	}
	records[of] = records[of].plus(failed)
}

func (r Record) plus(failed bool) Record {
	r.Changes++
	if failed {
		r.Failed++
	}
	return r
}

func (p Past) gone(w way, at time.Time) {
	if w.action != "" && at.After(p.rolledBack[w]) {
		p.rolledBack[w] = at
	}
}

// Failures are the changes that were behind an incident, as somebody or their rollback has shown or as half of all probability says,
// or that were taken back.
func Failures(changes []bot.Change, incidents []bot.Incident) map[string]bool {
	out := map[string]bool{}
	for _, c := range changes {
		if c.Reverts != "" {
			out[c.Reverts] = true
		}
	}
	for _, in := range incidents {
		if in.Cause != "" {
			out[in.Cause] = true
			continue
		}
		for _, s := range in.Ranking.Suspects {
			if v, _ := in.Verdict(s.Change); s.Probability >= Suspected && v.Word != bot.Cleared {
				out[s.Change] = true
			}
		}
	}
	return out
}

// run keeps which models services run: what changes pinned last.
func (p Past) run(changes []bot.Change) {
	ordered := slices.DeleteFunc(slices.Clone(changes), func(c bot.Change) bool { return len(c.Inputs) == 0 })
	slices.SortStableFunc(ordered, func(a, b bot.Change) int { return cmp.Or(a.At().Compare(b.At()), cmp.Compare(a.ID, b.ID)) })
	type pin struct{ service, repository, path, name string }
	models := map[pin]string{}
	for _, c := range ordered {
		for _, in := range c.Inputs {
			if in.Kind != bot.Model {
				continue
			}
			for _, service := range c.Services {
				models[pin{service, c.Repository, in.Path, in.Name}] = in.New
			}
		}
	}
	for at, model := range models {
		if one := (Running{at.service, model}); model != "" && !slices.Contains(p.running[at.service], one) {
			p.running[at.service] = append(p.running[at.service], one)
		}
	}
	for _, list := range p.running {
		slices.SortFunc(list, func(a, b Running) int { return cmp.Compare(a.Model, b.Model) })
	}
}

// Of is the history of one change.
func (p Past) Of(c bot.Change) History {
	h := History{Since: p.since, Runs: p.runs, Author: p.people[strings.ToLower(c.Author)], Repository: p.repositories[strings.ToLower(c.Repository)]}
	h.Others = Record{p.all.Changes - h.Repository.Changes, p.all.Failed - h.Repository.Failed}
	for _, service := range c.Services {
		h.Shared = h.Shared || p.shared[service]
		h.Running = append(h.Running, p.running[service]...)
		if at := p.rolledBack[way{c.Rollback, service, c.Kind}]; at.After(h.RolledBack) {
			h.RolledBack = at
		}
	}
	return h
}
