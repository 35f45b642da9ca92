package shift

import (
	"cmp"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
)

// Watch is the watch over signals of one service, as a configuration names it.
type Watch struct {
	// Service is the service that is watched.
	Service string `yaml:"service"`
	// Environment narrows it to one environment of the service; empty means each that the service has, apart.
	Environment string `yaml:"environment"`
	// Signals are the names of the signals that are watched, each by itself.
	Signals []string `yaml:"signals"`
	// Severity is that of a shift for the worse: page, ticket or info. Empty means ticket. A shift for the better is always info.
	Severity detectors.Severity `yaml:"severity"`
}

// Check reports every fault. Whether the service and the signals exist is for those to check who know them.
func (w Watch) Check(r *diag.Report) {
	if w.Service == "" {
		r.Faultf("service", "missing", "shifts need the service that is watched")
	}
	if len(w.Signals) == 0 {
		r.Faultf("signals", "missing", "shifts need the signals that are watched").Suggest("write signals: [refusal_ratio, cost]")
	}
	r.OneOf("severity", "bad-severity", "severity", string(cmp.Or(w.Severity, detectors.Ticket)), []string{"page", "ticket", "info"})
}

// Configs are the detectors of the watch, one for each of its signals; series is how many are watched alike in all.
func (w Watch) Configs(signals []detectors.Signal, series int) []Config {
	out := make([]Config, 0, len(signals))
	for _, s := range signals {
		out = append(out, Config{
			Signal: s, Service: w.Service, Environment: w.Environment, Severity: cmp.Or(w.Severity, detectors.Ticket), Series: series,
		})
	}
	return out
}
