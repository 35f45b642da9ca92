package suspect

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

// candidate is a change that can have done it, with what was found out about it.
type candidate struct {
	change    *bot.Change
	timing    timing
	relation  relation
	by        string // the service by which it is related
	elsewhere bool
	// kind is that of its kinds which moves such signals most readily, affinity how often it is behind them.
	kind     bot.Kind
	affinity float64
	// undone is what took it back, nil while nothing did.
	undone *undoing
	// replaced is a later change of the same files that took effect before the onset.
	replaced *candidate
	// stood is what its standing weighs, kept since it is asked for twice.
	stood float64
}

// inquiry is one incident with all its candidates.
type inquiry struct {
	now        time.Time
	incident   bot.Incident
	onset      detectors.Onset
	classes    []Class
	weights    Weights
	near       neighbourhood
	beside     []neighbour
	rows       []row
	skews      map[string]bot.Skew
	clockwork  clockwork
	candidates []candidate
	excluded   []bot.Exclusion
	// deploys are the times from merged to effective that were observed, of all changes that are known.
	deploys []time.Duration
	// usual is what innocent changes look like here, scopes how often the guilty one lies where, as far as there is such a place.
	usual usual
	// meanStanding is the logarithm of the average candidate's standing.
	meanStanding float64
	scopes       [relations]float64
}

const (
	// sampling is how much earlier than it was seen something may have happened that nobody told of: samples are taken four times a minute to
	// once, and a model that answers seldom is in few of them. Judgement.
	sampling = 2 * time.Minute
	// spanFloor is in minutes: two changes within a minute of each other do not make a busy day.
	spanFloor = 2 * 60.0
)

// open looks at every change once and keeps those that can have done it.
func open(now time.Time, in bot.Incident, known []bot.Change, services map[string]bot.Service, w Weights) *inquiry {
	c := &inquiry{now: now, incident: in, onset: onsetOf(in), classes: classesOf(in), weights: w}
	c.near, c.rows = around(in.Service, services), c.affinities()
	changes := once(known)
	c.skews = skewsOf(changes)
	c.candidates = make([]candidate, 0, len(changes))
	for _, change := range changes {
		t := timingOf(change)
		t.steps = risesOf(change, c.onset.Latest)
		t.ahead = time.Duration(c.skews[change.Source].Ahead * float64(time.Second))
		if t.sampled = selfMade(change.Kind) && change.MergedAt.IsZero(); t.sampled {
			t.ahead = max(t.ahead, sampling)
		}
		if lag := change.EffectiveAt.Sub(change.MergedAt); !t.guessed && !change.MergedAt.IsZero() && lag > 0 && !selfMade(change.Kind) {
			c.deploys = append(c.deploys, lag)
		}
		why, no := c.cleared(change.ID)
		if _, confirmed := c.confirmed(change.ID); !no && !confirmed {
			why, no = c.exclude(t)
		}
		if no {
			c.excluded = append(c.excluded, bot.Exclusion{Change: change.ID, Title: change.Title, Why: why})
			continue
		}
		r, by := c.near.relate(change)
		c.candidates = append(c.candidates, candidate{
			change: change, timing: t, relation: r, by: by, elsewhere: elsewhere(change, in),
		})
		last := &c.candidates[len(c.candidates)-1]
		last.kind, last.affinity = c.affinity(change)
	}
	c.scopes = w.Scope.among(c.near)
	c.boundExcluded(changes)
	c.link(changes)
	c.measure()
	return c
}

// once drops changes that are handed in twice, keeping the last word on each, and puts them in an order of their own, so that sums
// come out the same to the last bit however they were handed in.
func once(changes []bot.Change) []*bot.Change {
	out := make([]*bot.Change, len(changes))
	for i := range changes {
		out[i] = &changes[i]
	}
	slices.SortStableFunc(out, func(a, b *bot.Change) int { return cmp.Compare(a.ID, b.ID) })
	kept := out[:0]
	for i, c := range out {
		if i+1 == len(out) || out[i+1].ID != c.ID {
			kept = append(kept, c)
		}
	}
	return kept
}

// exclude says of a change with such a timing that it cannot have done it, and why.
func (c *inquiry) exclude(t timing) (bot.Reason, bool) {
	verb := "took effect"
	if t.guessed {
		verb = "was merged"
	}
	switch {
	case t.at.IsZero():
		return bot.Reason{Code: "no_time", Sentence: "nobody knows when it happened"}, true
	case t.at.Add(-t.ahead).After(c.onset.Latest):
		sentence := fmt.Sprintf("%s %s after it had begun at the latest", verb, span(t.at.Sub(c.onset.Latest)))
		return bot.Reason{Code: "after_onset", Sentence: sentence}, true
	case c.onset.At.Sub(t.at) > c.weights.Horizon:
		sentence := fmt.Sprintf("%s %s before it began, longer ago than is considered (%s)", verb, span(c.onset.At.Sub(t.at)),
			span(c.weights.Horizon))
		return bot.Reason{Code: "too_old", Sentence: sentence}, true
	default:
		return bot.Reason{}, false
	}
}

