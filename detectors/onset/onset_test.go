package onset

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/detectors"
)

var t0 = time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)

const step = time.Minute

// draw makes points at a share of bad events that changes from before to after at began, over ramp points.
func draw(r *rand.Rand, n int, rate, before, after float64, began time.Time, ramp int) []detectors.Point {
	points := make([]detectors.Point, n)
	for i := range points {
		end := t0.Add(time.Duration(i+1) * step)
		p := detectors.Point{At: end, Total: poisson(r, rate)}
		for range int(p.Total) {
			at := end.Add(-time.Duration(r.Float64() * float64(step)))
			share := before
			if at.After(began) {
				share = after
				if done := float64(at.Sub(began)) / float64(step) / float64(max(ramp, 1)); ramp > 0 && done < 1 {
					share = before + (after-before)*done
				}
			}
			if r.Float64() < share {
				p.Bad++
			}
		}
		points[i] = p
	}
	return points
}

func poisson(r *rand.Rand, mean float64) float64 {
	if mean > 50 {
		return max(0, math.Round(mean+math.Sqrt(mean)*r.NormFloat64()))
	}
	n, p := 0., math.Exp(-mean)
	for u := r.Float64(); u > p; u *= r.Float64() {
		n++
	}
	return n
}

// TestCoverage measures what the package promises: 90 % of the intervals hold the truth.
func TestCoverage(t *testing.T) {
	for _, test := range []struct {
		name          string
		rate          float64
		before, after float64
		ramp          int
		median        float64 // of the error in steps, at most
		low           float64 // coverage, at least
	}{
		{"steps of 1 % to 4 % at 600 a minute", 600, .01, .04, 0, 1, .85},
		{"steps of 1 % to 4 % at 60 a minute", 60, .01, .04, 0, 4, .85},
		{"steps of 1 % to 50 % at 60 a minute", 60, .01, .5, 0, 1, .9},
		{"steps of 1 % to 30 % at 10 a minute", 10, .01, .3, 0, 2, .85},
		{"ramps of 16 minutes from 1 % to 4 % at 600 a minute", 600, .01, .04, 16, 4, .6},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(11, 12))
			const runs = 150
			var misses int
			var off, widths []float64
			for range runs {
				began := t0.Add(time.Duration((60 + 60*r.Float64()) * float64(step)))
				points := draw(r, 160, test.rate, test.before, test.after, began, test.ramp)
				normal := Baseline{Bad: math.Round(test.before * test.rate * 1440), Total: test.rate * 1440}
				o := Ratio(points, step, normal)
				if o.Earliest.After(began) || o.Latest.Before(began) {
					misses++
				}
				off = append(off, math.Abs(float64(o.At.Sub(began)))/float64(step))
				widths = append(widths, float64(o.Latest.Sub(o.Earliest))/float64(step))
			}
			slices.Sort(off)
			slices.Sort(widths)
			coverage := 1 - float64(misses)/runs
			t.Logf("coverage %.2f, error median %.1f p90 %.1f steps, width median %.1f", coverage, off[runs/2], off[runs*9/10], widths[runs/2])
			if coverage < test.low || off[runs/2] > test.median {
				t.Errorf("coverage %.2f (at least %.2f), median error %.1f (at most %.1f)", coverage, test.low, off[runs/2], test.median)
			}
		})
	}
}

// TestProperties: whatever the points, the interval is in order and inside of what was seen, and shifting time shifts the answer.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(t, "points")
		points := make([]detectors.Point, n)
		for i := range points {
			total := rapid.Float64Range(0, 1e6).Draw(t, "total")
			points[i] = detectors.Point{At: t0.Add(time.Duration(i+1) * step), Total: total, Bad: total * rapid.Float64Range(0, 1).Draw(t, "share")}
		}
		normal := Baseline{Bad: rapid.Float64Range(0, 10).Draw(t, "bad"), Total: rapid.Float64Range(10, 1e6).Draw(t, "total")}
		o := Ratio(points, step, normal)
		if o.At.Before(o.Earliest) || o.At.After(o.Latest) {
			t.Fatalf("%+v is not in order", o)
		}
		if o.Latest.After(points[n-1].At) || o.Earliest.Before(t0.Add(-2*step)) {
			t.Fatalf("%+v lies outside of the points", o)
		}
		for i := range points {
			points[i].At = points[i].At.Add(time.Hour)
		}
		if later := Ratio(points, step, normal); later.At.Sub(o.At) != time.Hour || later.Latest.Sub(o.Latest) != time.Hour {
			t.Fatalf("an hour later %+v became %+v", o, later)
		}
	})
}

// TestValueProperties: the same of values, whose unit does not matter either, and not a number is passed over.
func TestValueProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 120).Draw(t, "points")
		points := make([]detectors.Point, n)
		for i := range points {
			points[i] = detectors.Point{At: t0.Add(time.Duration(i+1) * step), Value: rapid.Float64Range(1e-3, 1e3).Draw(t, "value"), Total: 1}
		}
		worse := rapid.SampledFrom([]detectors.Direction{detectors.Up, detectors.Down, detectors.Either}).Draw(t, "worse")
		o := Value(points, step, worse, nil)
		if o.At.Before(o.Earliest) || o.At.After(o.Latest) {
			t.Fatalf("%+v is not in order", o)
		}
		if o.Latest.After(points[n-1].At) || o.Earliest.Before(t0.Add(-2*step)) {
			t.Fatalf("%+v lies outside of the points", o)
		}
		wild := slices.Insert(slices.Clone(points), n/2, detectors.Point{At: points[n/2].At, Value: math.NaN()})
		if again := Value(wild, step, worse, nil); again != o {
			t.Fatalf("with a sample that is no number, %+v became %+v", o, again)
		}
		for i := range points {
			points[i].Value *= 1024
		}
		again := Value(points, step, worse, nil)
		if again.At.Sub(o.At).Abs() > step/5 || again.Latest.Sub(o.Latest).Abs() > step/5 {
			t.Fatalf("in another unit %+v became %+v", o, again)
		}
	})
}

