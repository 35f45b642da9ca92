package onset

import (
	"math"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

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
