package slo_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/burn"
	"github.com/firebreak-dev/firebreak/integrations/prometheus"
	"github.com/firebreak-dev/firebreak/integrations/slo"
)

const day = 24 * time.Hour

// read imports texts as files named a.yaml, b.yaml, ….
func read(terms slo.Terms, texts ...string) slo.Result {
	im := slo.New(slo.House{
		Services: []string{"web-shop", "checkout"}, Taken: map[string]string{"taken": "objectives[0]"}, Counter: prometheus.CounterOf,
	})
	for i, text := range texts {
		im.Add(string(rune('a'+i))+".yaml", []byte(text), terms)
	}
	return im.Finish()
}

// said are diagnostics as line:col code.
func said(diagnostics []configs.Diagnostic) []string {
	var out []string
	for _, d := range diagnostics {
		out = append(out, fmt.Sprintf("%s:%d:%d %s", d.File, d.Line, d.Col, d.Code))
	}
	return out
}

const sloth = `# Two promises of the shop.
version: "prometheus/v1"
service: "web-shop"
labels: {owner: team-shop, repo: 7, generated: true}
slo_plugins: {chain: [{id: sloth.dev/core/debug/v1}]}
slos:
  - name: "requests-availability"
    objective: 99.9
    description: Most answers are good.
    labels: {category: availability}
    sli:
      events:
        error_query: sum(rate(http_requests_total{job="shop",code=~"(5..|429)"}[{{.window}}]))
        total_query: sum(rate(http_requests_total{job="shop"}[{{ .window }}]))
    alerting:
      name: ShopAvailability
      labels: {category: availability}
      annotations: {runbook: "https://runbooks.example.com/shop"}
      page_alert: {labels: {severity: critical}}
      ticket_alert: {disable: true}
  - name: "requests-latency"
    objective: "99"
    sli:
      events:
        error_query: |
          (
            sum(rate(http_duration_seconds_count{job="shop"}[{{.window}}]))
            -
            sum(rate(http_duration_seconds_bucket{job="shop",le="0.4"}[{{.window}}]))
          )
        total_query: sum(rate(http_duration_seconds_count{job="shop"}[{{.window}}]))
`

const slothKube = `apiVersion: sloth.slok.dev/v1
kind: PrometheusServiceLevel
metadata: {name: shop, namespace: monitoring, labels: {team: shop}, resourceVersion: "12", managedFields: [{manager: kubectl}]}
spec:
  service: checkout
  labels: {owner: me}
  slos:
    - name: availability
      objective: 99.5
      sli:
        events:
          errorQuery: sum(rate(paid_total{ok="false"}[{{.window}}])) OR on() vector(0)
          totalQuery: sum(rate(paid_total[{{.window}}]))
      alerting: {pageAlert: {disable: true}, ticketAlert: {disable: true}}
status: {processedSLOs: 1}
`

// slothKubeEvents is the indicator of slothKube.
const slothKubeEvents = `events:
          errorQuery: sum(rate(paid_total{ok="false"}[{{.window}}])) OR on() vector(0)
          totalQuery: sum(rate(paid_total[{{.window}}]))`

const openslo = `apiVersion: openslo/v1
kind: Service
metadata: {name: web-shop, displayName: The shop}
spec: {description: It sells.}
---
apiVersion: openslo/v1
kind: DataSource
metadata: {name: metrics}
spec: {type: Prometheus, connectionDetails: {url: "http://prometheus:9090"}}
--- # the indicator
apiVersion: openslo/v1
kind: SLI
metadata: {name: Good.Answers}
spec:
  ratioMetric:
    counter: true
    good:
      metricSource:
        metricSourceRef: metrics
        spec: {query: 'sum(http_requests_total{code=~"2..|3.."})'}
    total:
      metricSource:
        type: prometheus
        spec: {promql: 'sum(http_requests_total)'}
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: shop-availability
  labels: {tags: [auth], userImpacting: "true"}
spec:
  description: Answers are good.
  service: web-shop
  indicatorRef: Good.Answers
  timeWindow:
    - {duration: 4w, isRolling: true}
  budgetingMethod: Occurrences
  objectives:
    - {displayName: Good, targetPercent: 99.5}
    - {displayName: Very good, target: 0.999}
  alertPolicies: [{alertPolicyRef: burn}]
...
`

const pyrra = `apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata:
  name: shop-errors
  namespace: monitoring
  labels: {prometheus: k8s, role: alert-rules, pyrra.dev/service: web-shop}
spec:
  description: ""
  target: "99"
  window: 2w
  indicator:
    ratio:
      errors: {metric: 'http_requests_total{job="shop",code=~"5.."}'}
      total: {metric: 'http_requests_total{job="shop"}'}
      grouping: [handler]
  alerting: {name: ShopErrors, absent: false}
---
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {name: shop-latency, labels: {app: checkout}}
spec:
  target: 95
  window: 28d
  indicator:
    latency:
      success: {metric: 'http_duration_seconds_bucket{job="shop",le="1"}'}
      total: {metric: 'http_duration_seconds_count{job="shop"}'}
  alerting: {burnrates: false}
`

