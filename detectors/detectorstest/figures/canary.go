package figures

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/aclements/go-moremath/stats"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/canary"
)

// Misjudged is a pair of arrays that Kayenta's judge lets pass, or judges otherwise than it should, with the issue that tells of it.
type Misjudged struct {
	Name             string
	Canary, Baseline []float64
	Worse            detectors.Direction
	Want             canary.Answer
	// Bad tells that the canary is bad, so that passing it is a mistake.
	Bad bool
}

// KnownMisjudged lists them.
func KnownMisjudged() []Misjudged {
	nan := math.NaN()
	return []Misjudged{
		{
			"the spread changes and the level does not (kayenta#780)",
			[]float64{2, 19, 4, 16, 9, 1, 20, 12, 5, 18, 3, 17},
			[]float64{10, 10.5, 9.8, 10.2, 9.9, 10.1, 10, 10.4, 9.7, 10.3, 9.9, 10.1},
			detectors.Either, canary.Fail, true,
		},
		{
			"seven of ten at 100 against all at 1 (spinnaker#6278)",
			[]float64{100, 100, 100, 100, 100, 100, 100, 1, 1, 1},
			[]float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
			detectors.Either, canary.Fail, true,
		},
		{
			"sparse errors against none (kayenta#426)",
			[]float64{0, 1, 2, 1, 0, 0},
			[]float64{0, 0, 0, 0, 0, 0},
			detectors.Up, canary.Inconclusive, true,
		},
		{
			"sparse errors against none, with no direction (kayenta#426)",
			[]float64{0, 1, 2, 1, 0, 0},
			[]float64{0, 0, 0, 0, 0, 0},
			detectors.Either, canary.Inconclusive, true,
		},
		{
			"sparse errors for longer (kayenta#426)",
			[]float64{0, 1, 2, 1, 0, 0, 0, 1, 2, 1, 0, 0, 0, 1, 2, 1, 0, 0},
			make([]float64, 18),
			detectors.Up, canary.Fail, true,
		},
		{
			"most samples are not numbers (kayenta#799)",
			[]float64{nan, nan, 3, nan, nan, 2, nan, nan, 4, nan, 1, nan, nan, 2},
			[]float64{1, 2, 1, 2, 1, 3, 1, 2, 1, 2, 1, 1, 2, 1},
			detectors.Up, canary.Inconclusive, false,
		},
		{
			"rates are mostly zero and the canary's are not (kayenta#674)",
			[]float64{0, .2, .1, .3, 0, .2, .4, .1, .2, .3, 0, .2},
			[]float64{0, 0, 0, .1, 0, 0, 0, 0, 0, 0, 0, 0},
			detectors.Up, canary.Fail, true,
		},
	}
}

// kayenta is the judge of the same name with its defaults, as told: gaps are zeros, Mann-Whitney at 98 %, and a shift of the median by
// a quarter of the baseline's; what cannot be tested passes.
func kayenta(a, b []float64, worse detectors.Direction) canary.Answer {
	filled := func(v []float64) []float64 {
		var out []float64
		for _, x := range v {
			if !math.IsNaN(x) {
				out = append(out, x)
			}
		}
		return out
	}
	a, b = filled(a), filled(b)
	if len(a) == 0 || len(b) == 0 {
		return canary.Inconclusive
	}
	if sum(a) == 0 && sum(b) == 0 {
		return canary.Pass
	}
	test, err := stats.MannWhitneyUTest(a, b, stats.LocationDiffers)
	if err != nil || test.P > .02 {
		return canary.Pass
	}
	up := sum(a)/float64(len(a)) > sum(b)/float64(len(b))
	if worse == detectors.Up && !up || worse == detectors.Down && up {
		return canary.Pass
	}
	return canary.Fail
}

func sum(v []float64) float64 {
	total := 0.
	for _, x := range v {
		total += x
	}
	return total
}

// Equals are pairs that do not differ, in one way of being spread.
type Equals struct {
	Name string
	// Judge draws a pair and judges it.
	Judge func(r *rand.Rand) (ours, usual canary.Answer)
}

