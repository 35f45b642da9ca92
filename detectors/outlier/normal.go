package outlier

import (
	"math"
	"slices"

	"github.com/firebreak-dev/firebreak/detectors"
)

const (
	baseline = 45 // normal samples that are kept
	fewest   = 10 // of them before anything is judged
	aside    = 5. // spreads beyond which a sample is set aside
	renew    = 8  // set aside in a row that become the new normal
	leastLog = .2 // spread, at least, on the logarithmic scale
)

// normal is the normal range of one series as it goes by, on the logarithmic scale.
type normal struct {
	order  []float64 // oldest first
	sorted []float64
	held   []float64 // the newest normal sample: not yet trusted
	out    []float64 // set aside in a row
}

// score tells how many spreads above the median a sample is (below: negative), and then takes it in. It is 0 while too few
// samples are known.
func (n *normal) score(y float64) float64 {
	z := 0.
	if len(n.order) >= fewest {
		z = n.spreads(y)
	}
	if math.Abs(z) > aside {
		n.out = append(n.out, y)
		if len(n.out) == renew {
			n.order, n.out = n.out, nil
			n.sorted = slices.Sorted(slices.Values(n.order))
			n.held = n.held[:0]
		}
		return z
	}
	n.out = n.out[:0]
	if len(n.held) > 0 {
		n.take(n.held[0])
	}
	n.held = append(n.held[:0], y)
	return z
}

func (n *normal) take(y float64) {
	n.order = append(n.order, y)
	n.sorted = insert(n.sorted, y)
	if len(n.order) > baseline {
		i, _ := slices.BinarySearch(n.sorted, n.order[0])
		n.sorted = slices.Delete(n.sorted, i, i+1)
		n.order = n.order[1:]
	}
}

func insert(sorted []float64, y float64) []float64 {
	i, _ := slices.BinarySearch(sorted, y)
	return slices.Insert(sorted, i, y)
}

// decile is where a tenth of a normal distribution lies beyond, in standard deviations; madScale turns a median absolute
// deviation into one.
const (
	decile   = 1.2816
	madScale = 1.4826
)

func (n *normal) spreads(y float64) float64 {
	median := quantile(n.sorted, .5)
	tail := quantile(n.sorted, .9) - median
	if y < median {
		tail = median - quantile(n.sorted, .1)
	}
	spread := max(madScale*deviation(n.sorted, median), tail/decile, leastLog)
	// A spread that was estimated from few samples is wider than it looks.
	spread *= 1 + 4/float64(len(n.sorted))
	return (y - median) / spread
}

func quantile(sorted []float64, q float64) float64 {
	place := q * float64(len(sorted)-1)
	i := int(place)
	next := min(i+1, len(sorted)-1)
	return sorted[i] + (place-float64(i))*(sorted[next]-sorted[i])
}

// deviation is the median absolute deviation of sorted values: from the middle outwards, half of them are passed.
func deviation(sorted []float64, median float64) float64 {
	high, _ := slices.BinarySearch(sorted, median)
	low := high - 1
	last := 0.
	for range len(sorted)/2 + 1 {
		if high == len(sorted) || (low >= 0 && median-sorted[low] < sorted[high]-median) {
			last = median - sorted[low]
			low--
			continue
		}
		last = sorted[high] - median
		high++
	}
	return last
}

// scale maps values to a logarithm that has a zero and two sides. Below a hundredth of what is usual it is linear, so that
// zeros and near-zeros are alike.
type scale struct{ unit float64 }

func newScale(points []detectors.Point) scale {
	var sizes []float64
	for _, p := range points {
		if v := math.Abs(p.Value); v > 0 && !math.IsInf(v, 0) {
			sizes = append(sizes, v)
		}
	}
	if len(sizes) == 0 {
		return scale{unit: 1}
	}
	slices.Sort(sizes)
	return scale{unit: sizes[len(sizes)/2] / 100}
}

func (s scale) to(v float64) float64 { return math.Copysign(math.Log1p(math.Abs(v)/s.unit), v) }

func (s scale) from(y float64) float64 { return math.Copysign(s.unit*math.Expm1(math.Abs(y)), y) }
