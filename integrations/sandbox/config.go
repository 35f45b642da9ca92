package sandbox

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// BotConfig is a complete configuration for the bot, and the environment that it reads its secrets from.
type BotConfig struct {
	YAML string            `json:"yaml"`
	Env  map[string]string `json:"env"`
}

// Lookup is os.LookupEnv for the configuration's own variables first.
func (c BotConfig) Lookup(name string) (string, bool) {
	if v, ok := c.Env[name]; ok {
		return v, true
	}
	return os.LookupEnv(name)
}

// Environ lists the variables as os/exec wants them, sorted.
func (c BotConfig) Environ() []string {
	out := make([]string, 0, len(c.Env))
	for _, name := range slices.Sorted(maps.Keys(c.Env)) {
		out = append(out, name+"="+c.Env[name])
	}
	return out
}

// The names of the variables.
const (
	envSlackToken   = "SANDBOX_SLACK_TOKEN"
	envSlackSigning = "SANDBOX_SLACK_SIGNING_SECRET"
	envGitHubToken  = "SANDBOX_GITHUB_TOKEN"
	envGitHubSecret = "SANDBOX_GITHUB_WEBHOOK_SECRET"
	envRouting      = "SANDBOX_PAGERDUTY_ROUTING_KEY"
)

// Config is a complete firebreak.yaml for this sandbox. Secrets stand in it as names of environment variables only. Addresses of
// the bot itself (listen, store) are left to whoever starts it.
func (s *Sandbox) Config() BotConfig {
	yaml := strings.NewReplacer(
		"{PROMETHEUS}", s.urls.Prometheus, "{SLACK}", s.urls.Slack, "{PAGERDUTY}", s.urls.PagerDuty, "{GITHUB}", s.urls.GitHub,
		"{ONCALL}", onCallID,
	).Replace(configText)
	return BotConfig{YAML: yaml, Env: map[string]string{
		envSlackToken: s.keys.slackToken, envSlackSigning: s.keys.slackSigning, envGitHubToken: s.keys.githubToken,
		envGitHubSecret: s.keys.githubWebhook, envRouting: s.keys.routing,
	}}
}

// configText is the configuration with the addresses left open. The objective counts the answers that the model itself refuses;
// those that the provider's filter stops (1.3 % on a good day, mostly rightly) are another signal.
var configText = fmt.Sprintf(`# The configuration of the sandbox: one assistant with an objective, two neighbours, stand-ins for every vendor.
services:
  - name: support-assistant
    owner: team-support-ai
    match: {service_name: support-assistant}
    repositories:
      - {name: acme/assistants, paths: ["prompts/support/**", "services/support/**"]}
    environments: [production]
    slack: "#support-ai"
    approvers: [{ONCALL}]
    rollback: {prompt: github.revert, retrieval: github.revert, config: github.revert}
  - name: search-copilot
    owner: team-search
    match: {service_name: search-copilot}
    repositories:
      - {name: acme/search-copilot}
    environments: [production]
    slack: "#search-ai"
  - name: billing-assistant
    owner: team-billing
    match: {service_name: billing-assistant}
    repositories:
      - {name: acme/assistants, paths: ["prompts/billing/**", "services/billing/**"]}
    environments: [production]
    slack: "#billing-ai"

signals:
  use: [otel-genai]
  names: {refused: refusal}

objectives:
  - {name: useful-answers, service: support-assistant, signal: refusal_ratio, target: 99.9%%, period: 30d}

detectors:
  drift:
    - {service: support-assistant, requests: requests}

windows:
  zone: Europe/Berlin
  deny:
    - {name: friday-afternoon, days: fri, from: "12:00"}
    - {name: weekend, days: sat-sun}
  holidays: [de]

prometheus:
  url: {PROMETHEUS}

watch:
  interval: 15s

incidents:
  recovered_after: 5m
  resolved_after: 10m

slack:
  token: ${env:%s}
  signing_secret: ${env:%s}
  channel: "#incidents"
  api_url: {SLACK}

pagerduty:
  routing_key: ${env:%s}
  events_url: {PAGERDUTY}

github:
  url: {GITHUB}
  token: ${env:%s}
  webhook_secret: ${env:%s}
  allow_merge: true

playbooks:
  use: [prompt-regression, generic, closing]
`, envSlackToken, envSlackSigning, envRouting, envGitHubToken, envGitHubSecret)