// EqualsOf lists the ways.
func EqualsOf() []Equals {
	values := func(n int, draw func(r *rand.Rand) float64) func(*rand.Rand) (canary.Answer, canary.Answer) {
		return func(r *rand.Rand) (canary.Answer, canary.Answer) {
			side := func() []float64 {
				out := make([]float64, n)
				for i := range out {
					out[i] = draw(r)
				}
				return out
			}
			return compareBoth(side(), side())
		}
	}
	return []Equals{
		{"normal", values(60, func(r *rand.Rand) float64 { return 100 + 10*r.NormFloat64() })},
		{"lognormal, few", values(12, func(r *rand.Rand) float64 { return math.Exp(r.NormFloat64()) })},
		{"heavy tails", values(40, func(r *rand.Rand) float64 { return math.Tan(math.Pi * (r.Float64() - .5)) })},
		{"mostly zero", values(30, func(r *rand.Rand) float64 { return math.Floor(1.2 * r.Float64() * r.Float64() * 2) })},
		{"values that wander", func(r *rand.Rand) (canary.Answer, canary.Answer) {
			side := func() []float64 {
				out, last := make([]float64, 120), r.NormFloat64()
				for i := range out {
					last = .5*last + math.Sqrt(.75)*r.NormFloat64()
					out[i] = 100 + 10*last
				}
				return out
			}
			return compareBoth(side(), side())
		}},
		{"ratios", func(r *rand.Rand) (canary.Answer, canary.Answer) {
			p := math.Exp(-1 - 5*r.Float64())
			strata := make([]canary.Stratum, 30)
			a, b := make([]float64, len(strata)), make([]float64, len(strata))
			for i := range strata {
				at := p * math.Exp(.3*r.NormFloat64()) // what happens to both is no difference
				strata[i] = canary.Stratum{A: counts(r, 5, at), B: counts(r, 95, at)}
				a[i], b[i] = strata[i].A.Bad/5, strata[i].B.Bad/95
			}
			return canary.CompareRatios(strata, detectors.Either).Answer, kayenta(a, b, detectors.Either)
		}},
	}
}

func compareBoth(a, b []float64) (ours, usual canary.Answer) {
	return canary.CompareValues(a, b, detectors.Either).Answer, kayenta(a, b, detectors.Either)
}

func counts(r *rand.Rand, n int, p float64) canary.Counts {
	c := canary.Counts{Total: float64(n)}
	for range n {
		if r.Float64() < p {
			c.Bad++
		}
	}
	return c
}

// FalseFails judges pairs of equals and gives the share of them that fail, by ours and by the usual judge.
func (e Equals) FalseFails(pairs int) (ours, usual float64, inconclusive int) {
	r := rand.New(rand.NewPCG(31, uint64(len(e.Name))))
	for range pairs {
		a, b := e.Judge(r)
		if a == canary.Fail {
			ours++
		}
		if a == canary.Inconclusive {
			inconclusive++
		}
		if b == canary.Fail {
			usual++
		}
	}
	return ours / float64(pairs), usual / float64(pairs), inconclusive
}

// Exposure looks after every ten requests at a canary of which 5 % are declared, as nobody may: in which share of the runs it is found
// within a thousand requests, and after how many on average.
func Exposure(actual float64, runs int) (found, after float64) {
	const declared, requests, look = .05, 1000, 10
	r := rand.New(rand.NewPCG(41, 42))
	for range runs {
		var seen []canary.Counts
		done := false
		for n := look; n <= requests; n += look {
			seen = append(seen, counts(r, look, actual))
			if !done && canary.Exposure(declared, seen).Answer == canary.Fail {
				done = true
				found++
				after += float64(n)
			}
		}
	}
	return found / float64(runs), after / max(1, found)
}

func canaryFigures(pairs int) ([]Figure, error) {
	let, letUsual, asWanted := 0., 0., 0
	known := KnownMisjudged()
	for _, m := range known {
		if answer := canary.CompareValues(m.Canary, m.Baseline, m.Worse).Answer; answer == m.Want {
			asWanted++
		} else if m.Bad && answer == canary.Pass {
			let++
		}
		if m.Bad && kayenta(m.Canary, m.Baseline, m.Worse) == canary.Pass {
			letUsual++
		}
	}
	figures := []Figure{{
		What: "known bad canaries that pass", Unit: "arrays", Got: let, Bar: atMost(0), Better: atMost(0),
		Baselines: []Baseline{{"Kayenta's rule, own", letUsual, false}, {"Kayenta", 3, true}},
		Detail:    fmt.Sprintf("%d of %d arrays are answered as they should be", asWanted, len(known)),
	}}
	for _, e := range EqualsOf() {
		ours, usual, inconclusive := e.FalseFails(pairs)
		figures = append(figures, Figure{
			What: "pairs of equals that fail: " + e.Name, Unit: "%", Got: 100 * ours, Bar: atMost(2), Better: atMost(2),
			Baselines: []Baseline{{"Kayenta's rule, own", 100 * usual, false}},
			Detail:    fmt.Sprintf("%d pairs, %d inconclusive", pairs, inconclusive),
		})
	}
	twice, after := Exposure(.1, pairs)
	none, _ := Exposure(.05, pairs)
	many, afterMany := Exposure(.4, pairs)
	return label("canary", "", append(figures,
		Figure{What: "twice the declared 5 %, found within 1,000 requests", Unit: "% of runs", Got: 100 * twice, Bar: atLeast(95), Better: atLeast(99), Detail: fmt.Sprintf("after %.0f requests on average", after)},
		Figure{What: "40 % instead of 5 %, found within 1,000 requests", Unit: "% of runs", Got: 100 * many, Bar: atLeast(100), Better: atLeast(100), Detail: fmt.Sprintf("after %.0f requests on average", afterMany)},
		Figure{What: "as declared, and told to be otherwise", Unit: "% of runs", Got: 100 * none, Bar: atMost(1), Better: atMost(1)},
	)), nil
}
