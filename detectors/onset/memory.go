package onset

import "math"

// memory is what points let expect of the next: that a distance from normal fades (by the factor keep), and how much of what is
// new in a point is such a distance and not passing noise. The zero value expects nothing.
type memory struct{ keep, learn float64 }

const (
	mostKeep = .97
	telling  = 2. // standard errors that the autocorrelation must be above zero
)

// recall estimates a memory from distances from normal, by their autocorrelation: a level that wanders with passing noise on top
// has one that begins below 1 and then fades by the same factor at each lag.
func recall(off []float64) memory {
	one, two := autocorrelation(off, 1), autocorrelation(off, 2)
	if one < telling/math.Sqrt(float64(len(off))) {
		return memory{}
	}
	keep := min(mostKeep, max(one, two/one))
	lasting := one / keep // part of the variance that is of the level
	noise, drift := max(1e-3, 1-lasting), lasting*(1-keep*keep)
	// What is unknown of the level, before a point is seen: it settles.
	unknown := lasting
	for range 100 {
		unknown = keep*keep*unknown*noise/(unknown+noise) + drift
	}
	return memory{keep: keep, learn: unknown / (unknown + noise)}
}

func autocorrelation(v []float64, lag int) float64 {
	var together, alone float64
	for i, x := range v {
		alone += x * x
		if i >= lag {
			together += x * v[i-lag]
		}
	}
	if alone == 0 {
		return 0
	}
	return together / alone
}

// news is what the points before did not let expect.
func (m memory) news(off []float64) []float64 {
	out := make([]float64, len(off))
	expected := 0.
	for i, x := range off {
		out[i] = x - expected
		expected = m.keep * (expected + m.learn*out[i])
	}
	return out
}
