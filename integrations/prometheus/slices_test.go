package prometheus

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/watch"
	"github.com/firebreak-dev/firebreak/integrations/prometheus/prometheustest"
)

// bySlice adds up an hour of answers by slice.
func bySlice(t *testing.T, s *Source, signal string, h *history, step time.Duration) (map[string]detectors.Sum, []string) {
	t.Helper()
	answer, err := s.Ask(t.Context(), watch.Query{Signal: signal, From: h.start, To: h.start.Add(time.Hour), Step: step})
	if err != nil {
		t.Fatalf("%s: %v", signal, err)
	}
	out := map[string]detectors.Sum{}
	for _, r := range answer.Readings {
		sum := out[r.Series.Slice]
		sum.Bad += r.Bad
		sum.Total += r.Total
		out[r.Series.Slice] = sum
	}
	return out, answer.Notes
}

func TestSlicesAddUpToTheWhole(t *testing.T) {
	h := &history{start: time.Now().Add(-3 * time.Hour).Truncate(time.Hour)}
	growing := func(by float64, from int) func(i int) float64 {
		return func(i int) float64 { return by * float64(max(0, i-from)) }
	}
	const service = `service_name="a"`
	h.counter(`requests_total{`+service+`,version="1",model="x"}`, growing(8, 0), 241)
	h.counter(`requests_total{`+service+`,version="1",model="x",code="500"}`, growing(1, 0), 241)
	h.counter(`requests_total{`+service+`,version="2",model="y"}`, growing(2, 120), 241)
	h.counter(`requests_total{`+service+`}`, growing(1, 0), 241)
	for i, le := range []string{"1", "2", "+Inf"} {
		h.counter(fmt.Sprintf(`seconds_bucket{%s,version="1",le=%q}`, service, le), growing([]float64{10, 10, 10}[i], 0), 241)
		h.counter(fmt.Sprintf(`seconds_bucket{%s,version="2",le=%q}`, service, le), growing([]float64{0, 10, 10}[i], 0), 241)
	}
	source := newTestSource(t, prometheustest.StartWith(t, untyped(h)), []SignalConfig{
		{Name: "errors", Bad: `requests_total{code="500"}`, Total: `requests_total`, Slices: []string{"version", "model"}},
		{Name: "p50", Value: `histogram_quantile(0.5, sum by (le) (rate(seconds_bucket[5m])))`, Slices: []string{"version"}},
	}, one("a"))
	want := map[string]detectors.Sum{
		"": {Bad: 240, Total: 240*10 + 240}, `model="x",version="1"`: {Bad: 240, Total: 2160}, `model="y",version="2"`: {Total: 240},
	}
	for _, step := range []time.Duration{time.Minute, time.Hour} {
		got, _ := bySlice(t, source, "errors", h, step)
		if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-9, 1e-9)); diff != "" {
			t.Errorf("in tiles of %s: %s", step, diff)
		}
	}
	values := map[string]float64{}
	sums, _ := bySlice(t, source, "p50", h, time.Minute)
	for slice, sum := range sums {
		values[slice] = sum.Ratio()
	}
	if diff := cmp.Diff(map[string]float64{"": 1, `version="1"`: .5, `version="2"`: 1.5}, values, cmpopts.EquateApprox(.01, 0)); diff != "" {
		t.Error(diff)
	}
}

func TestASignalIsBlindWithoutWhatItRequires(t *testing.T) {
	h := &history{start: time.Now().Add(-3 * time.Hour).Truncate(time.Hour)}
	grow := func(i int) float64 { return float64(i) }
	h.counter(`requests_total{service_name="bare"}`, grow, 241)
	h.counter(`requests_total{service_name="told",reason="stop"}`, grow, 241)
	source := newTestSource(t, prometheustest.StartWith(t, untyped(h)), []SignalConfig{
		{Name: "refusals", Bad: `requests_total{reason="refusal"}`, Total: `requests_total`, Requires: `requests_total{reason!=""}`},
	}, append(one("bare"), one("told")...))
	want := map[string]detectors.Sum{"told/": {Total: 240}}
	if diff := cmp.Diff(want, sums(t, source, "refusals", h, time.Minute)); diff != "" {
		t.Error(diff)
	}
}

func TestAnExplosionOfLabelsIsCapped(t *testing.T) {
	h := &history{start: time.Now().Add(-3 * time.Hour).Truncate(time.Hour)}
	for i := range 2 * mostSlices {
		series := fmt.Sprintf(`requests_total{service_name="a",user="%04d"}`, i)
		h.counter(series, func(i int) float64 { return float64(i) }, 41)
	}
	source := newTestSource(t, prometheustest.StartWith(t, untyped(h)), []SignalConfig{
		{Name: "requests", Total: `requests_total`, Slices: []string{"user"}},
	}, one("a"))
	got, notes := bySlice(t, source, "requests", h, time.Minute)
	if len(got) != mostSlices+1 || len(notes) != 1 {
		t.Errorf("%d series, remarks %q", len(got), notes)
	}
	if whole := got[""].Total; whole != 2*mostSlices*40 {
		t.Errorf("the whole counts %g", whole)
	}
	again, _ := bySlice(t, source, "requests", h, time.Minute)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(again))); diff != "" {
		t.Errorf("other slices the second time: %s", diff)
	}
}

func TestAPlaceIsFreeWhenItsSliceWasAwayForADay(t *testing.T) {
	a, now := newAdmission(), time.Unix(1_800_000_000, 0)
	for i := range mostSlices {
		if !a.admit(sliceKey{slice: fmt.Sprint(i)}, now) {
			t.Fatalf("slice %d has no place", i)
		}
	}
	late := sliceKey{slice: "late"}
	if a.admit(late, now.Add(time.Hour)) {
		t.Error("one too many within the hour")
	}
	a.admit(sliceKey{slice: "7"}, now.Add(forgotten))
	if !a.admit(late, now.Add(forgotten+time.Minute)) {
		t.Error("no place though nearly all were away for a day")
	}
	if len(a.seen) != 2 {
		t.Errorf("%d are remembered", len(a.seen))
	}
}

func TestSlicesAreChecked(t *testing.T) {
	for _, test := range []struct {
		name   string
		signal SignalConfig
		want   string
	}{
		{"good", SignalConfig{Name: "a", Total: "x", Requires: `x{y!=""}`, Slices: []string{"version"}}, ""},
		{"a label that is none", SignalConfig{Name: "a", Total: "x", Slices: []string{"a.b"}}, "slices[0] bad-label"},
		{"too many", SignalConfig{Name: "a", Total: "x", Slices: []string{"a", "b", "c", "d", "e", "f", "g"}}, "slices too-many"},
		{"as it is", SignalConfig{Name: "a", Total: "x", Slices: []string{"b"}, Scope: ScopeAsIs, Services: []string{"s"}}, "slices as-is"},
		{"a value that requires", SignalConfig{Name: "a", Value: "x", Requires: "y"}, "requires counted-only"},
		{"a requirement that is no counter", SignalConfig{Name: "a", Total: "x", Requires: "rate(y[5m])"}, "requires range-function"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := diag.New()
			test.signal.Check(r)
			got := ""
			for _, f := range r.Faults() {
				got += f.Path + " " + f.Code
			}
			if got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
