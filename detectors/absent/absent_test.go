package absent

import (
	"math"
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

func config() Config {
	return Config{Service: "assistant", Signals: []string{"latency"}, Calls: "guardrail_calls", Requests: "requests"}
}

func detector(tb testing.TB) *Detector {
	tb.Helper()
	d, err := New(config(), step)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// write puts a day and a half of minutes down, in which latency ends and calls fall some time before now.
func write(latencyEnds, callsFall time.Duration, calls float64) *detectorstest.Windows {
	w := &detectorstest.Windows{}
	id := func(signal string) detectors.SeriesID {
		return detectors.SeriesID{Signal: signal, Service: "assistant", Environment: "production"}
	}
	for at := t0.Add(-36*time.Hour + step); !at.After(t0); at = at.Add(step) {
		ago := t0.Sub(at)
		if ago >= latencyEnds {
			w.Add(id("latency"), at, .4, 1)
		}
		n := 20.
		w.Add(id("requests"), at, 0, n)
		if ago < callsFall {
			n *= calls
		}
		w.Add(id("guardrail_calls"), at, 0, n)
	}
	return w
}

func TestJudge(t *testing.T) {
	for _, test := range []struct {
		name               string
		latency, callsFall time.Duration
		calls              float64
		want               string // verdicts of the latency and of the calls
	}{
		{"all is there", 0, 0, 1, "quiet quiet"},
		{"a pause of four minutes is allowed", 4 * time.Minute, 0, 1, "quiet quiet"},
		{"a signal that is silent for six minutes is gone", 6 * time.Minute, 0, 1, "firing quiet"},
		{"a signal that is silent for more than a day is no news", 26 * time.Hour, 0, 1, "blind quiet"},
		{"calls that stop fire", 0, 25 * time.Minute, 0, "quiet firing"},
		{"calls that fall to a third fire", 0, 30 * time.Minute, .3, "quiet firing"},
		{"calls that fall to two thirds are quiet", 0, 30 * time.Minute, .67, "quiet quiet"},
		{"calls that stopped just now are quiet yet", 0, 5 * time.Minute, 0, "quiet quiet"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, f := range detector(t).Judge(t0, write(test.latency, test.callsFall, test.calls)) {
				got = append(got, string(f.Verdict))
			}
			if s := strings.Join(got, " "); s != test.want {
				t.Errorf("%s, want %s", s, test.want)
			}
		})
	}
}

func TestTargets(t *testing.T) {
	d, err := New(Config{Service: "assistant", Environment: "production", Targets: "targets_up"}, step)
	if err != nil {
		t.Fatal(err)
	}
	id := detectors.SeriesID{Signal: "targets_up", Service: "assistant", Environment: "production"}
	for _, test := range []struct {
		name string
		down time.Duration // for how long one of four is
		want detectors.Verdict
	}{
		{"all are up", 0, detectors.Quiet},
		{"one of four is down for three minutes", 3 * time.Minute, detectors.Quiet},
		{"one of four is down for ten minutes", 10 * time.Minute, detectors.Firing},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := &detectorstest.Windows{}
			for at := t0.Add(-2 * time.Hour); !at.After(t0); at = at.Add(step) {
				up := 1.
				if t0.Sub(at) < test.down {
					up = .75
				}
				w.Add(id, at, up, 1)
			}
			f := d.Judge(t0, w)[0]
			if f.Verdict != test.want || (f.Verdict == detectors.Firing && !f.Onset.Latest.Equal(t0.Add(-test.down+step))) {
				t.Errorf("%+v", f)
			}
		})
	}
}

func TestOnset(t *testing.T) {
	found := detector(t).Judge(t0, write(20*time.Minute, 25*time.Minute, 0))
	for i, began := range []time.Time{t0.Add(-20 * time.Minute), t0.Add(-25 * time.Minute)} {
		o := found[i].Onset
		if o.At.Sub(began).Abs() > 2*step || o.Earliest.After(began) || o.Latest.Before(began) {
			t.Errorf("%s began at %s, found %+v", found[i].Signal, began, o)
		}
	}
}

func TestASourceThatDoesNotAnswerIsNoAbsence(t *testing.T) {
	w := write(time.Hour, 0, 1)
	w.Blind = detectors.Unreachable
	for _, f := range detector(t).Judge(t0, w) {
		if f.Verdict != detectors.Blind || f.Blind != detectors.Unreachable {
			t.Errorf("%s is %s (%s)", f.Key, f.Verdict, f.Blind)
		}
	}
}

func TestExam(t *testing.T) {
	detectorstest.Exam(t, func(t *testing.T) detectorstest.Subject {
		t.Helper()
		return detectorstest.Subject{Detector: detector(t), Now: t0, Firing: write(20*time.Minute, 25*time.Minute, 0)}
	})
}

// TestProperties: the longer it lasts, the surer it is, until it is no news.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		silent := time.Duration(rapid.IntRange(5, 23*60).Draw(rt, "minutes")) * time.Minute
		f := detector(t).Judge(t0, write(silent+step, 0, 1))[0]
		if f.Verdict != detectors.Firing {
			rt.Fatalf("silent for %s, it is %s", silent, f.Verdict)
		}
		if last := t0.Add(-silent - step); f.Onset.Earliest.After(last.Add(step)) || f.Onset.Latest.Before(last) {
			rt.Fatalf("its last sample was at %s, found %+v", last, f.Onset)
		}
	})
}

func TestAtMost(t *testing.T) {
	if got, want := atMost(1, 2), 3*math.Exp(-2); math.Abs(got-want) > 1e-12 {
		t.Errorf("the chance of one or none of two is %g, want %g", got, want)
	}
	if got := atMost(1000, 1000); got < .49 || got > .52 {
		t.Errorf("the chance of a thousand or fewer of a thousand is %g", got)
	}
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"all is well", func(*Config) {}, ""},
		{"no service", func(c *Config) { c.Service = "" }, "missing"},
		{"nothing is expected", func(c *Config) { c.Signals, c.Calls, c.Requests = nil, "", "" }, "missing"},
		{"calls of nothing", func(c *Config) { c.Requests = "" }, "half"},
		{"a silence of a day", func(c *Config) { c.After = 24 * time.Hour }, "out-of-range"},
		{"the severity is unknown", func(c *Config) { c.Severity = "loud" }, "bad-severity"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := config()
			test.change(&c)
			r := diag.New()
			c.Check(r)
			var codes []string
			for _, f := range r.Faults() {
				codes = append(codes, f.Code)
			}
			if got := strings.Join(codes, " "); got != test.want {
				t.Errorf("found %q, want %q", got, test.want)
			}
		})
	}
}

func BenchmarkJudge(b *testing.B) {
	w, d := write(20*time.Minute, 25*time.Minute, 0), detector(b)
	b.ReportAllocs()
	for b.Loop() {
		d.Judge(t0, w)
	}
}
