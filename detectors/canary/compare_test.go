package canary

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/detectors"
)

// TestMisjudged are arrays that Kayenta's judge lets pass, with the issue that tells of each.
func TestMisjudged(t *testing.T) {
	nan := math.NaN()
	for _, test := range []struct {
		name             string
		canary, baseline []float64
		worse            detectors.Direction
		want             Answer
	}{
		{
			"the spread changes and the level does not (kayenta#780)",
			[]float64{2, 19, 4, 16, 9, 1, 20, 12, 5, 18, 3, 17},
			[]float64{10, 10.5, 9.8, 10.2, 9.9, 10.1, 10, 10.4, 9.7, 10.3, 9.9, 10.1},
			detectors.Either, Fail,
		},
		{
			"seven of ten at 100 against all at 1 (spinnaker#6278)",
			[]float64{100, 100, 100, 100, 100, 100, 100, 1, 1, 1},
			[]float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
			detectors.Either, Fail,
		},
		{
			"sparse errors against none (kayenta#426)",
			[]float64{0, 1, 2, 1, 0, 0},
			[]float64{0, 0, 0, 0, 0, 0},
			detectors.Up, Inconclusive,
		},
		{
			"sparse errors against none, with no direction (kayenta#426)",
			[]float64{0, 1, 2, 1, 0, 0},
			[]float64{0, 0, 0, 0, 0, 0},
			detectors.Either, Inconclusive,
		},
		{
			"sparse errors for longer (kayenta#426)",
			[]float64{0, 1, 2, 1, 0, 0, 0, 1, 2, 1, 0, 0, 0, 1, 2, 1, 0, 0},
			make([]float64, 18),
			detectors.Up, Fail,
		},
		{
			"most samples are not numbers (kayenta#799)",
			[]float64{nan, nan, 3, nan, nan, 2, nan, nan, 4, nan, 1, nan, nan, 2},
			[]float64{1, 2, 1, 2, 1, 3, 1, 2, 1, 2, 1, 1, 2, 1},
			detectors.Up, Inconclusive,
		},
		{
			"rates are mostly zero and the canary's are not (kayenta#674)",
			[]float64{0, .2, .1, .3, 0, .2, .4, .1, .2, .3, 0, .2},
			[]float64{0, 0, 0, .1, 0, 0, 0, 0, 0, 0, 0, 0},
			detectors.Up, Fail,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := CompareValues(test.canary, test.baseline, test.worse)
			if got.Answer != test.want || got.Reason == "" {
				t.Errorf("%s (%s), chance %.4f, want %s", got.Answer, got.Reason, got.P, test.want)
			}
		})
	}
}

func TestCompareValues(t *testing.T) {
	level := func(seed uint64, n int, mean, spread float64) []float64 {
		r := rand.New(rand.NewPCG(seed, 3))
		out := make([]float64, n)
		for i := range out {
			out[i] = mean + spread*r.NormFloat64()
		}
		return out
	}
	for _, test := range []struct {
		name             string
		canary, baseline []float64
		worse            detectors.Direction
		want             Answer
	}{
		{"the same samples pass", level(1, 30, 10, 1), level(1, 30, 10, 1), detectors.Either, Pass},
		{"equal constants pass", []float64{4, 4, 4, 4, 4, 4}, []float64{4, 4, 4, 4, 4, 4}, detectors.Either, Pass},
		{"a higher level fails where up is worse", level(1, 30, 12, 1), level(2, 30, 10, 1), detectors.Up, Fail},
		{"a higher level passes where down is worse", level(1, 30, 12, 1), level(2, 30, 10, 1), detectors.Down, Pass},
		{"a higher level that is too small to matter passes", level(1, 300, 1003, 5), level(2, 300, 1000, 5), detectors.Up, Pass},
		{"four samples are inconclusive", level(1, 4, 90, 1), level(2, 30, 10, 1), detectors.Up, Inconclusive},
		{"a smaller spread is inconclusive", level(1, 40, 10, .1), level(2, 40, 10, 3), detectors.Up, Inconclusive},
		{"nothing is inconclusive", nil, nil, detectors.Up, Inconclusive},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := CompareValues(test.canary, test.baseline, test.worse); got.Answer != test.want {
				t.Errorf("%s (%s), chance %.4f, want %s", got.Answer, got.Reason, got.P, test.want)
			}
		})
	}
}