// boundExcluded keeps the excluded changes that are nearest to the onset, and those that a person has cleared.
func (c *inquiry) boundExcluded(changes []*bot.Change) {
	if len(c.excluded) <= keepExcluded {
		return
	}
	distance := make(map[string]time.Duration, len(changes))
	for _, change := range changes {
		distance[change.ID] = timingOf(change).at.Sub(c.onset.At).Abs()
		if _, cleared := c.cleared(change.ID); cleared {
			distance[change.ID] = 0
		}
	}
	slices.SortStableFunc(c.excluded, func(a, b bot.Exclusion) int {
		return cmp.Or(cmp.Compare(distance[a.Change], distance[b.Change]), cmp.Compare(a.Change, b.Change))
	})
	c.excluded = c.excluded[:keepExcluded]
}

// link finds for each candidate what undid it and what replaced it.
func (c *inquiry) link(changes []*bot.Change) {
	undone := undoings(changes)
	files := make(map[string][]*candidate)
	for i := range c.candidates {
		cand := &c.candidates[i]
		if u, there := undone[cand.change.ID]; there {
			cand.undone = &u
		}
		for _, p := range cand.change.Paths {
			file := cand.change.Repository + "\x00" + p
			files[file] = append(files[file], cand)
		}
	}
	for _, same := range files {
		c.replace(same)
	}
}

// replace marks every change of one file but the last that took effect before the onset. A revert does not count here, it has a
// reason of its own.
func (c *inquiry) replace(same []*candidate) {
	last := slices.MaxFunc(same, sooner)
	if last.elsewhere || !last.timing.at.Before(c.onset.Earliest) {
		return
	}
	for _, cand := range same {
		if sooner(cand, last) >= 0 || last.change.Reverts == cand.change.ID {
			continue
		}
		if cand.replaced == nil || sooner(cand.replaced, last) < 0 {
			cand.replaced = last
		}
	}
}

// sooner orders candidates by the time that counts, then by ID.
func sooner(a, b *candidate) int {
	return cmp.Or(a.timing.at.Compare(b.timing.at), cmp.Compare(a.change.ID, b.change.ID))
}

// measure learns from the candidates what innocent changes look like here.
func (c *inquiry) measure() {
	ages := make([]float64, 0, len(c.candidates))
	for _, cand := range c.candidates {
		if cand.timing.at.IsZero() {
			continue
		}
		ages = append(ages, math.Max(c.onset.At.Sub(cand.timing.at).Minutes(), 0))
	}
	c.usual = usualOf(c.candidates)
	c.meanStanding = c.averageStanding()
	c.clockwork = clockworkOf(c.onset, c.weights.Deploy.learnt(c.deploys), c.weights.Lags, math.Max(2*median(ages), spanFloor))
}

// row is a row of the table of affinities with its sum.
type row struct {
	of    map[bot.Kind]float64
	total float64
}

// affinities are the rows of the classes that moved. The order of adding up does not matter to the last bit that counts: the sum is the
// same for all.
func (c *inquiry) affinities() []row {
	rows := make([]row, 0, len(c.classes))
	for _, class := range c.classes {
		r := row{of: c.weights.Affinity[class]}
		for _, k := range bot.Kinds() {
			r.total += r.of[k]
		}
		rows = append(rows, r)
	}
	return rows
}

// affinity is how often a change of its kind is behind what moved: for a change of several kinds that of the readiest, for several
// signals the geometric mean, since one cause has to explain them all.
func (c *inquiry) affinity(change *bot.Change) (kind bot.Kind, share float64) {
	look := func(k bot.Kind) {
		sum := 0.0
		for _, r := range c.rows {
			sum += math.Log(cmp.Or(r.of[k], hardly) / r.total)
		}
		if s := math.Exp(sum / float64(len(c.rows))); s > share {
			kind, share = k, s
		}
	}
	look(change.Kind)
	for _, k := range change.Kinds {
		look(k)
	}
	return kind, share
}

// averageStanding is the logarithm of what the standing of the candidates is worth on average. A few plain changes beside them keep
// a single candidate's own standing from cancelling itself.
func (c *inquiry) averageStanding() float64 {
	const plain = 3
	sum := float64(plain)
	for i := range c.candidates {
		cand := &c.candidates[i]
		cand.stood = total(c.standing(cand))
		sum += math.Exp(cand.stood)
	}
	return math.Log(sum / float64(len(c.candidates)+plain))
}

// median is the middle one, 0 for none. Twice the median age is the stretch over which even changes lie, and a few very old ones
// hardly stretch it.
func median(of []float64) float64 {
	if len(of) == 0 {
		return 0
	}
	slices.Sort(of)
	return of[len(of)/2]
}
