package app

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/firebreak-dev/firebreak/bot/engine"
	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/integrations/github"
	"github.com/firebreak-dev/firebreak/integrations/pagerduty"
	"github.com/firebreak-dev/firebreak/integrations/slack"
	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
	"github.com/firebreak-dev/firebreak/playbooks/library"
)

// catalogue is every action that this version knows, with those marked as configured that can be carried out by this
// configuration. A playbook that calls another one of them is told what is missing, and not that it does not exist; what a section
// with faults offers is known when they are mended.
func (c Config) catalogue(faults ...configs.Diagnostic) []playbooks.Action {
	mended := func(section string) bool {
		return slices.ContainsFunc(faults, func(d configs.Diagnostic) bool { return strings.HasPrefix(d.Path, section+".") })
	}
	offers := []struct {
		bound      []playbooks.Bound
		configured bool
	}{
		{(&engine.Engine{}).Actions(), true},
		{(&github.Client{}).Actions(), c.GitHub.CanAct() || mended("github")},
		{(&slack.Client{}).Actions(), c.Slack.Enabled() || mended("slack")},
		{(&pagerduty.Client{}).Actions(), c.pagerDuty().CanPage() || mended("pagerduty")},
	}
	var out []playbooks.Action
	for _, offer := range offers {
		for _, action := range playbooks.Catalogue(offer.bound) {
			action.Configured = offer.configured
			out = append(out, action)
		}
	}
	return out
}

// loadPlaybooks reads and compiles the playbooks that the configuration names. Faults of a playbook point into its own file;
// those of naming it point into the configuration.
func (c *Config) loadPlaybooks(dir string, doc *configs.Document, known []configs.Diagnostic) []configs.Diagnostic {
	compiler := playbooks.NewCompiler(expr.New(), c.catalogue(known...), c.rollbacks())
	report := diag.New()
	var faults []configs.Diagnostic
	take := func(at *diag.Report, file string, data []byte) {
		plan, wrong := compiler.Read(file, data)
		faults = append(faults, wrong...)
		if len(wrong) > 0 {
			return
		}
		if slices.ContainsFunc(c.plans, func(p playbooks.Plan) bool { return p.Name == plan.Name }) {
			at.Faultf("", "duplicate-name", "a playbook named %q is already in use", plan.Name)
			return
		}
		c.plans = append(c.plans, plan)
	}
	for i, name := range c.Playbooks.Use {
		at := report.At("playbooks").At("use").Index(i)
		data, file, known := library.Get(name)
		if !known {
			at.OneOf("", "unknown-playbook", "shipped playbook", name, library.Names())
			continue
		}
		take(at, file, data)
	}
	for i, pattern := range c.Playbooks.Files {
		at := report.At("playbooks").At("files").Index(i)
		for _, file := range matching(at, dir, pattern) {
			data, err := readBounded(file)
			if err != nil {
				at.Faultf("", "unreadable", "%v", err)
				continue
			}
			take(at, file, data)
		}
	}
	return append(faults, doc.Resolve(report.Faults())...)
}

// matching lists the files of a pattern, which must name at least one.
func matching(at *diag.Report, dir, pattern string) []string {
	if !filepath.IsAbs(pattern) {
		pattern = filepath.Join(dir, pattern)
	}
	files, err := filepath.Glob(pattern)
	switch {
	case err != nil:
		at.Faultf("", "bad-glob", "%v", err)
	case len(files) == 0:
		at.Faultf("", "no-file", "no file is named so").Suggest("paths are relative to the configuration's folder")
	}
	return files
}

// Schema is the JSON Schema of firebreak.yaml, or of a playbook.
func Schema(playbook bool) ([]byte, error) {
	if playbook {
		return configs.Schema(playbooks.Playbook{})
	}
	schema, err := configs.Schema(Config{})
	if err != nil {
		return nil, fmt.Errorf("make the schema: %w", err)
	}
	return schema, nil
}
