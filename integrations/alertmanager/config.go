package alertmanager

import (
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/detectors"
)

// Config is the alertmanager section of the configuration.
type Config struct {
	// Token is what Alertmanager sends, by http_config: as a bearer token, or as the password of basic authentication.
	Token secret.Value `yaml:"token" doc:"token that Alertmanager sends by its http_config"`
	// ServiceLabel names the label that names the service of alerts that no service's match fits; default "service".
	ServiceLabel string `yaml:"service_label" doc:"label that names the service (service)"`
	// EnvironmentLabel names the label that names the environment; default "environment".
	EnvironmentLabel string `yaml:"environment_label" doc:"label that names the environment (environment)"`
	// SeverityLabel names the label that says how bad it is; default "severity".
	SeverityLabel string `yaml:"severity_label" doc:"label that says how bad it is (severity)"`
	// Severities say what the label's values mean, beside those that are known.
	Severities map[string]string `yaml:"severities" doc:"what the label's values mean: page, ticket or info"`
}

// Enabled tells whether anything is configured.
func (c Config) Enabled() bool { return c.Token.IsSet() }

// WithDefaults fills in what was left out.
func (c Config) WithDefaults() Config {
	for _, f := range []struct {
		into *string
		is   string
	}{{&c.ServiceLabel, "service"}, {&c.EnvironmentLabel, "environment"}, {&c.SeverityLabel, "severity"}} {
		if *f.into == "" {
			*f.into = f.is
		}
	}
	return c
}

// Check reports every fault of the section.
func (c Config) Check(r *diag.Report) {
	switch {
	case c.Token.IsSet() && len(c.Token.Reveal()) < 16:
		r.Faultf("token", "weak-secret", "a token of less than 16 characters can be guessed").Suggest("use: openssl rand -hex 32")
	case !c.Token.IsSet() && (len(c.Severities) > 0 || c.ServiceLabel != "" || c.EnvironmentLabel != "" || c.SeverityLabel != ""):
		r.Faultf("token", "missing-secret", "without a token anybody could tell of alerts").
			Suggest("set it here, as ${env:NAME}, and in the receiver's http_config")
	}
	for value, severity := range c.Severities {
		r.At("severities").OneOf(value, "unknown-severity", "severity", severity,
			[]string{string(detectors.Page), string(detectors.Ticket), string(detectors.Info)})
	}
}

// severity says how bad a value of the label is. What is not known is worth a ticket: it was worth an alert to somebody.
func (c Config) severity(value string) detectors.Severity {
	if s, own := c.Severities[value]; own {
		return detectors.Severity(s)
	}
	switch value {
	case "page", "critical", "emergency", "fatal", "p1", "P1", "sev1":
		return detectors.Page
	case "info", "informational", "none", "debug":
		return detectors.Info
	default:
		return detectors.Ticket
	}
}
