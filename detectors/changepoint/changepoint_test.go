package changepoint

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// noise is normal noise with an autocorrelation, of spread 1.
func noise(seed uint64, n int, rho float64) []float64 {
	r := rand.New(rand.NewPCG(seed, 9))
	out := make([]float64, n)
	last := r.NormFloat64()
	for i := range out {
		last = rho*last + math.Sqrt(1-rho*rho)*r.NormFloat64()
		out[i] = last
	}
	return out
}

// with adds to each sample what f says.
func with(v []float64, f func(i int) float64) []float64 {
	for i := range v {
		v[i] += f(i)
	}
	return v
}

func step(at int, size float64) func(i int) float64 {
	return func(i int) float64 {
		if i >= at {
			return size
		}
		return 0
	}
}

func TestFind(t *testing.T) {
	for _, test := range []struct {
		name   string
		values []float64
		want   []int
	}{
		{"noise has no change", noise(1, 300, 0), nil},
		{"autocorrelated noise has no change", noise(2, 300, .8), nil},
		{"a trend is one course", with(noise(3, 300, 0), func(i int) float64 { return float64(i) / 20 }), nil},
		{"a step is one change", with(noise(4, 300, 0), step(120, 4)), []int{120}},
		{"a step in autocorrelated noise is one change", with(noise(5, 300, .6), step(150, 6)), []int{150}},
		{"a step up and down is two", with(with(noise(6, 300, 0), step(100, 4)), step(200, -4)), []int{100, 200}},
		{"a trend that turns is one", with(noise(7, 300, 0), func(i int) float64 { return math.Abs(float64(i)-150) / 5 }), []int{150}},
		{"one spike is no change", with(noise(8, 300, 0), func(i int) float64 { return step(150, 500)(i) - step(151, 500)(i) }), nil},
		{"a constant has no change", make([]float64, 100), nil},
		{"a rare constant that moves is a change", with(make([]float64, 100), step(50, 1e-9)), []int{50}},
		{"gaps repeat what was before", with(noise(9, 300, 0), func(i int) float64 { return step(120, 6)(i) + gap(i%50 == 7) }), []int{120}},
		{"gaps alone have no change", with(make([]float64, 100), func(int) float64 { return math.NaN() }), nil},
		{"two parts of a few samples cannot be told apart", []float64{1, 1, 1, 9, 9, 9}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Find(test.values)
			if len(got) != len(test.want) {
				t.Fatalf("found %v, want %v", got, test.want)
			}
			for i := range got {
				if d := got[i] - test.want[i]; d < -3 || d > 3 {
					t.Errorf("found %v, want %v", got, test.want)
				}
			}
		})
	}
}

func gap(is bool) float64 {
	if is {
		return math.NaN()
	}
	return 0
}

func TestSeveralSeriesAreSplitTogether(t *testing.T) {
	a, b := with(noise(11, 200, 0), step(100, 2)), with(noise(12, 200, 0), step(100, -2))
	got := Find(a, b)
	if len(got) != 1 || got[0] < 97 || got[0] > 103 {
		t.Errorf("found %v, want one change near 100", got)
	}
	if Find() != nil || Find(nil) != nil {
		t.Error("nothing has a change")
	}
}

// TestFalseAlarms counts changes in noise that has none.
func TestFalseAlarms(t *testing.T) {
	for _, test := range []struct {
		rho  float64
		most int
	}{{0, 4}, {.5, 10}, {.7, 30}, {.9, 100}} {
		found := 0
		for seed := range uint64(200) {
			found += len(Find(noise(1000+seed, 400, test.rho)))
		}
		t.Logf("autocorrelation %.1f: %d changes found in 200 series of noise", test.rho, found)
		if found > test.most {
			t.Errorf("%d changes in 200 series without any", found)
		}
	}
}

// TestProperties: parts are long enough and in order, and neither the scale of the values nor their order in time matters.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 1, 200).Draw(t, "values")
		before := slices.Clone(values)
		found := Find(values)
		if !slices.Equal(before, values) {
			t.Fatal("the values were changed")
		}
		last := 0
		for _, at := range append(slices.Clone(found), len(values)) {
			if at-last < shortest && len(found) > 0 {
				t.Fatalf("%v has a part below %d samples", found, shortest)
			}
			last = at
		}
		for i := range values {
			values[i] *= -1024
		}
		if again := Find(values); !slices.Equal(found, again) {
			t.Fatalf("upside down and larger, %v became %v", found, again)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	values := with(noise(4, 1440, .5), step(700, 4))
	b.ReportAllocs()
	for b.Loop() {
		Find(values)
	}
}
