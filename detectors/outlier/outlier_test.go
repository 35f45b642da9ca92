package outlier

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/detectorstest"
)

var t0 = time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)

const step = time.Minute

func signals() []detectors.Signal {
	return []detectors.Signal{
		{Name: "latency", Title: "latency", Shape: detectors.Value, Unit: "seconds", Worse: detectors.Up},
		{Name: "traffic", Shape: detectors.Value, Worse: detectors.Either},
		{Name: "hit_ratio", Shape: detectors.Value, Worse: detectors.Down},
	}
}

func detector(tb testing.TB) *Detector {
	tb.Helper()
	d, err := New(Config{Service: "assistant", Signals: []string{"latency", "traffic", "hit_ratio"}}, signals(), step)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func id(signal string) detectors.SeriesID {
	return detectors.SeriesID{Signal: signal, Service: "assistant", Environment: "production"}
}

// write puts 90 samples down, a noise of a tenth around a level, and then the given last ones as multiples of the level.
func write(w *detectorstest.Windows, signal string, level float64, last ...float64) {
	r := rand.New(rand.NewPCG(uint64(len(signal)), 5))
	for i := range 90 {
		v := level * math.Exp(.1*r.NormFloat64())
		if j := i - 90 + len(last); j >= 0 {
			v = level * last[j]
		}
		w.Add(id(signal), t0.Add(time.Duration(i-89)*step), v, 1)
	}
}

func TestJudge(t *testing.T) {
	for _, test := range []struct {
		name                   string
		latency, traffic, hits []float64
		want                   string // signals that fire
	}{
		{"noise is quiet", nil, nil, nil, ""},
		{"one far sample is not enough", []float64{9}, nil, nil, ""},
		{"two far samples fire", []float64{9, 9}, nil, nil, "latency"},
		{"two near samples alone do not fire", []float64{2.5, 2.5}, nil, nil, ""},
		{"two near ones together fire", []float64{2.5, 2.5}, []float64{.4, .4}, nil, "latency traffic"},
		{"three far samples at once fire", []float64{9}, []float64{9}, []float64{.1}, "latency traffic hit_ratio"},
		{"a fall of what may only rise to be bad is quiet", []float64{.1, .1}, nil, nil, ""},
		{"a rise of what may only fall to be bad is quiet", nil, nil, []float64{9, 9}, ""},
		{"a fall counts where both directions do", nil, []float64{.1, .1}, nil, "traffic"},
		{"ten far samples are the new normal", slices.Repeat([]float64{9}, 24), nil, nil, ""},
		{"not a number is passed over", []float64{9, math.NaN(), 9}, nil, nil, "latency"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := &detectorstest.Windows{}
			write(w, "latency", .2, test.latency...)
			write(w, "traffic", 500, test.traffic...)
			write(w, "hit_ratio", .8, test.hits...)
			var fired []string
			for _, f := range detector(t).Judge(t0, w) {
				if f.Verdict == detectors.Firing {
					fired = append(fired, f.Signal)
				}
			}
			if got := strings.Join(fired, " "); got != test.want {
				t.Errorf("fired: %q, want %q", got, test.want)
			}
		})
	}
}

func TestOnset(t *testing.T) {
	w := &detectorstest.Windows{}
	write(w, "latency", .2, 9, 9)
	write(w, "traffic", 500, 4, 4, 4)
	write(w, "hit_ratio", .8)
	found := detector(t).Judge(t0, w)
	first := t0.Add(-2 * step) // The first sample of traffic that is out.
	want := detectors.Onset{At: first.Add(-45 * time.Second), Earliest: first.Add(-84 * time.Second), Latest: first.Add(-15 * time.Second)}
	for _, f := range found[:2] {
		if f.Onset != want {
			t.Errorf("%s began at %+v, want %+v", f.Signal, f.Onset, want)
		}
	}
}

func TestBlind(t *testing.T) {
	w := &detectorstest.Windows{}
	write(w, "latency", .2)
	for i := range 5 {
		w.Add(id("traffic"), t0.Add(time.Duration(i-4)*step), 1, 1)
	}
	w.Add(id("hit_ratio"), t0.Add(-10*step), 1, 1)
	var got []detectors.Blindness
	for _, f := range detector(t).Judge(t0, w) {
		got = append(got, f.Blind)
	}
	if want := []detectors.Blindness{"", detectors.WarmingUp, detectors.Stale}; !slices.Equal(got, want) {
		t.Errorf("blind: %q, want %q", got, want)
	}
}

func TestAValueThatFlipsIsNormal(t *testing.T) {
	w := &detectorstest.Windows{}
	for i := range 90 {
		v := .005
		if i%7 == 0 || i > 87 { // A quantile that rests in one bucket, and at times in the next but five.
			v = .1
		}
		w.Add(id("latency"), t0.Add(time.Duration(i-89)*step), v, 1)
	}
	if f := detector(t).Judge(t0, w)[0]; f.Verdict != detectors.Quiet {
		t.Errorf("it is %s: %+v", f.Verdict, f.Evidence)
	}
}

func TestExam(t *testing.T) {
	detectorstest.Exam(t, func(t *testing.T) detectorstest.Subject {
		t.Helper()
		w := &detectorstest.Windows{}
		write(w, "latency", .2, 9, 9)
		write(w, "traffic", 500, 4, 4, 4)
		write(w, "hit_ratio", .8)
		return detectorstest.Subject{Detector: detector(t), Now: t0, Firing: w}
	})
}

// TestProperties: the unit of a signal never matters, and more of what is bad never ends an alarm.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		last := rapid.SliceOfN(rapid.Float64Range(.01, 100), 0, 12).Draw(rt, "last")
		unit := math.Pow(1024, float64(rapid.IntRange(-3, 3).Draw(rt, "unit")))
		judge := func(level float64, last []float64) []detectors.Finding {
			w := &detectorstest.Windows{}
			write(w, "latency", level, last...)
			return detector(t).Judge(t0, w)
		}
		found := judge(1, last)
		if again := judge(unit, last); again[0].Verdict != found[0].Verdict || again[0].Onset != found[0].Onset {
			rt.Fatalf("in another unit %+v became %+v", found[0], again[0])
		}
		if found[0].Verdict != detectors.Firing {
			return
		}
		more := slices.Clone(last)
		more[len(more)-1] *= 2
		if again := judge(1, more); again[0].Verdict != detectors.Firing {
			rt.Fatalf("more of it ended the alarm: %+v", again[0])
		}
	})
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name   string
		config Config
		want   string
	}{
		{"nothing is given", Config{}, "missing missing"},
		{"a signal is named twice", Config{Service: "a", Signals: []string{"x", "x"}}, "twice"},
		{"the severity is unknown", Config{Service: "a", Signals: []string{"x"}, Severity: "loud"}, "bad-severity"},
		{"all is well", Config{Service: "a", Signals: []string{"x"}}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := diag.New()
			test.config.Check(r)
			var codes []string
			for _, f := range r.Faults() {
				codes = append(codes, f.Code)
			}
			if got := strings.Join(codes, " "); got != test.want {
				t.Errorf("found %q, want %q", got, test.want)
			}
		})
	}
	if _, err := New(Config{Service: "a", Signals: []string{"x"}}, nil, step); err == nil {
		t.Error("signals that are not given are accepted")
	}
}

func BenchmarkJudge(b *testing.B) {
	w := &detectorstest.Windows{}
	write(w, "latency", .2, 9, 9)
	write(w, "traffic", 500)
	write(w, "hit_ratio", .8)
	d := detector(b)
	b.ReportAllocs()
	for b.Loop() {
		d.Judge(t0, w)
	}
}
