package shift_test

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/detectorstest/seeded"
	"github.com/firebreak-dev/firebreak/detectors/shift"
)

// fortnight is in minutes.
const fortnight = 14 * 24 * 60

// alarmsOf scores values and lists the samples that alarm.
func alarmsOf(values []float64, step time.Duration) []int {
	s := shift.NewScorer()
	var out []int
	for i, v := range values {
		if s.Push(t0.Add(time.Duration(i)*step), v) >= .5 {
			out = append(out, i)
		}
	}
	return out
}

// drawn makes n values of a function of the row and a normal noise.
func drawn(n int, f func(row float64, noise float64) float64) []float64 {
	r := rand.New(rand.NewPCG(1, 2))
	out := make([]float64, n)
	for i := range out {
		out[i] = f(float64(i), r.NormFloat64())
	}
	return out
}

func TestScorer(t *testing.T) {
	daily := func(row float64) float64 { return 10 + 3*math.Sin(2*math.Pi*row/288) }
	const n, from = 3000, 2500.
	for _, test := range []struct {
		name string
		f    func(row, noise float64) float64
		want bool
	}{
		{"a constant is quiet", func(_, _ float64) float64 { return 5 }, false},
		{"a day that repeats exactly is quiet", func(row, _ float64) float64 { return daily(math.Mod(row, 288)) }, false},
		{"a constant that moves alarms", func(row, _ float64) float64 { return 5 + math.Floor(row/from) }, true},
		{"a step alarms", func(row, noise float64) float64 { return daily(row) + .3*noise + 9*math.Floor(row/from) }, true},
		{"a spike of an hour alarms", func(row, noise float64) float64 {
			if row >= from && row < from+12 {
				return daily(row) + 9
			}
			return daily(row) + .3*noise
		}, true},
		{"a day without its hill alarms", func(row, noise float64) float64 {
			if row >= 2592 && row < 2592+144 {
				return 10 + .3*noise
			}
			return daily(row) + .3*noise
		}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := 0
			for _, at := range alarmsOf(drawn(n, test.f), 5*time.Minute) {
				if at >= int(from) {
					got++
				}
			}
			if (got > 0) != test.want || got > 2 {
				t.Errorf("%d alarms from row %v on, want any: %t and at most two", got, from, test.want)
			}
		})
	}
}

// TestScorerAtOtherRates: minute samples of a series alarm where its five-minute means do.
func TestScorerAtOtherRates(t *testing.T) {
	rows := drawn(3000, func(row, noise float64) float64 { return 10 + noise + 30*math.Floor(row/2500) })
	minutes := make([]float64, 0, 5*len(rows))
	for _, v := range rows {
		minutes = append(minutes, v-2, v-1, v, v+1, v+2)
	}
	a, b := alarmsOf(rows, 5*time.Minute), alarmsOf(minutes, time.Minute)
	if len(a) == 0 || len(b) == 0 || b[len(b)-1]/5 != a[len(a)-1] || len(b) > len(a)+1 {
		t.Errorf("rows alarm at %v, minutes at %v", a, b)
	}
}

func TestScorerProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		shift, scale := math.Exp2(float64(rapid.IntRange(-12, 12).Draw(t, "shift"))), math.Exp2(float64(rapid.IntRange(-20, 20).Draw(t, "scale")))
		r := rand.New(rand.NewPCG(seed, 3))
		plain, moved := newScorer(), newScorer()
		for i := range 600 {
			v := math.Round(64*r.NormFloat64()) / 64
			if r.IntN(50) == 0 {
				v = []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e6, -1e6}[r.IntN(5)]
			}
			at := t0.Add(time.Duration(i) * 5 * time.Minute)
			a, b := plain.Push(at, v), moved.Push(at, scale*(v+shift))
			if a < 0 || a >= 1 || math.IsNaN(a) {
				t.Fatalf("the score is %v", a)
			}
			if math.Abs(a-b) > 1e-6 {
				t.Fatalf("row %d: %v scores %v, and shifted and scaled %v", i, v, a, b)
			}
		}
	})
}

func newScorer() *shift.Scorer { return shift.NewScorer() }

func BenchmarkScorer(b *testing.B) {
	values := drawn(20000, func(row, noise float64) float64 { return math.Sin(row/40) + noise })
	s := shift.NewScorer()
	at, i := t0, 0
	for _, v := range values[:2000] {
		at = at.Add(5 * time.Minute)
		s.Push(at, v)
	}
	b.ReportAllocs()
	for b.Loop() {
		at = at.Add(5 * time.Minute)
		i++
		s.Push(at, values[i%len(values)])
	}
}

func BenchmarkLevel(b *testing.B) {
	for _, c := range []seeded.Case{seeded.Cases(0, seeded.Autocorrelated)[1], seeded.Cases(0, seeded.Autocorrelated)[4]} {
		b.Run(string(c.Signal.Shape), func(b *testing.B) {
			points := c.Series(1, 20*day, -1)
			l := shift.NewLevel(c.Signal.Shape, 5*fortnight)
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				if i == len(points) {
					l, i = shift.NewLevel(c.Signal.Shape, 5*fortnight), 0
				}
				l.Push(points[i].At, points[i].Bad, points[i].Total)
				i++
			}
		})
	}
}

func BenchmarkJudge(b *testing.B) {
	w := world{refusal, 100, .014, .014, 0, 3 * day}.windows()
	b.Run("minute by minute", func(b *testing.B) {
		d := detector(b, refusal)
		now := t0.Add(-day)
		d.Judge(now, w)
		b.ReportAllocs()
		for b.Loop() {
			if now = now.Add(time.Minute); now.After(t0) {
				now = t0.Add(-day)
			}
			d.Judge(now, w)
		}
	})
	b.Run("after a start", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			detector(b, refusal).Judge(t0, w)
		}
	})
}

// TestCost: what is kept of a series is bounded, and so is what a sample costs.
func TestCost(t *testing.T) {
	const series = 40
	held := make([]any, 0, 2*series)
	before := heap()
	for range series {
		s, l := shift.NewScorer(), shift.NewLevel(detectors.Value, 5*fortnight)
		r := rand.New(rand.NewPCG(1, 2))
		for i := range 400 {
			at := t0.Add(time.Duration(i) * 5 * time.Minute)
			s.Push(at, r.Float64())
			l.Push(at, r.Float64(), 1)
		}
		held = append(held, s, l)
	}
	if kept := float64(heap()-before) / series; kept > 64<<10 {
		t.Errorf("a series keeps %.0f bytes, at most 64 KiB", kept)
	} else {
		t.Logf("a series keeps %.0f bytes", kept)
	}
	runtime.KeepAlive(held)
}

// TestSpeed: the fastest of many short runs, for the machine may have other things to do.
func TestSpeed(t *testing.T) {
	const batch = 200
	s, l := shift.NewScorer(), shift.NewLevel(detectors.Value, 5*fortnight)
	points := seeded.Cases(0, seeded.Autocorrelated)[4].Series(1, 6*day, -1)
	best := time.Hour
	for i := 0; i+batch <= len(points); i += batch {
		began := time.Now()
		for _, p := range points[i : i+batch] {
			s.Push(p.At.Add(time.Duration(i)*5*time.Minute), p.Value)
			l.Push(p.At, p.Bad, p.Total)
		}
		if i > len(points)/2 {
			best = min(best, time.Since(began)/batch)
		}
	}
	t.Logf("%s a point", best)
	if best > 20*time.Microsecond {
		t.Errorf("a point takes %s, at most 20 µs", best)
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
