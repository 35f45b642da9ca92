package flags

import (
	"regexp"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
)

// Config is the flags section of the configuration.
type Config struct {
	// Token is what forwarders of OpenFeature and flagd events send to /webhooks/flags.
	Token secret.Value `yaml:"token" doc:"token of those who forward events of OpenFeature and flagd"`
	// LaunchDarkly is its webhook at /webhooks/launchdarkly.
	LaunchDarkly LaunchDarkly `yaml:"launchdarkly" doc:"LaunchDarkly's webhook"`
	// Services say which flags are whose, by a regular expression of the flag's key: {"^support-": support-assistant}.
	Services map[string]string `yaml:"services" doc:"whose flags are whose: regular expressions of keys, and services"`
}

// LaunchDarkly is the webhook of LaunchDarkly.
type LaunchDarkly struct {
	// Secret signs it.
	Secret secret.Value `yaml:"secret" doc:"signs LaunchDarkly's webhook"`
	// Environments narrow to changes of these; all when left out.
	Environments []string `yaml:"environments" doc:"only changes of these environments; all when left out"`
}

// Check reports every fault of the section.
func (c Config) Check(r *diag.Report) {
	if c.Token.IsSet() && len(c.Token.Reveal()) < 16 {
		r.Faultf("token", "weak-secret", "a token of less than 16 characters can be guessed").Suggest("use: openssl rand -hex 32")
	}
	if c.LaunchDarkly.Secret.IsSet() && c.LaunchDarkly.Secret.Reveal() == "" {
		r.At("launchdarkly").Faultf("secret", "missing-secret", "an empty secret would accept anything")
	}
	if len(c.LaunchDarkly.Environments) > 0 && !c.LaunchDarkly.Secret.IsSet() {
		r.At("launchdarkly").Faultf("secret", "missing-secret", "without a secret anybody could tell of flags").
			Suggest("check “Sign this webhook” there, and set its secret here, as ${env:NAME}")
	}
	for pattern := range c.Services {
		if _, err := regexp.Compile(pattern); err != nil {
			r.At("services").Keyf(pattern, "bad-pattern", "not a regular expression (RE2): %v", err)
		}
	}
}

// CheckServices reports services that are not configured.
func (c Config) CheckServices(r *diag.Report, known []string) {
	for pattern, service := range c.Services {
		r.At("services").OneOf(pattern, "unknown-service", "service", service, known)
	}
}

// owners say whose a flag is.
type owners []owner

type owner struct {
	pattern *regexp.Regexp
	service string
}

func newOwners(c Config) owners {
	var out owners
	for pattern, service := range c.Services {
		if compiled, err := regexp.Compile(pattern); err == nil {
			out = append(out, owner{compiled, service})
		}
	}
	return out
}

func (o owners) of(key string) []string {
	var out []string
	for _, owner := range o {
		if owner.pattern.MatchString(key) {
			out = append(out, owner.service)
		}
	}
	return sortedOnce(out)
}

// Sources makes the sources that are configured, by the end of their path below /webhooks/.
func Sources(c Config, now func() time.Time) (launchDarkly *Signed, forwarded *Forwarded) {
	o := newOwners(c)
	if c.LaunchDarkly.Secret.IsSet() {
		launchDarkly = &Signed{config: c.LaunchDarkly, owners: o, now: now}
	}
	if c.Token.IsSet() {
		forwarded = &Forwarded{token: c.Token, owners: o, now: now}
	}
	return launchDarkly, forwarded
}

// change is what all changes of flags have in common.
func (o owners) change(source, id, key string, received time.Time) bot.Change {
	return bot.Change{
		ID: "flags:" + source + "/" + id, Kind: bot.Flag, Source: "flags", Paths: []string{"flags/" + key}, Services: o.of(key), Seen: received,
	}
}
