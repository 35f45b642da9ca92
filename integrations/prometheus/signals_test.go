package prometheus

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/packs"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/watch"
	"github.com/firebreak-dev/firebreak/integrations/prometheus/prometheustest"
)

func TestCheckCounterPointsIntoTheQuery(t *testing.T) {
	for _, test := range []struct {
		query  string
		code   string
		offset int
		fix    string
	}{
		{`requests_total{code=~"5.."}`, "", 0, ""},
		{`a_total + 2 * sum by (x) (b_total) - c_total / 4`, "", 0, ""},
		{`a_total or b_total`, "", 0, ""},
		{`rate(requests_total[5m])`, "range-function", 0, "write requests_total"},
		{`a_total + increase(b_total{x="y"}[1m])`, "range-function", 10, `write b_total{x="y"}`},
		{`sum(requests_total[5m])`, "bad-promql", 4, ""},
		{`requests_total[5m]`, "range", 0, "remove the brackets"},
		{`requests_total{code=~"5.."`, "bad-promql", 26, ""},
		{`requests_total{code=~"5("}`, "bad-promql", 15, ""},
		{`a_total / b_total`, "not-linear", 0, "give what is bad and what is the total apart, as bad: and total:"},
		{`max(a_total)`, "not-a-sum", 0, "write sum(…) or leave the aggregation out"},
		{`a_total offset 5m`, "offset", 0, "remove the offset"},
		{`a_total + b_total @ 5`, "at", 10, "remove the @"},
		{`{code="500"}`, "no-name", 0, "name one metric, and add others with +"},
		{`  `, "empty-query", 0, ""},
		{`5`, "not-a-counter", 0, ""},
		{`abs(a_total)`, "not-a-counter", 0, ""},
	} {
		t.Run(test.query, func(t *testing.T) {
			r := diag.New()
			CheckCounter(r, "bad", test.query)
			faults := r.Faults()
			if test.code == "" {
				if len(faults) > 0 {
					t.Errorf("%+v", faults)
				}
				return
			}
			if len(faults) != 1 || faults[0].Code != test.code || faults[0].Offset != test.offset || faults[0].Fix != test.fix {
				t.Errorf("%+v", faults)
			}
		})
	}
}

