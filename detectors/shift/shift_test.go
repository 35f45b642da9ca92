package shift_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/detectorstest"
	"github.com/firebreak-dev/firebreak/detectors/detectorstest/seeded"
	"github.com/firebreak-dev/firebreak/detectors/shift"
)

const day = 24 * time.Hour

var (
	t0      = time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)
	refusal = detectors.Signal{Name: "refusal_ratio", Title: "refusal ratio", Shape: detectors.Ratio, Unit: "ratio", Worse: detectors.Up}
	cost    = detectors.Signal{Name: "cost_per_request", Title: "cost per request", Shape: detectors.Value, Unit: "usd", Worse: detectors.Up}
	hits    = detectors.Signal{Name: "hit_ratio", Title: "hit ratio", Shape: detectors.Ratio, Unit: "ratio", Worse: detectors.Down}
	tokens  = detectors.Signal{Name: "tokens", Title: "tokens", Shape: detectors.Count, Unit: "tokens", Worse: detectors.Either}
)

func series(s detectors.Signal) detectors.SeriesID {
	return detectors.SeriesID{Signal: s.Name, Service: "support-assistant"}
}

func detector(tb testing.TB, s detectors.Signal) *shift.Detector {
	tb.Helper()
	d, err := shift.New(shift.Config{Signal: s, Service: "support-assistant"})
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// world is a past of some days in which a signal has a level that changes some time before t0.
type world struct {
	signal        detectors.Signal
	rate          float64
	before, after float64
	ago           time.Duration
	length        time.Duration
}

func (x world) windows() *detectorstest.Windows {
	w := &detectorstest.Windows{}
	r := rand.New(rand.NewPCG(7, 8))
	for at := t0.Add(-x.length); !at.After(t0); at = at.Add(time.Minute) {
		level := x.before
		if at.After(t0.Add(-x.ago)) {
			level = x.after
		}
		n := math.Round(x.rate + math.Sqrt(x.rate)*r.NormFloat64())
		n = max(n, 0)
		switch x.signal.Shape {
		case detectors.Ratio:
			bad := 0.
			for range int(n) {
				if r.Float64() < level {
					bad++
				}
			}
			w.Add(series(x.signal), at, bad, n)
		case detectors.Count:
			w.Add(series(x.signal), at, 0, math.Round(level+math.Sqrt(level)*r.NormFloat64()))
		default:
			w.Add(series(x.signal), at, n*level*math.Exp(.05*r.NormFloat64()), n)
		}
	}
	return w
}

// said is what a judgement says of the level, in a word.
func said(found []detectors.Finding) string {
	for _, f := range found {
		if f.Rule != "level" {
			continue
		}
		switch f.Verdict {
		case detectors.Firing:
			return string(f.Severity)
		case detectors.Blind:
			return string(f.Blind)
		default:
			return string(f.Verdict)
		}
	}
	return "nothing"
}

func TestJudge(t *testing.T) {
	for _, test := range []struct {
		name string
		world
		want string
	}{
		{"a steady share of refusals is quiet", world{refusal, 100, .014, .014, 0, 2 * day}, "quiet"},
		{"refusals up are a page", world{refusal, 100, .014, .098, 10 * time.Minute, 2 * day}, "page"},
		{"refusals down are news", world{refusal, 1000, .04, .01, 30 * time.Minute, 2 * day}, "info"},
		{"cost up is a page", world{cost, 100, .02, .026, 30 * time.Minute, 2 * day}, "page"},
		{"cost down is news, not a page", world{cost, 100, .026, .02, 30 * time.Minute, 2 * day}, "info"},
		{"hits down are a page", world{hits, 100, .8, .6, 30 * time.Minute, 2 * day}, "page"},
		{"hits up are news", world{hits, 100, .6, .8, 30 * time.Minute, 2 * day}, "info"},
		{"tokens have no good direction", world{tokens, 0, 500, 900, 30 * time.Minute, 2 * day}, "page"},
		{"no spread at all is quiet", world{hits, 100, 1, 1, 0, 2 * day}, "quiet"},
		{"the first refusals ever are seen", world{refusal, 100, 0, .05, 15 * time.Minute, 2 * day}, "page"},
		{"one refused of ten requests a minute is no shift", world{refusal, 3, .01, .1, 2 * time.Minute, 2 * day}, "quiet"},
		{"two hours are too little to know what is normal", world{refusal, 100, .01, .01, 0, 2 * time.Hour}, "warming_up"},
	} {
		t.Run(test.name, func(t *testing.T) {
			found := detector(t, test.signal).Judge(t0, test.windows())
			if got := said(found); got != test.want {
				t.Errorf("it says %s, want %s: %+v", got, test.want, found)
			}
		})
	}
}

func TestWhatPeopleRead(t *testing.T) {
	found := detector(t, refusal).Judge(t0, world{refusal, 124, .014, .098, 10 * time.Minute, 3 * day}.windows())
	f := found[0]
	if f.Key != "shift/support-assistant//refusal_ratio/level" {
		t.Errorf("the key is %s", f.Key)
	}
	if !strings.HasPrefix(f.Title, "refusal ratio went up from 1.") {
		t.Errorf("the title is %q", f.Title)
	}
	sentence := f.Evidence[0].Sentence
	for _, part := range []string{" % of 1,2", " in 10 min, usually 1.", "; up"} {
		if !strings.Contains(sentence, part) {
			t.Errorf("%q lacks %q", sentence, part)
		}
	}
	if began := t0.Add(-10 * time.Minute); f.Onset.Earliest.After(began) || f.Onset.Latest.Before(began) || f.Onset.Latest.Sub(f.Onset.Earliest) > 10*time.Minute {
		t.Errorf("it began at %s, found %+v", began, f.Onset)
	}
}

func TestAShiftIsOneAlarm(t *testing.T) {
	l := shift.NewLevel(detectors.Ratio, 5*fortnight)
	c := seeded.Cases(0, seeded.Clean)[1]
	alarms := map[time.Time]bool{}
	for _, p := range c.Series(3, 4*day, 3*day) {
		l.Push(p.At, p.Bad, p.Total)
		if a, on := l.Alarm(); on {
			alarms[a.At] = true
		}
	}
	if len(alarms) != 1 {
		t.Errorf("one step made %d alarms: %v", len(alarms), alarms)
	}
}

func TestAShiftEnds(t *testing.T) {
	for _, test := range []struct {
		name string
		held time.Duration
		by   time.Duration
	}{
		{"when the level goes back", 30 * time.Minute, 40 * time.Minute},
		{"when the level is held for so long that it is normal", 12 * time.Hour, 9 * time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := shift.NewLevel(detectors.Ratio, 5*fortnight)
			ended, on := time.Duration(0), false
			for i := range 3 * 1440 {
				at := time.Duration(i) * time.Minute
				bad := float64(10 + i%3)
				if at >= 2*day && at < 2*day+test.held {
					bad = 60
				}
				l.Push(t0.Add(at), bad, 1000)
				_, now := l.Alarm()
				if on && !now && ended == 0 {
					ended = at - 2*day
				}
				on = now
			}
			if ended == 0 || ended > test.by {
				t.Errorf("it ended %s after it began, want by %s", ended, test.by)
			}
		})
	}
}

