package app

import (
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/calendar"
	"github.com/firebreak-dev/firebreak/bot/check"
	"github.com/firebreak-dev/firebreak/bot/classify"
	"github.com/firebreak-dev/firebreak/bot/digest"
	"github.com/firebreak-dev/firebreak/bot/group"
	"github.com/firebreak-dev/firebreak/bot/people"
	"github.com/firebreak-dev/firebreak/bot/risk"
	"github.com/firebreak-dev/firebreak/bot/server"
	"github.com/firebreak-dev/firebreak/bot/store"
	"github.com/firebreak-dev/firebreak/bot/suspect"
	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/burn"
	"github.com/firebreak-dev/firebreak/detectors/watch"
	"github.com/firebreak-dev/firebreak/integrations/alertmanager"
	"github.com/firebreak-dev/firebreak/integrations/argo"
	"github.com/firebreak-dev/firebreak/integrations/events"
	"github.com/firebreak-dev/firebreak/integrations/flagger"
	"github.com/firebreak-dev/firebreak/integrations/flags"
	"github.com/firebreak-dev/firebreak/integrations/github"
	"github.com/firebreak-dev/firebreak/integrations/ical"
	"github.com/firebreak-dev/firebreak/integrations/pagerduty"
	"github.com/firebreak-dev/firebreak/integrations/prometheus"
	"github.com/firebreak-dev/firebreak/integrations/slack"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// Config is the root of firebreak.yaml. Every section but services belongs to the package that it is named after.
type Config struct {
	Services     []ServiceConfig          `yaml:"services" doc:"the model-backed services that are watched"`
	Signals      prometheus.SignalsConfig `yaml:"signals" doc:"what is measured of every service"`
	Promised     []ObjectiveConfig        `yaml:"objectives,single" doc:"what is promised of which service"`
	Detectors    DetectorsConfig          `yaml:"detectors" doc:"what is looked at beside objectives"`
	Windows      calendar.Config          `yaml:"windows" doc:"when changes are welcome"`
	Calendars    ical.Config              `yaml:"calendars" doc:"calendars that others keep: company events, who is on call"`
	Classify     classify.Config          `yaml:"classify" doc:"which paths are which kind of change"`
	Risk         risk.Weights             `yaml:"risk" doc:"what makes a change risky, and how much"`
	Checks       check.Config             `yaml:"checks" doc:"pull requests that carry a check"`
	Suspects     suspect.Weights          `yaml:"suspects" doc:"how suspects are weighed"`
	Incidents    group.Config             `yaml:"incidents" doc:"how patient incidents are"`
	Playbooks    PlaybooksConfig          `yaml:"playbooks" doc:"what is done about incidents"`
	Prometheus   prometheus.Config        `yaml:"prometheus" doc:"where signals are asked for"`
	Watch        watch.Config             `yaml:"watch" doc:"how often signals are asked for and judged"`
	GitHub       github.Config            `yaml:"github" doc:"where changes come from and are undone"`
	Events       events.Config            `yaml:"events" doc:"who else tells of changes, by CloudEvents or any JSON"`
	Alertmanager alertmanager.Config      `yaml:"alertmanager" doc:"alerts that become findings"`
	Argo         argo.Config              `yaml:"argo" doc:"what Argo CD and Argo Rollouts tell of"`
	Flagger      flagger.Config           `yaml:"flagger" doc:"what Flagger tells of"`
	Flags        flags.Config             `yaml:"flags" doc:"feature flags that were changed"`
	People       people.Config            `yaml:"people" doc:"who may do what"`
	Slack        slack.Config             `yaml:"slack" doc:"where incidents are shown"`
	PagerDuty    pagerduty.Config         `yaml:"pagerduty" doc:"who is paged"`
	Server       server.Config            `yaml:"server" doc:"where webhooks, API and pages are served"`
	Store        store.Config             `yaml:"store" doc:"where state is kept"`
	Retention    store.Retention          `yaml:"retention" doc:"how long state is kept"`
	Digests      digest.Config            `yaml:"digests" doc:"what is told at a time without anybody having asked"`
	Telemetry    TelemetryConfig          `yaml:"telemetry" doc:"traces of Firebreak's own work"`

	// Objectives are those that are promised here and those of imported files; LoadConfig fills them in.
	Objectives []burn.Config `yaml:"-"`

	// plans are the compiled playbooks, notes what is to be said of imported files; LoadConfig fills them in.
	plans []playbooks.Plan
	notes []configs.Diagnostic
}

// ServiceConfig is one service.
type ServiceConfig struct {
	Name         string            `yaml:"name" doc:"the service's name, in lower case"`
	Owner        string            `yaml:"owner" doc:"the team that owns it"`
	Match        map[string]string `yaml:"match" doc:"the labels that its series carry in Prometheus"`
	Repositories []bot.Repository  `yaml:"repositories" doc:"where its prompts, policies, models and code live"`
	DependsOn    []string          `yaml:"depends_on" doc:"services that it cannot do without; others than those named here are fine"`
	Environments []string          `yaml:"environments" doc:"the environments that it runs in"`
	Slack        string            `yaml:"slack" doc:"the channel of its incidents"`
	PagerDuty    ServicePagerDuty  `yaml:"pagerduty" doc:"who is paged for it"`
	Rollback     map[string]string `yaml:"rollback" doc:"the action that undoes a change of each kind"`
	Approvers    []string          `yaml:"approvers" doc:"who may answer its approvals; anyone when left out"`
}

// ServicePagerDuty is a service's own way to its people.
type ServicePagerDuty struct {
	RoutingKey secret.Value `yaml:"routing_key" doc:"Events v2 integration key"`
	ServiceID  string       `yaml:"service_id" doc:"the ID of its service at PagerDuty, as PF9KMXH"`
	Service    string       `yaml:"service" doc:"the name of its service at PagerDuty, instead of the ID"`
	// SupportHours replace those of all.
	SupportHours pagerduty.Hours `yaml:"support_hours" doc:"when its people are at work"`
}

// PlaybooksConfig names playbooks.
type PlaybooksConfig struct {
	Use   []string `yaml:"use" doc:"shipped playbooks, by name"`
	Files []string `yaml:"files" doc:"own playbooks: files or globs, relative to this file"`
}

// LoadConfig reads a configuration and everything that it names, and reports every fault of them. It contacts nothing.
func LoadConfig(file string) (Config, []configs.Diagnostic) {
	var c Config
	data, err := readBounded(file)
	if err != nil {
		return c, []configs.Diagnostic{{
			File: file, Line: 1, Col: 1, Code: "unreadable", Message: err.Error(),
			Fix: "name the file with -c, or try firebreak demo, which needs none",
		}}
	}
	faults := c.read(file, data, filepath.Dir(file), configs.OSEnv(filepath.Dir(file)))
	return c, faults
}

// read fills in the configuration from a file's text. Paths in it are relative to the folder.
func (c *Config) read(file string, data []byte, dir string, env configs.Env) []configs.Diagnostic {
	doc, faults := configs.Load(file, data, c, env)
	faults = append(faults, c.loadObjectives(dir, doc)...)
	for i, cal := range c.Calendars {
		if cal.File != "" && !filepath.IsAbs(cal.File) {
			c.Calendars[i].File = filepath.Join(dir, cal.File)
		}
	}
	report := diag.New()
	c.Check(report)
	faults = append(faults, doc.Resolve(report.Faults())...)
	faults = append(faults, c.loadPlaybooks(dir, doc, faults)...)
	configs.Sort(faults)
	return faults
}

// readBounded reads a file, but not one that is larger than any configuration.
func readBounded(file string) ([]byte, error) {
	f, err := os.Open(file) //nolint:gosec // the file that the operator names
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, configs.MaxSize+1))
}