func TestCheckSignal(t *testing.T) {
	for _, test := range []struct {
		name   string
		signal SignalConfig
		want   []string
	}{
		{"counted", SignalConfig{Name: "errors", Bad: "a", Total: "b"}, nil},
		{"a count", SignalConfig{Name: "requests", Total: "b", Unit: "requests", Worse: "either"}, nil},
		{"a value", SignalConfig{Name: "p95", Value: "avg(x)", Unit: "seconds"}, nil},
		{"nothing", SignalConfig{}, []string{"name bad-name", " missing-query"}},
		{"both shapes", SignalConfig{Name: "a", Value: "x", Total: "b"}, []string{"value both-shapes"}},
		{"bad alone", SignalConfig{Name: "a", Bad: "x"}, []string{" missing-total"}},
		{"a range as value", SignalConfig{Name: "a", Value: "x[5m]"}, []string{"value not-a-value"}},
		{"strange words", SignalConfig{Name: "a", Total: "x", Unit: "furlongs", Worse: "sideways", Scope: "all"}, []string{"unit bad-unit", "worse bad-direction", "scope bad-scope"}},
		{"as it is for everybody", SignalConfig{Name: "a", Value: "x", Scope: "as_is"}, []string{"services as-is-needs-one"}},
		{"prices of a value", SignalConfig{Name: "a", Value: "x", Prices: &PriceBy{TypeLabel: "t", Table: []Price{{Input: -1}}}}, []string{
			"prices prices-of-a-count", "prices.model_labels missing", "prices.table[0].model missing", "prices.table[0].input out-of-range",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := diag.New()
			test.signal.Check(r)
			var got []string
			for _, f := range r.Faults() {
				got = append(got, f.Path+" "+f.Code)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPacksAreWhole(t *testing.T) {
	if names := packs.Names(); !slices.Contains(names, "otel-genai") {
		t.Fatalf("the packs are %v", names)
	}
	for _, name := range packs.Names() {
		c := SignalsConfig{Use: []string{name}}
		r := diag.New()
		c.Check(r)
		signals, err := c.Signals()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range signals {
			s.Check(r.At(name + "." + s.Name))
			if s.Title == "" || s.Unit == "" || s.Worse == "" {
				t.Errorf("%s: %s has no title, unit or direction", name, s.Name)
			}
		}
		for _, f := range r.Faults() {
			t.Errorf("%+v", f)
		}
	}
	if _, err := packs.Read("nope"); err == nil || !strings.Contains(err.Error(), "otel-genai") {
		t.Errorf("an unknown pack gives %v", err)
	}
}

func TestCheckSignals(t *testing.T) {
	r := diag.New()
	SignalsConfig{
		Use: []string{"otel-gen", "otel-genai", "otel-genai"}, Names: map[string]string{"finish_reasons": "x"},
		Prices: []Price{{Model: "x", Output: -1}}, Custom: []SignalConfig{{Name: "a", Total: "x"}, {Name: "a", Total: "y"}},
	}.Check(r)
	var got []string
	for _, f := range r.Faults() {
		got = append(got, f.Path+" "+f.Code+" "+f.Fix)
	}
	want := []string{
		`use[0] unknown-pack did you mean "otel-genai"?`, "use[2] duplicate ", `names.finish_reasons unknown-name did you mean "finish_reason"?`,
		"prices[0].output out-of-range ", "custom[1].name duplicate ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	r = diag.New()
	SignalsConfig{Use: []string{"otel-genai"}, Names: map[string]string{"finish_reason": `a"b`}}.Check(r)
	if f := r.Faults(); len(f) != 1 || f[0].Path != "names" {
		t.Errorf("a name that breaks queries gives %+v", f)
	}
}

func TestNamesAndCustomSignalsReplaceThoseOfPacks(t *testing.T) {
	signals, err := SignalsConfig{
		Use: []string{"otel-genai"}, Names: map[string]string{"client_duration": "my_seconds"}, Prices: []Price{{Model: "mine", Input: 7}},
		Custom: []SignalConfig{{Name: "errors", Total: "x"}, {Name: "new", Total: "y"}},
	}.Signals()
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]SignalConfig{}
	for _, s := range signals {
		by[s.Name] = s
	}
	if by["requests"].Total != "my_seconds_count or gen_ai_server_request_duration_seconds_count" || by["errors"].Total != "x" || by["new"].Total != "y" {
		t.Errorf("%+v", by)
	}
	if table := by["cost"].Prices.Table; table[0].Model != "mine" || table[len(table)-1].Model != "*" {
		t.Errorf("%+v", table)
	}
}

func TestTargets(t *testing.T) {
	services := []bot.Service{
		{Name: "a", Match: map[string]string{"service_name": "a"}, Environments: []string{"prod", "staging"}},
		{Name: "b", Match: map[string]string{"app": "b"}},
	}
	want := []Target{
		{Service: "a", Environment: "prod", Match: map[string]string{"service_name": "a", "env": "prod"}},
		{Service: "a", Environment: "staging", Match: map[string]string{"service_name": "a", "env": "staging"}},
		{Service: "b", Match: map[string]string{"app": "b"}},
	}
	if diff := cmp.Diff(want, Targets(services, "env")); diff != "" {
		t.Error(diff)
	}
	if got := Targets(services, ""); len(got) != 2 || got[0].Environment != "" {
		t.Errorf("%+v", got)
	}
}

// sums adds up what an hour holds, by service.
func sums(t *testing.T, s *Source, signal string, h *history, step time.Duration) map[string]detectors.Sum {
	t.Helper()
	answer, err := s.Ask(t.Context(), watch.Query{Signal: signal, From: h.start, To: h.start.Add(time.Hour), Step: step})
	if err != nil {
		t.Fatalf("%s: %v", signal, err)
	}
	for _, note := range answer.Notes {
		t.Errorf("%s: %s", signal, note)
	}
	out := map[string]detectors.Sum{}
	for _, r := range answer.Readings {
		key := r.Series.Service + "/" + r.Series.Environment
		sum := out[key]
		sum.Bad += r.Bad
		sum.Total += r.Total
		out[key] = sum
	}
	return out
}

// TestThePackOnARealPrometheus reads both generations of names, several services and environments, and prices.
func TestThePackOnARealPrometheus(t *testing.T) {
	h := &history{start: time.Now().Add(-3 * time.Hour).Truncate(time.Hour)}
	growing := func(by float64) func(i int) float64 { return func(i int) float64 { return 1000 + by*float64(i) } }
	write := func(metric, labels string, by float64) { h.counter(metric+"{"+labels+"}", growing(by), 241) }
	// support reports from its client library, by the older names of tokens; search from its gateway, by the newer ones.
	const support, search = `service_name="support",env="prod",gen_ai_request_model="gpt-4o-mini"`, `service_name="search.x",env="prod",gen_ai_response_model="claude-sonnet-9"`
	write("gen_ai_client_operation_duration_seconds_count", support+`,gen_ai_response_finish_reasons="stop"`, 9)
	write("gen_ai_client_operation_duration_seconds_count", support+`,gen_ai_response_finish_reasons="[\"content_filter\"]"`, 1)
	write("gen_ai_client_operation_duration_seconds_count", strings.Replace(support, "prod", "staging", 1), 2)
	write("gen_ai_server_request_duration_seconds_count", search, 3)
	write("gen_ai_server_request_duration_seconds_count", search+`,error_type="timeout"`, 1)
	// The gateway sees support too, with errors that must not be divided by the client's requests.
	write("gen_ai_server_request_duration_seconds_count", support+`,error_type="timeout"`, 100)
	write("gen_ai_client_token_usage_sum", support+`,gen_ai_token_type="input"`, 1000)
	write("gen_ai_client_token_usage_sum", support+`,gen_ai_token_type="output"`, 100)
	write("gen_ai_client_inference_usage_input_tokens_total", search, 1000)
	write("gen_ai_client_inference_usage_cache_read_input_tokens_total", search, 500)
	write("gen_ai_client_inference_usage_output_tokens_total", search, 10)
	for i, le := range []string{"0.5", "1", "2", "+Inf"} {
		write("gen_ai_client_operation_duration_seconds_bucket", support+fmt.Sprintf(`,le=%q`, le), []float64{0, 10, 20, 20}[i])
		write("gen_ai_server_time_to_first_token_seconds_bucket", search+fmt.Sprintf(`,le=%q`, le), []float64{10, 10, 10, 10}[i])
	}
	signals, err := SignalsConfig{Use: []string{"otel-genai"}}.Signals()
	if err != nil {
		t.Fatal(err)
	}
	services := []bot.Service{
		{Name: "support", Match: map[string]string{"service_name": "support"}, Environments: []string{"prod", "staging"}},
		{Name: "search", Match: map[string]string{"service_name": "search.x"}, Environments: []string{"prod"}},
		{Name: "ghost", Match: map[string]string{"service_name": "ghost"}, Environments: []string{"prod"}},
	}
	url := prometheustest.StartWith(t, untyped(h))
	source := newTestSource(t, url, signals, Targets(services, "env"))
	near := cmpopts.EquateApprox(1e-6, 1e-9)
	for _, test := range []struct {
		signal string
		want   map[string]detectors.Sum
	}{
		{"requests", map[string]detectors.Sum{"support/prod": {Total: 2400}, "support/staging": {Total: 480}, "search/prod": {Total: 960}}},
		{"errors", map[string]detectors.Sum{"support/prod": {Total: 2400}, "support/staging": {Total: 480}, "search/prod": {Bad: 240, Total: 960}}},
		// Staging and search tell nowhere why the model stopped: they are blind, not free of refusals.
		{"refusal_ratio", map[string]detectors.Sum{"support/prod": {Bad: 240, Total: 2400}}},
		{"cost", map[string]detectors.Sum{
			"support/prod": {Total: 240 * (1000*.15 + 100*.6) / 1e6}, "search/prod": {Total: 240 * (500*3 + 500*.3 + 10*15) / 1e6},
		}},
	} {
		for _, step := range []time.Duration{time.Minute, time.Hour} {
			if diff := cmp.Diff(test.want, sums(t, source, test.signal, h, step), near); diff != "" {
				t.Errorf("%s in tiles of %s: %s", test.signal, step, diff)
			}
		}
	}
	for signal, want := range map[string]map[string]float64{"latency_p95": {"support/prod": 1.9}, "time_to_first_token": {"search/prod": .475}} {
		got := map[string]float64{}
		for service, sum := range sums(t, source, signal, h, time.Minute) {
			got[service] = sum.Ratio()
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateApprox(.01, 0)); diff != "" {
			t.Errorf("%s: %s", signal, diff)
		}
	}
	for _, w := range source.Watched() {
		if len(w.Series) != 4 {
			t.Errorf("%s is expected of %v", w.Signal.Name, w.Series)
		}
	}
}

// untyped writes a history in which metrics have no types, so that any name is taken.
func untyped(h *history) string { return h.b.String() + "# EOF\n" }

func TestAQueryTakenAsItIs(t *testing.T) {
	h := &history{start: time.Now().Add(-3 * time.Hour).Truncate(time.Hour)}
	h.counter(`x{a="1"}`, func(int) float64 { return 3 }, 241)
	h.counter(`x{a="2"}`, func(int) float64 { return 5 }, 241)
	signals := []SignalConfig{
		{Name: "one", Value: "sum(x)", Services: []string{"a"}, Scope: ScopeAsIs},
		{Name: "many", Value: "x", Services: []string{"a"}, Scope: ScopeAsIs},
		{Name: "none", Value: "x / 0 * 0", Services: []string{"a"}, Scope: ScopeAsIs},
	}
	source := newTestSource(t, prometheustest.StartWith(t, untyped(h)), signals, one("a"))
	if got := sums(t, source, "one", h, time.Minute)["a/"]; got.Ratio() != 8 || got.Total != 60 {
		t.Errorf("%+v", got)
	}
	q := watch.Query{Signal: "many", From: h.start, To: h.start.Add(time.Minute), Step: time.Minute}
	if _, err := source.Ask(t.Context(), q); watch.ReasonOf(err) != detectors.Garbage {
		t.Errorf("two series where one is wanted: %v", err)
	}
	q.Signal = "none"
	if a, err := source.Ask(t.Context(), q); watch.ReasonOf(err) != detectors.Garbage && len(a.Readings) > 0 {
		t.Errorf("NaN became %+v", a)
	}
	q.Signal = "unheard"
	if _, err := source.Ask(t.Context(), q); err == nil {
		t.Error("an unknown signal was answered")
	}
}

func TestServicesThatCannotBeToldApartAreRefused(t *testing.T) {
	_, err := NewSource(nil, []SignalConfig{ratioSignal}, []Target{{Service: "a"}, {Service: "b", Match: map[string]string{"x": "b"}}})
	if err == nil || !strings.Contains(err.Error(), "service a has no match labels") {
		t.Errorf("%v", err)
	}
	if _, err := NewSource(nil, []SignalConfig{ratioSignal, ratioSignal}, one("a")); err == nil {
		t.Error("the same signal twice was taken")
	}
}

// FuzzCheckQuery: no query makes the checks panic, and what they accept can be compiled into questions that parse.
func FuzzCheckQuery(f *testing.F) {
	for _, q := range []string{
		`a`, `sum(a{b="c"})`, `a + b * 2`, `a or b`, `rate(a[5m])`, `-a / 4`, `{__name__="x.y"}`, `a{b=~"["}`, `histogram_quantile(0.9, sum by (le) (rate(a[5m])))`,
	} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) {
		for _, s := range []SignalConfig{{Name: "s", Bad: query, Total: query}, {Name: "s", Value: query}} {
			r := diag.New()
			s.Check(r)
			q, err := newQuestion(s, []Target{{Service: "a", Match: map[string]string{"x": "a"}}, {Service: "b", Match: map[string]string{"x": "b", "y": "z"}}})
			if (err == nil) != (r.Len() == 0) {
				t.Fatalf("Check finds %d faults, compiling says %v", r.Len(), err)
			}
			if err != nil {
				continue
			}
			texts := []string{q.value}
			if q.value == "" {
				texts = []string{q.count(time.Minute), q.appeared(time.Minute, q.total.leaves())}
			}
			for _, text := range texts {
				if _, flaw := parse(text); flaw != nil {
					t.Fatalf("%q became %q: %s", query, text, flaw.message)
				}
			}
		}
	})
}

func TestPricesOfKinds(t *testing.T) {
	p := Price{Input: 2, Output: 8, CachedInput: .5, CacheWrite: 3}
	for kind, want := range map[string]float64{"input": 2, "output": 8, "cached_input": -1.5, "cache_write": 1, "reasoning": 0, "prompt": 2} {
		if got, known := p.of(kind); !known || math.Abs(got-want) > 1e-9 {
			t.Errorf("%s costs %g, want %g", kind, got, want)
		}
	}
	if _, known := p.of("video"); known {
		t.Error("an unknown kind has a price")
	}
	for metric, want := range map[string]string{
		"gen_ai_client_inference_usage_cache_read_input_tokens_total": "cache_read", "litellm_output_tokens_metric_total": "output",
		"vllm:prompt_tokens_total": "input", "other": "",
	} {
		if got := kindOf(metric); got != want {
			t.Errorf("%s counts %q, want %q", metric, got, want)
		}
	}
}
