package assistant

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"time"
)

// Config is how a world begins.
type Config struct {
	// Seed decides every number.
	Seed uint64
	// Origin is the time at which the history ends and the story begins. It is cut to a whole scrape interval.
	Origin time.Time
	// History is how long the services have been running before Origin. Default 78h.
	History time.Duration
	// Services default to Services(), with what ordinary days brought to them.
	Services []Service
	Store    Store
}

// Scrape is the interval of scrapes near the present.
const Scrape = 15 * time.Second

// Spacing is the distance of kept scrapes of an age: fine when young, coarse when old, so that days of history cost little. Older
// scrapes stand on multiples of their distance.
func Spacing(age time.Duration) time.Duration {
	switch {
	case age <= 6*time.Hour:
		return Scrape
	case age <= 26*time.Hour:
		return time.Minute
	default:
		return 5 * time.Minute
	}
}

type service struct {
	Service
	store  Store
	pods   []*pod
	ledger []tally
	// load multiplies the rate.
	load float64
}

// tally is the totals of one scrape.
type tally struct {
	at time.Time
	Totals
}

// order is something that will happen to a pod.
type order struct {
	at  time.Time
	do  func()
	seq int
}

// World runs the services. Its methods may be called from several goroutines.
type World struct {
	mu       sync.Mutex
	dice     *dice
	store    Store
	services []*service
	last     time.Time
	orders   []order
	seq      int
	scratch  []Value
}

// keepTallies bounds the truth that is kept: one day of scrapes.
const keepTallies = 24 * 60 * 4

// New makes a world and lets its history pass.
func New(c Config) *World {
	if c.History == 0 {
		c.History = 78 * time.Hour
	}
	usual := c.Services == nil
	if usual {
		c.Services = Services()
	}
	w := &World{dice: newDice(c.Seed), store: c.Store}
	for _, described := range c.Services {
		s := &service{Service: described, store: c.Store, load: 1}
		for i, instance := range described.Pods {
			place := fingerprint(fmt.Sprintf("%s/%d", described.Name, i))
			s.pods = append(s.pods, newPod(s, instance, place, described.Version, described.Normal))
		}
		w.services = append(w.services, s)
	}
	origin := c.Origin.Truncate(Scrape)
	w.last = origin.Add(-c.History).Truncate(5 * time.Minute)
	if usual && c.History >= 24*time.Hour {
		w.ancient(origin)
	}
	for w.last.Before(origin) {
		next := w.last.Add(Spacing(origin.Sub(w.last)))
		w.scrape(next)
	}
	return w
}

// ancient is what ordinary days bring: a pod that restarted, a pod that a rollout renamed.
func (w *World) ancient(origin time.Time) {
	w.Restart(w.services[2].Name, 1, origin.Add(-7*time.Hour-11*time.Minute))
	old := w.services[1]
	w.Rename(old.Name, 1, "search-copilot-5f66-xt4hk:9464", origin.Add(-20*time.Hour))
	old.pods[1].restart("search-copilot-59cc-lw8dv:9464")
}

// Advance scrapes up to now.
func (w *World) Advance(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for next := w.last.Add(Scrape); !next.After(now); next = w.last.Add(Scrape) {
		w.scrape(next)
	}
}

// scrape lets the stretch since the last scrape pass and records what is exposed then.
func (w *World) scrape(at time.Time) {
	for len(w.orders) > 0 && !w.orders[0].at.After(at) {
		w.orders[0].do()
		w.orders = w.orders[1:]
	}
	stretch := at.Sub(w.last)
	w.scratch = w.scratch[:0]
	for _, s := range w.services {
		sum := tally{at: at}
		for _, p := range s.pods {
			sum.add(p.serve(w.dice, at, stretch))
			w.scratch = p.expose(w.scratch)
		}
		if s.ledger = append(s.ledger, sum); len(s.ledger) > 2*keepTallies {
			s.ledger = slices.Clone(s.ledger[len(s.ledger)-keepTallies:])
		}
	}
	w.store.Record(at, w.scratch)
	w.last = at
}

// Deploy gives a service a new prompt version: its pods pick it up one after another, the first at `at`, the last at `at` plus
// `over`. An empty version keeps the one that is served: then it is something else that changed.
func (w *World) Deploy(name, version string, b Behaviour, at time.Time, over time.Duration) {
	w.DeployTo(name, math.MaxInt, version, b, at, over)
}

// DeployTo does so to the first pods only, as many as are said.
func (w *World) DeployTo(name string, pods int, version string, b Behaviour, at time.Time, over time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.service(name)
	if s == nil {
		return
	}
	some := s.pods[:min(pods, len(s.pods))]
	for i, p := range some {
		delay := over * time.Duration(i) / time.Duration(max(1, len(some)-1))
		w.order(at.Add(delay), func() {
			p.behaviour = b
			if version != "" {
				p.version = version
			}
		})
	}
}

// Surge multiplies the traffic of a service from a time on.
func (w *World) Surge(name string, factor float64, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s := w.service(name); s != nil {
		w.order(at, func() { s.load = factor })
	}
}

// Restart lets a pod begin from zero, as after a crash: its counters reset.
func (w *World) Restart(name string, pod int, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s := w.service(name); s != nil && pod < len(s.pods) {
		w.order(at, func() { s.pods[pod].restart(s.pods[pod].instance) })
	}
}

// Rename replaces a pod by one of another name, as a rollout does: its old series end, new ones begin at zero.
func (w *World) Rename(name string, pod int, instance string, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s := w.service(name); s != nil && pod < len(s.pods) {
		w.order(at, func() { s.pods[pod].restart(instance) })
	}
}

// Truth adds up what really happened to a service in (from, to], as far as it was simulated and kept.
func (w *World) Truth(name string, from, to time.Time) Totals {
	w.mu.Lock()
	defer w.mu.Unlock()
	var sum Totals
	s := w.service(name)
	if s == nil {
		return sum
	}
	for i := len(s.ledger) - 1; i >= 0 && s.ledger[i].at.After(from); i-- {
		if !s.ledger[i].at.After(to) {
			sum.add(s.ledger[i].Totals)
		}
	}
	return sum
}

// Versions lists the prompt versions that the pods of a service serve now, pod by pod.
func (w *World) Versions(name string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	if s := w.service(name); s != nil {
		for _, p := range s.pods {
			out = append(out, p.version)
		}
	}
	return out
}

func (w *World) service(name string) *service {
	for _, s := range w.services {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// order puts something behind everything that is due before it or with it.
func (w *World) order(at time.Time, do func()) {
	w.seq++
	o := order{at: at, do: do, seq: w.seq}
	i, _ := slices.BinarySearchFunc(w.orders, o, func(a, b order) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return a.seq - b.seq
	})
	w.orders = slices.Insert(w.orders, i, o)
}