// TestRanks: numbers that can be checked by hand.
func TestRanks(t *testing.T) {
	high, ones := []float64{100, 100, 100, 100, 100, 100, 100, 1, 1, 1}, []float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}
	// All seven high ones of twenty lie on one side: C(13,3)/C(20,10) of the ways.
	if got, want := mannWhitney(high, ones), 286./184756; math.Abs(got-want) > 1e-9 {
		t.Errorf("the chance is %g, want %g", got, want)
	}
	// Three bad ones of twelve lie on one side of six: C(6,3)/C(12,3).
	if got, want := mannWhitney([]float64{0, 1, 2, 1, 0, 0}, make([]float64, 6)), 20./220; math.Abs(got-want) > 1e-9 {
		t.Errorf("the chance is %g, want %g", got, want)
	}
}

func TestCompareRatios(t *testing.T) {
	for _, test := range []struct {
		name             string
		canary, baseline Counts
		worse            detectors.Direction
		want             Answer
	}{
		{"equal shares pass", Counts{10, 1000}, Counts{100, 10000}, detectors.Up, Pass},
		{"four times the share fails", Counts{40, 1000}, Counts{100, 10000}, detectors.Up, Fail},
		{"four times the share passes where down is worse", Counts{40, 1000}, Counts{100, 10000}, detectors.Down, Pass},
		{"errors against none fail when there are enough", Counts{8, 400}, Counts{0, 400}, detectors.Up, Fail},
		{"a few errors against none are inconclusive", Counts{4, 400}, Counts{0, 400}, detectors.Up, Inconclusive},
		{"no errors at all pass", Counts{0, 400}, Counts{0, 400}, detectors.Up, Pass},
		{"few requests are inconclusive", Counts{5, 20}, Counts{0, 1000}, detectors.Up, Inconclusive},
		{"a difference that is too small to matter passes", Counts{20600, 1e6}, Counts{20000, 1e6}, detectors.Up, Pass},
		{"large counts fail by their score", Counts{3000, 1e5}, Counts{2000, 1e5}, detectors.Up, Fail},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := CompareRatios([]Stratum{{Canary: test.canary, Baseline: test.baseline}}, test.worse); got.Answer != test.want {
				t.Errorf("%s (%s), chance %.4f, want %s", got.Answer, got.Reason, got.P, test.want)
			}
		})
	}
}

// TestSlicesAreMatched is Simpson's paradox: the canary has more of the slice in which all fail often.
func TestSlicesAreMatched(t *testing.T) {
	strata := []Stratum{
		{Slice: 0, Canary: Counts{90, 900}, Baseline: Counts{10, 100}},
		{Slice: 1, Canary: Counts{1, 100}, Baseline: Counts{9, 900}},
	}
	if got := CompareRatios(strata, detectors.Up); got.Answer != Pass {
		t.Errorf("matched slices: %s, chance %.4f", got.Answer, got.P)
	}
	if got := CompareRatios([]Stratum{{Canary: Counts{91, 1000}, Baseline: Counts{19, 1000}}}, detectors.Up); got.Answer != Fail {
		t.Errorf("the same without slices: %s, chance %.4f", got.Answer, got.P)
	}
}

// TestEqualsAreLetPass judges pairs that do not differ.
func TestEqualsAreLetPass(t *testing.T) {
	if testing.Short() {
		t.Skip("few pairs prove nothing, and many take a while")
	}
	const pairs = 1000
	for _, test := range []struct {
		name string
		draw func(r *rand.Rand) float64
		n    int
	}{
		{"normal", func(r *rand.Rand) float64 { return 100 + 10*r.NormFloat64() }, 60},
		{"lognormal, few", func(r *rand.Rand) float64 { return math.Exp(r.NormFloat64()) }, 12},
		{"heavy tails", func(r *rand.Rand) float64 { return math.Tan(math.Pi * (r.Float64() - .5)) }, 40},
		{"mostly zero", func(r *rand.Rand) float64 { return math.Floor(1.2 * r.Float64() * r.Float64() * 2) }, 30},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(31, 32))
			count := map[Answer]int{}
			for range pairs {
				draw := func() []float64 {
					out := make([]float64, test.n)
					for i := range out {
						out[i] = test.draw(r)
					}
					return out
				}
				count[CompareValues(draw(), draw(), detectors.Either).Answer]++
			}
			t.Logf("%d pairs: %v", pairs, count)
			if count[Fail] > pairs*2/100 {
				t.Errorf("%d of %d pairs of equals fail", count[Fail], pairs)
			}
		})
	}
	t.Run("values that wander", func(t *testing.T) {
		r := rand.New(rand.NewPCG(33, 34))
		count := map[Answer]int{}
		for range pairs {
			draw := func() []float64 {
				out, last := make([]float64, 120), r.NormFloat64()
				for i := range out {
					last = .5*last + math.Sqrt(.75)*r.NormFloat64()
					out[i] = 100 + 10*last
				}
				return out
			}
			count[CompareValues(draw(), draw(), detectors.Either).Answer]++
		}
		t.Logf("%d pairs: %v", pairs, count)
		if count[Fail] > pairs*2/100 {
			t.Errorf("%d of %d pairs of equals fail", count[Fail], pairs)
		}
	})
	t.Run("ratios", func(t *testing.T) {
		r := rand.New(rand.NewPCG(35, 36))
		count := map[Answer]int{}
		for range pairs {
			p := math.Exp(-1 - 5*r.Float64())
			strata := make([]Stratum, 30)
			for i := range strata {
				at := p * math.Exp(.3*r.NormFloat64()) // What happens to both is no difference.
				strata[i] = Stratum{Canary: counts(r, 5, at), Baseline: counts(r, 95, at)}
			}
			count[CompareRatios(strata, detectors.Either).Answer]++
		}
		t.Logf("%d pairs: %v", pairs, count)
		if count[Fail] > pairs*2/100 {
			t.Errorf("%d of %d pairs of equals fail", count[Fail], pairs)
		}
	})
}

