package changepoint

import (
	"math"
	"slices"
)

// reach is how far a sample may lie from the median before it is drawn in, in distances of the quartile on its side: the two
// sides of a skewed series have spreads of their own.
const reach = 4

// prepare fills gaps, standardises and draws extremes in. What it is given stays as it is.
func prepare(values []float64) []float64 {
	v := standardise(fill(values))
	low, middle, high := quartiles(v)
	if low == high {
		return v // Most samples are equal: the few others are all that there is to see.
	}
	for i := range v {
		v[i] = min(max(v[i], middle-reach*(middle-low)), middle+reach*(high-middle))
	}
	return standardise(v)
}

// fill copies values; what is not finite repeats what was before, at the beginning what comes after.
func fill(values []float64) []float64 {
	finite := func(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
	last := 0.
	if i := slices.IndexFunc(values, finite); i >= 0 {
		last = values[i]
	}
	out := make([]float64, len(values))
	for i, v := range values {
		if finite(v) {
			last = v
		}
		out[i] = last
	}
	return out
}

// standardise gives values a mean of 0 and a spread of 1, in place; equal ones become 0. Dividing by the largest first keeps
// squares of huge ones finite.
func standardise(v []float64) []float64 {
	largest := 0.
	for _, x := range v {
		largest = max(largest, math.Abs(x))
	}
	if largest == 0 {
		return v
	}
	mean, square := 0., 0.
	for i := range v {
		v[i] /= largest
		mean += v[i]
	}
	mean /= float64(len(v))
	for i := range v {
		v[i] -= mean
		square += v[i] * v[i]
	}
	spread := math.Sqrt(square / float64(len(v)))
	for i := range v {
		if spread < 1e-12 {
			v[i] = 0 // Rounding is all that differs.
			continue
		}
		v[i] /= spread
	}
	return v
}

func quartiles(v []float64) (low, middle, high float64) {
	sorted := slices.Sorted(slices.Values(v))
	at := func(q float64) float64 {
		place := q * float64(len(sorted)-1)
		i := int(place)
		next := min(i+1, len(sorted)-1)
		return sorted[i] + (place-float64(i))*(sorted[next]-sorted[i])
	}
	return at(.25), at(.5), at(.75)
}
