package app

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/watch"
	"github.com/firebreak-dev/firebreak/integrations/prometheus"
	"github.com/firebreak-dev/firebreak/integrations/prometheus/prometheustest"
)

// watchedByAll names a service that every detector looks at.
const watchedByAll = `
services:
  - {name: support, match: {service_name: support}}
prometheus: {url: "%s"}
watch: {interval: 1m, history: 30h, retention: 60h}
signals:
  custom:
    - {name: requests, total: requests_total, unit: requests}
    - {name: refusal_ratio, bad: 'requests_total{reason="refusal"}', total: requests_total, requires: 'requests_total{reason!=""}'}
    - {name: guardrail_calls, total: guardrail_total}
    - {name: latency, value: avg(latency_seconds), unit: seconds}
detectors:
  shift: [{service: support, signals: [refusal_ratio, latency]}]
  outlier: [{service: support, signals: [latency]}]
  canary: [{service: support, canary: "2", exposure: 5%%, requests: requests, signals: [refusal_ratio]}]
  drift: [{service: support, requests: requests}]
  absent: [{service: support, signals: [latency], calls: guardrail_calls, requests: requests}]
`

// aBadDay writes 27 hours of a service, of which the last half hour is bad: another model answers, a canary of 5 % gets 40 % and
// refuses more, the guardrail is called no more and the exporter of the latency is gone.
func aBadDay(start time.Time, minutes, bad int) string {
	var b strings.Builder
	totals := map[string]float64{}
	count := func(at int, series string, n float64) {
		totals[series] += n
		fmt.Fprintf(&b, "%s %g %d\n", series, totals[series], start.Add(time.Duration(at)*time.Minute).Unix())
	}
	requests := func(at int, version, answered, reason string, n float64) {
		count(at, fmt.Sprintf(`requests_total{service_name="support",version=%q,gen_ai_request_model="gpt-5",gen_ai_response_model=%q,reason=%q}`, version, answered, reason), n)
	}
	for at := range minutes {
		refused := float64(1 + at%3)
		if at < bad {
			requests(at, "1", "gpt-5-a", "stop", 200)
			requests(at, "1", "gpt-5-a", "refusal", refused)
			count(at, `guardrail_total{service_name="support"}`, 200)
			fmt.Fprintf(&b, "latency_seconds{service_name=\"support\"} %g %d\n", 1+float64(at%7)/100, start.Add(time.Duration(at)*time.Minute).Unix())
			continue
		}
		for version, n := range map[string]float64{"1": 120, "2": 80} {
			requests(at, version, "gpt-5-b", "stop", n)
		}
		requests(at, "1", "gpt-5-b", "refusal", refused)
		requests(at, "2", "gpt-5-b", "refusal", 20+refused)
		count(at, `guardrail_total{service_name="support"}`, 0)
	}
	return b.String() + "# EOF\n"
}

// deaf hears nothing.
type deaf struct{}

func (deaf) Observe(context.Context, []detectors.Finding) error { return nil }

func TestEveryDetectorSeesWhatItIsForOnARealPrometheus(t *testing.T) {
	const minutes = 27 * 60
	start := time.Now().Add(-minutes * time.Minute).Truncate(time.Minute)
	url := prometheustest.StartWith(t, aBadDay(start, minutes, minutes-30))
	c := loadText(t, fmt.Sprintf(watchedByAll, url))
	w, now := watchBy(t, c, start.Add((minutes-1)*time.Minute))
	for range 20 {
		*now = now.Add(time.Second)
		if err := w.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]string{}
	for _, f := range w.Findings() {
		if f.Verdict == detectors.Firing {
			got[f.Key] = string(f.Severity)
			t.Logf("%s: %s, since %s", f.Key, f.Title, f.Onset.At.Format(time.TimeOnly))
		}
	}
	want := map[string]string{
		"shift/support//refusal_ratio/level":          "ticket",
		"canary/support//requests/exposure-version-2": "ticket", "canary/support//refusal_ratio/behaviour-version-2": "ticket",
		"shift/support//refusal_ratio/shape": "info",
		"drift/support//requests/gpt-5":      "info",
		"absent/support//latency/gone":       "ticket", "absent/support//guardrail_calls/share": "ticket",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what fires (-wanted +found):\n%s", diff)
	}
}

// watchBy makes the watch of a configuration, with a clock that the test moves.
func watchBy(t *testing.T, c Config, now time.Time) (*watch.Watch, *time.Time) {
	t.Helper()
	client, err := prometheus.NewClient(c.Prometheus, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	signals, err := c.signals()
	if err != nil {
		t.Fatal(err)
	}
	source, err := prometheus.NewSource(client, signals, prometheus.Targets(c.services(), c.Prometheus.EnvironmentLabel))
	if err != nil {
		t.Fatal(err)
	}
	judges, err := c.detectors(source.Watched())
	if err != nil {
		t.Fatal(err)
	}
	config := c.Watch
	config.Now = func() time.Time { return now }
	w, err := watch.New(config, watch.Parts{Source: source, Sink: deaf{}, Signals: source.Watched(), Detectors: judges})
	if err != nil {
		t.Fatal(err)
	}
	return w, &now
}

// loadText reads a configuration that has no faults.
func loadText(t *testing.T, text string) Config {
	t.Helper()
	var c Config
	if faults := c.read("firebreak.yaml", []byte(text), t.TempDir(), configs.OSEnv(t.TempDir())); len(faults) > 0 {
		t.Fatal(faults)
	}
	return c
}

func TestDetectorsAreChecked(t *testing.T) {
	const head = `
services:
  - {name: support, match: {service_name: support}, environments: [staging, production]}
prometheus: {url: "http://127.0.0.1:9090", environment_label: env}
signals:
  use: [otel-genai]
  custom: [{name: here, value: 'sum(x)', scope: as_is, services: [support]}]
detectors:
`
	for _, test := range []struct{ name, section, want string }{
		{"a service that is none", "  shift: [{service: other, signals: [cost]}]", `unknown service "other"`},
		{"a signal that is none", "  outlier: [{service: support, signals: [cost, costs]}]", `unknown signal "costs"`},
		{"an environment that is none", "  absent: [{service: support, environment: prod, signals: [cost]}]", `unknown environment of support "prod"`},
		{"a value where events are counted", "  drift: [{service: support, requests: latency_p95}]", `unknown counted signal "latency_p95"`},
		{"a canary in which environment", "  canary: [{service: support, canary: \"2\", signals: [cost]}]", "support runs in 2 environments: which one?"},
		{"a signal that cannot be told apart", "  canary: [{service: support, environment: production, canary: \"2\", signals: [here]}]", "the signal here is needed in slices"},
		{"parity with an environment that is none", "  parity: [{service: support, environments: [staging, prod], signals: [cost]}]", `unknown environment of support "prod"`},
		{"a severity that is none", "  shift: [{service: support, signals: [cost], severity: loud}]", `unknown severity "loud"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var c Config
			faults := c.read("firebreak.yaml", []byte(head+test.section+"\n"), t.TempDir(), configs.OSEnv(t.TempDir()))
			if len(faults) != 1 || !strings.Contains(faults[0].Message, test.want) || faults[0].Line < 9 {
				t.Errorf("%+v", faults)
			}
		})
	}
}
