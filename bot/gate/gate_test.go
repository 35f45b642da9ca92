package gate_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot/gate"
	"github.com/firebreak-dev/firebreak/configs/diag"
)

var now = time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)

func bound(text string) gate.Bound {
	var b gate.Bound
	if text != "" {
		if err := b.UnmarshalText([]byte(text)); err != nil {
			panic(err)
		}
	}
	return b
}

func share(passed, total float64) gate.Measure {
	return gate.Measure{Name: "m", Value: passed / total, Samples: total, Share: true}
}

func mean(v, err, n float64) gate.Measure {
	return gate.Measure{Name: "m", Value: v, Samples: n, Error: err}
}

func TestJudge(t *testing.T) {
	atLeast := func(b string) gate.Requirement { return gate.Requirement{AtLeast: bound(b)} }
	atMost := func(b string) gate.Requirement { return gate.Requirement{AtMost: bound(b)} }
	notWorse := func(b, better string) gate.Requirement { return gate.Requirement{NotWorseBy: bound(b), Better: better} }
	last := func(m gate.Measure) *gate.Measure { return &m }
	for _, test := range []struct {
		name     string
		require  gate.Requirement
		measured gate.Measure
		last     *gate.Measure
		want     gate.Answer
	}{
		{"a share that meets its bound", atLeast("90%"), share(95, 100), nil, gate.Pass},
		{"exactly the bound", atLeast("95%"), share(95, 100), nil, gate.Pass},
		{"far below its bound", atLeast("90%"), share(70, 100), nil, gate.Fail},
		{"a little below its bound is no failure yet", atLeast("90%"), share(88, 100), nil, gate.Inconclusive},
		{"the same with many samples is", atLeast("90%"), share(8800, 10000), nil, gate.Fail},
		{"a perfect score of three tells nothing", atLeast("90%"), share(3, 3), nil, gate.Inconclusive},
		{"three failures of three do tell", atLeast("90%"), share(0, 3), nil, gate.Fail},
		{"a mean above its limit", atMost("1.5s"), mean(2, .05, 100), nil, gate.Fail},
		{"a mean below its limit", atMost("1500ms"), mean(1.2, .05, 100), nil, gate.Pass},
		{"a mean above its limit by chance", atMost("1.5s"), mean(1.52, .05, 100), nil, gate.Inconclusive},
		{"a bare number meets its bound", atLeast("0.8"), gate.Measure{Name: "m", Value: .81}, nil, gate.Pass},
		{"a bare number does not meet its bound", atLeast("0.8"), gate.Measure{Name: "m", Value: .79}, nil, gate.Fail},
		{"nothing to compare with", notWorse("2%", ""), share(95, 100), nil, gate.Inconclusive},
		{"better than the last", notWorse("2%", ""), share(96, 100), last(share(95, 100)), gate.Pass},
		{"clearly worse than the last", notWorse("2%", ""), share(80, 100), last(share(95, 100)), gate.Fail},
		{"worse by less than chance", notWorse("2%", ""), share(93, 100), last(share(95, 100)), gate.Inconclusive},
		{"worse within the margin, and many samples say so", notWorse("2%", ""), share(9450, 10000), last(share(9500, 10000)), gate.Pass},
		{"worse beyond the margin, and many samples say so", notWorse("2%", ""), share(9200, 10000), last(share(9500, 10000)), gate.Fail},
		{"slower than the last by more than a tenth", notWorse("10%", "down"), mean(1.4, .01, 500), last(mean(1.2, .01, 500)), gate.Fail},
		{"slower than the last by less than a tenth", notWorse("10%", "down"), mean(1.25, .01, 500), last(mean(1.2, .01, 500)), gate.Pass},
		{"faster than the last", notWorse("10%", "down"), mean(1, .01, 500), last(mean(1.2, .01, 500)), gate.Pass},
		{"bare numbers within the margin", notWorse("10%", ""), gate.Measure{Name: "m", Value: .95}, last(gate.Measure{Name: "m", Value: 1}), gate.Pass},
		{"bare numbers beyond the margin", notWorse("10%", ""), gate.Measure{Name: "m", Value: .8}, last(gate.Measure{Name: "m", Value: 1}), gate.Fail},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.require.Metric = "m"
			var before *gate.Results
			if test.last != nil {
				before = &gate.Results{Measures: []gate.Measure{*test.last}}
			}
			v := gate.Judge(now, gate.Policy{Name: "p", Metrics: []gate.Requirement{test.require}}, gate.Results{Measures: []gate.Measure{test.measured}}, before, false)
			if v.Answer != test.want || len(v.Outcomes) != 1 || v.Outcomes[0].Sentence == "" {
				t.Errorf("%s: %+v", v.Answer, v.Outcomes)
			}
			if _, err := json.Marshal(v); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWhatIsNotSeenNeverPasses(t *testing.T) {
	p := gate.Policy{Name: "p", MaxAge: time.Hour, Metrics: []gate.Requirement{{Metric: "m", AtLeast: bound("1%")}}}
	for name, r := range map[string]gate.Results{
		"nothing measured": {At: now},
		"too old":          {At: now.Add(-2 * time.Hour), Measures: []gate.Measure{share(99, 100)}},
		"of no known age":  {Measures: []gate.Measure{share(99, 100)}},
	} {
		if v := gate.Judge(now, p, r, nil, false); v.Answer != gate.Inconclusive {
			t.Errorf("%s: %+v", name, v)
		}
	}
	p.Metrics[0] = gate.Requirement{Metric: "m", NotWorseBy: bound("2%"), Optional: true}
	some := gate.Results{At: now, Measures: []gate.Measure{share(99, 100)}}
	if a, b := gate.Judge(now, p, some, nil, false).Answer, gate.Judge(now, p, some, nil, true).Answer; a != gate.Inconclusive || b != gate.Pass {
		t.Errorf("without an earlier one: %s, and as the first: %s", a, b)
	}
	if v := gate.Judge(now, p, gate.Results{At: now}, nil, false); v.Answer != gate.Pass {
		t.Errorf("optional: %+v", v)
	}
}

// TestMoreSuccessesNeverMakeItWorse is a property of every bound and margin.
func TestMoreSuccessesNeverMakeItWorse(t *testing.T) {
	order := map[gate.Answer]int{gate.Fail: 0, gate.Inconclusive: 1, gate.Pass: 2}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 500).Draw(t, "n")
		k := rapid.IntRange(0, n-1).Draw(t, "k")
		p := gate.Policy{Name: "p", MinSamples: 1, Metrics: []gate.Requirement{{
			Metric: "m", AtLeast: gate.Bound{Value: rapid.Float64Range(0, 1).Draw(t, "bound"), Set: true},
			NotWorseBy: gate.Bound{Value: rapid.Float64Range(0, .2).Draw(t, "margin"), Set: true},
		}}}
		before := &gate.Results{Measures: []gate.Measure{share(float64(rapid.IntRange(0, 200).Draw(t, "before")), 200)}}
		judge := func(k int) gate.Answer {
			return gate.Judge(now, p, gate.Results{Measures: []gate.Measure{share(float64(k), float64(n))}}, before, false).Answer
		}
		if a, b := judge(k), judge(k+1); order[b] < order[a] {
			t.Fatalf("%d of %d: %s, %d of %d: %s", k, n, a, k+1, n, b)
		}
	})
}

