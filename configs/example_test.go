package configs_test

import (
	"os"
	"testing"

	"github.com/firebreak-dev/firebreak/bot/calendar"
	"github.com/firebreak-dev/firebreak/bot/classify"
	"github.com/firebreak-dev/firebreak/bot/risk"
	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/configs/diag"
)

// TestTheShippedExampleReadsWell holds the sections of the example whose owners this package may know against their checks;
// the program's own tests do it for the whole file.
func TestTheShippedExampleReadsWell(t *testing.T) {
	data, err := os.ReadFile("example/firebreak.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var rest map[string]any
	if _, diags := configs.Load("firebreak.yaml", data, &rest, configs.Env{}); len(diags) > 0 {
		t.Fatal(diags)
	}
	for _, section := range []string{"services", "signals", "objectives", "prometheus", "github", "slack", "pagerduty", "playbooks"} {
		if rest[section] == nil {
			t.Errorf("the example says nothing about %s", section)
		}
	}
	var into struct {
		Services   any             `yaml:"services"`
		Signals    any             `yaml:"signals"`
		Objectives any             `yaml:"objectives"`
		Detectors  any             `yaml:"detectors"`
		Windows    calendar.Config `yaml:"windows"`
		Classify   classify.Config `yaml:"classify"`
		Risk       risk.Weights    `yaml:"risk"`
		Incidents  any             `yaml:"incidents"`
		Playbooks  any             `yaml:"playbooks"`
		Prometheus any             `yaml:"prometheus"`
		Watch      any             `yaml:"watch"`
		GitHub     any             `yaml:"github"`
		Slack      any             `yaml:"slack"`
		PagerDuty  any             `yaml:"pagerduty"`
		Server     any             `yaml:"server"`
		Store      any             `yaml:"store"`
		Retention  any             `yaml:"retention"`
		Digests    any             `yaml:"digests"`
		Telemetry  any             `yaml:"telemetry"`
	}
	doc, diags := configs.Load("firebreak.yaml", data, &into, configs.Env{})
	r := diag.New()
	into.Windows.Check(r.At("windows"))
	into.Windows.CheckServices(r.At("windows"), []string{"support-assistant", "retrieval"})
	into.Classify.Check(r.At("classify"))
	into.Classify.CheckServices(r.At("classify"), []string{"support-assistant", "retrieval"})
	into.Risk.Check(r.At("risk"))
	if diags = append(diags, doc.Resolve(r.Faults())...); len(diags) > 0 {
		t.Error(diags)
	}
}
