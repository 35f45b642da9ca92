package onset

import (
	"math"
	"slices"

	"github.com/firebreak-dev/firebreak/detectors"
)

const (
	freedom     = 8   // of Student's distribution: how heavy the tails of a value are
	finest      = .4  // smallest change that is considered, in spreads; each other one is a quarter larger
	coarsest    = 400 // largest one
	leastSpread = 1e-3
)

// value is a number that is read as it is, with heavy tails around its level.
type value struct {
	fresh   []float64 // what is new in each point, in spreads
	calm    []float64 // what each would cost if nothing had changed
	weights []float64 // how much narrower each scatters than a usual one
	normal  []float64 // what is new in normal points, in spreads
	memory  memory
	signs   []float64
	largest float64 // distance from the normal level, in spreads
}

func newValue(points, normal []detectors.Point, worse detectors.Direction) value {
	v := value{signs: []float64{1, -1}}
	switch worse {
	case detectors.Up:
		v.signs = v.signs[:1]
	case detectors.Down:
		v.signs = v.signs[1:]
	default:
	}
	apart := len(normal) > 0
	if !apart {
		normal = quiet(points)
	}
	log := positive(normal) && positive(points)
	scale := func(p detectors.Point) float64 { return p.Value }
	if log {
		scale = func(p detectors.Point) float64 { return math.Log(p.Value) }
	}
	weight := newWeight(normal, points)
	level := median(each(normal, scale))
	off := func(list []detectors.Point) []float64 {
		return each(list, func(p detectors.Point) float64 { return scale(p) - level })
	}
	was, is := off(normal), off(points)
	calm := each(normal, weight)
	v.weights = each(points, weight)
	v.memory = recall(drawnIn(was, calm))
	v.normal = v.memory.news(was)
	v.fresh = v.memory.news(is)
	spread := spreadOf(v.normal, calm, narrowest(log, level, is))
	for i := range v.normal {
		v.normal[i] *= calm[i] / spread
	}
	v.calm = make([]float64, len(points))
	for i := range v.fresh {
		v.fresh[i] /= spread
		v.calm[i] = tail(v.fresh[i] * v.weights[i])
		v.largest = max(v.largest, math.Abs(is[i])/spread)
	}
	if !apart {
		v.normal = nil // They are among the points, and would count twice.
	}
	return v
}

// each maps points to numbers.
func each(points []detectors.Point, f func(detectors.Point) float64) []float64 {
	out := make([]float64, len(points))
	for i, p := range points {
		out[i] = f(p)
	}
	return out
}

func positive(points []detectors.Point) bool {
	return !slices.ContainsFunc(points, func(p detectors.Point) bool { return p.Value <= 0 })
}

// narrowest is the spread that is taken where normal points hardly scatter: a thousandth of the level, whatever its unit.
func narrowest(log bool, level float64, off []float64) float64 {
	if log {
		return leastSpread
	}
	largest := math.Abs(level)
	for _, x := range off {
		largest = max(largest, math.Abs(x))
	}
	if largest == 0 {
		return 1 // All are zero.
	}
	return leastSpread * largest
}

// newWeight is by the events behind each point, where they are known.
func newWeight(normal, points []detectors.Point) func(detectors.Point) float64 {
	usual := 0.
	for _, list := range [][]detectors.Point{points, normal} {
		usual = 0
		for _, p := range list {
			if p.Total <= 0 {
				return func(detectors.Point) float64 { return 1 }
			}
			usual += p.Total / float64(len(list))
		}
	}
	return func(p detectors.Point) float64 { return math.Sqrt(p.Total / usual) }
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// drawnIn are distances in spreads, wild ones drawn in.
func drawnIn(off, weights []float64) []float64 {
	out := make([]float64, len(off))
	if spread := spreadOf(off, weights, 0); spread > 0 {
		for i, x := range off {
			out[i] = min(clip, max(-clip, x*weights[i]/spread))
		}
	}
	return out
}

func spreadOf(off, weights []float64, least float64) float64 {
	sizes := make([]float64, len(off))
	for i, x := range off {
		sizes[i] = math.Abs(x) * weights[i]
	}
	return max(1.4826*median(sizes), least)
}

func (v value) expects() memory { return v.memory }

func (v value) before() []float64 { return v.normal }

func (v value) sizes() []float64 {
	var out []float64
	for size := finest; size < min(coarsest, max(1.5*v.largest, 2*finest)); size *= 1.25 {
		for _, sign := range v.signs {
			out = append(out, sign*size)
		}
	}
	return out
}

func (v value) gain(size, share float64) func(int) float64 {
	return func(i int) float64 {
		return v.calm[i] - tail((v.fresh[i]-size*share)*v.weights[i])
	}
}

// tail is the negative log-likelihood of Student's distribution, less what is constant.
func tail(r float64) float64 { return (freedom + 1) / 2. * math.Log1p(r*r/freedom) }

func (v value) residual(i int, size, share float64) float64 {
	return (v.fresh[i] - size*share) * v.weights[i]
}
