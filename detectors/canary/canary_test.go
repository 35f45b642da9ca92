package canary

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
		Service: "assistant", Environment: "production", Label: "prompt_version", Canary: "482",
		Exposure: .05, Requests: "refusal_ratio", Signals: []string{"refusal_ratio", "latency"}, Since: t0.Add(-time.Hour),
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

// side is what a version does in each minute.
type side struct{ requests, refused, latency float64 }

// write puts an hour of both versions down, in two regions.
func write(canary, baseline side) *detectorstest.Windows {
	w := &detectorstest.Windows{}
	r := rand.New(rand.NewPCG(1, 2))
	for version, s := range map[string]side{"482": canary, "481": baseline} {
		for _, region := range []string{"eu", "us"} {
			slice := `prompt_version="` + version + `",region="` + region + `"`
			refusals := detectors.SeriesID{Signal: "refusal_ratio", Service: "assistant", Environment: "production", Slice: slice}
			latency := detectors.SeriesID{Signal: "latency", Service: "assistant", Environment: "production", Slice: slice}
			for i := range 60 {
				at := t0.Add(time.Duration(i-59) * time.Minute)
				w.Add(refusals, at, s.refused*s.requests, s.requests)
				w.Add(latency, at, s.latency*(1+.1*r.NormFloat64()), 1)
			}
		}
	}
	return w
}

func TestJudge(t *testing.T) {
	healthy := side{950, .01, .4}
	for _, test := range []struct {
		name     string
		canary   side
		baseline side
		want     string // verdicts of exposure, refusals and latency
	}{
		{"a healthy canary is quiet", side{50, .01, .4}, healthy, "quiet quiet quiet"},
		{"forty percent instead of five fires", side{400, .01, .4}, side{600, .01, .4}, "firing quiet quiet"},
		{"more refusals fire", side{50, .04, .4}, healthy, "quiet firing quiet"},
		{"a higher latency fires", side{50, .01, .5}, healthy, "quiet quiet firing"},
		{"fewer refusals are quiet", side{50, .002, .3}, healthy, "quiet quiet quiet"},
		{"a canary without requests is found by its exposure and cannot be compared", side{0, 0, .4}, healthy, "firing blind quiet"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, f := range detector(t).Judge(t0, write(test.canary, test.baseline)) {
				got = append(got, string(f.Verdict))
			}
			if s := strings.Join(got, " "); s != test.want {
				t.Errorf("%s, want %s", s, test.want)
			}
		})
	}
}

func TestExam(t *testing.T) {
	detectorstest.Exam(t, func(t *testing.T) detectorstest.Subject {
		t.Helper()
		return detectorstest.Subject{Detector: detector(t), Now: t0, Firing: write(side{400, .04, .5}, side{600, .01, .4})}
	})
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"all is well", func(*Config) {}, ""},
		{"no version is named: the newest is looked for", func(c *Config) { c.Canary = "" }, ""},
		{"both versions are the same", func(c *Config) { c.Baseline = "482" }, "same"},
		{"an exposure in percent is no share", func(c *Config) { c.Exposure = 5 }, "out-of-range"},
		{"an exposure of nothing that is counted", func(c *Config) { c.Requests = "" }, "missing"},
		{"nothing is judged", func(c *Config) { c.Exposure, c.Signals = 0, nil }, "missing"},
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

