package onset

import (
	"math"

	"github.com/firebreak-dev/firebreak/detectors"
)

// oddsSizes are the changes of a ratio that are considered, as log-odds of a bad event.
var oddsSizes = [...]float64{.25, .4, .55, .75, 1, 1.4, 1.9, 2.6, 3.5, 4.6, 6, 8, 10, 12}

// ratio is a share of bad events, binomial around its level.
type ratio struct {
	points []detectors.Point
	p      float64
}

// newRatio takes the normal level, held away from zero and one by a little prior.
func newRatio(points []detectors.Point, normal Baseline) ratio {
	if normal.Total <= 0 {
		for _, p := range quiet(points) {
			normal.Bad += p.Bad
			normal.Total += p.Total
		}
	}
	// The prior is half a bad event in fifty: few events leave the level near 1 %, many overrule it. Below one in a thousand
	// the level says nothing about when it rose.
	return ratio{points: points, p: min(.999, max(.001, (normal.Bad+.5)/(normal.Total+50)))}
}

// expects is nothing: of few events, the points before tell next to nothing, and many speak for themselves.
func (r ratio) expects() memory { return memory{} }

func (r ratio) before() []float64 { return nil }

func (r ratio) sizes() []float64 { return oddsSizes[:] }

// after is the share of bad events when a share of all events is affected by a change of the given size.
func (r ratio) after(size, share float64) float64 {
	affected := 1 / (1 + (1-r.p)/r.p*math.Exp(-size))
	return r.p + share*(affected-r.p)
}

func (r ratio) gain(size, share float64) func(int) float64 {
	p := r.after(size, share)
	bad, good := math.Log(p/r.p), math.Log((1-p)/(1-r.p))
	return func(i int) float64 {
		q := &r.points[i]
		return q.Bad*bad + (q.Total-q.Bad)*good
	}
}

func (r ratio) residual(i int, size, share float64) float64 {
	q := r.points[i]
	if q.Total <= 0 {
		return 0
	}
	p := r.after(size, share)
	return (q.Bad - q.Total*p) / math.Sqrt(q.Total*p*(1-p))
}