func TestDocumentsBecomeObjectives(t *testing.T) {
	pages := burn.Rules(30 * day)[:2]
	informed := func(period time.Duration) []burn.Rule {
		rules := burn.Rules(period)
		for i := range rules {
			rules[i].Severity = detectors.Info
		}
		return rules
	}
	for _, test := range []struct {
		name, text string
		want       []burn.Config
		notes      []string
	}{
		{"Sloth", sloth, []burn.Config{
			{
				Name: "web-shop-requests-availability", Service: "web-shop", Target: .999, Scope: "as_is", Rules: pages,
				Bad: `http_requests_total{code=~"(5..|429)",job="shop"}`, Total: `http_requests_total{job="shop"}`,
			},
			{
				Name: "web-shop-requests-latency", Service: "web-shop", Target: .99, Scope: "as_is",
				Bad:   `(http_duration_seconds_count{job="shop"} - http_duration_seconds_bucket{job="shop",le="0.4"})`,
				Total: `http_duration_seconds_count{job="shop"}`,
			},
		}, []string{"a.yaml:5:1 plugins-ignored", "a.yaml:15:5 alerting-ignored"}},
		{"Sloth in Kubernetes", slothKube, []burn.Config{{
			Name: "checkout-availability", Service: "checkout", Target: .995, Scope: "as_is", Rules: informed(30 * day),
			Bad: `paid_total{ok="false"}`, Total: `paid_total`,
		}}, nil},
		{"OpenSLO", openslo, []burn.Config{
			{
				Name: "shop-availability-good", Service: "web-shop", Target: .995, Period: 28 * day, Scope: "as_is",
				Bad: `(http_requests_total) - (http_requests_total{code=~"2..|3.."})`, Total: `http_requests_total`,
			},
			{
				Name: "shop-availability-very-good", Service: "web-shop", Target: .999, Period: 28 * day, Scope: "as_is",
				Bad: `(http_requests_total) - (http_requests_total{code=~"2..|3.."})`, Total: `http_requests_total`,
			},
		}, []string{
			"a.yaml:2:1 document-ignored", "a.yaml:9:1 source-ignored", "a.yaml:29:9 renamed", "a.yaml:29:9 renamed", "a.yaml:41:3 alerting-ignored",
		}},
		{"Pyrra", pyrra, []burn.Config{
			{
				Name: "shop-errors", Service: "web-shop", Target: .99, Period: 14 * day, Scope: "as_is",
				Bad: `http_requests_total{code=~"5..",job="shop"}`, Total: `http_requests_total{job="shop"}`,
			},
			{
				Name: "shop-latency", Service: "checkout", Target: .95, Period: 28 * day, Scope: "as_is", Rules: informed(28 * day),
				Bad:   `(http_duration_seconds_count{job="shop"}) - (http_duration_seconds_bucket{job="shop",le="1"})`,
				Total: `http_duration_seconds_count{job="shop"}`,
			},
		}, []string{"a.yaml:15:7 grouping-ignored", "a.yaml:16:3 alerting-ignored"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := read(slo.Terms{}, test.text)
			if len(got.Faults) > 0 {
				var b bytes.Buffer
				_ = configs.Render(&b, got.Faults, false)
				t.Fatal(b.String())
			}
			if diff := cmp.Diff(test.want, got.Objectives); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.notes, said(got.Notes)); diff != "" {
				t.Error(diff)
			}
			for _, o := range got.Objectives {
				if _, err := burn.New(o, "", time.Minute); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestWhatCannotBeTakenOverIsToldAtItsPlace changes one thing of a good document.
func TestWhatCannotBeTakenOverIsToldAtItsPlace(t *testing.T) {
	for _, test := range []struct {
		name, text, old, new string
		want                 []string
	}{
		{"another version of Sloth", sloth, "prometheus/v1", "prometheus/v2", []string{"a.yaml:2:10 other-version"}},
		{"a service that is not ours", sloth, `service: "web-shop"`, `service: "webshop"`, []string{"a.yaml:3:10 unknown-service"}},
		{"no service", sloth, `service: "web-shop"`, `service: ""`, []string{"a.yaml:3:10 missing-service"}},
		{"a target that can never page", sloth, `objective: "99"`, `objective: 90`, []string{"a.yaml:22:16 impossible-objective"}},
		{"a share for a percentage", sloth, `objective: "99"`, `objective: 0.99`, []string{"a.yaml:22:16 bad-target"}},
		{"a word for a percentage", sloth, `objective: "99"`, `objective: most`, []string{"a.yaml:22:16 bad-target"}},
		{"the same name twice", sloth, `"requests-latency"`, `"requests-availability"`, []string{"a.yaml:21:11 duplicate-name"}},
		{"no window", sloth, `total_query: sum(rate(http_duration_seconds_count{job="shop"}[{{.window}}]))`, `total_query: sum(http_duration_seconds_count)`, []string{"a.yaml:31:22 missing-window"}},
		{"another template", sloth, `{{ .window }}`, `{{.window}}{{.labels}}`, []string{"a.yaml:14:74 template"}},
		{"a query that is not linear", sloth, "            -\n", "            *\n", []string{"a.yaml:27:13 not-linear"}},
		{"a raw ratio", slothKube, slothKubeEvents, "raw: {errorRatioQuery: 'a / b'}", []string{"a.yaml:11:9 raw-ratio"}},
		{"a plugin", slothKube, slothKubeEvents, "plugin: {id: sloth-common/http/availability, options: {job: x}}", []string{"a.yaml:11:9 sli-plugin"}},
		{"a mistyped key", slothKube, "errorQuery", "erorQuery", []string{"a.yaml:12:11 unknown-key"}},
		{"another kind", slothKube, "PrometheusServiceLevel", "PrometheusServiceLevelList", []string{"a.yaml:2:7 unknown-kind"}},
		{"another version of OpenSLO", openslo, "apiVersion: openslo/v1\nkind: SLO", "apiVersion: openslo/v1alpha\nkind: SLO", []string{"a.yaml:26:13 other-version"}},
		{"time slices", openslo, "budgetingMethod: Occurrences", "budgetingMethod: Timeslices", []string{"a.yaml:37:20 timeslices"}},
		{"a calendar", openslo, "{duration: 4w, isRolling: true}", "{duration: 1M, calendar: {startTime: 2026-01-01 00:00:00, timeZone: UTC}}", []string{"a.yaml:36:7 calendar-window"}},
		{"a window without a fixed length", openslo, "duration: 4w", "duration: 1Q", []string{"a.yaml:36:18 calendar-window"}},
		{"a window of nonsense", openslo, "duration: 4w", "duration: long", []string{"a.yaml:36:18 bad-duration"}},
		{"a composite", openslo, "target: 0.999", "target: 0.999, compositeWeight: 2, indicatorRef: b", []string{"a.yaml:40:7 composite"}},
		{"a percentage for a share", openslo, "target: 0.999", "target: 99.9", []string{"a.yaml:40:40 bad-target"}},
		{"an indicator that is not there", openslo, "indicatorRef: Good.Answers", "indicatorRef: Bad.Answers", []string{"a.yaml:34:17 unknown-indicator"}},
		{"another source", openslo, "type: prometheus", "type: Datadog", []string{"a.yaml:23:15 other-source", "a.yaml:34:17 faulty-indicator"}},
		{"a source that is not there", openslo, "metricSourceRef: metrics", "metricSourceRef: others", []string{"a.yaml:19:26 unknown-source", "a.yaml:34:17 faulty-indicator"}},
		{"a gauge", openslo, "counter: true", "counter: false", []string{"a.yaml:16:14 gauge", "a.yaml:34:17 faulty-indicator"}},
		{"a threshold", openslo, "ratioMetric:\n    counter: true\n", "thresholdMetric:\n    counter: true\n", []string{"a.yaml:15:3 threshold-metric", "a.yaml:34:17 faulty-indicator"}},
		{"another version of Pyrra", pyrra, "pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nmetadata:\n", "pyrra.dev/v1\nkind: ServiceLevelObjective\nmetadata:\n", []string{"a.yaml:1:13 other-version"}},
		{"no window of Pyrra", pyrra, "  window: 2w\n", "", []string{"a.yaml:7:1 missing"}},
		{"a native histogram", pyrra, "    ratio:\n", "    latencyNative: {total: {metric: x}, latency: 1s}\n    ratio:\n", []string{"a.yaml:12:5 native-histogram"}},
		{"a bool gauge", pyrra, "    ratio:\n", "    bool_gauge: {metric: up}\n    ratio:\n", []string{"a.yaml:12:5 gauge"}},
		{"an offset", pyrra, `code=~"5.."}'`, `code=~"5.."} offset 1m'`, []string{"a.yaml:13:24 offset"}},
		{"no bound", pyrra, `,le="1"`, ``, []string{"a.yaml:26:25 no-bound"}},
		{"a label of another service", pyrra, "app: checkout", "app: other", []string{"a.yaml:20:46 unknown-service"}},
		{"no label of a service", pyrra, "app: checkout", "tier: gold", []string{"a.yaml:20:11 missing-service"}},
		{"a name that is taken", pyrra, "name: shop-latency", "name: taken", []string{"a.yaml:20:18 duplicate-name"}},
		{"generated rules", pyrra, "apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nmetadata:\n", "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n", []string{"a.yaml:1:13 generated-rules"}},
		{"no version", pyrra, "apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nmetadata:\n", "metadata:\n", []string{"a.yaml:1:1 missing-version"}},
		{"a syntax error in the second document", pyrra, "  target: 95\n", "  target: [95\n", []string{"a.yaml:23:3 syntax"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if strings.Count(test.text, test.old) < 1 {
				t.Fatalf("%q is not in the document", test.old)
			}
			got := read(slo.Terms{}, strings.Replace(test.text, test.old, test.new, 1))
			if diff := cmp.Diff(test.want, said(got.Faults)); diff != "" {
				t.Error(diff)
			}
			var b bytes.Buffer
			_ = configs.Render(&b, got.Faults, false)
			t.Log("\n" + b.String())
		})
	}
}

func TestFilesThatAreNoDocuments(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"nothing", "", "a.yaml:1:1 empty-file"},
		{"comments", "# nothing\n---\n# to see\n", "a.yaml:1:1 empty-file"},
		{"a list", "- a\n", "a.yaml:1:1 not-a-document"},
		{"another tool's document", "\n\napiVersion: apps/v1\nkind: Deployment\n", "a.yaml:3:13 other-version"},
		{"a number as version", "version: 2\n", "a.yaml:1:10 other-version"},
		{"very many documents", strings.Repeat("---\napiVersion: openslo/v1\nkind: Service\n", 600), "a.yaml:1502:1 too-many-documents"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := said(read(slo.Terms{}, test.text).Faults)
			if len(got) != 1 || got[0] != test.want {
				t.Errorf("%v, want %s", got, test.want)
			}
		})
	}
}

// TestWhoImportsHasTheLastWord: service, environment, events and rules beside import.
func TestWhoImportsHasTheLastWord(t *testing.T) {
	rules := []burn.Rule{{Long: time.Hour, Short: 5 * time.Minute, Factor: 1.5, Severity: detectors.Page}}
	text := strings.NewReplacer(`service: "web-shop"`, `service: "other"`, `objective: "99"`, `objective: 50`).Replace(sloth)
	got := read(slo.Terms{Service: "checkout", Environment: "production", MinEvents: 7, Rules: rules}, text)
	if len(got.Faults) > 0 || len(got.Objectives) != 2 {
		t.Fatalf("%v", said(got.Faults))
	}
	if o := got.Objectives[0]; o.Service != "checkout" || o.Environment != "production" || o.MinEvents != 7 || !cmp.Equal(o.Rules, rules) {
		t.Errorf("%+v", o)
	}
	rules[0].Factor = 5
	if got := read(slo.Terms{Service: "checkout", Rules: rules}, text); len(got.Faults) != 1 || got.Faults[0].Code != "impossible-objective" || len(got.Objectives) != 0 {
		t.Errorf("%v: half a target cannot burn five times too fast", said(got.Faults))
	}
}

// TestDocumentsReferAcrossFiles: the indicator stands in a later file.
func TestDocumentsReferAcrossFiles(t *testing.T) {
	parts := strings.SplitAfter(openslo, "---\n")
	last := parts[len(parts)-1]
	rest := strings.TrimSuffix(openslo, last)
	if got := read(slo.Terms{}, last, rest); len(got.Faults) > 0 || len(got.Objectives) != 2 {
		t.Errorf("%d objectives, %v", len(got.Objectives), said(got.Faults))
	}
	if got := said(read(slo.Terms{}, last).Faults); len(got) != 1 || got[0] != "a.yaml:9:17 unknown-indicator" {
		t.Errorf("%v", got)
	}
}

// TestManySeparatorsTakeNoTime: a file of nothing but separators, and one of empty lines before many documents.
func TestManySeparatorsTakeNoTime(t *testing.T) {
	began := time.Now()
	if got := said(read(slo.Terms{}, strings.Repeat("---\n", configs.MaxSize/4)).Faults); len(got) != 1 {
		t.Errorf("%v", got)
	}
	text := strings.Repeat("\n", configs.MaxSize/2) + strings.Repeat("---\nversion: x\n", 400)
	if got := said(read(slo.Terms{}, text).Faults); len(got) == 0 || len(got) > 40 {
		t.Errorf("%d faults", len(got))
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range []string{sloth, slothKube, openslo, pyrra, "--- {a: b}\n...\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := read(slo.Terms{}, text)
		for _, o := range got.Objectives {
			if _, err := burn.New(o, "", time.Minute); err != nil {
				t.Fatal(err)
			}
		}
	})
}
