package compare

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/detectors"
)

var sides = Sides{"the canary", "the baseline"}

func TestValues(t *testing.T) {
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
			if got := Values(test.canary, test.baseline, test.worse, sides); got.Answer != test.want {
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

func TestRatios(t *testing.T) {
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
			if got := Ratios([]Stratum{{A: test.canary, B: test.baseline}}, test.worse, sides); got.Answer != test.want {
				t.Errorf("%s (%s), chance %.4f, want %s", got.Answer, got.Reason, got.P, test.want)
			}
		})
	}
}

// TestSlicesAreMatched is Simpson's paradox: the canary has more of the slice in which all fail often.
func TestSlicesAreMatched(t *testing.T) {
	strata := []Stratum{
		{Slice: 0, A: Counts{90, 900}, B: Counts{10, 100}},
		{Slice: 1, A: Counts{1, 100}, B: Counts{9, 900}},
	}
	if got := Ratios(strata, detectors.Up, sides); got.Answer != Pass {
		t.Errorf("matched slices: %s, chance %.4f", got.Answer, got.P)
	}
	if got := Ratios([]Stratum{{A: Counts{91, 1000}, B: Counts{19, 1000}}}, detectors.Up, sides); got.Answer != Fail {
		t.Errorf("the same without slices: %s, chance %.4f", got.Answer, got.P)
	}
}

// TestProperties: the scale of a value never matters, nor which side is called which where both directions count, but for the
// spread, which may shrink and not grow.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := rapid.SliceOfN(rapid.Float64Range(-1e3, 1e3), 0, 40)
		a, b := draw.Draw(t, "canary"), draw.Draw(t, "baseline")
		c := Values(a, b, detectors.Either, sides)
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
		if again := Values(scaled(a), scaled(b), detectors.Either, sides); again.Answer != c.Answer || again.P != c.P {
			t.Fatalf("in another unit %s became %s", c.Answer, again.Answer)
		}
		n, k := float64(rapid.IntRange(0, 1000).Draw(t, "n")), rapid.Float64Range(0, 1).Draw(t, "share")
		m, l := float64(rapid.IntRange(0, 1000).Draw(t, "m")), rapid.Float64Range(0, 1).Draw(t, "other share")
		one, other := Counts{math.Floor(k * n), n}, Counts{math.Floor(l * m), m}
		up := Ratios([]Stratum{{A: one, B: other}}, detectors.Up, sides)
		down := Ratios([]Stratum{{A: other, B: one}}, detectors.Down, sides)
		if math.Abs(up.P-down.P) > 1e-9 {
			t.Fatalf("turned round, the chance of %g became %g", up.P, down.P)
		}
	})
}