// Fault is one thing that is wrong with a configuration, and where.
type Fault = configs.Diagnostic

// RenderFaults prints faults as file:line:col with the line and a caret.
func RenderFaults(w io.Writer, faults []configs.Diagnostic, color bool) error {
	return configs.Render(w, faults, color)
}

// Check reports every fault of the configuration; playbooks are checked by LoadConfig, which reads them.
func (c Config) Check(r *diag.Report) {
	c.checkServices(r)
	c.Signals.Check(r.At("signals"))
	c.checkObjectives(r)
	c.checkDetectors(r.At("detectors"))
	c.Windows.Check(r.At("windows"))
	c.Windows.CheckServices(r.At("windows"), c.names())
	c.Calendars.Check(r.At("calendars"))
	c.Calendars.CheckServices(r.At("calendars"), c.names())
	c.Classify.Check(r.At("classify"))
	c.Classify.CheckServices(r.At("classify"), c.names())
	c.Risk.Check(r.At("risk"))
	c.checkChecks(r.At("checks"))
	c.Suspects.Check(r.At("suspects"))
	c.Incidents.Check(r.At("incidents"))
	c.checkPrometheus(r)
	c.Watch.Check(r.At("watch"))
	c.GitHub.Check(r.At("github"))
	c.Events.Check(r.At("events"))
	c.Alertmanager.Check(r.At("alertmanager"))
	c.Argo.Check(r.At("argo"))
	c.Flagger.Check(r.At("flagger"))
	c.Flags.Check(r.At("flags"))
	c.Flags.CheckServices(r.At("flags"), c.names())
	c.People.Check(r.At("people"))
	c.Slack.Check(r.At("slack"))
	c.PagerDuty.Check(r.At("pagerduty"))
	c.Server.Check(r.At("server"))
	c.Store.Check(r.At("store"))
	c.Retention.Check(r.At("retention"))
	c.checkDigests(r.At("digests"))
	c.Telemetry.Check(r.At("telemetry"))
}

