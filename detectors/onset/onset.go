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
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// most is how many of the newest points are looked at.
const most = 240

// Baseline is the normal level before the change, as counts: how many of how many events were bad in a stretch known to be
// healthy. The zero value means that nothing is known; a small share of the points themselves stands in for it.
type Baseline struct{ Bad, Total float64 }

// ramps are how slow a change may be, in points until it is complete; each is as likely as the others. sudden is how likely a
// change is to come at once.
var ramps = [...]int{8, 16, 32, 64}

const sudden = .5

// bins is in how many parts of a point a sudden change may fall. A point that it divides holds events of both levels, and a
// model that knows only whole points would rather believe in a ramp.
const bins = 5

// anyBin stands for all parts of a point alike.
const anyBin = -1

// sizes are the changes that are considered, as log-odds of a bad event, beside those that the newest points show themselves.
var sizes = [...]float64{.4, .7, 1.1, 1.6, 2.2, 3, 4, 5.5, 7.5, 9.5, 12}

// shown are the changes to the levels of the newest points, of several numbers of them. Where there are many events, none of the
// fixed sizes fits well, and then a slow change that began long before anything was bad would explain a sudden one best.
func shown(running *sums, p float64) []float64 {
	var out []float64
	n := len(running.bad) - 1
	for newest := 2; newest <= n; newest *= 2 {
		bad, total := running.bad[n]-running.bad[n-newest], running.total[n]-running.total[n-newest]
		if level := min(.9999, (bad+.5)/(total+1)); level > p {
			out = append(out, logit(level)-logit(p))
		}
	}
	return out
}

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
	for _, size := range likely(running, scores, p, scale) {
		for bin := range bins {
			running.candidates(scores, suddenly(p, size, bin))
			posterior.add(scores, scale, sudden/bins, bin)
		}
		for _, ramp := range ramps {
			running.candidates(scores, slowly(p, size, ramp))
			posterior.add(scores, scale, (1-sudden)/float64(len(ramps)), anyBin)
		}
	}
	return posterior.onset(points, step)
}

// hopeless is how much less likely than the best size, as a logarithm, a size must be to be left out.
const hopeless = 16

// likely lists the sizes that explain the points about as well as the best one.
func likely(running *sums, scores []float64, p, scale float64) []float64 {
	considered := append(shown(running, p), sizes[:]...)
	best := make([]float64, len(considered))
	for i, size := range considered {
		best[i] = math.Inf(-1)
		for _, treads := range [][]tread{suddenly(p, size, bins/2), slowly(p, size, ramps[1])} {
			running.candidates(scores, treads)
			best[i] = max(best[i], slices.Max(scores)*scale)
		}
	}
	top := slices.Max(best)
	var out []float64
	for i, size := range considered {
		if best[i] > top-hopeless {
			out = append(out, size)
		}
	}
	return out
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

// tread is a stretch of a change, from its first point on (counted from the beginning of the change), in which events are bad
// with the log-odds rho above normal; cost is what each event then costs in log-likelihood.
type tread struct {
	first     int
	rho, cost float64
}

func newTread(first int, p, rho float64) tread {
	return tread{first: first, rho: rho, cost: math.Log(1 - p + p*math.Exp(rho))}
}

// suddenly is a change that comes at once, in the given part of its first point.
func suddenly(p, size float64, bin int) []tread {
	return []tread{newTread(0, p, exposed(p, size, 1-(float64(bin)+.5)/bins)), newTread(1, p, size)}
}

// exposed is the log-odds, above normal, of events of which a share is affected by a change of the given size.
func exposed(p, size, share float64) float64 {
	after := 1 / (1 + (1-p)/p*math.Exp(-size))
	return logit(p+share*(after-p)) - logit(p)
}

// parts is in how many equal treads a ramp is cut: enough to look like a ramp, and cheap by running sums.
const parts = 8

// slowly is a change that takes ramp points to be complete, as a roll-out that reaches an even share of the traffic each minute.
func slowly(p, size float64, ramp int) []tread {
	var treads []tread
	for i := range parts {
		treads = append(treads, newTread(ramp*i/parts, p, exposed(p, size, (float64(i)+.5)/parts)))
	}
	return append(treads, newTread(ramp, p, size))
}

func logit(p float64) float64 { return math.Log(p / (1 - p)) }

// candidates fills scores with the log-likelihood ratio, against no change, of a change that begins in each point.
func (s *sums) candidates(scores []float64, treads []tread) {
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
	weights []float64 // by point and part of it
	largest float64
}

func newPosterior(n int) *posterior {
	return &posterior{weights: make([]float64, n*bins), largest: math.Inf(-1)}
}

func (p *posterior) add(scores []float64, scale, prior float64, bin int) {
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
		weight := prior * math.Exp(s*scale-top)
		if bin != anyBin {
			p.weights[i*bins+bin] += weight
			continue
		}
		for b := range bins {
			p.weights[i*bins+b] += weight / bins
		}
	}
}

// onset reads the median and the 5th and 95th percentiles, these a bin wider: the bins are a grid that the truth need not keep.
func (p *posterior) onset(points []detectors.Point, step time.Duration) detectors.Onset {
	sum := 0.
	for _, w := range p.weights {
		sum += w
	}
	quantile := func(q float64, edge float64) time.Time {
		left, last := q*sum, len(p.weights)-1
		for i, w := range p.weights {
			if left -= w; left <= 0 {
				last = i
				break
			}
		}
		part := (float64(last%bins) + edge) / bins
		return points[last/bins].At.Add(min(0, -step+time.Duration(part*float64(step))))
	}
	return detectors.Onset{At: quantile(.5, .5), Earliest: quantile(.05, -1), Latest: quantile(.95, 2)}
}
