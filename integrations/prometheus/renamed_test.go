package prometheus

import (
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/integrations/prometheus/prometheustest"
)

func TestLookalike(t *testing.T) {
	for _, test := range []struct {
		name, gone string
		among      []string
		want       string
		claimed    bool
	}{
		{"another unit", "gen_ai_client_operation_duration_seconds_count", []string{"gen_ai_client_operation_duration_milliseconds_count", "go_gc_duration_seconds_count"}, "gen_ai_client_operation_duration_milliseconds_count", true},
		{"an ending", "http_requests", []string{"http_requests_total"}, "http_requests_total", true},
		{"a part more", "litellm_requests_metric_total", []string{"litellm_proxy_total_requests_metric_total"}, "litellm_proxy_total_requests_metric_total", true},
		{"the same thing in other words is not claimed", "vllm:time_per_output_token_seconds", []string{"vllm:inter_token_latency_seconds"}, "vllm:inter_token_latency_seconds", false},
		{"nothing alike", "guardrail_calls_total", []string{"up", "process_cpu_seconds_total"}, "process_cpu_seconds_total", false},
		{"nothing at all", "a", nil, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, similarity := lookalike(test.gone, test.among)
			if got != test.want || (similarity >= alike) != test.claimed {
				t.Errorf("%q with %.2f", got, similarity)
			}
		})
	}
}

func TestARenamedMetricIsFoundOnARealPrometheus(t *testing.T) {
	now := time.Now().Truncate(time.Minute)
	h := &history{start: now.Add(-72 * time.Hour)}
	for at := h.start; at.Before(now.Add(-30 * time.Minute)); at = at.Add(5 * time.Minute) {
		h.sample(`call_duration_seconds_count{service_name="a"}`, at, at.Sub(h.start).Seconds())
		h.sample(`go_goroutines{service_name="a"}`, at, 7)
	}
	for at := now.Add(-30 * time.Minute); at.Before(now); at = at.Add(time.Minute) {
		h.sample(`call_duration_milliseconds_count{service_name="a"}`, at, 5)
	}
	source := newTestSource(t, prometheustest.StartWith(t, untyped(h)), []SignalConfig{
		{Name: "requests", Total: "call_duration_seconds_count"}, {Name: "load", Value: "avg(go_goroutines)"},
	}, one("a"))
	for signal, want := range map[string]string{
		"requests": "call_duration_seconds_count may be called call_duration_milliseconds_count now: that name is new, and looks like it",
		"load":     "", "unheard": "",
	} {
		if got, err := source.Renamed(t.Context(), signal, now); err != nil || got != want {
			t.Errorf("%s: %q, %v", signal, got, err)
		}
	}
}