// TestTheNewestVersionIsTheCanary lets 483 come half an hour ago with a model of its own, beside 482 that was there all day.
func TestTheNewestVersionIsTheCanary(t *testing.T) {
	w := &detectorstest.Windows{}
	for i := range 600 {
		at := t0.Add(time.Duration(i-599) * time.Minute)
		id := func(version, model string) detectors.SeriesID {
			slice := `gen_ai_response_model="` + model + `",prompt_version="` + version + `"`
			return detectors.SeriesID{Signal: "refusal_ratio", Service: "assistant", Environment: "production", Slice: slice}
		}
		w.Add(id("482", "old"), at, 9, 900)
		if i >= 570 {
			w.Add(id("483", "new"), at, 20, 400)
		}
	}
	c := config()
	c.Canary, c.Since, c.Signals = "", time.Time{}, []string{"refusal_ratio"}
	d, err := New(c, []detectors.Signal{{Name: "refusal_ratio", Shape: detectors.Ratio, Worse: detectors.Up}}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	found := d.Judge(t0, w)
	for i, want := range []string{"canary/assistant/production/refusal_ratio/exposure-prompt_version", "canary/assistant/production/refusal_ratio/behaviour-prompt_version"} {
		if f := found[i]; f.Key != want || f.Verdict != detectors.Firing || !f.Onset.Earliest.Equal(t0.Add(-30*time.Minute)) {
			t.Errorf("%+v", f)
		}
	}
	if share := found[0].Evidence[0].Value; share < .3 || share > .31 {
		t.Errorf("its share is %g: requests from before it came were counted", share)
	}
	// Before it came there is no canary, and that is blind.
	if f := d.Judge(t0.Add(-40*time.Minute), w)[0]; f.Verdict != detectors.Blind {
		t.Errorf("%+v", f)
	}
}

// TestWhatHasEndedIsNotHeldAgainstACanary lets a canary be wrong for half an hour, and then be as the case says.
func TestWhatHasEndedIsNotHeldAgainstACanary(t *testing.T) {
	wrong, baseline := side{400, .04, .5}, side{600, .01, .4}
	for _, test := range []struct {
		name    string
		then    side
		minutes int
		want    string // verdicts of exposure, refusals and latency
	}{
		{"rolled back, it is well", side{}, 10, "quiet quiet quiet"},
		{"rolled back a minute ago, nobody knows yet", side{}, 1, "firing firing firing"},
		{"with the declared share, only what it answers is wrong", side{32, .04, .5}, 10, "quiet firing firing"},
		{"with half of the wrong share, it is still wrong", side{200, .04, .5}, 10, "firing firing firing"},
		{"as wrong as before", wrong, 10, "firing firing firing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := &detectorstest.Windows{}
			r := rand.New(rand.NewPCG(1, 2))
			add := func(version string, s side, at time.Time) {
				id := detectors.SeriesID{Signal: "refusal_ratio", Service: "assistant", Environment: "production", Slice: `prompt_version="` + version + `"`}
				w.Add(id, at, s.refused*s.requests, s.requests)
				if id.Signal = "latency"; s.requests > 0 {
					w.Add(id, at, s.latency*(1+.1*r.NormFloat64()), 1)
				}
			}
			for i := range 60 {
				s, at := wrong, t0.Add(time.Duration(i-59)*time.Minute)
				if 59-i < test.minutes {
					s = test.then
				}
				add("482", s, at)
				add("481", baseline, at)
			}
			var got []string
			for _, f := range detector(t).Judge(t0, w) {
				got = append(got, string(f.Verdict))
			}
			if s := strings.Join(got, " "); s != test.want {
				t.Errorf("%s, want %s", s, test.want)
			}
		})
	}
}

// TestOnItsWayToNothingAShareIsNotMended takes a canary back slowly: its finding ends once, when it is gone.
func TestOnItsWayToNothingAShareIsNotMended(t *testing.T) {
	w := &detectorstest.Windows{}
	id := func(version string) detectors.SeriesID {
		return detectors.SeriesID{Signal: "refusal_ratio", Service: "assistant", Environment: "production", Slice: `prompt_version="` + version + `"`}
	}
	c := config()
	c.Signals = nil
	d, err := New(c, nil, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	turns, firing := 0, false
	for i := range 60 {
		at, share := c.Since.Add(time.Duration(i+1)*time.Minute), 0.4
		if i >= 30 {
			share = max(0, 0.4-0.1*float64(i-29))
		}
		w.Add(id("482"), at, 0, 1000*share)
		w.Add(id("481"), at, 0, 1000*(1-share))
		if now := d.Judge(at, w)[0].Verdict == detectors.Firing; now != firing {
			turns, firing = turns+1, now
		}
	}
	if turns != 2 || firing {
		t.Errorf("it turned %d times; it fires in the end: %v", turns, firing)
	}
}

func BenchmarkJudge(b *testing.B) {
	w, d := write(side{50, .01, .4}, side{950, .01, .4}), detector(b)
	b.ReportAllocs()
	for b.Loop() {
		d.Judge(t0, w)
	}
}
