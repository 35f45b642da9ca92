package shift

import (
	"math"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// The ways in which a shift may come: at once in half of the cases, over so many minutes in the others alike.
var ramps = [...]int{4, 8, 12, 16, 23, 32, 45, 64}

const sudden = .5

// parts is in how many parts a ramp is cut, quarters in how many the minute in which a sudden shift came.
const (
	parts    = 8
	quarters = 4
)

// began weighs, by the minutes up to now, each time at which a shift of one direction may have begun, each way in which it may
// have come and each size: the posterior of the time, by its median and its 5th and 95th percentile, and the mean size.
func began(past []minute, n *normal, s *side) (detectors.Onset, float64) {
	if len(past) == 0 {
		return detectors.Onset{}, 0
	}
	p := posterior{weights: make([]float64, len(past)*quarters), largest: math.Inf(-1)}
	scores := make([]float64, len(past))
	excess := n.scatter(10)
	for _, size := range s.around(past, n) {
		e := newEvidence(past, n, size, excess)
		const prior = 1. / finer
		for quarter := range quarters {
			e.suddenly(scores, quarter)
			p.add(scores, sudden/quarters*prior, size, quarter, quarter+1)
		}
		for _, ramp := range ramps {
			e.slowly(scores, ramp)
			p.add(scores, (1-sudden)/float64(len(ramps))*prior, size, 0, quarters)
		}
	}
	return p.onset(past), p.size / p.sum
}

// finer is how many sizes a beginning is looked for with, from half of the likeliest to twice it.
const finer = 9

// around lists sizes around the one that explains the minutes best, as a shift that came at once.
func (s *side) around(past []minute, n *normal) []float64 {
	best, top := s.weigher.rho[len(sizes)/2], math.Inf(-1)
	scores := make([]float64, len(past))
	for i, size := range s.weigher.rho {
		if math.IsInf(s.excess[i], 1) {
			continue
		}
		newEvidence(past, n, size, s.excess[i]).suddenly(scores, 0)
		if score := slices.Max(scores); score > top {
			best, top = size, score
		}
	}
	out := make([]float64, finer)
	for i := range out {
		out[i] = best * math.Exp2(2*float64(i)/(finer-1)-1)
	}
	return out
}

// evidence is what the minutes say for a shift of one size: running sums by how much of it has come (the parts of a ramp in
// their middles, and at last the whole), and what a minute says as the first, or the one after it, of a sudden shift.
type evidence struct {
	minutes       int
	sums          [parts + 1][]float64
	first, second [quarters][]float64
}

func newEvidence(past []minute, n *normal, size, excess float64) *evidence {
	var rho [parts + 1]float64
	for i := range parts {
		rho[i] = math.Log1p((float64(i) + .5) / parts * math.Expm1(size))
	}
	rho[parts] = size
	w := newWeigher(n.family.shape, rho[:])
	e := &evidence{minutes: len(past)}
	for i := range e.sums {
		e.sums[i] = make([]float64, len(past)+1)
	}
	var firsts, seconds weigher
	alone := excess
	if n.family.shape == detectors.Value {
		// A minute without its echo is independent of the one before it.
		alone = 1
	}
	var begun, then [quarters]float64
	for q := range quarters {
		begun[q] = rho[parts-1-q*parts/quarters]
		then[q] = size - n.echo.share*begun[q]
		e.first[q], e.second[q] = make([]float64, len(past)), make([]float64, len(past))
	}
	firsts, seconds = newWeigher(n.family.shape, begun[:]), newWeigher(n.family.shape, then[:])
	var out [parts + 1]float64
	for t := range past {
		w.weigh(&past[t], n.quiet, n.remains(), out[:])
		for i, score := range out {
			e.sums[i][t+1] = e.sums[i][t] + score/excess
		}
		firsts.weigh(&past[t], n.quiet, 1, out[:quarters])
		for q := range quarters {
			e.first[q][t] = out[q] / alone
		}
		seconds.weigh(&past[t], n.quiet, 1, out[:quarters])
		for q := range quarters {
			e.second[q][t] = out[q] / alone
		}
	}
	return e
}

// between is what the minutes from one on and up to another say for a part of the shift.
func (e *evidence) between(part, from, to int) float64 {
	from, to = min(from, e.minutes), min(to, e.minutes)
	return e.sums[part][to] - e.sums[part][from]
}

// suddenly scores each minute as the one in a quarter of which it came at once.
func (e *evidence) suddenly(scores []float64, quarter int) {
	for t := range scores {
		scores[t] = e.first[quarter][t] + e.between(parts, t+2, e.minutes)
		if t+1 < e.minutes {
			scores[t] += e.second[quarter][t+1]
		}
	}
}

// slowly scores each minute as the first of a ramp.
func (e *evidence) slowly(scores []float64, ramp int) {
	for t := range scores {
		score := e.between(parts, t+ramp, e.minutes)
		for part := range parts {
			score += e.between(part, t+ramp*part/parts, t+ramp*(part+1)/parts)
		}
		scores[t] = score
	}
}

// posterior sums up weights whose logarithms differ by hundreds: all are kept relative to the largest so far.
type posterior struct {
	weights   []float64 // by quarter of a minute
	largest   float64
	size, sum float64
}

func (p *posterior) add(scores []float64, prior, size float64, first, last int) {
	top := p.largest
	for _, s := range scores {
		top = max(top, s)
	}
	if top > p.largest {
		shrink := math.Exp(p.largest - top)
		for i := range p.weights {
			p.weights[i] *= shrink
		}
		p.size, p.sum, p.largest = p.size*shrink, p.sum*shrink, top
	}
	for t, s := range scores {
		weight := prior * math.Exp(s-top)
		p.sum += weight
		p.size += weight * size
		for q := first; q < last; q++ {
			p.weights[t*quarters+q] += weight / float64(last-first)
		}
	}
}

func (p *posterior) onset(past []minute) detectors.Onset {
	at := func(q, edge float64) time.Time {
		left, found := q*p.sum, len(p.weights)-1
		for i, w := range p.weights {
			if left -= w; left <= 0 {
				found = i
				break
			}
		}
		part := (float64(found%quarters) + edge) / quarters
		begin := time.Unix(past[found/quarters].end*60-60, 0).UTC()
		return begin.Add(time.Duration(part * float64(time.Minute)))
	}
	return detectors.Onset{At: at(.5, .5), Earliest: at(.05, 0), Latest: at(.95, 1)}
}
