package pagerduty

import (
	"maps"
	"net/mail"
	"net/url"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
)

// The addresses of the Events API and the REST API by service region.
const (
	eventsUS = "https://events.pagerduty.com"
	eventsEU = "https://events.eu.pagerduty.com"
	apiUS    = "https://api.pagerduty.com"
	apiEU    = "https://api.eu.pagerduty.com"
)

// Config is the pagerduty section of the configuration. Without any routing key there is no PagerDuty.
type Config struct {
	// RoutingKey is the integration key of an Events API v2 integration, for services that have none of their own.
	RoutingKey secret.Value `yaml:"routing_key"`
	// RoutingKeys are integration keys by service name.
	RoutingKeys map[string]secret.Value `yaml:"routing_keys"`
	// Region is "us" (default) or "eu": where the PagerDuty account lives.
	Region string `yaml:"region"`
	// EventsURL replaces the region's address, without the path /v2/enqueue.
	EventsURL string `yaml:"events_url"`
	// Timeout bounds one event; default 10s.
	Timeout time.Duration `yaml:"timeout"`
	// WebhookSecrets are those of webhook subscriptions (V3), each accepted: while one is rotated there are two. Without any, no
	// webhooks are taken.
	WebhookSecrets []secret.Value `yaml:"webhook_secrets"`
	// APIToken is for the REST API: asking, notes, on-call. Without one, only events and webhooks are used.
	APIToken secret.Value `yaml:"api_token"`
	// APIURL replaces the region's address of the REST API.
	APIURL string `yaml:"api_url"`
	// From is the e-mail address of the user in whose name notes are written; PagerDuty wants one with every write.
	From string `yaml:"from"`
	// CustomFields are names of incidents' custom fields, by what they are filled with: suspect, probability, incident, playbook, page.
	CustomFields map[string]string `yaml:"custom_fields"`
	// StatusUpdates has a status update sent to an incident's subscribers when it is briefed.
	StatusUpdates bool `yaml:"status_updates"`
	// ChangeEvents has PagerDuty told of the changes of services that have a routing key; true unless said otherwise.
	ChangeEvents *bool `yaml:"change_events"`
	// SupportHours are when people are at work, for services without hours of their own.
	SupportHours Hours `yaml:"support_hours"`
}

// Service says which service of PagerDuty's is which of ours.
type Service struct {
	// Name is ours.
	Name string
	// ID is PagerDuty's; where it is empty, Title is its name there.
	ID, Title string
}

// WithDefaults fills in region us, its address, and a timeout of 10s.
func (c Config) WithDefaults() Config {
	if c.Region == "" {
		c.Region = "us"
	}
	if c.EventsURL == "" {
		c.EventsURL = eventsUS
		if c.Region == "eu" {
			c.EventsURL = eventsEU
		}
	}
	if c.APIURL == "" {
		c.APIURL = apiUS
		if c.Region == "eu" {
			c.APIURL = apiEU
		}
	}
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	return c
}

// Enabled tells whether there is any way to or from PagerDuty.
func (c Config) Enabled() bool { return c.CanPage() || c.Listens() || c.Asks() }

// Asks tells whether the REST API may be asked.
func (c Config) Asks() bool { return c.APIToken.IsSet() }

// Heralds tells whether PagerDuty is told of changes.
func (c Config) Heralds() bool { return c.CanPage() && (c.ChangeEvents == nil || *c.ChangeEvents) }

// Writes tells whether notes may be written.
func (c Config) Writes() bool { return c.Asks() && c.From != "" }

// CanPage tells whether anybody can be paged.
func (c Config) CanPage() bool { return c.RoutingKey.IsSet() || len(c.RoutingKeys) > 0 }

// Listens tells whether PagerDuty's webhooks are taken.
func (c Config) Listens() bool { return len(c.WebhookSecrets) > 0 }

// Check reports every fault of the section.
func (c Config) Check(r *diag.Report) {
	if c.Region != "" {
		r.OneOf("region", "unknown-region", "region", c.Region, []string{"us", "eu"})
	}
	c.SupportHours.Check(r.At("support_hours"))
	checkURL(r, "events_url", c.EventsURL, eventsUS)
	checkURL(r, "api_url", c.APIURL, apiUS)
	if _, err := mail.ParseAddress(c.From); c.From != "" && err != nil {
		r.Faultf("from", "bad-address", "not an e-mail address: %v", err).Suggest("write that of the PagerDuty user in whose name notes are written")
	}
	if c.Timeout < 0 {
		r.Faultf("timeout", "bad-duration", "a timeout cannot be negative").Suggest("leave it out for 10s")
	}
	for _, word := range slices.Sorted(maps.Keys(c.CustomFields)) {
		if !slices.Contains(fieldWords(), word) {
			r.At("custom_fields").Keyf(word, "unknown-field", "nothing is called %q here", word).Allow(fieldWords()...)
		}
	}
	if c.APIToken.IsSet() != (c.From != "") && (c.From != "" || len(c.CustomFields) > 0 || c.StatusUpdates) {
		r.Faultf("from", "missing", "notes, custom fields and status updates need both pagerduty.api_token and pagerduty.from")
	}
	for i, s := range c.WebhookSecrets {
		if !s.IsSet() || s.Reveal() == "" {
			r.At("webhook_secrets").Index(i).Faultf("", "missing-secret", "the secret is empty: anybody could sign with it").
				Suggest("write ${env:NAME} or ${file:PATH}")
		}
	}
	for _, service := range slices.Sorted(maps.Keys(c.RoutingKeys)) {
		if !c.RoutingKeys[service].IsSet() {
			r.At("routing_keys").Faultf(service, "missing-secret", "the routing key of %q is empty", service).
				Suggest("write ${env:NAME} or ${file:PATH}")
		}
	}
}

func checkURL(r *diag.Report, field, address, usual string) {
	u, err := url.Parse(address)
	if address != "" && (err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.RawQuery != "" || u.User != nil) {
		r.Faultf(field, "bad-url", "not an http(s) address").Suggest("leave it out, or write %q", usual)
	}
}

// key returns the routing key of a service.
func (c Config) key(service string) secret.Value {
	if own := c.RoutingKeys[service]; own.IsSet() {
		return own
	}
	return c.RoutingKey
}

// keys lists all routing keys.
func (c Config) keys() []secret.Value {
	all := make([]secret.Value, 0, 1+len(c.RoutingKeys))
	all = append(all, c.RoutingKey)
	for _, service := range slices.Sorted(maps.Keys(c.RoutingKeys)) {
		all = append(all, c.RoutingKeys[service])
	}
	return all
}

// secrets lists everything that must not be told.
func (c Config) secrets() []secret.Value {
	return append(append(c.keys(), c.WebhookSecrets...), c.APIToken)
}
