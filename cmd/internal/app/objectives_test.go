package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/integrations/prometheus"
)

// imported reads a configuration beside which a Sloth file lies.
func imported(t *testing.T, text string) (Config, []configs.Diagnostic) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "sloth.yaml"), []byte(`version: prometheus/v1
service: support-assistant
slos:
  - name: availability
    objective: 99.9
    sli:
      events:
        error_query: sum(rate(http_requests_total{job="assistant",code=~"5.."}[{{.window}}])) or vector(0)
        total_query: sum(rate(http_requests_total{job="assistant"}[{{.window}}]))
`), 0o644); err != nil {
		t.Fatal(err)
	}
	var c Config
	faults := c.read("firebreak.yaml", []byte(text), dir, configs.Env{})
	return c, faults
}

const importing = `services:
  - {name: support-assistant, owner: team, match: {service_name: support-assistant}, environments: [production, staging]}
signals: {use: [otel-genai]}
prometheus: {url: "http://127.0.0.1:9090"}
objectives:
  - {import: [sloth.yaml, "*.yaml"], min_events: 12}
  - {name: useful-answers, service: support-assistant, signal: refusal_ratio, target: 97%}
`

// TestImportedObjectivesAreJudgedLikeOthers follows one to the question that Prometheus is asked and to its detector.
func TestImportedObjectivesAreJudgedLikeOthers(t *testing.T) {
	c, faults := imported(t, importing)
	if len(faults) > 0 {
		t.Fatalf("%v", faults)
	}
	if len(c.Objectives) != 2 || c.Objectives[0].Name != "useful-answers" || c.Objectives[1].Name != "support-assistant-availability" || c.Objectives[1].MinEvents != 12 {
		t.Fatalf("%+v", c.Objectives)
	}
	signals, err := c.signals()
	if err != nil {
		t.Fatal(err)
	}
	source, err := prometheus.NewSource(nil, signals, prometheus.Targets(c.services(), ""))
	if err != nil {
		t.Fatal(err)
	}
	judges, err := c.detectors(source.Watched())
	if err != nil {
		t.Fatal(err)
	}
	burns := 0
	for _, j := range judges {
		if j.Name() == "burn" {
			burns++
		}
	}
	last := signals[len(signals)-1]
	if burns != 2 || last.Scope != prometheus.ScopeAsIs || last.Shape() != detectors.Ratio || last.Services[0] != "support-assistant" {
		t.Errorf("%d burn detectors, %+v", burns, last)
	}
}

func TestImportedQueriesCannotTellEnvironmentsApart(t *testing.T) {
	text := importing + "watch: {interval: 15s}\n"
	for _, test := range []struct {
		name, old, new string
		want           string
	}{
		{"no label tells them apart", "", "", ""},
		{"a label does", `9090"}`, `9090", environment_label: env}`, "needs-environment"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, faults := imported(t, strings.Replace(text, test.old, test.new, 1))
			got := ""
			for _, f := range faults {
				got += f.Code
			}
			if got != test.want {
				t.Errorf("%q, want %q: %v", got, test.want, faults)
			}
		})
	}
	text = strings.Replace(text, `9090"}`, `9090", environment_label: env}`, 1)
	if _, faults := imported(t, strings.Replace(text, "min_events: 12", "environment: production", 1)); len(faults) > 0 {
		t.Errorf("with an environment: %v", faults)
	}
}
