package canary

import (
	"fmt"
	"math"

	"github.com/firebreak-dev/firebreak/detectors"
)

// Counts are events of one side in one step.
type Counts struct{ Bad, Total float64 }

// Stratum is what both sides did under the same circumstances: in the same step and with the same other labels.
type Stratum struct {
	Canary, Baseline Counts
	// Slice numbers the other labels.
	Slice int
}

const (
	fewestEvents = 50   // of each side before a ratio is judged
	fewBad       = 20   // bad events, below which doubt is no pass
	mostExact    = 2000 // bad events up to which the test is exact
)

// CompareRatios compares shares of bad events.
func CompareRatios(strata []Stratum, worse detectors.Direction) Comparison {
	var canary, baseline Counts
	for _, s := range strata {
		canary.Bad, canary.Total = canary.Bad+s.Canary.Bad, canary.Total+s.Canary.Total
		baseline.Bad, baseline.Total = baseline.Bad+s.Baseline.Bad, baseline.Total+s.Baseline.Total
	}
	c := Comparison{P: 1, Evidence: []detectors.Evidence{canary.evidence("canary"), baseline.evidence("baseline")}}
	if min(canary.Total, baseline.Total) < fewestEvents {
		c.Answer = Inconclusive
		c.Reason = fmt.Sprintf("%s events of the canary and %s of the baseline are too few, %d are needed of each", number(canary.Total), number(baseline.Total), fewestEvents)
		return c
	}
	up, down := conditional(strata, canary.Bad+baseline.Bad)
	phi := dispersion(strata)
	c.P = oneSided(deflate(up, phi), deflate(down, phi), worse)
	c.Evidence = append(c.Evidence, chanceEvidence(c.P, limit))
	c.decide(worth(canary.ratio(), baseline.ratio()), canary.Bad+baseline.Bad < fewBad)
	return c
}

func (c Counts) ratio() float64 {
	if c.Total == 0 {
		return 0
	}
	return c.Bad / c.Total
}

func (c Counts) evidence(side string) detectors.Evidence {
	return detectors.Evidence{
		Name: side + "_ratio", Value: c.ratio(), Unit: "ratio",
		Sentence: fmt.Sprintf("%s of %s events bad (%s) in the %s", number(c.Bad), number(c.Total), share(c.ratio()), side),
	}
}

// worth tells that a difference is large enough to matter. A baseline of zero has no relative difference.
func worth(canary, baseline float64) bool {
	return baseline == 0 || math.Abs(canary-baseline) >= least*math.Abs(baseline)
}

// conditional gives the chances of as many bad events of the canary or more, and of as many or fewer, when each event of a
// stratum is as likely to be bad on either side.
func conditional(strata []Stratum, bad float64) (up, down float64) {
	if bad > mostExact {
		z := mantelHaenszel(strata)
		return upper(z), upper(-z)
	}
	seen := 0
	odds := []float64{1} // odds[k] is the chance of k bad events of the canary so far
	for _, s := range strata {
		k, n := math.Round(s.Canary.Bad), math.Round(s.Canary.Total)
		m, total := k+math.Round(s.Baseline.Bad), n+math.Round(s.Baseline.Total)
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
		n, total := s.Canary.Total, s.Canary.Total+s.Baseline.Total
		m := s.Canary.Bad + s.Baseline.Bad
		if total <= 1 || n == 0 || n == total {
			continue
		}
		off += s.Canary.Bad - n*m/total
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
		slice  int
		canary bool
	}
	sums := map[side]Counts{}
	each := func(f func(side, Counts)) {
		for _, s := range strata {
			f(side{s.Slice, true}, s.Canary)
			f(side{s.Slice, false}, s.Baseline)
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
