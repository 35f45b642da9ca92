package shift

import "math"

// shapes measures how far the newest stretch of a series is from the nearest stretch of its past, for one length.
//
// Distances are kept by lag: the distance between the stretch that ends now and the one that ended l samples ago follows from
// that of a sample earlier at the same lag, so nothing is ever shifted and one sample costs one pass over the lags.
type shapes struct {
	length   int
	distance []float64 // squared, by lag - 1
	past     histogram
}

func newShapes(length int) *shapes {
	return &shapes{length: length, distance: make([]float64, history)}
}

// push takes the newest value with those before it, newest last and in two runs (the older first), and returns how far the
// newest stretch is from the nearest one, as a multiple of what is usual; zero while too little is known.
func (s *shapes) push(x float64, older, newer []float64) float64 {
	s.update(x, newer, 0)
	s.update(x, older, len(newer))
	lags := len(older) + len(newer)
	if lags < learning {
		return 0
	}
	nearest := s.nearest(lags)
	novelty := 0.
	if s.past.count >= fewest {
		novelty = times(nearest, s.past.quantile(usual))
	}
	s.past.add(nearest)
	return novelty
}

// update takes the newest value into the distances at the lags above skip.
func (s *shapes) update(x float64, values []float64, skip int) {
	share := 1 / float64(s.length)
	n := len(values)
	distance := s.distance[skip : skip+n]
	for i := range distance {
		e := x - values[n-1-i]
		distance[i] += share * (e*e - distance[i])
	}
}

// nearest looks for the least distance. The nearest lags are left out since a stretch resembles itself, the farthest ones since
// their distances are not complete.
func (s *shapes) nearest(lags int) float64 {
	least := math.Inf(1)
	for _, d := range s.distance[s.length-1 : lags-s.length-1] {
		least = min(least, d)
	}
	return math.Sqrt(least)
}

// times is a over b. Where everything so far repeated itself exactly, anything else is as new as can be.
func times(a, b float64) float64 {
	if a == 0 {
		return 0
	}
	return min(a/b, newest)
}
