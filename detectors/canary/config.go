package canary

import (
	"cmp"
	"time"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
)

// Config is one canary.
type Config struct {
	// Service and Environment are where it runs.
	Service     string `yaml:"service"`
	Environment string `yaml:"environment"`
	// Label tells versions apart. Empty means version.
	Label string `yaml:"label"`
	// Canary is the label's value of the new version; empty means the newest that came beside an older one within a day. Baseline
	// is that of the old one; empty means every other value.
	Canary   string `yaml:"canary"`
	Baseline string `yaml:"baseline"`
	// Exposure is the declared share of requests, between 0 and 1 (5% is 0.05); zero means that none was declared.
	Exposure float64 `yaml:"exposure,percent"`
	// Requests is the counted signal of which the exposure is a share. Needed with Exposure.
	Requests string `yaml:"requests"`
	// Signals are the names of the signals that are compared.
	Signals []string `yaml:"signals"`
	// Since is when the exposure began; nothing older is looked at. Zero means when the canary was first seen within a day.
	Since time.Time `yaml:"since"`
	// Severity is page, ticket or info. Empty means ticket.
	Severity detectors.Severity `yaml:"severity"`
}

// WithDefaults fills in what was left empty.
func (c Config) WithDefaults() Config {
	c.Label = cmp.Or(c.Label, "version")
	c.Severity = cmp.Or(c.Severity, detectors.Ticket)
	return c
}

// Check reports every fault. Whether the service and the signals exist is for those to check who know them.
func (c Config) Check(r *diag.Report) {
	if c.Service == "" {
		r.Faultf("service", "missing", "a canary needs the service that it is a version of")
	}
	if c.Canary != "" && c.Canary == c.Baseline {
		r.Faultf("baseline", "same", "the canary and the baseline are the same version, %q", c.Canary)
	}
	if !(c.Exposure >= 0 && c.Exposure < 1) {
		r.Faultf("exposure", "out-of-range", "an exposure of %g is not a share below 100%%", c.Exposure).Suggest("write exposure: 5%%")
	}
	if c.Exposure > 0 && c.Requests == "" {
		r.Faultf("requests", "missing", "an exposure needs the signal that counts the requests").Suggest("write requests: requests")
	}
	if c.Exposure == 0 && len(c.Signals) == 0 {
		r.Faultf("", "missing", "a canary needs an exposure or signals to be judged by")
	}
	r.OneOf("severity", "bad-severity", "severity", string(c.WithDefaults().Severity), []string{"page", "ticket", "info"})
}