func TestExam(t *testing.T) {
	detectorstest.Exam(t, func(t *testing.T) detectorstest.Subject {
		t.Helper()
		return detectorstest.Subject{
			Detector: detector(t, refusal), Now: t0,
			Firing: world{refusal, 100, .014, .098, 10 * time.Minute, 2 * day}.windows(),
		}
	})
}

func TestBlindness(t *testing.T) {
	w := world{refusal, 100, .014, .014, 0, 2 * day}.windows()
	for _, why := range detectors.Blindnesses() {
		if why == detectors.WarmingUp {
			continue
		}
		w.Blind = why
		for _, f := range detector(t, refusal).Judge(t0, w) {
			if f.Verdict != detectors.Blind || f.Blind != why {
				t.Errorf("windows that are %s are %s %s by %s", why, f.Verdict, f.Blind, f.Rule)
			}
		}
	}
}

func TestConfig(t *testing.T) {
	for _, test := range []struct {
		name string
		shift.Config
		want string
	}{
		{"a signal without a service", shift.Config{Signal: refusal}, "a service and a signal are needed"},
		{"a signal without a shape", shift.Config{Service: "a", Signal: detectors.Signal{Name: "x"}}, "ratio, count and value are"},
		{"a severity that is none", shift.Config{Service: "a", Signal: refusal, Severity: "loud"}, "info, ticket and page are"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := shift.New(test.Config); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want %q", err, test.want)
			}
		})
	}
}

