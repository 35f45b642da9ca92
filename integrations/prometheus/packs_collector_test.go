package prometheus

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// collectorConfig is the part of the shipped Collector configuration that makes metrics. A key that is not here is a fault, so
// that the configuration cannot grow what this does not read.
type collectorConfig struct {
	Receivers  map[string]any `yaml:"receivers"`
	Processors map[string]any `yaml:"processors"`
	Connectors struct {
		Model     spanMetrics `yaml:"spanmetrics/model"`
		Guardrail spanMetrics `yaml:"spanmetrics/guardrail"`
		Retrieval spanMetrics `yaml:"spanmetrics/retrieval"`
		Signal    struct {
			Logs []struct {
				Name        string         `yaml:"name"`
				Description string         `yaml:"description"`
				Attributes  []keyed        `yaml:"attributes"`
				Conditions  []string       `yaml:"conditions"`
				Histogram   map[string]any `yaml:"histogram"`
			} `yaml:"logs"`
		} `yaml:"signaltometrics"`
		Count struct {
			Logs map[string]struct {
				Description string   `yaml:"description"`
				Conditions  []string `yaml:"conditions"`
				Attributes  []keyed  `yaml:"attributes"`
			} `yaml:"logs"`
		} `yaml:"count"`
	} `yaml:"connectors"`
	Exporters map[string]map[string]any `yaml:"exporters"`
	Service   struct {
		Pipelines map[string]struct {
			Receivers  []string `yaml:"receivers"`
			Processors []string `yaml:"processors"`
			Exporters  []string `yaml:"exporters"`
		} `yaml:"pipelines"`
	} `yaml:"service"`
}

type keyed struct {
	Key string `yaml:"key"`
}

type spanMetrics struct {
	Namespace string `yaml:"namespace"`
	Histogram struct {
		Disable  bool           `yaml:"disable"`
		Unit     string         `yaml:"unit"`
		Explicit map[string]any `yaml:"explicit"`
	} `yaml:"histogram"`
	Exclude    []string `yaml:"exclude_dimensions"`
	Dimensions []struct {
		Name string `yaml:"name"`
	} `yaml:"dimensions"`
	Key   []string `yaml:"resource_metrics_key_attributes"`
	Flush string   `yaml:"metrics_flush_interval"`
}

func readCollector(t *testing.T) collectorConfig {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "configs", "collector", "otel-collector.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var c collectorConfig
	if err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(&c); err != nil {
		t.Fatal(err)
	}
	return c
}

// underscored is how the Prometheus exporter writes names by default.
func underscored(name string) string { return strings.ReplaceAll(name, ".", "_") }

// made adds the metrics of a span-metrics connector with their labels: calls is a counter and ends in _total, duration in its unit.
func (s spanMetrics) made(into map[string][]string) {
	labels := []string{"service_name", "span_kind", "status_code"}
	for _, d := range s.Dimensions {
		labels = append(labels, underscored(d.Name))
	}
	into[underscored(s.Namespace)+"_calls_total"] = labels
	if !s.Histogram.Disable && s.Histogram.Unit == "s" {
		into[underscored(s.Namespace)+"_duration_seconds"] = labels
	}
}

// TestTheCollectorMakesWhatThePackReads translates what the shipped Collector configuration makes as its exporter documents it, and
// finds the pack's names for it there.
func TestTheCollectorMakesWhatThePackReads(t *testing.T) {
	c := readCollector(t)
	made := map[string][]string{}
	for _, s := range []spanMetrics{c.Connectors.Model, c.Connectors.Guardrail, c.Connectors.Retrieval} {
		s.made(made)
		if !slices.Contains(s.Key, "service.name") || !slices.Contains(s.Key, "deployment.environment.name") {
			t.Errorf("the pods of %s would overwrite each other", s.Namespace)
		}
	}
	for _, m := range c.Connectors.Signal.Logs {
		for _, a := range m.Attributes {
			made[underscored(m.Name)] = append(made[underscored(m.Name)], underscored(a.Key))
		}
	}
	for name, m := range c.Connectors.Count.Logs {
		for _, a := range m.Attributes {
			made[underscored(name)+"_total"] = append(made[underscored(name)+"_total"], underscored(a.Key))
		}
	}
	pack, err := readPack("otel-genai")
	if err != nil {
		t.Fatal(err)
	}
	for metric, labels := range map[string][]string{
		"span_calls": {"finish_reason", "error_type", "request_model", "response_model"}, "guardrail_spans": {"guardrail_verdict"},
		"retrieval_spans": {"retrieval_outcome"}, "evaluation_score": {"evaluation_name"}, "evaluation_results": {"evaluation_name", "evaluation_label"},
	} {
		has, there := made[pack.Names[metric]]
		if !there {
			t.Errorf("nothing makes %s (%s)", pack.Names[metric], metric)
		}
		for _, l := range labels {
			if !slices.Contains(has, pack.Names[l]) {
				t.Errorf("%s has no label %s (%s)", pack.Names[metric], pack.Names[l], l)
			}
		}
	}
	for _, l := range []string{"gen_ai_prompt_version", "service_version", "deployment_environment_name"} {
		if !slices.Contains(made[pack.Names["span_calls"]], l) {
			t.Errorf("spans are not told apart by %s", l)
		}
	}
}

// TestTheCollectorIsWired: every part that a pipeline names is there, and every part that is there is used.
func TestTheCollectorIsWired(t *testing.T) {
	c := readCollector(t)
	connectors := []string{"spanmetrics/model", "spanmetrics/guardrail", "spanmetrics/retrieval", "signaltometrics", "count"}
	used := map[string]int{}
	for name, p := range c.Service.Pipelines {
		for _, r := range p.Receivers {
			used["from "+r]++
			if _, there := c.Receivers[r]; !there && !slices.Contains(connectors, r) {
				t.Errorf("%s receives from %s, which is not there", name, r)
			}
		}
		for _, r := range p.Processors {
			used[r]++
			if _, there := c.Processors[r]; !there {
				t.Errorf("%s processes with %s, which is not there", name, r)
			}
		}
		for _, e := range p.Exporters {
			used["to "+e]++
			if _, there := c.Exporters[e]; !there && !slices.Contains(connectors, e) {
				t.Errorf("%s exports to %s, which is not there", name, e)
			}
		}
	}
	for p := range c.Processors {
		if used[p] == 0 {
			t.Errorf("nothing uses %s", p)
		}
	}
	for _, name := range connectors {
		if used["from "+name] == 0 || used["to "+name] == 0 {
			t.Errorf("%s does not lie between two pipelines", name)
		}
	}
	if c.Exporters["prometheus"]["add_metric_suffixes"] != true {
		t.Error("the exporter adds no suffixes, which the pack's names have")
	}
}
