package prometheus

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/firebreak-dev/firebreak/configs/packs"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/watch"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/promapi"
)

// exporterStart is when the exporters of the fixtures began to count.
var exporterStart = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// emptyLabel is a label without a value, which a scrape takes for none.
var emptyLabel = regexp.MustCompile(`\b[a-z_]+="",?`)

const exporterScrapes = 240 // an hour, one each 15 s

// serveExporter puts the real PromQL engine behind the real API over an hour of scrapes of an exporter. What it printed at the end
// of that hour is in testdata/packs; every series grew to it evenly. The scrape adds the label job, as Prometheus does. Series that
// contain one of the words of without are left out.
func serveExporter(t *testing.T, pack string, without ...string) string {
	t.Helper()
	printed, err := os.ReadFile(filepath.Join("testdata", "packs", pack+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	var scrapes strings.Builder
	for line := range strings.Lines(string(printed)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") || holdsAny(line, without) {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		end, err := strconv.ParseFloat(line[at+1:], 64)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		series := strings.Replace(emptyLabel.ReplaceAllString(line[:at], ""), "{", `{job="gateway",`, 1)
		for i := range exporterScrapes + 1 {
			when := exporterStart.Add(time.Duration(i) * 15 * time.Second)
			fmt.Fprintf(&scrapes, "%s %g %d\n", series, 1000+end*float64(i)/exporterScrapes, when.UnixMilli())
		}
	}
	recording := promapi.NewRecording()
	if err := recording.Read([]byte(scrapes.String())); err != nil {
		t.Fatal(err)
	}
	api := promapi.NewServer(recording, func() time.Time { return exporterStart.Add(time.Hour) }, nil)
	web := httptest.NewServer(api)
	t.Cleanup(func() {
		web.Close()
		if err := api.Close(); err != nil {
			t.Error(err)
		}
	})
	return web.URL
}

func holdsAny(line string, words []string) bool {
	for _, w := range words {
		if strings.Contains(line, w) {
			return true
		}
	}
	return false
}

// heard is what a pack says of its exporter's hour: for counted signals how many were bad and how many there were, for values
// their mean. A signal that is blind is not in it.
func heard(t *testing.T, pack, url string) map[string]detectors.Sum {
	t.Helper()
	signals, err := SignalsConfig{Use: []string{pack}}.Signals()
	if err != nil {
		t.Fatal(err)
	}
	source := newTestSource(t, url, signals, []Target{{Service: "gateway", Match: map[string]string{"job": "gateway"}}})
	out := map[string]detectors.Sum{}
	for _, s := range signals {
		answer, err := source.Ask(t.Context(), watch.Query{Signal: s.Name, From: exporterStart, To: exporterStart.Add(time.Hour), Step: time.Minute})
		if err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		for _, note := range answer.Notes {
			t.Errorf("%s: %s", s.Name, note)
		}
		var whole detectors.Sum
		for _, r := range answer.Readings {
			if r.Series.Slice == "" {
				whole.Bad += r.Bad
				whole.Total += r.Total
			}
		}
		if s.Shape() == detectors.Value && whole.Total > 0 {
			whole = detectors.Sum{Bad: whole.Ratio()}
		}
		if len(answer.Readings) > 0 {
			out[s.Name] = whole
		}
	}
	return out
}

// TestEveryQueryOfEveryPackOnItsExporter computes each signal of each pack from what its exporter prints. The numbers are worked
// out by hand from testdata/packs.
func TestEveryQueryOfEveryPackOnItsExporter(t *testing.T) {
	count := func(n float64) detectors.Sum { return detectors.Sum{Total: n} }
	value := func(v float64) detectors.Sum { return detectors.Sum{Bad: v} }
	want := map[string]map[string]detectors.Sum{
		"litellm": {
			"requests": count(12000), "errors": {Bad: 2400, Total: 12000},
			// 480 by the provider's policy and 720 by the guardrail; neither the bad request nor the guardrail's timeout.
			"refusal_ratio": {Bad: 1200, Total: 12000},
			"cost":          count(1.2),
			// 2.4 million at .15, 1.2 million cached at .075, 1.2 million at .60; reasoning is within the output.
			"cost_by_table": count(2.4*.15 + 1.2*.075 + 1.2*.6), "tokens": count(4.8e6),
			"latency_p50": value(1), "latency_p95": value(1.9), "time_to_first_token": value(.475),
			"guardrail_calls": count(12000),
		},
		"vllm": {
			"requests": count(2400), "errors": {Bad: 96, Total: 2400}, "aborts": {Bad: 144, Total: 2400}, "tokens": count(2.88e6),
			"prefix_cache_hit_ratio": {Bad: 1.8e6, Total: 2.4e6},
			"latency_p50":            value(10), "latency_p95": value(19), "time_to_first_token": value(.475),
		},
		"envoy-ai-gateway": {
			"requests": count(2640), "errors": {Bad: 240, Total: 2640},
			// .96 million plain at 3, 1.2 million cached at .30, .24 million written to the cache at 3.75, .48 million at 15.
			"cost": count(.96*3 + 1.2*.3 + .24*3.75 + .48*15), "tokens": count(2.88e6),
			"latency_p50": value(1.28), "latency_p95": value(1.28 + .9*1.28), "time_to_first_token": value(.475),
		},
		"openlit": {
			"requests": count(1200), "cost": count(5.4), "tokens": count(1.44e6), "latency_p50": value(1.28), "latency_p95": value(2.432),
			"time_to_first_token": value(.475), "guardrail_calls": count(1200), "guardrail_blocks": {Bad: 120, Total: 1200},
		},
		"otel-genai": {
			"requests": count(2400), "errors": {Bad: 720, Total: 2400},
			// 240 that stopped for the filter and 120 that failed for the policy, out of all, though 600 others failed.
			"refusal_ratio": {Bad: 360, Total: 2400},
			"cost":          count(1.2*.15 + 1.2*.075 + .24*.6), "tokens": count(2.64e6),
			"latency_p50": value(1.28), "latency_p95": value(1.28 + .9*1.28), "time_to_first_token": value(.475),
			// Neither the 144 that did not run nor the 96 that failed.
			"guardrail_calls": count(2160), "guardrail_blocks": {Bad: 240, Total: 2160}, "retrieval_hit_ratio": {Bad: 960, Total: 1200},
			"evaluation_score": value(.8), "task_success": {Bad: 216, Total: 240},
		},
	}
	for _, pack := range packs.Names() {
		t.Run(pack, func(t *testing.T) {
			got := heard(t, pack, serveExporter(t, pack))
			if diff := cmp.Diff(want[pack], got, cmpopts.EquateApprox(1e-6, 1e-9)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAPackIsBlindWithoutItsMetrics: what an exporter does not print is not there, and never a healthy 0.
func TestAPackIsBlindWithoutItsMetrics(t *testing.T) {
	for _, test := range []struct {
		name, pack string
		without    []string
		blind      []string
	}{
		{"no reason on any series", "otel-genai", []string{"finish_reasons"}, []string{"refusal_ratio"}},
		{
			"no guardrails, retrievals and evaluations", "otel-genai",
			[]string{"gen_ai_guardrail", "gen_ai_retrieval", "gen_ai_evaluation"},
			[]string{"guardrail_calls", "guardrail_blocks", "retrieval_hit_ratio", "evaluation_score", "task_success"},
		},
		{"an older vLLM that has no reason for failures", "vllm", []string{`"error"`, "prefix_cache"}, []string{"errors", "prefix_cache_hit_ratio"}},
		{"LiteLLM without guardrails and streams", "litellm", []string{"litellm_guardrail", "first_token"}, []string{"guardrail_calls", "time_to_first_token"}},
		{"a gateway without tokens", "envoy-ai-gateway", []string{"token_usage"}, []string{"cost", "tokens"}},
		{"OpenLIT without guards", "openlit", []string{"guard_requests", "cost"}, []string{"guardrail_calls", "guardrail_blocks", "cost"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := heard(t, test.pack, serveExporter(t, test.pack, test.without...))
			for _, signal := range test.blind {
				if sum, there := got[signal]; there {
					t.Errorf("%s reads %+v", signal, sum)
				}
			}
			if _, there := got["requests"]; !there {
				t.Error("requests are blind too")
			}
		})
	}
	for _, pack := range packs.Names() {
		if got := heard(t, pack, serveExporter(t, pack, "{")); len(got) > 0 {
			t.Errorf("of nothing at all %s says %v", pack, got)
		}
	}
}
