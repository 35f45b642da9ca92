package parity

import (
	"cmp"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
)

// Config is the comparison of one service in two environments.
type Config struct {
	// Service is the service.
	Service string `yaml:"service"`
	// Environments are two: the one that is judged and the one that it is held against, as [staging, production].
	Environments []string `yaml:"environments"`
	// Versions are labels that name versions, as prompt_version. Needs Requests.
	Versions []string `yaml:"versions"`
	// Requests is the counted signal of which versions have a share.
	Requests string `yaml:"requests"`
	// Signals are the names of the signals that are compared.
	Signals []string `yaml:"signals"`
	// Severity is page, ticket or info. Empty means info: a difference is news, and not yet a fault.
	Severity detectors.Severity `yaml:"severity"`
}

// WithDefaults fills in what was left empty.
func (c Config) WithDefaults() Config {
	c.Severity = cmp.Or(c.Severity, detectors.Info)
	return c
}

// Check reports every fault. Whether the service, its environments and the signals exist is for those to check who know them.
func (c Config) Check(r *diag.Report) {
	if c.Service == "" {
		r.Faultf("service", "missing", "parity needs the service that is compared")
	}
	switch {
	case len(c.Environments) != 2:
		r.Faultf("environments", "two-needed", "parity compares two environments, %d are named", len(c.Environments)).
			Suggest("write environments: [staging, production]")
	case c.Environments[0] == c.Environments[1]:
		r.At("environments").Index(1).Faultf("", "same", "an environment is always like itself")
	}
	if len(c.Versions) == 0 && len(c.Signals) == 0 {
		r.Faultf("", "missing", "nothing is compared: give versions or signals")
	}
	if len(c.Versions) > 0 && c.Requests == "" {
		r.Faultf("requests", "missing", "versions need the signal that counts the requests").Suggest("write requests: requests")
	}
	r.OneOf("severity", "bad-severity", "severity", string(c.WithDefaults().Severity), []string{"page", "ticket", "info"})
}