func (c Config) checkServices(r *diag.Report) {
	if len(c.Services) == 0 {
		r.Faultf("services", "missing", "no service is named: there is nothing to watch").
			Suggest("begin with services: [{name: support-assistant, owner: team-support-ai, match: {service_name: support-assistant}}]")
	}
	seen := map[string]int{}
	for i, s := range c.Services {
		at := r.At("services").Index(i)
		s.check(at)
		s.PagerDuty.SupportHours.Check(at.At("pagerduty").At("support_hours"))
		if first, twice := seen[s.Name]; twice && s.Name != "" {
			at.Faultf("name", "duplicate-name", "the service %q is already services[%d]", s.Name, first)
		} else {
			seen[s.Name] = i
		}
	}
}

func (s ServiceConfig) check(r *diag.Report) {
	switch s.Name {
	case "":
		r.Faultf("name", "missing", "a service needs a name")
	case selfService:
		r.Faultf("name", "reserved-name", "%q is the name under which Firebreak tells of itself", selfService)
	}
	if len(s.Match) == 0 {
		r.Faultf("match", "missing", "without labels to match, the service's series cannot be told from others").
			Suggest("write match: {service_name: %s}", s.Name)
	}
	for kind := range s.Rollback {
		known := make([]string, 0, len(bot.Kinds()))
		for _, k := range bot.Kinds() {
			known = append(known, string(k))
		}
		if !slices.Contains(known, kind) {
			r.At("rollback").Keyf(kind, "unknown-kind", "unknown kind of change %q", kind).Allow(known...)
		}
	}
	for i, repository := range s.Repositories {
		if repository.Name == "" {
			r.At("repositories").Index(i).Faultf("name", "missing", "a repository needs its name").Suggest("write name: owner/repository")
		}
	}
}

