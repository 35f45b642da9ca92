package compare

import (
	"fmt"
	"math"

	"github.com/firebreak-dev/firebreak/detectors"
)

// Counts are events of one side in one step.
type Counts struct{ Bad, Total float64 }

// Stratum is what both sides did under the same circumstances: in the same step and with the same other labels.
type Stratum struct {
	A, B Counts
	// Slice numbers the other labels.
	Slice int
}

const (
	fewestEvents = 50   // of each side before a ratio is judged
	fewBad       = 20   // bad events, below which doubt is no pass
	mostExact    = 2000 // bad events up to which the test is exact
)

// Ratios compares shares of bad events: is that of A worse than that of B, or other where either direction is bad?
func Ratios(strata []Stratum, worse detectors.Direction, sides Sides) Comparison {
	var a, b Counts
	for _, s := range strata {
		a.Bad, a.Total = a.Bad+s.A.Bad, a.Total+s.A.Total
		b.Bad, b.Total = b.Bad+s.B.Bad, b.Total+s.B.Total
	}
	c := Comparison{P: 1, sides: sides, Evidence: []detectors.Evidence{a.evidence(sides.A), b.evidence(sides.B)}}
	if min(a.Total, b.Total) < fewestEvents {
		c.Answer = Inconclusive
		c.Reason = fmt.Sprintf("%s events of %s and %s of %s are too few, %d are needed of each", Number(a.Total), sides.A, Number(b.Total), sides.B, fewestEvents)
		return c
	}
	up, down := conditional(strata, a.Bad+b.Bad)
	phi := dispersion(strata)
	c.P = oneSided(deflate(up, phi), deflate(down, phi), worse)
	c.Evidence = append(c.Evidence, chanceEvidence(c.P, Limit))
	c.decide(worth(a.ratio(), b.ratio()), a.Bad+b.Bad < fewBad)
	return c
}

func (c Counts) ratio() float64 {
	if c.Total == 0 {
		return 0
	}
	return c.Bad / c.Total
}

func (c Counts) evidence(side Side) detectors.Evidence {
	return detectors.Evidence{
		Name: side.name() + "_ratio", Value: c.ratio(), Unit: "ratio",
		Sentence: fmt.Sprintf("%s of %s events bad (%s) in %s", Number(c.Bad), Number(c.Total), Share(c.ratio()), side),
	}
}

// worth tells that a difference is large enough to matter. A B of zero has no relative difference.
func worth(a, b float64) bool {
	return b == 0 || math.Abs(a-b) >= least*math.Abs(b)
}

// conditional gives the chances of as many bad events of A or more, and of as many or fewer, when each event of a
// stratum is as likely to be bad on either side.
func conditional(strata []Stratum, bad float64) (up, down float64) {
	if bad > mostExact {
		z := mantelHaenszel(strata)
		return upper(z), upper(-z)
	}
	seen := 0
	odds := []float64{1} // odds[k] is the chance of k bad events of A so far
	for _, s := range strata {
		k, n := math.Round(s.A.Bad), math.Round(s.A.Total)
		m, total := k+math.Round(s.B.Bad), n+math.Round(s.B.Total)
		if m == 0 || n == 0 || n == total {
			continue // Nothing bad, or one side only: there is nothing to compare.
		}
		seen += int(k)
		odds = convolve(odds, hypergeometric(n, m, total))
	}
	for k, p := range odds {
		if k >= seen {
			up += p
		}
		if k <= seen {
			down += p
		}
	}
	return min(1, up), min(1, down)
}

// hypergeometric are the chances of 0, 1, … of m bad ones among n of total.
func hypergeometric(n, m, total float64) []float64 {
	out := make([]float64, int(min(n, m))+1)
	for k := range out {
		if rest := m - float64(k); rest <= total-n {
			out[k] = math.Exp(choose(n, float64(k)) + choose(total-n, rest) - choose(total, m))
		}
	}
	return out
}

func choose(n, k float64) float64 {
	a, _ := math.Lgamma(n + 1)
	b, _ := math.Lgamma(k + 1)
	c, _ := math.Lgamma(n - k + 1)
	return a - b - c
}

func convolve(a, b []float64) []float64 {
	out := make([]float64, len(a)+len(b)-1)
	for i, x := range a {
		if x == 0 {
			continue
		}
		for j, y := range b {
			out[i+j] += x * y
		}
	}
	return out
}

// mantelHaenszel is the score of the same question for many events, in standard deviations.
func mantelHaenszel(strata []Stratum) float64 {
	var off, variance float64
	for _, s := range strata {
		n, total := s.A.Total, s.A.Total+s.B.Total
		m := s.A.Bad + s.B.Bad
		if total <= 1 || n == 0 || n == total {
			continue
		}
		off += s.A.Bad - n*m/total
		variance += n * (total - n) * m * (total - m) / (total * total * (total - 1))
	}
	if variance == 0 {
		return 0
	}
	return off / math.Sqrt(variance)
}

// dispersion is how much more the steps of a side scatter around its ratio than independent events would, at least 1.
func dispersion(strata []Stratum) float64 {
	type side struct {
		slice int
		a     bool
	}
	sums := map[side]Counts{}
	each := func(f func(side, Counts)) {
		for _, s := range strata {
			f(side{s.Slice, true}, s.A)
			f(side{s.Slice, false}, s.B)
		}
	}
	each(func(k side, c Counts) { sums[k] = Counts{sums[k].Bad + c.Bad, sums[k].Total + c.Total} })
	square, free := 0., -float64(len(sums))
	each(func(k side, c Counts) {
		p := sums[k].ratio()
		if expected := c.Total * p; expected > 0 && p < 1 {
			square += (c.Bad - expected) * (c.Bad - expected) / (expected * (1 - p))
			free++
		}
	})
	if free < 10 {
		return 1
	}
	return max(1, square/free)
}
