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
	scores := make([]float64, len(points))
	for _, shape := range shapes {
		for _, size := range sizes {
			candidates(scores, points, p, size, shape.ramp)
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

// candidates fills scores with the log-likelihood ratio, against no change, of a change of the given size in log-odds that
// begins in each point and takes ramp points to be complete.
func candidates(scores []float64, points []detectors.Point, p, size float64, ramp int) {
	// Part j of a ramp has the log-odds rho[j] and costs cost[j] for each event.
	rho, cost := make([]float64, ramp+1), make([]float64, ramp+1)
	for j := range rho {
		rho[j] = size
		if j < ramp {
			rho[j] = size * float64(j+1) / float64(ramp+1)
		}
		cost[j] = math.Log(1 - p + p*math.Exp(rho[j]))
	}
	complete := 0. // score of the points from i+ramp on
	for i := len(points) - 1; i >= 0; i-- {
		if j := i + ramp; j < len(points) {
			complete += points[j].Bad*rho[ramp] - points[j].Total*cost[ramp]
		}
		score := complete
		for j := 0; j < ramp && i+j < len(points); j++ {
			score += points[i+j].Bad*rho[j] - points[i+j].Total*cost[j]
		}
		scores[i] = score
	}
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