// checkObjectives adds to the owners' checks what only the root knows: that names are unique and services and signals exist.
func (c Config) checkObjectives(r *diag.Report) {
	services := c.names()
	counted, known := c.counted()
	seen := map[string]int{}
	for i, o := range c.Promised {
		at := r.At("objectives").Index(i)
		if o.imports() {
			o.checkImport(at, services)
			continue
		}
		o.Check(at)
		if first, twice := seen[o.Name]; twice && o.Name != "" {
			at.Faultf("name", "duplicate-name", "the objective %q is already objectives[%d]", o.Name, first)
		} else {
			seen[o.Name] = i
		}
		if o.Service != "" {
			at.OneOf("service", "unknown-service", "service", o.Service, services)
		}
		if o.OwnEvents() {
			prometheus.CheckCounter(at, "bad", o.Bad)
			prometheus.CheckCounter(at, "total", o.Total)
		} else if o.Signal != "" && known {
			at.OneOf("signal", "unknown-signal", "counted signal", o.Signal, counted)
		}
	}
}

// names are those of the services, each once.
func (c Config) names() []string {
	names := make([]string, 0, len(c.Services))
	for _, s := range c.Services {
		if !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	return names
}

// counted names the signals that an objective can be made of. They are not known while a pack cannot be read, which is told where
// the signals are checked.
func (c Config) counted() (names []string, known bool) {
	signals, err := c.Signals.Signals()
	if err != nil {
		return nil, false
	}
	for _, s := range signals {
		if s.Shape() == detectors.Ratio {
			names = append(names, s.Name)
		}
	}
	return names, true
}

func (c Config) checkPrometheus(r *diag.Report) {
	if c.Prometheus.URL == "" && len(c.Objectives) == 0 && c.Detectors.empty() {
		return // a ledger without eyes is allowed
	}
	c.Prometheus.Check(r.At("prometheus"))
}

// selfService is the service under which Firebreak tells of its own troubles.
const selfService = "firebreak"

// services are the nouns of the service section.
func (c Config) services() []bot.Service {
	out := make([]bot.Service, 0, len(c.Services)+1)
	for _, s := range c.Services {
		rollback := make(map[bot.Kind]string, len(s.Rollback))
		for kind, action := range s.Rollback {
			rollback[bot.Kind(kind)] = action
		}
		out = append(out, bot.Service{
			Name: s.Name, Owner: s.Owner, Match: s.Match, Repositories: s.Repositories, DependsOn: s.DependsOn,
			Environments: s.Environments, Slack: s.Slack, Rollback: rollback, Approvers: s.Approvers,
		})
	}
	return out
}

// pagerDuty is the pagerduty section with the services' own routing keys.
func (c Config) pagerDuty() pagerduty.Config {
	p := c.PagerDuty
	keys := make(map[string]secret.Value, len(p.RoutingKeys)+len(c.Services))
	for service, key := range p.RoutingKeys {
		keys[service] = key
	}
	for _, s := range c.Services {
		if s.PagerDuty.RoutingKey.IsSet() {
			keys[s.Name] = s.PagerDuty.RoutingKey
		}
	}
	p.RoutingKeys = keys
	return p
}

// hours are the support hours of services that have their own.
func (c Config) hours() map[string]pagerduty.Hours {
	out := map[string]pagerduty.Hours{}
	for _, s := range c.Services {
		if s.PagerDuty.SupportHours.Said() {
			out[s.Name] = s.PagerDuty.SupportHours
		}
	}
	return out
}

// paged says which service of PagerDuty's is which of ours.
func (c Config) paged() []pagerduty.Service {
	var out []pagerduty.Service
	for _, s := range c.Services {
		if s.PagerDuty.ServiceID != "" || s.PagerDuty.Service != "" {
			out = append(out, pagerduty.Service{Name: s.Name, ID: s.PagerDuty.ServiceID, Title: s.PagerDuty.Service})
		}
	}
	return out
}