func TestDirections(t *testing.T) {
	began := t0.Add(100 * step)
	r := rand.New(rand.NewPCG(7, 8))
	level := func(before, after float64) []detectors.Point {
		points := make([]detectors.Point, 130)
		for i := range points {
			v := before
			if i >= 100 {
				v = after
			}
			points[i] = detectors.Point{At: t0.Add(time.Duration(i+1) * step), Value: v + .05*r.NormFloat64()}
		}
		return points
	}
	for _, test := range []struct {
		name string
		got  detectors.Onset
	}{
		{"a value that rises", Value(level(1, 1.3), step, detectors.Up, nil)},
		{"a value that falls", Value(level(1, .7), step, detectors.Down, nil)},
		{"a value that may do either, and falls", Value(level(1, .7), step, detectors.Either, nil)},
		{"a value around zero", Value(level(0, .3), step, detectors.Up, nil)},
		{"a value that falls below zero", Value(level(.1, -.3), step, detectors.Either, nil)},
		{"a share of good events that falls", RatioDown(draw(r, 130, 300, .9, .7, began, 0), step, Baseline{Bad: 9000, Total: 10000})},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.got.At.Sub(began).Abs() > 2*step || test.got.Earliest.After(began) || test.got.Latest.Before(began) {
				t.Errorf("it began at %s, found %+v", began, test.got)
			}
		})
	}
}

// TestMemory: a level that wanders with noise on top is recalled as what it is.
func TestMemory(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	v, level := make([]float64, 20000), 0.
	for i := range v {
		level = .8*level + .6*r.NormFloat64()
		v[i] = level + .5*r.NormFloat64()
	}
	m := recall(v)
	if math.Abs(m.keep-.8) > .03 {
		t.Errorf("it fades by %.3f, want .8", m.keep)
	}
	if left := m.news(v); math.Abs(autocorrelation(left, 1)) > .03 {
		t.Errorf("what is new in a point repeats what was known: %.3f", autocorrelation(left, 1))
	}
	for i := range v {
		v[i] = r.NormFloat64()
	}
	if m := recall(v); m != (memory{}) {
		t.Errorf("independent points are recalled as %+v", m)
	}
}

func TestNothingToGoBy(t *testing.T) {
	if o := Ratio(nil, step, Baseline{}); !o.IsZero() {
		t.Errorf("no points give %+v", o)
	}
	if o := Value([]detectors.Point{{At: t0, Value: math.NaN()}}, step, detectors.Up, nil); !o.IsZero() {
		t.Errorf("no number gives %+v", o)
	}
	if o := Ratio([]detectors.Point{{At: t0, Bad: 1, Total: 1}}, 0, Baseline{}); !o.IsZero() {
		t.Errorf("no step gives %+v", o)
	}
}

func TestWithoutABaselineTheQuietPartStandsIn(t *testing.T) {
	began := t0.Add(100 * step)
	o := Ratio(draw(rand.New(rand.NewPCG(5, 6)), 130, 300, .01, .2, began, 0), step, Baseline{})
	if o.At.Sub(began).Abs() > 2*step {
		t.Errorf("it began at %s, found %+v", began, o)
	}
}

// A sudden change that none of the fixed sizes fits well is not taken for a slow one that began while nothing was bad yet.
func TestManyEventsDoNotMakeTheOnsetTooEarly(t *testing.T) {
	const before = 60
	for _, level := range []float64{.05, .1, .2, .3, .4, .5, .64} {
		for _, bad := range []int{4, 8, 16, 24, 28, 40} {
			for _, wellAgain := range []int{0, 2, 4} {
				points := make([]detectors.Point, before+bad+wellAgain)
				for i := range points {
					points[i] = detectors.Point{At: t0.Add(time.Duration(i+1) * step), Total: 150, Bad: .15}
					if i >= before && i < before+bad {
						points[i].Bad = 150 * level
					}
				}
				began, o := t0.Add(before*step), Ratio(points, step, Baseline{Bad: 36, Total: 36_000})
				if o.Earliest.After(began) || o.Latest.Before(began) || o.At.Sub(began).Abs() > step {
					t.Errorf("level %g for %d points, %d after it: %s [%s to %s] too late", level, bad, wellAgain,
						o.At.Sub(began), o.Earliest.Sub(began), o.Latest.Sub(began))
				}
			}
		}
	}
}

func BenchmarkRatio(b *testing.B) {
	points := draw(rand.New(rand.NewPCG(5, 6)), 200, 300, .01, .2, t0.Add(150*step), 0)
	b.ReportAllocs()
	for b.Loop() {
		Ratio(points, step, Baseline{Bad: 100, Total: 1e4})
	}
}

func BenchmarkValue(b *testing.B) {
	normal, points, _ := kinds[2].draw(rand.New(rand.NewPCG(5, 6)), 100, true, 0)
	b.ReportAllocs()
	for b.Loop() {
		Value(points[:200], step, detectors.Up, normal)
	}
}
