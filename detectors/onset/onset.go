// Package onset tells when something began, as a point in time and the interval that holds it with 90 % probability.
//
// The question: given points and the level that was normal before, at which moment did the level change? The method is a
// posterior over the change time: each candidate time is weighed by how likely the points are when the normal level holds
// before it and another one after it. Sudden changes and slow ramps of several lengths, and several sizes of the change, are
// weighed together, because an interval that knows only steps is too sure of itself when a roll-out was slow. The median of the
// posterior is the point; its 5th and 95th percentiles bound the interval.
//
// Counted ratios (Ratio, RatioDown) are judged with their numbers: two of ten is not twenty of a hundred. Values (Value) are
// judged on a logarithmic scale with heavy tails, so that one wild sample moves nothing, and by the number of samples behind
// each where that is known.
//
// Points that wander, as most do, tell less than independent ones. Of a value, what the points before let expect is taken off
// first: a sudden change stands out of what is new in a point even where the level wanders far. Then the likelihood is divided
// by how much more sums over one, ten and thirty points scatter, around the change that explains them best, than those of
// independent points would.
//
// It never decides whether there was a change: it is asked after a detector has fired. It is blind before the first point, to
// several changes in the same stretch (the one that explains the points best wins), and where few events make the honest
// interval wide: then it says a wide interval. A ratio costs a millisecond for 240 points, a value that wanders several, and it
// is asked of what fires only.
//
// Sources: Smith 1975 (the posterior over a change time); Kalman 1960 (what is new in a point); Wedderburn 1974 (likelihoods
// divided by the dispersion).
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

// Ratio finds when the share of bad events went up. Points are oldest first and step apart; each ends at its At. The zero Onset
// means that there is nothing to go by.
func Ratio(points []detectors.Point, step time.Duration, normal Baseline) detectors.Onset {
	points = newest(points)
	if len(points) == 0 || step <= 0 {
		return detectors.Onset{}
	}
	return search(points, step, newRatio(points, normal))
}

// RatioDown finds when the share of bad events went down: of events that are counted because they are good.
func RatioDown(points []detectors.Point, step time.Duration, normal Baseline) detectors.Onset {
	turned := slices.Clone(newest(points))
	for i := range turned {
		turned[i].Bad = turned[i].Total - turned[i].Bad
	}
	return Ratio(turned, step, Baseline{Bad: normal.Total - normal.Bad, Total: normal.Total})
}

// Value finds when a value left its normal level in the given direction. Normal are points of a stretch known to be healthy; a
// third of the points themselves stands in where there are none.
func Value(points []detectors.Point, step time.Duration, worse detectors.Direction, normal []detectors.Point) detectors.Onset {
	points = newest(points)
	if len(points) == 0 || step <= 0 {
		return detectors.Onset{}
	}
	normal = numbers(normal)
	return search(points, step, newValue(points, normal[max(0, len(normal)-4*most):], worse))
}

// newest are the last points that are numbers.
func newest(points []detectors.Point) []detectors.Point {
	points = numbers(points)
	return points[max(0, len(points)-most):]
}

func numbers(points []detectors.Point) []detectors.Point {
	wild := func(p detectors.Point) bool {
		sum := p.Value + p.Bad + p.Total
		return math.IsNaN(sum) || math.IsInf(sum, 0)
	}
	if !slices.ContainsFunc(points, wild) {
		return points
	}
	return slices.DeleteFunc(slices.Clone(points), wild)
}

// quiet is the part of the points that stands in for a baseline: the oldest third.
func quiet(points []detectors.Point) []detectors.Point { return points[:max(1, len(points)/3)] }

// model says how points scatter around a level.
type model interface {
	// expects is what points let expect of the next.
	expects() memory
	// sizes are the changes that are considered, in the model's own unit.
	sizes() []float64
	// gain gives the log-likelihood of a point that is a share of the way to a change's size, less that of a normal one.
	gain(size, share float64) func(i int) float64
	// residual is how many standard deviations a point lies from there.
	residual(i int, size, share float64) float64
	// before are the residuals of normal points that are none of those that are judged.
	before() []float64
}
