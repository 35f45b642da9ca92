// Package onset tells when something began, as a point in time and the interval that holds it with 90 % probability.
//
// The question: given counted points (bad of total) and the level that was normal before, at which moment did the level
// change? The method is a posterior over the change time: each candidate time is weighed by how likely the points are when the
// normal level holds before it and a worse one after it. Sudden changes and slow ramps of several lengths, and several sizes of
// the change, are weighed together, because an interval that knows only steps is too sure of itself when a roll-out was slow.
// The median of the posterior is the point; its 5th and 95th percentiles bound the interval.
//
// It never decides whether there was a change: it is asked after a detector has fired. It is blind before the first point, to
// several changes in the same stretch (the one that explains the points best wins), and where few events make the honest
// interval wide: then it says a wide interval.
package onset

import (
	"math"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// most is how many of the newest points are looked at.
const most = 240

// Baseline is the normal level before the change, as counts: how many of how many events were bad in a stretch known to be
// healthy. The zero value means that nothing is known; a small share of the points themselves stands in for it.
type Baseline struct{ Bad, Total float64 }

// shapes are how a change may unfold, in points until it is complete, with their prior weights.
var shapes = [...]struct {
	ramp  int
	prior float64
}{{0, .5}, {8, .125}, {16, .125}, {32, .125}, {64, .125}}

// sizes are the changes that are considered, as log-odds of a bad event.
var sizes = [...]float64{.4, .7, 1.1, 1.6, 2.2, 3, 4, 5.5, 7.5, 9.5, 12}

// Ratio finds when the share of bad events went up. Points are oldest first and step apart; each ends at its At. The zero Onset
// means that there is nothing to go by.
func Ratio(points []detectors.Point, step time.Duration, normal Baseline) detectors.Onset {
	points = points[max(0, len(points)-most):]
	if len(points) == 0 || step <= 0 {
		return detectors.Onset{}
	}
	p := level(points, normal)
	scale := 1 / dispersion(points, p)
	posterior := newPosterior(len(points))
	running := newSums(points)
	scores := make([]float64, len(points))
	for _, shape := range shapes {
		for _, size := range sizes {
			running.candidates(scores, p, size, shape.ramp)
			posterior.add(scores, scale, shape.prior/float64(len(sizes)))
		}
	}
	return posterior.onset(points, step)
}

// level is the normal share of bad events, held away from zero and one by a little prior.
func level(points []detectors.Point, normal Baseline) float64 {
	if normal.Total <= 0 {
		// The quietest third of the points stands in for a baseline.
		n := max(1, len(points)/3)
		for _, p := range points[:n] {
			normal.Bad += p.Bad
			normal.Total += p.Total
		}
	}
	// The prior is half a bad event in fifty: few events leave the level near 1 %, many overrule it. Below one in a thousand
	// the level says nothing about when it rose.
	return min(.999, max(.001, (normal.Bad+.5)/(normal.Total+50)))
}

// dispersion is how much more the quiet points scatter than independent events would, at least 1.
func dispersion(points []detectors.Point, p float64) float64 {
	var sum, n float64
	for _, q := range points[:max(1, len(points)/3)] {
		if q.Total > 0 {
			e := (q.Bad - q.Total*p) / math.Sqrt(q.Total*p*(1-p))
			sum += min(e*e, 25)
			n++
		}
	}
	if n == 0 {
		return 1
	}
	return max(1, sum/n)
}

// parts is in how many equal treads a ramp is cut: enough to look like a ramp, and cheap by running sums.
const parts = 4

// candidates fills scores with the log-likelihood ratio, against no change, of a change of the given size in log-odds that
// begins in each point and takes ramp points to be complete.
func (s *sums) candidates(scores []float64, p, size float64, ramp int) {
	type tread struct {
		first     int
		rho, cost float64
	}
	treads := make([]tread, 0, parts+1)
	for i := range parts {
		if ramp > 0 {
			treads = append(treads, tread{first: ramp * i / parts, rho: size * (float64(i) + .5) / parts})
		}
	}
	treads = append(treads, tread{first: ramp, rho: size})
	for i := range treads {
		treads[i].cost = math.Log(1 - p + p*math.Exp(treads[i].rho))
	}
	n := len(scores)
	for i := range scores {
		score := 0.
		for j, t := range treads {
			from, to := min(i+t.first, n), n
			if j+1 < len(treads) {
				to = min(i+treads[j+1].first, n)
			}
			score += (s.bad[to]-s.bad[from])*t.rho - (s.total[to]-s.total[from])*t.cost
		}
		scores[i] = score
	}
}

// sums are running sums of points: entry i holds the sum of the first i points.
type sums struct{ bad, total []float64 }

func newSums(points []detectors.Point) *sums {
	s := &sums{bad: make([]float64, len(points)+1), total: make([]float64, len(points)+1)}
	for i, p := range points {
		s.bad[i+1] = s.bad[i] + p.Bad
		s.total[i+1] = s.total[i] + p.Total
	}
	return s
}

// posterior sums up weights of candidates whose logarithms differ by hundreds: all are kept relative to the largest so far.
type posterior struct {
	weights []float64
	largest float64
}

func newPosterior(n int) *posterior {
	return &posterior{weights: make([]float64, n), largest: math.Inf(-1)}
}

func (p *posterior) add(scores []float64, scale, prior float64) {
	top := p.largest
	for _, s := range scores {
		top = max(top, s*scale)
	}
	if top > p.largest {
		shrink := math.Exp(p.largest - top)
		for i := range p.weights {
			p.weights[i] *= shrink
		}
		p.largest = top
	}
	for i, s := range scores {
		p.weights[i] += prior * math.Exp(s*scale-top)
	}
}

// onset reads the median and the 5th and 95th percentiles. A change may begin anywhere in its tile, and one that begins late in
// a tile shows in the next one: so half a step is added in front.
func (p *posterior) onset(points []detectors.Point, step time.Duration) detectors.Onset {
	sum := 0.
	for _, w := range p.weights {
		sum += w
	}
	quantile := func(q float64) int {
		left := q * sum
		for i, w := range p.weights {
			if left -= w; left <= 0 {
				return i
			}
		}
		return len(p.weights) - 1
	}
	return detectors.Onset{
		At:       points[quantile(.5)].At.Add(-step),
		Earliest: points[quantile(.05)].At.Add(-step - step/2),
		Latest:   points[quantile(.95)].At,
	}
}
