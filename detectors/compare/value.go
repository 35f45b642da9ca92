package compare

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/aclements/go-moremath/stats"

	"github.com/firebreak-dev/firebreak/detectors"
)

const (
	fewestSamples = 5    // of each side before a value is judged
	fewSamples    = 20   // of each side, below which doubt is no pass
	widening      = 1.25 // of the spread that is worth a failure
)

// Values compares samples of a value, each side's in order of time. NaN and infinities are no samples.
func Values(a, b []float64, worse detectors.Direction, sides Sides) Comparison {
	was := len(a)
	a, b = finite(a), finite(b)
	c := Comparison{P: 1, sides: sides, Evidence: []detectors.Evidence{middle(a, sides.A), middle(b, sides.B)}}
	few := min(len(a), len(b))
	switch {
	case few < fewestSamples:
		c.Answer = Inconclusive
		c.Reason = fmt.Sprintf("%d samples of %s and %d of %s are too few, %d are needed of each", len(a), sides.A, len(b), sides.B, fewestSamples)
		return c
	case 2*len(a) < was:
		c.Answer, c.Reason = Inconclusive, fmt.Sprintf("%d of %d samples of %s are not numbers", was-len(a), was, sides.A)
		return c
	}
	level := c
	// Two tests share what a signal may be wrong: each gets half, which is to say that each chance counts twice.
	level.P = min(1, 2*rankTest(a, b, worse))
	level.Evidence = append(level.Evidence, chanceEvidence(level.P, Limit))
	level.decide(worth(median(b)+hodgesLehmann(a, b), median(b)), few < fewSamples)
	if sparse := oneSidedRank(a, b, worse); level.Answer == Pass && few < fewSamples && zero(b) && sparse < doubt {
		level.Answer, level.P = Inconclusive, sparse
		level.Reason = fmt.Sprintf("%s has only zeros and %s has not, and so few samples cannot tell whether it is chance", sides.B, sides.A)
	}
	if level.Answer == Fail {
		return level
	}
	if spread := compareSpread(c, a, b, few < fewSamples); spread.Answer == Fail || level.Answer == Pass {
		return spread
	}
	return level
}

// compareSpread asks whether one side scatters more, whatever its level.
func compareSpread(c Comparison, ours, theirs []float64, few bool) Comparison {
	a, b := distances(ours), distances(theirs)
	wider, narrower := rankTest(a, b, detectors.Up), rankTest(a, b, detectors.Down)
	c.P = min(1, 2*wider)
	c.Evidence = append(c.Evidence, chanceEvidence(c.P, Limit))
	large := mean(a) >= widening*mean(b)
	c.decide(large, few && !zero(b))
	switch {
	case c.Answer == Fail:
		c.Reason = fmt.Sprintf("%s scatters more: %s from its median on average, %s %s", c.sides.A, digits(mean(a)), c.sides.B, digits(mean(b)))
	case c.Answer == Pass && 2*narrower < Limit && mean(b) >= widening*mean(a):
		c.Answer, c.P = Inconclusive, 2*narrower
		c.Reason = fmt.Sprintf("%s scatters less: %s from its median on average, %s %s", c.sides.A, digits(mean(a)), c.sides.B, digits(mean(b)))
	}
	return c
}

// rankTest is the chance of the ranks in the direction that counts, deflated where samples depend on those before.
func rankTest(a, b []float64, worse detectors.Direction) float64 {
	up, down := mannWhitney(a, b), mannWhitney(b, a)
	phi := 1.
	if rho := (dependence(a) + dependence(b)) / 2; rho > 0 {
		phi = (1 + rho) / (1 - rho)
	}
	return oneSided(deflate(up, phi), deflate(down, phi), worse)
}

// oneSidedRank is the chance of the ranks without a second test, in the direction that counts or the one that is seen.
func oneSidedRank(a, b []float64, worse detectors.Direction) float64 {
	if worse == detectors.Down {
		return mannWhitney(b, a)
	}
	return mannWhitney(a, b)
}

// mannWhitney is the chance that samples of the first kind rank as high as they do, or higher.
func mannWhitney(higher, lower []float64) float64 {
	// The other way round and for less: of ties, the library's test for greater takes a step too many.
	result, err := stats.MannWhitneyUTest(lower, higher, stats.LocationLess)
	if errors.Is(err, stats.ErrSamplesEqual) || err != nil {
		return 1
	}
	return min(1, max(0, result.P))
}

// dependence is the lag-1 autocorrelation of samples around their median, where there are enough to tell it from chance.
func dependence(v []float64) float64 {
	n := float64(len(v))
	if n < fewSamples {
		return 0
	}
	m, together, alone, before := median(v), 0., 0., 0.
	for _, x := range v {
		together += (x - m) * before
		alone += (x - m) * (x - m)
		before = x - m
	}
	if alone == 0 || together/alone < 1/math.Sqrt(n) {
		return 0
	}
	return min(.9, together/alone)
}

// hodgesLehmann is by how much A is higher: the median of all differences.
func hodgesLehmann(a, b []float64) float64 {
	out := make([]float64, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			out = append(out, x-y)
		}
	}
	return median(out)
}

// distances are those from a sample in the middle: halfway between a 0 and a 1, all of a count would be off by a half.
func distances(v []float64) []float64 {
	m := slices.Sorted(slices.Values(v))[(len(v)-1)/2]
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = math.Abs(x - m)
	}
	return out
}

func finite(v []float64) []float64 {
	return slices.DeleteFunc(slices.Clone(v), func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) })
}

func zero(v []float64) bool { return !slices.ContainsFunc(v, func(x float64) bool { return x != 0 }) }

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(v))
	n := len(sorted)
	return sorted[(n-1)/2]/2 + sorted[n/2]/2
}

func mean(v []float64) float64 {
	sum := 0.
	for _, x := range v {
		sum += x / float64(len(v))
	}
	return sum
}

func middle(v []float64, side Side) detectors.Evidence {
	return detectors.Evidence{
		Name: side.name() + "_median", Value: median(v),
		Sentence: fmt.Sprintf("the median of %d samples of %s is %s", len(v), side, digits(median(v))),
	}
}

func digits(v float64) string { return fmt.Sprintf("%.3g", v) }