// TestMemory: judging minute by minute says what a detector says that has just started and remembers nothing.
func TestMemory(t *testing.T) {
	w := world{refusal, 100, .014, .098, 40 * time.Minute, 2 * day}.windows()
	d := detector(t, refusal)
	var steady []detectors.Finding
	for at := t0.Add(-time.Hour); !at.After(t0); at = at.Add(time.Minute) {
		steady = d.Judge(at, w)
	}
	fresh := detector(t, refusal).Judge(t0, w)
	if said(steady) != said(fresh) || steady[0].Onset.At.Sub(fresh[0].Onset.At).Abs() > 2*time.Minute {
		t.Errorf("minute by minute it says\n%+v\nafter a start\n%+v", steady, fresh)
	}
}

// TestLateSamples: a minute that is corrected after it was judged is judged anew.
func TestLateSamples(t *testing.T) {
	w := world{refusal, 100, .014, .014, 0, 2 * day}.windows()
	d := detector(t, refusal)
	d.Judge(t0.Add(-time.Minute), w)
	points := w.Values[series(refusal)]
	for i := len(points) - 8; i < len(points); i++ {
		points[i].Bad = 30
	}
	if got, want := d.Judge(t0, w), detector(t, refusal).Judge(t0, w); said(got) != "page" || !reflect.DeepEqual(got, want) {
		t.Errorf("late samples give\n%+v\nwant\n%+v", got, want)
	}
}

func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := []detectors.Signal{refusal, cost, tokens}[rapid.IntRange(0, 2).Draw(t, "signal")]
		w := &detectorstest.Windows{}
		length := rapid.IntRange(0, 1500).Draw(t, "minutes")
		seed := rapid.Uint64().Draw(t, "seed")
		wild := rapid.Float64Range(0, .1).Draw(t, "wild")
		r := rand.New(rand.NewPCG(seed, 1))
		for i := range length {
			n := math.Floor(r.ExpFloat64() * 50)
			bad := math.Floor(n * r.Float64() * .1)
			if r.Float64() < wild {
				n, bad = []float64{0, 1e6, 1e300, -5, 1}[r.IntN(5)], []float64{0, -1, 1e6, 1e300}[r.IntN(4)]
			}
			w.Add(series(s), t0.Add(time.Duration(i-length)*time.Minute), bad, n)
		}
		d, err := shift.New(shift.Config{Signal: s, Service: "support-assistant"})
		if err != nil {
			t.Fatal(err)
		}
		a := d.Judge(t0, w)
		if b := d.Judge(t0, w); !reflect.DeepEqual(a, b) {
			t.Fatalf("the second judgement differs:\n%+v\n%+v", a, b)
		}
		for _, f := range a {
			if f.Verdict == detectors.Firing && (f.Onset.At.Before(f.Onset.Earliest) || f.Onset.At.After(f.Onset.Latest) || f.Onset.Latest.After(t0)) {
				t.Fatalf("%+v is not in order", f.Onset)
			}
			for _, e := range f.Evidence {
				if math.IsNaN(e.Value) || math.IsNaN(e.Limit) {
					t.Fatalf("%+v is not a number", e)
				}
			}
		}
	})
}

// TestScale: a value in another unit shifts at the same minute by as much.
func TestScale(t *testing.T) {
	c := seeded.Cases(0, seeded.Autocorrelated)[4]
	points := c.Series(5, 3*day, 2*day+day/2)
	alarms := func(unit float64) []string {
		l := shift.NewLevel(detectors.Value, fortnight)
		var out []string
		for _, p := range points {
			l.Push(p.At, unit*p.Bad, p.Total)
			if a, on := l.Alarm(); on {
				out = append(out, fmt.Sprintf("%s %t %.1f", a.At, a.Up, a.Size))
			}
		}
		return slices.Compact(out)
	}
	want := alarms(1)
	for _, unit := range []float64{10, 1000, 1e-3, 1e6} {
		if got := alarms(unit); !slices.Equal(got, want) {
			t.Errorf("in units of %g it says %v, want %v", unit, got, want)
		}
	}
}

// TestLabelOrder: what the windows list first changes nothing of what is said of each.
func TestLabelOrder(t *testing.T) {
	w := world{refusal, 100, .014, .098, 10 * time.Minute, 2 * day}.windows()
	other := series(refusal)
	other.Environment = "production"
	w.Values[other] = w.Values[series(refusal)]
	slice := series(refusal)
	slice.Slice = `version="2"`
	w.Values[slice] = w.Values[series(refusal)]
	found := detector(t, refusal).Judge(t0, w)
	if len(found) != 4 {
		t.Fatalf("two environments and a slice give %d findings", len(found))
	}
	if a, b := found[0], found[2]; a.Title != b.Title || a.Onset != b.Onset || a.Key == b.Key {
		t.Errorf("alike series are judged as\n%+v\n%+v", a, b)
	}
}
