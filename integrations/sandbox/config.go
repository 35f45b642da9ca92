package sandbox

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/githubfake"
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
	envGitHubKey    = "SANDBOX_GITHUB_PRIVATE_KEY"
	envGitHubSecret = "SANDBOX_GITHUB_WEBHOOK_SECRET"
	envRouting      = "SANDBOX_PAGERDUTY_ROUTING_KEY"
	envEvents       = "SANDBOX_EVENTS_TOKEN"
	envFlags        = "SANDBOX_FLAGS_TOKEN"
)

// Config is a complete firebreak.yaml for this sandbox. Secrets stand in it as names of environment variables only. Addresses of
// the bot itself (listen, store) are left to whoever starts it.
func (s *Sandbox) Config() BotConfig {
	w := s.scenario.wishes.withDefaults()
	yaml := strings.NewReplacer(
		"{PROMETHEUS}", s.urls.Prometheus, "{SLACK}", s.urls.Slack, "{PAGERDUTY}", s.urls.PagerDuty, "{GITHUB}", s.urls.GitHub,
		"{ONCALL}", onCallID, "{SERVICES}", w.services, "{SIGNALS}", w.signals, "{OBJECTIVES}", w.objectives, "{DETECTORS}", w.detectors,
		"{PLAYBOOKS}", w.playbooks, "{SECTIONS}", w.sections, "{GITHUB AS}", w.github(),
	).Replace(configText)
	env := map[string]string{
		envSlackToken: s.keys.slackToken, envSlackSigning: s.keys.slackSigning, envGitHubToken: s.keys.githubToken, envGitHubKey: s.keys.githubKey,
		envGitHubSecret: s.keys.githubWebhook, envRouting: s.keys.routing, envEvents: s.keys.events, envFlags: s.keys.flags,
	}
	maps.DeleteFunc(env, func(name, _ string) bool { return !strings.Contains(yaml, "${env:"+name+"}") })
	return BotConfig{YAML: yaml, Env: env}
}

// wishes are what a story has in its configuration in the place of the usual, or besides, as YAML.
type wishes struct {
	// services and sections come besides; the others take the place of the usual ones.
	services, sections                        string
	signals, objectives, detectors, playbooks string
	// app has the bot be a GitHub App, which says on pull requests how risky they are; else it has a token.
	app bool
}

// github says as whom the bot speaks to GitHub.
func (w wishes) github() string {
	if w.app {
		return fmt.Sprintf("app: {id: %d, installation: 1, private_key: \"${env:%s}\"}", githubfake.AppID, envGitHubKey)
	}
	return fmt.Sprintf("token: ${env:%s}", envGitHubToken)
}

func (w wishes) withDefaults() wishes {
	w.signals = cmp.Or(w.signals, usualSignals)
	w.objectives = cmp.Or(w.objectives, usefulAnswers)
	w.detectors = cmp.Or(w.detectors, watchDrift)
	w.playbooks = cmp.Or(w.playbooks, "prompt-regression, generic, closing")
	return w
}

// The usual signals, objective and detector.
const (
	usualSignals  = "  use: [otel-genai]\n  names: {refused: refusal}"
	usefulAnswers = "  - {name: useful-answers, service: support-assistant, signal: refusal_ratio, target: 99.9%, period: 30d}"
	// quickAnswers is watched by the fast pair of windows alone, so that a story that lasts longer need not wait for the slow one.
	quickAnswers = `  - name: useful-answers
    service: support-assistant
    signal: refusal_ratio
    target: 99.9%
    rules: [{long: 1h, short: 5m, factor: 14.4, severity: page}]`
	watchDrift = "  drift:\n    - {service: support-assistant, requests: requests}"
)

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
{SERVICES}
signals:
{SIGNALS}

objectives:
{OBJECTIVES}

detectors:
{DETECTORS}

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
  {GITHUB AS}
  webhook_secret: ${env:%s}
  allow_merge: true

playbooks:
  use: [{PLAYBOOKS}]
{SECTIONS}`, envSlackToken, envSlackSigning, envRouting, envGitHubSecret)
