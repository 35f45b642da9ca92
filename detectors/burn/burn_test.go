package burn_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/burn"
	"github.com/firebreak-dev/firebreak/detectors/detectorstest"
)

const day = 24 * time.Hour

var (
	t0 = time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)
	id = detectors.SeriesID{Signal: "refusal_ratio", Service: "support-assistant"}
)

func objective(target float64) burn.Config {
	return burn.Config{Name: "useful-answers", Service: id.Service, Signal: id.Signal, Target: target}
}

func detector(t testing.TB, c burn.Config) *burn.Detector {
	t.Helper()
	d, err := burn.New(c, "refusal ratio", 15*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// traffic adds a point every step in (from, to], with rate events a second of which a share is bad.
func traffic(w *detectorstest.Windows, from, to time.Time, step time.Duration, rate, share float64) {
	for at := from.Add(step); !at.After(to); at = at.Add(step) {
		n := rate * step.Seconds()
		w.Add(id, at, n*share, n)
	}
}

// fired lists rule and severity of what fires, in the order of the rules.
func fired(found []detectors.Finding) []string {
	out := []string{}
	for _, f := range found {
		if f.Verdict == detectors.Firing {
			out = append(out, f.Rule+" "+string(f.Severity))
		}
	}
	return out
}

func TestFactor(t *testing.T) {
	for _, test := range []struct {
		share        float64
		period, long time.Duration
		want         float64
	}{
		{.02, 30 * day, time.Hour, 14.4},
		{.05, 30 * day, 6 * time.Hour, 6},
		{.10, 30 * day, day, 3},
		{.10, 30 * day, 3 * day, 1},
		{.02, 7 * day, time.Hour, 3.36},
		{.02, 28 * day, time.Hour, 13.44},
	} {
		if got := burn.Factor(test.share, test.period, test.long); math.Abs(got-test.want) > 1e-9 {
			t.Errorf("%g of %s within %s is a factor of %g, want %g", test.share, test.period, test.long, got, test.want)
		}
	}
}

func TestRulesOfAPeriod(t *testing.T) {
	for _, test := range []struct {
		period time.Duration
		want   []burn.Rule
	}{
		{30 * day, []burn.Rule{
			{Long: time.Hour, Short: 5 * time.Minute, Factor: 14.4, Severity: "page"},
			{Long: 6 * time.Hour, Short: 30 * time.Minute, Factor: 6, Severity: "page"},
			{Long: day, Short: 2 * time.Hour, Factor: 3, Severity: "ticket"},
			{Long: 3 * day, Short: 6 * time.Hour, Factor: 1, Severity: "ticket"},
		}},
		{7 * day, []burn.Rule{
			{Long: time.Hour, Short: 5 * time.Minute, Factor: 3.36, Severity: "page"},
			{Long: 6 * time.Hour, Short: 30 * time.Minute, Factor: 1.4, Severity: "page"},
			{Long: 16*time.Hour + 48*time.Minute, Short: 84 * time.Minute, Factor: 1, Severity: "ticket"},
		}},
	} {
		if diff := cmp.Diff(test.want, burn.Rules(test.period)); diff != "" {
			t.Errorf("%s: %s", test.period, diff)
		}
	}
}

func TestJudge(t *testing.T) {
	step := time.Minute
	for _, test := range []struct {
		name   string
		target float64
		write  func(w *detectorstest.Windows)
		want   []string
	}{
		{"a healthy service is quiet", .999, func(w *detectorstest.Windows) {
			traffic(w, t0.Add(-4*day), t0, step, 10, .0005)
		}, []string{}},
		{"an hour of a full outage fires everything", .999, func(w *detectorstest.Windows) {
			traffic(w, t0.Add(-4*day), t0.Add(-time.Hour), step, 10, 0)
			traffic(w, t0.Add(-time.Hour), t0, step, 10, 1)
		}, []string{"1h page", "6h page", "1d ticket", "3d ticket"}},
		{"the long window alone does not fire: it is over", .999, func(w *detectorstest.Windows) {
			traffic(w, t0.Add(-4*day), t0.Add(-20*time.Minute), step, 10, 0)
			traffic(w, t0.Add(-20*time.Minute), t0.Add(-10*time.Minute), step, 10, .2)
			traffic(w, t0.Add(-10*time.Minute), t0, step, 10, 0)
		}, []string{}},
		{"the short window alone does not fire: it is small", .999, func(w *detectorstest.Windows) {
			traffic(w, t0.Add(-4*day), t0.Add(-2*time.Minute), step, 10, 0)
			traffic(w, t0.Add(-2*time.Minute), t0, step, 10, .2)
		}, []string{}},
		{"a slow burn is a ticket", .99, func(w *detectorstest.Windows) {
			traffic(w, t0.Add(-4*day), t0, step, 10, .02)
		}, []string{"3d ticket"}},
		{"no traffic is quiet, for it is seen", .999, func(w *detectorstest.Windows) {
			traffic(w, t0.Add(-4*day), t0, step, 0, 0)
		}, []string{}},
		{"one error in ten pages nobody", .999, func(w *detectorstest.Windows) {
			traffic(w, t0.Add(-4*day), t0.Add(-time.Hour), step, 0, 0)
			for i := range 10 {
				bad := 0.
				if i == 9 {
					bad = 1
				}
				w.Add(id, t0.Add(time.Duration(i-9)*time.Minute), bad, 1)
			}
		}, []string{}},
		{"three bad in ten are a ticket and no page", .999, func(w *detectorstest.Windows) {
			traffic(w, t0.Add(-4*day), t0.Add(-time.Hour), step, 0, 0)
			for i := range 10 {
				w.Add(id, t0.Add(time.Duration(i-9)*time.Minute), float64(i/7), 1)
			}
		}, []string{"1d ticket", "3d ticket"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := &detectorstest.Windows{}
			test.write(w)
			found := detector(t, objective(test.target)).Judge(t0, w)
			if diff := cmp.Diff(test.want, fired(found)); diff != "" {
				t.Errorf("%s\n%+v", diff, found)
			}
		})
	}
}

// TestFailingAtLowTraffic: 90 % of 37 requests a day fail. It must be ticketed within a day and page nobody on the first error.
func TestFailingAtLowTraffic(t *testing.T) {
	w := &detectorstest.Windows{Known: t0.Add(-40 * day)}
	between := day / 37
	n := 0
	for at := t0.Add(-4 * day); at.Before(t0); at = at.Add(between) {
		w.Add(id, at, 0, 1)
	}
	d := detector(t, objective(.999))
	for at := t0; at.Before(t0.Add(2 * day)); at = at.Add(between) {
		bad := 1.
		if n++; n%10 == 0 {
			bad = 0
		}
		w.Add(id, at, bad, 1)
		got := fired(d.Judge(at, w))
		if len(got) > 0 {
			t.Logf("ticketed %s after the first failure, after %d requests: %v", at.Sub(t0).Truncate(time.Minute), n, got)
			if got[0] != "1d ticket" || at.Sub(t0) > day || n < 3 || slices.Contains(got, "1h page") {
				t.Errorf("%v after %d requests and %s", got, n, at.Sub(t0))
			}
			return
		}
	}
	t.Error("two days of failing and no ticket")
}

// TestTimeToPage: at a full outage of a 99.9 % service with steady traffic the page is due after 51.8 s, and judging each second
// finds it in the 52nd.
func TestTimeToPage(t *testing.T) {
	w := &detectorstest.Windows{Known: t0.Add(-40 * day)}
	traffic(w, t0.Add(-4*day), t0.Add(-2*time.Hour), time.Minute, 20, 0)
	traffic(w, t0.Add(-2*time.Hour), t0, time.Second, 20, 0)
	d := detector(t, objective(.999))
	for s := 1; s <= 60; s++ {
		at := t0.Add(time.Duration(s) * time.Second)
		w.Add(id, at, 20, 20)
		if len(fired(d.Judge(at, w))) > 0 {
			t.Logf("full outage of a 99.9 %% service pages after %d s", s)
			if s != 52 {
				t.Errorf("it pages after %d s, want 52", s)
			}
			return
		}
	}
	t.Error("no page within a minute")
}

// TestWarmingUp: only ten minutes are known. An outage must page as if the rest of the hour had been healthy traffic, no sooner.
func TestWarmingUp(t *testing.T) {
	w := &detectorstest.Windows{}
	traffic(w, t0.Add(-10*time.Minute), t0, time.Second, 20, 0)
	d := detector(t, objective(.999))
	for _, f := range d.Judge(t0, w) {
		if f.Verdict != detectors.Blind || f.Blind != detectors.WarmingUp {
			t.Errorf("%s is %s (%s) after ten minutes", f.Rule, f.Verdict, f.Blind)
		}
	}
	for s := 1; s <= 70; s++ {
		at := t0.Add(time.Duration(s) * time.Second)
		w.Add(id, at, 20, 20)
		if len(fired(d.Judge(at, w))) > 0 {
			if s != 52 {
				t.Errorf("it pages after %d s, want 52 as with a whole hour", s)
			}
			return
		}
	}
	t.Error("no page while warming up")
}

func TestBlindnessHasItsReason(t *testing.T) {
	for _, reason := range []detectors.Blindness{detectors.Timeout, detectors.Partial, detectors.Stale} {
		for _, f := range detector(t, objective(.99)).Judge(t0, &detectorstest.Windows{Blind: reason}) {
			if f.Verdict != detectors.Blind || f.Blind != reason || f.Severity != detectors.None {
				t.Errorf("%+v", f)
			}
		}
	}
	w := &detectorstest.Windows{}
	traffic(w, t0.Add(-4*day), t0, time.Minute, 10, 1.5)
	for _, f := range detector(t, objective(.99)).Judge(t0, w) {
		if f.Verdict != detectors.Blind || f.Blind != detectors.Garbage {
			t.Errorf("more bad events than events: %s is %s (%s)", f.Rule, f.Verdict, f.Blind)
		}
	}
}

func TestEnvironmentsAreJudgedApart(t *testing.T) {
	w := &detectorstest.Windows{}
	for _, e := range []string{"prod", "staging"} {
		of := id
		of.Environment = e
		w.Add(of, t0.Add(-4*day), 0, 1e6)
		if e == "staging" {
			w.Add(of, t0, 1e5, 2e5)
		} else {
			w.Add(of, t0, 0, 2e5)
		}
	}
	for _, f := range detector(t, objective(.99)).Judge(t0, w) {
		if (f.Environment == "staging") != (f.Verdict == detectors.Firing) {
			t.Errorf("%s is %s", f.Key, f.Verdict)
		}
	}
	only := objective(.99)
	only.Environment = "prod"
	if found := detector(t, only).Judge(t0, w); len(found) != 4 || found[0].Environment != "prod" {
		t.Errorf("%+v", found)
	}
}

func TestProperties(t *testing.T) {
	severity := func(found []detectors.Finding) int {
		worst := detectors.None
		for _, f := range found {
			worst = detectors.Worst(worst, f.Severity)
		}
		return worst.Rank()
	}
	rapid.Check(t, func(t *rapid.T) {
		target := rapid.Float64Range(.94, .9999).Draw(t, "target")
		shares := rapid.SliceOfN(rapid.Float64Range(0, 1), 6, 6).Draw(t, "shares")
		worse := rapid.Float64Range(1, 3).Draw(t, "worse")
		d, err := burn.New(objective(target), "", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		judge := func(rate, factor float64) []detectors.Finding {
			w := &detectorstest.Windows{}
			w.Add(id, t0.Add(-4*day), 0, 0)
			for i, at := range []time.Duration{2 * day, 12 * time.Hour, 3 * time.Hour, 40 * time.Minute, 10 * time.Minute, time.Minute} {
				w.Add(id, t0.Add(-at), rate*min(1, shares[i]*factor), rate)
			}
			return d.Judge(t0, w)
		}
		// So many that whatever exceeds a limit is enough bad events for it.
		const rate = 1e5
		base := judge(rate, 1)
		if got := judge(10*rate, 1); !cmp.Equal(fired(base), fired(got)) {
			t.Fatalf("ten times the traffic: %v became %v", fired(base), fired(got))
		}
		if got := judge(rate, worse); severity(got) < severity(base) {
			t.Fatalf("more errors made it milder: %v became %v", fired(base), fired(got))
		}
	})
}

func TestExam(t *testing.T) {
	detectorstest.Exam(t, func(t *testing.T) detectorstest.Subject {
		w := &detectorstest.Windows{}
		traffic(w, t0.Add(-4*day), t0.Add(-time.Hour), time.Minute, 10, .001)
		traffic(w, t0.Add(-time.Hour), t0, time.Minute, 10, .5)
		return detectorstest.Subject{Detector: detector(t, objective(.99)), Now: t0, Firing: w}
	})
}

func TestOnsetOfAFinding(t *testing.T) {
	w := &detectorstest.Windows{Known: t0.Add(-40 * day)}
	began := t0.Add(-25 * time.Minute)
	traffic(w, t0.Add(-4*day), t0.Add(-4*time.Hour), time.Minute, 10, .005)
	traffic(w, t0.Add(-4*time.Hour), began, 15*time.Second, 10, .005)
	traffic(w, began, t0, 15*time.Second, 10, .5)
	found := detector(t, objective(.99)).Judge(t0, w)
	o := found[0].Onset
	if found[0].Verdict != detectors.Firing || o.At.Sub(began).Abs() > 15*time.Second || o.Earliest.After(began) || o.Latest.Before(began) {
		t.Errorf("it began at %s, found %+v", began, o)
	}
	if o.Latest.Sub(o.Earliest) > 2*time.Minute {
		t.Errorf("the interval of a clean step is %s wide", o.Latest.Sub(o.Earliest))
	}
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name   string
		config burn.Config
		want   []string
	}{
		{"a good objective", objective(.999), nil},
		{"an empty one", burn.Config{}, []string{"name bad-name", "service missing", " missing-events", "target bad-target"}},
		{"a target that can never page", objective(.9), []string{"target impossible-objective"}},
		{"perfection", objective(1), []string{"target bad-target"}},
		{"a percentage that is not one", objective(99), []string{"target bad-target"}},
		{"two sorts of events", burn.Config{Name: "a", Service: "b", Signal: "c", Bad: "d", Total: "e", Target: .99}, []string{"signal both-events"}},
		{"bad without total", burn.Config{Name: "a", Service: "b", Bad: "d", Target: .99}, []string{" missing-total"}},
		{"rules that cannot be", func() burn.Config {
			c := objective(.9)
			c.Rules = []burn.Rule{{Long: time.Hour, Short: time.Hour, Factor: 12, Severity: "loud"}, {Long: 40 * day, Factor: -1}}
			return c
		}(), []string{
			"rules[0].short short-not-shorter", "rules[0].severity bad-severity", "rules[0].factor impossible-objective",
			"rules[1].long out-of-range", "rules[1].factor out-of-range",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := diag.New()
			test.config.Check(r)
			var got []string
			for _, f := range r.Faults() {
				got = append(got, f.Path+" "+f.Code)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if _, err := burn.New(test.config, "", time.Second); (err != nil) != (len(test.want) > 0) {
				t.Errorf("New says %v", err)
			}
		})
	}
}

// TestTheFixOfAnImpossibleObjectiveWorks takes the largest factor that Check names.
func TestTheFixOfAnImpossibleObjectiveWorks(t *testing.T) {
	for _, target := range []float64{.5, .8, .9, .93} {
		c := objective(target)
		for _, r := range burn.Rules(30 * day) {
			r.Factor = min(r.Factor, burn.Largest(target))
			c.Rules = append(c.Rules, r)
		}
		w := &detectorstest.Windows{}
		traffic(w, t0.Add(-4*day), t0.Add(-6*time.Hour), time.Minute, 10, 0)
		traffic(w, t0.Add(-6*time.Hour), t0, time.Minute, 10, 1)
		if got := fired(detector(t, c).Judge(t0, w)); len(got) < 2 {
			t.Errorf("a target of %g: an outage fires only %v", target, got)
		}
	}
}

func ExampleDetector_Judge() {
	w := &detectorstest.Windows{}
	traffic(w, t0.Add(-4*day), t0.Add(-50*time.Minute), time.Minute, 10, .001)
	traffic(w, t0.Add(-50*time.Minute), t0, time.Minute, 10, .5)
	d, err := burn.New(objective(.99), "refusal ratio", time.Minute)
	if err != nil {
		panic(err)
	}
	for _, f := range d.Judge(t0, w) {
		fmt.Println(strings.TrimSpace(fmt.Sprintln(f.Rule, f.Verdict, f.Severity)))
	}
	finding := d.Judge(t0, w)[1]
	fmt.Println(finding.Title)
	for _, e := range finding.Evidence {
		fmt.Println("-", e.Sentence)
	}
	// Output:
	// 1h firing page
	// 6h firing page
	// 1d quiet
	// 3d quiet
	// refusal ratio burns the budget of useful-answers 7.03 times too fast
	// - 15186 of 216000 events bad (7.03 %) over 6h, limit 6 %
	// - 9000 of 18000 events bad (50 %) over 30m, limit 6 %
	// - 0.1 % before it began (216 of 216000 events)
	// - 92.9 % of the budget of 30d for 99% is left, as far as the period is known
	// - at this rate the budget is gone in 95h7m
}
