package canary

import (
	"fmt"
	"math"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/compare"
)

// tolerance is how far off, as a factor, an exposure may be without anybody being told.
const tolerance = 1.1

// factors are the true exposures that are looked for, as multiples of the odds of the declared one, with their weights. Twice
// and half have most: what is farther off shows soon, whatever its weight.
var factors = []struct{ odds, weight float64 }{{.1, .1}, {.5, .35}, {2, .35}, {5, .1}, {20, .1}}

// Exposure compares the canary's share of the requests with the declared one. Counts are those of steps in order, Bad the
// canary's requests and Total all.
func Exposure(declared float64, counts []Counts) Comparison {
	var k, n, most float64
	for _, c := range counts {
		k += c.Bad
		n += c.Total
		most = max(most, evidence(declared, k, n))
	}
	c := Comparison{Answer: Pass, P: math.Min(1, math.Exp(-most))}
	if n == 0 {
		c.Answer, c.Reason = Inconclusive, "no requests were seen"
		return c
	}
	found := k / n
	c.Reason = fmt.Sprintf("%s of %s requests went to the canary (%s), declared %s", compare.Number(k), compare.Number(n), compare.Share(found), compare.Share(declared))
	if c.P < limit {
		c.Answer = Fail
	}
	c.Evidence = []detectors.Evidence{
		{Name: "exposure", Sentence: c.Reason, Value: found, Limit: declared, Unit: "ratio"},
		{
			Name: "exposure_chance", Value: c.P, Limit: limit,
			Sentence: fmt.Sprintf("the chance of ever looking so far off when declared and found agree to a tenth is %s, limit %s", compare.Chance(c.P), compare.Share(limit)),
		},
	}
	return c
}

// evidence is the logarithm of the mixture of likelihoods over the largest one within the tolerance.
func evidence(declared, k, n float64) float64 {
	if n == 0 {
		return 0
	}
	low, high := declared/tolerance, min(1-(1-declared)/tolerance, declared*tolerance)
	nearest := likelihood(min(high, max(low, k/n)), k, n)
	top, sum := math.Inf(-1), 0.
	logs := make([]float64, len(factors))
	for i, f := range factors {
		odds := f.odds * declared / (1 - declared)
		logs[i] = math.Log(f.weight) + likelihood(odds/(1+odds), k, n)
		top = max(top, logs[i])
	}
	for _, l := range logs {
		sum += math.Exp(l - top)
	}
	return top + math.Log(sum) - nearest
}

func likelihood(p, k, n float64) float64 { return k*math.Log(p) + (n-k)*math.Log1p(-p) }
