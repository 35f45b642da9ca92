package outlier

import (
	"cmp"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
)

// Config is the watch over one service.
type Config struct {
	// Service is the service whose signals are watched.
	Service string `yaml:"service"`
	// Environment narrows it to one environment; empty means each that the service has, apart.
	Environment string `yaml:"environment"`
	// Signals are the names of the signals that confirm each other.
	Signals []string `yaml:"signals"`
	// Severity is page, ticket or info. Empty means ticket: an outlier is news, and not yet a broken promise.
	Severity detectors.Severity `yaml:"severity"`
}

// WithDefaults fills in what was left empty.
func (c Config) WithDefaults() Config {
	c.Severity = cmp.Or(c.Severity, detectors.Ticket)
	return c
}

// Check reports every fault. Whether the service and the signals exist is for those to check who know them.
func (c Config) Check(r *diag.Report) {
	if c.Service == "" {
		r.Faultf("service", "missing", "outliers need the service that is watched")
	}
	if len(c.Signals) == 0 {
		r.Faultf("signals", "missing", "outliers need the signals that are watched").Suggest("write signals: [latency_p95, refusal_ratio]")
	}
	seen := map[string]bool{}
	for i, name := range c.Signals {
		switch at := r.At("signals").Index(i); {
		case name == "":
			at.Faultf("", "missing", "a signal needs a name")
		case seen[name]:
			at.Faultf("", "twice", "the signal %s is named twice", name)
		}
		seen[name] = true
	}
	r.OneOf("severity", "bad-severity", "severity", string(c.WithDefaults().Severity), []string{"page", "ticket", "info"})
}