func TestAPolicyIsChecked(t *testing.T) {
	for _, test := range []struct {
		name   string
		policy gate.Policy
		want   string
	}{
		{"good", gate.Policy{Name: "p", Metrics: []gate.Requirement{{Metric: "m", AtLeast: bound("1%")}}}, ""},
		{"empty", gate.Policy{}, "name missing, metrics missing"},
		{"nothing required", gate.Policy{Name: "p", Metrics: []gate.Requirement{{Metric: "m"}}}, "metrics[0] missing"},
		{"twice", gate.Policy{Name: "p", Metrics: []gate.Requirement{{Metric: "m", AtLeast: bound("1")}, {Metric: "m", AtMost: bound("2")}}}, "metrics[1].metric duplicate"},
		{"never", gate.Policy{Name: "p", Metrics: []gate.Requirement{{Metric: "m", AtLeast: bound("2"), AtMost: bound("1")}}}, "metrics[0].at_least never"},
		{"sideways", gate.Policy{Name: "p", Metrics: []gate.Requirement{{Metric: "m", AtLeast: bound("2"), Better: "left", MinSamples: -1}}}, "metrics[0].min_samples out-of-range, metrics[0].better bad-direction"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := diag.New()
			test.policy.Check(r)
			var got []string
			for _, f := range r.Faults() {
				got = append(got, f.Path+" "+f.Code)
			}
			if s := strings.Join(got, ", "); s != test.want {
				t.Errorf("%q, want %q", s, test.want)
			}
		})
	}
}

func TestBoundsAreRead(t *testing.T) {
	for text, want := range map[string]gate.Bound{
		"92%": {Value: .92, Percent: true, Set: true}, "0.8": {Value: .8, Set: true}, "1.5s": {Value: 1.5, Set: true}, "-3": {Value: -3, Set: true},
	} {
		if got := bound(text); got != want {
			t.Errorf("%s: %+v", text, got)
		}
	}
	for _, text := range []string{"much", "NaN", "%", "1,5"} {
		var b gate.Bound
		if err := b.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was read as %+v", text, b)
		}
	}
}