func counts(r *rand.Rand, n int, p float64) Counts {
	c := Counts{Total: float64(n)}
	for range n {
		if r.Float64() < p {
			c.Bad++
		}
	}
	return c
}

// TestExposure looks after every ten requests, as nobody may: the chance of ever being wrong holds all the same.
func TestExposure(t *testing.T) {
	const runs, requests = 1000, 1000
	for _, test := range []struct {
		name        string
		found       float64
		least, most float64 // share of runs in which it is found within the requests
	}{
		{"as declared", .05, 0, .01},
		{"a twentieth above", .0525, 0, .01},
		{"twice as much", .1, .95, 1},
		{"forty percent instead of five", .4, 1, 1},
		{"nothing", 0, 1, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(41, 42))
			found, needed := 0, 0
			for range runs {
				var seen []Counts
				for range requests / 10 {
					seen = append(seen, counts(r, 10, test.found))
				}
				if Exposure(.05, seen).Answer == Fail {
					found++
					n := 1
					for Exposure(.05, seen[:n]).Answer != Fail {
						n++
					}
					needed += 10 * n
				}
			}
			t.Logf("found in %d of %d runs, after %d requests on average", found, runs, needed/max(1, found))
			if f := float64(found) / runs; f < test.least || f > test.most {
				t.Errorf("found in %g of the runs, want %g to %g", f, test.least, test.most)
			}
		})
	}
	if got := Exposure(.05, nil).Answer; got != Inconclusive {
		t.Errorf("no requests are %s", got)
	}
}

// TestProperties: the scale of a value never matters, nor which side is called which where both directions count, but for the
// spread, which may shrink and not grow.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := rapid.SliceOfN(rapid.Float64Range(-1e3, 1e3), 0, 40)
		a, b := draw.Draw(t, "canary"), draw.Draw(t, "baseline")
		c := CompareValues(a, b, detectors.Either)
		if !(c.P >= 0 && c.P <= 1) || c.Reason == "" {
			t.Fatalf("%+v", c)
		}
		scaled := func(v []float64) []float64 {
			out := make([]float64, len(v))
			for i, x := range v {
				out[i] = 1024 * x
			}
			return out
		}
		if again := CompareValues(scaled(a), scaled(b), detectors.Either); again.Answer != c.Answer || again.P != c.P {
			t.Fatalf("in another unit %s became %s", c.Answer, again.Answer)
		}
		n, k := float64(rapid.IntRange(0, 1000).Draw(t, "n")), rapid.Float64Range(0, 1).Draw(t, "share")
		m, l := float64(rapid.IntRange(0, 1000).Draw(t, "m")), rapid.Float64Range(0, 1).Draw(t, "other share")
		one, other := Counts{math.Floor(k * n), n}, Counts{math.Floor(l * m), m}
		up := CompareRatios([]Stratum{{Canary: one, Baseline: other}}, detectors.Up)
		down := CompareRatios([]Stratum{{Canary: other, Baseline: one}}, detectors.Down)
		if math.Abs(up.P-down.P) > 1e-9 {
			t.Fatalf("turned round, the chance of %g became %g", up.P, down.P)
		}
	})
}
