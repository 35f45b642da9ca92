package absent

import (
	"cmp"
	"time"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
)

// Config is what is expected of one service.
type Config struct {
	// Service is the service; Environment narrows it to one, empty means each that the service has, apart.
	Service     string `yaml:"service"`
	Environment string `yaml:"environment"`
	// Signals are the names of those that are expected to have samples.
	Signals []string `yaml:"signals"`
	// After is how long a signal may be silent. Zero means 5 minutes.
	After time.Duration `yaml:"after"`
	// Calls and Requests are counted signals: for each request some calls are expected, as many as the day before.
	Calls    string `yaml:"calls"`
	Requests string `yaml:"requests"`
	// Targets is a value signal: the share of the service's scrape targets that are up, as avg(up).
	Targets string `yaml:"targets"`
	// Severity is page, ticket or info. Empty means ticket.
	Severity detectors.Severity `yaml:"severity"`
}

// WithDefaults fills in what was left empty.
func (c Config) WithDefaults() Config {
	c.After = cmp.Or(c.After, 5*time.Minute)
	c.Severity = cmp.Or(c.Severity, detectors.Ticket)
	return c
}

// Check reports every fault. Whether the service and the signals exist is for those to check who know them.
func (c Config) Check(r *diag.Report) {
	if c.Service == "" {
		r.Faultf("service", "missing", "absence needs the service of which something is expected")
	}
	if len(c.Signals) == 0 && c.Calls == "" && c.Targets == "" {
		r.Faultf("signals", "missing", "absence needs the signals, the calls or the targets that are expected").Suggest("write signals: [refusal_ratio]")
	}
	if (c.Calls == "") != (c.Requests == "") {
		r.Faultf("calls", "half", "calls and requests are given together: so many calls for each request")
	}
	if c.After < 0 || c.After > 12*time.Hour {
		r.Faultf("after", "out-of-range", "a silence of %s is not between 0 and 12h", c.After)
	}
	r.OneOf("severity", "bad-severity", "severity", string(c.WithDefaults().Severity), []string{"page", "ticket", "info"})
}
