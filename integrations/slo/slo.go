package slo

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/burn"
)

// House is what documents are read for.
type House struct {
	// Services are the names of the services that objectives may belong to.
	Services []string
	// Taken are names that objectives cannot have any more, each with who has it, as "objectives[2]".
	Taken map[string]string
	// Counter translates a query over rates into one over counters. What it cannot translate it reports at the field and gives "".
	Counter func(r *diag.Report, field, query string) string
}

// Terms are what the one who imports says about all objectives of a file; zero values say nothing.
type Terms struct {
	// Service is whose they are, whatever the documents say.
	Service string
	// Environment narrows them to one environment of the service.
	Environment string
	// MinEvents and Rules are those of burn.Config.
	MinEvents float64
	Rules     []burn.Rule
}

// Result is what came of all files.
type Result struct {
	// Objectives are complete and checked, in the order of files and documents. There are none of a document with faults.
	Objectives []burn.Config
	// Faults must be mended, Notes say what is left out on purpose. Both point into the files.
	Faults, Notes []configs.Diagnostic
}

// Importer collects documents of many files, for they may refer to each other.
type Importer struct {
	house House
	docs  []*document
	slos  []func() []draft
	open  openslo
}

// New makes an importer.
func New(house House) *Importer {
	im := &Importer{house: house}
	im.house.Taken = maps.Clone(house.Taken)
	if im.house.Taken == nil {
		im.house.Taken = map[string]string{}
	}
	im.open = openslo{im: im, indicators: map[string]*indicator{}, sources: map[string]string{}}
	return im
}

// Add reads a file. The name is how faults call it.
func (im *Importer) Add(name string, data []byte, terms Terms) {
	fresh := func(data []byte) *document {
		d := &document{file: name, data: data, terms: terms, faults: diag.New(), notes: diag.New()}
		im.docs = append(im.docs, d)
		return d
	}
	if len(data) > configs.MaxSize {
		fresh(data).load(new(any))
		return
	}
	parts, whole := split(data)
	if len(parts) == 0 {
		d := fresh(data)
		if d.load(new(any)) {
			d.faults.Faultf("", "empty-file", "there is no document in the file")
		}
	}
	for i, part := range parts {
		d := fresh(part)
		if last := i == len(parts)-1; last && !whole {
			d.load(new(any))
			d.faults.Faultf("", "too-many-documents", "a file may hold %d documents, and here begins one too many", maxDocuments).Suggest("divide the file")
			return
		}
		im.read(d)
	}
}

// The versions that are known, and the kinds of each.
const (
	versionSloth     = "prometheus/v1"
	versionSlothKube = "sloth.slok.dev/v1"
	versionOpenSLO   = "openslo/v1"
	versionPyrra     = "pyrra.dev/v1alpha1"
)

// families tell by the beginning of a version whose document it is.
var families = [...]struct{ prefix, who, known string }{
	{"prometheus/", "Sloth", versionSloth},
	{"sloth.slok.dev/", "Sloth", versionSlothKube},
	{"openslo", "OpenSLO", versionOpenSLO},
	{"pyrra.dev/", "Pyrra", versionPyrra},
}

// read finds out what a document is.
func (im *Importer) read(d *document) {
	var root any
	if !d.load(&root) {
		return
	}
	m, ok := root.(map[string]any)
	if !ok {
		d.faults.Faultf("", "not-a-document", "this is no mapping, so no OpenSLO, Sloth or Pyrra document").
			Suggest("write each entry of a list as a document of its own, with --- between them")
		return
	}
	key := "apiVersion"
	if _, has := m["version"]; has && m[key] == nil {
		key = "version"
	}
	version, kind := text(m, key), text(m, "kind")
	switch version {
	case versionSloth:
		im.sloth(d)
	case versionSlothKube:
		if d.faults.OneOf("kind", "unknown-kind", "kind", kind, []string{"PrometheusServiceLevel"}) {
			im.slothKube(d)
		}
	case versionOpenSLO:
		im.open.read(d, kind)
	case versionPyrra:
		if d.faults.OneOf("kind", "unknown-kind", "kind", kind, []string{"ServiceLevelObjective"}) {
			im.pyrra(d)
		}
	default:
		otherVersion(d, m, key, version)
	}
}

// otherVersion says what is known instead.
func otherVersion(d *document, m map[string]any, key, version string) {
	known := []string{versionOpenSLO, versionSloth, versionSlothKube, versionPyrra}
	switch {
	case m[key] == nil:
		d.faults.Faultf("", "missing-version", "the document says neither version nor apiVersion, so nobody knows what it is").Allow(known...)
		return
	case text(m, "kind") == "PrometheusRule":
		d.faults.Faultf(key, "generated-rules", "these are rules that were generated from objectives").
			Suggest("import the file that they were generated from")
		return
	}
	for _, f := range families {
		if strings.HasPrefix(version, f.prefix) {
			d.faults.Faultf(key, "other-version", "%s of version %q is not known, only %q", f.who, version, f.known).
				Suggest("convert it to %s", f.known)
			return
		}
	}
	d.faults.Faultf(key, "other-version", "%.60q is no version of an OpenSLO, Sloth or Pyrra document", fmt.Sprint(m[key])).Allow(known...)
}

