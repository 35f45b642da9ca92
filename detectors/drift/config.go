package drift

import (
	"cmp"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
)

// Config is the watch over the models that answer one service.
type Config struct {
	// Service is the service; Environment narrows it to one, empty means each that the service has, apart.
	Service     string `yaml:"service"`
	Environment string `yaml:"environment"`
	// Requests is the counted signal whose series carry both labels.
	Requests string `yaml:"requests"`
	// Requested is the label that says what was asked for, Answered the one that says what answered. Empty means
	// gen_ai_request_model and gen_ai_response_model.
	Requested string `yaml:"requested"`
	Answered  string `yaml:"answered"`
	// Severity is page, ticket or info. Empty means info: a change is news, and not yet a fault.
	Severity detectors.Severity `yaml:"severity"`
}

// WithDefaults fills in what was left empty.
func (c Config) WithDefaults() Config {
	c.Requested = cmp.Or(c.Requested, "gen_ai_request_model")
	c.Answered = cmp.Or(c.Answered, "gen_ai_response_model")
	c.Severity = cmp.Or(c.Severity, detectors.Info)
	return c
}

// Check reports every fault. Whether the service and the signal exist is for those to check who know them.
func (c Config) Check(r *diag.Report) {
	if c.Service == "" {
		r.Faultf("service", "missing", "drift needs the service whose models are watched")
	}
	if c.Requests == "" {
		r.Faultf("requests", "missing", "drift needs the signal that counts requests by model").Suggest("write requests: requests")
	}
	if d := c.WithDefaults(); d.Requested == d.Answered {
		r.Faultf("answered", "same", "the label %s cannot say both what was requested and what answered", d.Answered)
	}
	r.OneOf("severity", "bad-severity", "severity", string(c.WithDefaults().Severity), []string{"page", "ticket", "info"})
}
