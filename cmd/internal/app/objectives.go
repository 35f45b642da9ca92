package app

import (
	"fmt"
	"slices"

	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors/burn"
	"github.com/firebreak-dev/firebreak/integrations/prometheus"
	"github.com/firebreak-dev/firebreak/integrations/slo"
)

// ObjectiveConfig is one entry under objectives: an objective, or files of other tools that hold some.
type ObjectiveConfig struct {
	burn.Config `yaml:",inline"`
	Import      []string `yaml:"import" doc:"OpenSLO, Sloth or Pyrra files, or globs, relative to this file; service, environment, min_events and rules beside it hold for all of them"`
}

// imports tells an entry that names files.
func (o ObjectiveConfig) imports() bool { return o.Import != nil }

// maxImports bounds how many files may be imported.
const maxImports = 1000

// loadObjectives fills in the objectives: those of the configuration, then those of the files that it imports. Faults of a file
// point into it, those of naming it into the configuration.
func (c *Config) loadObjectives(dir string, doc *configs.Document) []configs.Diagnostic {
	report := diag.New()
	house := slo.House{Services: c.names(), Taken: map[string]string{}, Counter: prometheus.CounterOf}
	for i, o := range c.Promised {
		if !o.imports() {
			c.Objectives = append(c.Objectives, o.Config)
			house.Taken[o.Name] = fmt.Sprintf("objectives[%d]", i)
		}
	}
	signals, err := c.Signals.Signals()
	for _, s := range signals { // the events of an import are a signal of its name
		if err == nil {
			house.Taken[s.Name] = "a signal"
		}
	}
	importer := slo.New(house)
	var files []string
	for i, o := range c.Promised {
		at := report.At("objectives").Index(i)
		for j, pattern := range o.Import {
			for _, file := range matching(at.At("import").Index(j), dir, pattern) {
				if slices.Contains(files, file) {
					continue // named by two patterns
				}
				if files = append(files, file); len(files) > maxImports {
					at.Faultf("import", "too-many-files", "more than %d files are imported", maxImports)
					break
				}
				data, err := readBounded(file)
				if err != nil {
					at.At("import").Index(j).Faultf("", "unreadable", "%v", err)
					continue
				}
				importer.Add(file, data, slo.Terms{
					Service: o.Service, Environment: o.Environment, MinEvents: o.MinEvents, Rules: o.Rules,
				})
			}
		}
	}
	result := importer.Finish()
	c.checkApart(report, result.Objectives)
	c.Objectives = append(c.Objectives, result.Objectives...)
	c.notes = append(c.notes, result.Notes...)
	return append(result.Faults, doc.Resolve(report.Faults())...)
}

// checkApart tells of services whose environments imported queries cannot tell apart: each would be shown the numbers of all.
func (c Config) checkApart(r *diag.Report, imported []burn.Config) {
	told := map[string]bool{}
	for _, o := range imported {
		i := slices.IndexFunc(c.Services, func(s ServiceConfig) bool { return s.Name == o.Service })
		if i < 0 || o.Environment != "" || len(c.environments(c.Services[i])) < 2 || told[o.Service] {
			continue
		}
		told[o.Service] = true
		r.Faultf("objectives", "needs-environment", "the imported objective %q takes its queries as they stand, so they cannot tell the environments of %s apart",
			o.Name, o.Service).Allow(c.environments(c.Services[i])...).Suggest("write environment: NAME beside import")
	}
}

// Notes are what imported files say and Firebreak leaves out, each with its place.
func (c Config) Notes() []configs.Diagnostic { return c.notes }

// checkImport reports what is wrong with an entry that names files.
func (o ObjectiveConfig) checkImport(r *diag.Report, services []string) {
	if len(o.Import) == 0 {
		r.Faultf("import", "no-file", "no file is named").Suggest("write import: [slo/*.yaml]")
	}
	own := map[string]bool{
		"name": o.Name != "", "signal": o.Signal != "", "bad": o.Bad != "", "total": o.Total != "", "scope": o.Scope != "",
		"target": o.Target != 0, "period": o.Period != 0,
	}
	for _, key := range []string{"name", "signal", "bad", "total", "scope", "target", "period"} {
		if own[key] {
			r.Keyf(key, "import-and-own", "%s stands beside import, but is said by the imported files", key).
				Suggest("make two entries of it; service, environment, min_events and rules may stand beside import")
		}
	}
	if o.Service != "" {
		r.OneOf("service", "unknown-service", "service", o.Service, services)
	}
}