// draft is an objective with where its fields stand in the document.
type draft struct {
	doc    *document
	config burn.Config
	// paths lead from fields of the objective to the document; "" is the whole.
	paths map[string]string
	// renamed is what the document calls it, when that cannot be a name here.
	renamed string
}

// Finish makes the objectives of all files that were added.
func (im *Importer) Finish() Result {
	var r Result
	var drafts []draft
	for _, slo := range im.slos {
		for _, d := range slo() {
			im.check(&d)
			drafts = append(drafts, d)
		}
	}
	for _, d := range drafts {
		if d.doc.faults.Len() == 0 && len(d.doc.wrong) == 0 {
			r.Objectives = append(r.Objectives, d.config)
		}
	}
	for _, d := range im.docs {
		faults, notes := d.diagnostics()
		r.Faults, r.Notes = append(r.Faults, faults...), append(r.Notes, notes...)
	}
	configs.Sort(r.Faults)
	configs.Sort(r.Notes)
	return r
}

// check holds an objective against what objectives must be, and says it where the document says it.
func (im *Importer) check(d *draft) {
	report := d.doc.faults
	c := &d.config
	c.Environment = d.doc.terms.Environment
	c.MinEvents = cmp.Or(c.MinEvents, d.doc.terms.MinEvents)
	if len(d.doc.terms.Rules) > 0 {
		c.Rules = d.doc.terms.Rules
	}
	if where, taken := im.house.Taken[c.Name]; taken {
		report.Faultf(d.paths["name"], "duplicate-name", "the name %q is already that of %s", c.Name, where).
			Suggest("give one of them another name")
	} else if c.Name != "" {
		im.house.Taken[c.Name] = "an objective of " + d.doc.file
	}
	if d.renamed != "" {
		d.doc.notes.Faultf(d.paths["name"], "renamed", "%q cannot be a name here: it is called %q", d.renamed, c.Name)
	}
	own := diag.New()
	c.Check(own)
	c.Scope = burn.ScopeAsIs // their queries are whole: they say themselves whose they are
	told := report.Faults()
	for _, f := range own.Faults() {
		field, _, _ := strings.Cut(f.Path, "[")
		at, ok := d.paths[field]
		if !ok {
			at = d.paths[""]
		}
		if len(told) > 0 && strings.HasPrefix(f.Code, "missing") || slices.ContainsFunc(told, func(o diag.Fault) bool { return o.Path == at }) {
			continue // it follows from what was said already
		}
		said := report.Faultf(at, f.Code, "%s", f.Message).Allow(f.Allowed...)
		switch {
		case f.Code == "impossible-objective":
			_, rules, _ := strings.Cut(f.Fix, "write ")
			said.Suggest("promise more, or import the file with %s beside import", rules)
		case f.Fix != "":
			said.Suggest("%s", f.Fix)
		}
	}
}

// service says whose an objective is: the one who imports has the last word.
func (im *Importer) service(d *document, path, name string) string {
	switch {
	case d.terms.Service != "":
		return d.terms.Service
	case name == "":
		d.faults.Faultf(path, "missing-service", "the document does not say which service it is about").Allow(im.house.Services...).
			Suggest("write service: NAME beside import")
		return ""
	case slices.Contains(im.house.Services, name):
		return name
	}
	f := d.faults.Faultf(path, "unknown-service", "the service %q is none of those under services", name).Allow(im.house.Services...)
	if near := diag.Nearest(name, im.house.Services); near != "" {
		f.Suggest("did you mean %q? If it has another name here, write service: %s beside import", near, near)
	} else {
		f.Suggest("name it under services, or write service: NAME beside import")
	}
	return ""
}

// difference is what is bad where a document counts what is good.
func difference(total, good string) string {
	if total == "" || good == "" {
		return ""
	}
	return "(" + total + ") - (" + good + ")"
}

// without are the usual rules without those of a severity; what nobody is to hear of is info.
func without(c burn.Config, page, ticket bool) []burn.Rule {
	all := c.WithDefaults().Rules
	out := make([]burn.Rule, 0, len(all))
	for _, rule := range all {
		switch {
		case page && ticket:
			rule.Severity = detectors.Info
		case page && rule.Severity == detectors.Page, ticket && rule.Severity == detectors.Ticket:
			continue
		}
		out = append(out, rule)
	}
	return out
}
