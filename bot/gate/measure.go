package gate

import (
	"math"
	"time"
)

// Measure is one number that an evaluation gives.
type Measure struct {
	// Name is the evaluation's own, as "accuracy" or "arc_easy/acc".
	Name string `json:"name"`
	// Value is the share (0 to 1) or the mean.
	Value float64 `json:"value"`
	// Samples is how many samples it is made of, zero where nobody says.
	Samples float64 `json:"samples,omitempty"`
	// Share tells that Value is a share of Samples.
	Share bool `json:"share,omitempty"`
	// Error is the standard error of a mean, zero where nobody says.
	Error float64 `json:"error,omitempty"`
}

// Results are the measures of one evaluation.
type Results struct {
	// At is when it ended, zero where nobody says.
	At       time.Time `json:"at,omitzero"`
	Measures []Measure `json:"measures"`
}

// Find looks a measure up by its name.
func (r Results) Find(name string) (Measure, bool) {
	for _, m := range r.Measures {
		if m.Name == name {
			return m, true
		}
	}
	return Measure{}, false
}

// z90 is half the width of the two-sided 90 % interval of a normal distribution; one-sided it is 1 in 20.
const z90 = 1.6449

// interval holds the true value with 90 % probability; ok is false where the number of samples is not known.
func (m Measure) interval() (low, high float64, ok bool) {
	switch {
	case m.Share && m.Samples > 0:
		low, high = wilson(m.Value, m.Samples)
		return low, high, true
	case m.Error > 0:
		return m.Value - z90*m.Error, m.Value + z90*m.Error, true
	default:
		return m.Value, m.Value, false
	}
}

// wilson is the score interval of a share.
func wilson(p, n float64) (low, high float64) {
	z2 := z90 * z90
	middle := (p + z2/(2*n)) / (1 + z2/n)
	half := z90 / (1 + z2/n) * math.Sqrt(p*(1-p)/n+z2/(4*n*n))
	return max(0, middle-half), min(1, middle+half)
}

// difference is what m is above b, with its 90 % interval; ok is false where it is not known how sure it is.
func difference(m, b Measure) (d, low, high float64, ok bool) {
	d = m.Value - b.Value
	ml, mh, known := m.interval()
	bl, bh, alsoKnown := b.interval()
	if !known || !alsoKnown {
		return d, d, d, false
	}
	// Newcombe's method 10: the squares of the two half-widths add up; for means it is the usual interval.
	low = d - math.Hypot(m.Value-ml, bh-b.Value)
	high = d + math.Hypot(mh-m.Value, b.Value-bl)
	return d, low, high, true
}
