package watch

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/window"
)

// Calm is what a detector may tell beside its judgements: that it would find everything quiet, which takes far less than to judge.
// When it cannot say so, it is asked to judge.
type Calm interface {
	Calm(now time.Time, w detectors.Windows) bool
}

// Replay judges the past: tiles, detectors, sight and ledger are those of a Watch, the times are the caller's. It asks nobody;
// answers are put into it in the order in which they would have come, so that no detector sees what was yet to come.
type Replay struct {
	config   Config
	recorded bool
	windows  *window.Store
	signals  map[string]*signal
	judges   []judge
	ledger   ledger
	sight    sight
	// missed are the series that were judged and not recorded.
	missed map[detectors.SeriesID]bool
}

// judge is a detector with what it says now, and whether all that it said when it last judged was quiet.
type judge struct {
	detectors.Detector
	quiet, calm bool
	found       []detectors.Finding
}

// NewReplay makes a replay; of the parts it needs the signals and the detectors. Recorded says that the answers come from a recording
// and not from a source: there a series is expected from its first reading on, and one that was not recorded is not missed.
func NewReplay(c Config, p Parts, recorded bool) (*Replay, error) {
	c = c.WithDefaults()
	nouns := make([]detectors.Signal, len(p.Signals))
	for i, s := range p.Signals {
		nouns[i] = s.Signal
	}
	windows, err := window.New(window.Config{Base: c.base(), Retention: c.Retention, StaleAfter: c.StaleAfter}, nouns)
	if err != nil {
		return nil, err
	}
	r := &Replay{
		config: c, recorded: recorded, windows: windows, signals: make(map[string]*signal, len(p.Signals)),
		ledger: newLedger(c.Refresh), sight: newSight(), missed: map[detectors.SeriesID]bool{},
	}
	for _, s := range p.Signals {
		if recorded {
			s.Series = nil
		}
		r.signals[s.Signal.Name] = &signal{Watched: s, slices: map[detectors.SeriesID]time.Time{}}
	}
	for _, d := range p.Detectors {
		r.judges = append(r.judges, judge{Detector: d})
	}
	return r, nil
}

// Base is the width of the tiles that come one after the other.
func (r *Replay) Base() time.Duration { return r.windows.Base() }

// Windows are what was put so far.
func (r *Replay) Windows() detectors.Windows { return r.windows }

// Behind are the questions about a signal whose answers fill the windows before a time, with at most most tiles each: what a Watch
// that begins then would catch up on.
func (r *Replay) Behind(signal string, begin time.Time, most int) []Query {
	unknown := []detectors.SeriesID{{Signal: signal}}
	gaps := r.windows.Gaps(unknown, begin, min(r.config.History, r.config.Retention), most)
	out := make([]Query, 0, len(gaps))
	for _, g := range gaps {
		out = append(out, Query{Signal: signal, From: g.From, To: g.To, Step: g.Width})
	}
	return out
}

// Put keeps an answer.
func (r *Replay) Put(q Query, a Answer) error {
	s := r.signals[q.Signal]
	if r.recorded {
		for _, reading := range a.Readings {
			if reading.Series.Slice == "" && !s.expects(reading.Series) {
				s.Series = append(s.Series, reading.Series)
			}
		}
	}
	s.err = nil
	return s.keep(r.windows, q, a)
}

// Unanswered notes that a question failed.
func (r *Replay) Unanswered(q Query, err error) {
	s := r.signals[q.Signal]
	s.err = err
	for end := q.From.Add(q.Step); !end.After(q.To); end = end.Add(q.Step) {
		for _, id := range s.expected(q.To) {
			_ = r.windows.Put(id, window.Tile{End: end, Width: q.Step, State: window.Unasked, Why: ReasonOf(err)})
		}
	}
}

// Judge lets all detectors judge at a time and gives what a Watch would have handed on. Those that say that they are calm, and were
// quiet before, are passed over.
func (r *Replay) Judge(now time.Time) []detectors.Finding {
	r.ask(now)
	var all []detectors.Finding
	r.sight.begin()
	for i := range r.judges {
		j := &r.judges[i]
		if j.calm {
			continue
		}
		found := r.heard(j.found)
		r.sight.count(j.Detector, found)
		j.quiet, j.found = true, nil
		for _, f := range found {
			j.quiet = j.quiet && f.Verdict == detectors.Quiet
		}
		all = append(all, found...)
	}
	for _, s := range r.signals {
		r.sight.asked(s)
	}
	r.sight.end()
	changed := r.ledger.changed(append(all, r.sight.finding(now)))
	r.ledger.delivered(changed)
	return changed
}

// share is how many detectors are worth a goroutine of their own.
const share = 8

// ask lets the detectors judge, several at a time: each reads the windows and has a memory of its own.
func (r *Replay) ask(now time.Time) {
	workers := max(1, min(runtime.GOMAXPROCS(0), len(r.judges)/share))
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for i := w; i < len(r.judges); i += workers {
				r.judges[i].ask(now, r.windows)
			}
		})
	}
	group.Wait()
}

func (j *judge) ask(now time.Time, w detectors.Windows) {
	calm, can := j.Detector.(Calm)
	if j.calm = can && j.quiet && calm.Calm(now, w); !j.calm {
		j.found = j.Judge(now, w)
	}
}

// Forget drops slices that are long out of use, as a Watch does when it saves.
func (r *Replay) Forget(now time.Time) { r.windows.Forget(now.Add(-sliceRetention)) }

// heard leaves out what is said of series that were not recorded.
func (r *Replay) heard(found []detectors.Finding) []detectors.Finding {
	if !r.recorded {
		return found
	}
	kept := found[:0]
	for _, f := range found {
		s := r.signals[f.Signal]
		if s == nil || s.recorded(f) {
			kept = append(kept, f)
			continue
		}
		r.missed[detectors.SeriesID{Signal: f.Signal, Service: f.Service, Environment: f.Environment}] = true
	}
	return kept
}

// Missed are the series that detectors wanted to judge and that were not recorded, in a stable order.
func (r *Replay) Missed() []detectors.SeriesID {
	var out []detectors.SeriesID
	for id := range r.missed {
		if !r.signals[id.Signal].recorded(detectors.Finding{Service: id.Service, Environment: id.Environment}) {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, func(a, b detectors.SeriesID) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.Signal, b.Signal))
	})
	return out
}

func (s *signal) expects(id detectors.SeriesID) bool {
	return slices.Contains(s.Series, id)
}

// recorded tells whether a finding is about a series of which there was a reading.
func (s *signal) recorded(f detectors.Finding) bool {
	for _, id := range s.Series {
		if id.Service == f.Service && id.Environment == cmp.Or(f.Environment, id.Environment) {
			return true
		}
	}
	return false
}
