package parity

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/detectorstest"
)

var t0 = time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)

func config() Config {
	return Config{
		Service: "assistant", Environments: []string{"staging", "production"}, Versions: []string{"gen_ai_response_model"}, Requests: "requests",
		Signals: []string{"refusal_ratio", "latency"},
	}
}

func detector(tb testing.TB) *Detector {
	tb.Helper()
	d, err := New(config(), []detectors.Signal{
		{Name: "refusal_ratio", Title: "refusal ratio", Shape: detectors.Ratio, Worse: detectors.Up},
		{Name: "latency", Title: "latency", Shape: detectors.Value, Unit: "seconds", Worse: detectors.Up},
	}, time.Minute)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// environment is what runs in one.
type environment struct {
	models           map[string]float64 // requests a minute
	refused, latency float64            // a latency of zero is not measured
}

func write(staging, production environment) *detectorstest.Windows {
	w := &detectorstest.Windows{Known: t0.Add(-25 * time.Hour)}
	r := rand.New(rand.NewPCG(1, 2))
	for name, e := range map[string]environment{"staging": staging, "production": production} {
		id := func(signal, slice string) detectors.SeriesID {
			return detectors.SeriesID{Signal: signal, Service: "assistant", Environment: name, Slice: slice}
		}
		for i := range 24 * 60 {
			at := t0.Add(time.Duration(i-24*60+1) * time.Minute)
			total := 0.
			for model, n := range e.models {
				w.Add(id("requests", `gen_ai_response_model="`+model+`"`), at, 0, n)
				total += n
			}
			w.Add(id("refusal_ratio", ""), at, total*e.refused, total)
			if e.latency > 0 {
				w.Add(id("latency", ""), at, e.latency*(1+.1*r.NormFloat64()), 1)
			}
		}
	}
	return w
}

func TestJudge(t *testing.T) {
	usual := environment{map[string]float64{"gpt-5-0807": 100}, .01, .4}
	for _, test := range []struct {
		name                string
		staging, production environment
		want                string // verdicts of versions, then presence and behaviour of refusals and latency
		says                string
	}{
		{"alike", usual, usual, "quiet quiet quiet quiet quiet", ""},
		{
			"another model in staging",
			environment{map[string]float64{"gpt-5-0901": 10}, .01, .4},
			usual, "firing quiet quiet quiet quiet",
			"gen_ai_response_model of assistant differs: staging has gpt-5-0901, production has gpt-5-0807",
		},
		{
			"a straggler is no version in use",
			environment{map[string]float64{"gpt-5-0807": 100, "gpt-4": .1}, .01, .4},
			usual,
			"quiet quiet quiet quiet quiet", "",
		},
		{
			"staging refuses more",
			environment{map[string]float64{"gpt-5-0807": 100}, .04, .4},
			usual, "quiet quiet firing quiet quiet",
			"refusal ratio of assistant differs between staging and production: ",
		},
		{
			"staging is faster",
			environment{map[string]float64{"gpt-5-0807": 100}, .01, .2},
			usual, "quiet quiet quiet quiet firing",
			"latency of assistant differs between staging and production: the median of ",
		},
		{
			"latency is measured in production only",
			environment{map[string]float64{"gpt-5-0807": 100}, .01, 0},
			usual, "quiet quiet quiet firing blind",
			"latency of assistant is seen in production only, and not in staging",
		},
		{
			"too few requests to compare", environment{map[string]float64{"gpt-5-0807": .01}, 0, .4}, usual, "blind quiet blind quiet quiet", "",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			said := test.says == ""
			for _, f := range detector(t).Judge(t0, write(test.staging, test.production)) {
				got = append(got, string(f.Verdict))
				said = said || (f.Verdict == detectors.Firing && strings.HasPrefix(f.Title, test.says))
				if f.Verdict == detectors.Firing && !said {
					t.Errorf("it says %q", f.Title)
				}
			}
			if s := strings.Join(got, " "); s != test.want || !said {
				t.Errorf("%s, want %s; said %v", s, test.want, said)
			}
		})
	}
}

func TestTheSameWindowsAreJudgedInTheSameWords(t *testing.T) {
	idle := environment{map[string]float64{"gpt-5-0807": .01}, 0, .4}
	w := write(idle, idle)
	first := detector(t).Judge(t0, w)[0].Title
	for range 50 {
		if again := detector(t).Judge(t0, w)[0].Title; again != first {
			t.Fatalf("%q, and then %q", first, again)
		}
	}
}

func TestANewVersionCameWhenItWasFirstSeen(t *testing.T) {
	w := write(environment{map[string]float64{"gpt-5-0807": 100}, .01, .4}, environment{map[string]float64{"gpt-5-0807": 100}, .01, .4})
	id := detectors.SeriesID{Signal: "requests", Service: "assistant", Environment: "staging", Slice: `gen_ai_response_model="gpt-5-0901"`}
	for i := range 30 {
		w.Add(id, t0.Add(time.Duration(i-29)*time.Minute), 0, 50)
	}
	f := detector(t).Judge(t0, w)[0]
	if f.Verdict != detectors.Firing || f.Onset.Earliest.After(t0.Add(-30*time.Minute)) || f.Onset.Latest.Before(t0.Add(-30*time.Minute)) {
		t.Errorf("%+v", f)
	}
}

func TestExam(t *testing.T) {
	detectorstest.Exam(t, func(t *testing.T) detectorstest.Subject {
		t.Helper()
		return detectorstest.Subject{Detector: detector(t), Now: t0, Firing: write(
			environment{map[string]float64{"gpt-5-0901": 100}, .04, .4}, environment{map[string]float64{"gpt-5-0807": 100}, .01, .4},
		)}
	})
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"all is well", func(*Config) {}, ""},
		{"one environment", func(c *Config) { c.Environments = []string{"staging"} }, "two-needed"},
		{"the same twice", func(c *Config) { c.Environments[1] = "staging" }, "same"},
		{"nothing is compared", func(c *Config) { c.Versions, c.Signals = nil, nil }, "missing"},
		{"versions of nothing", func(c *Config) { c.Requests = "" }, "missing"},
		{"no service", func(c *Config) { c.Service = "" }, "missing"},
		{"a severity that is none", func(c *Config) { c.Severity = "loud" }, "bad-severity"},
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
	w, d := write(environment{map[string]float64{"a": 10}, .01, .4}, environment{map[string]float64{"a": 100}, .01, .4}), detector(b)
	b.ReportAllocs()
	for b.Loop() {
		d.Judge(t0, w)
	}
}
