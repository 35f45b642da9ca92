package slo

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/firebreak-dev/firebreak/detectors/burn"
)

// slothFile is Sloth's document. What is of type any is not taken over.
type slothFile struct {
	Version    string         `yaml:"version"`
	Service    string         `yaml:"service"`
	Labels     map[string]any `yaml:"labels"`
	SLOPlugins any            `yaml:"slo_plugins"`
	SLOs       []slothSLO     `yaml:"slos"`
}

type slothSLO struct {
	Name        string         `yaml:"name"`
	Description string         `yaml:"description"`
	Objective   any            `yaml:"objective"`
	Labels      map[string]any `yaml:"labels"`
	Plugins     any            `yaml:"plugins"`
	SLI         struct {
		Raw    *slothRaw    `yaml:"raw"`
		Events *slothEvents `yaml:"events"`
		Plugin *slothPlugin `yaml:"plugin"`
	} `yaml:"sli"`
	Alerting struct {
		Name        string         `yaml:"name"`
		Labels      map[string]any `yaml:"labels"`
		Annotations map[string]any `yaml:"annotations"`
		Page        slothAlert     `yaml:"page_alert"`
		Ticket      slothAlert     `yaml:"ticket_alert"`
	} `yaml:"alerting"`
}

type slothRaw struct {
	Query string `yaml:"error_ratio_query"`
}

type slothEvents struct {
	Error string `yaml:"error_query"`
	Total string `yaml:"total_query"`
}

type slothPlugin struct {
	ID      string         `yaml:"id"`
	Options map[string]any `yaml:"options"`
}

type slothAlert struct {
	Disable     bool           `yaml:"disable"`
	Labels      map[string]any `yaml:"labels"`
	Annotations map[string]any `yaml:"annotations"`
}

// slothManifest is the same as a Kubernetes resource, which writes its keys otherwise.
type slothManifest struct {
	header `yaml:",inline"`
	Spec   struct {
		Service    string         `yaml:"service"`
		Labels     map[string]any `yaml:"labels"`
		SLOPlugins any            `yaml:"sloPlugins"`
		SLOs       []slothKubeSLO `yaml:"slos"`
	} `yaml:"spec"`
}

type slothKubeSLO struct {
	Name        string         `yaml:"name"`
	Description string         `yaml:"description"`
	Objective   any            `yaml:"objective"`
	Labels      map[string]any `yaml:"labels"`
	Plugins     any            `yaml:"plugins"`
	SLI         struct {
		Raw *struct {
			Query string `yaml:"errorRatioQuery"`
		} `yaml:"raw"`
		Events *struct {
			Error string `yaml:"errorQuery"`
			Total string `yaml:"totalQuery"`
		} `yaml:"events"`
		Plugin *slothPlugin `yaml:"plugin"`
	} `yaml:"sli"`
	Alerting struct {
		Name        string         `yaml:"name"`
		Labels      map[string]any `yaml:"labels"`
		Annotations map[string]any `yaml:"annotations"`
		Page        slothAlert     `yaml:"pageAlert"`
		Ticket      slothAlert     `yaml:"ticketAlert"`
	} `yaml:"alerting"`
}

// header is what every Kubernetes resource has.
type header struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Metadata   metadata `yaml:"metadata"`
	Status     any      `yaml:"status"`
}

type metadata struct {
	Name        string         `yaml:"name"`
	DisplayName string         `yaml:"displayName"`
	Namespace   string         `yaml:"namespace"`
	Labels      map[string]any `yaml:"labels"`
	Annotations map[string]any `yaml:"annotations"`
	// What the cluster adds.
	CreationTimestamp any `yaml:"creationTimestamp"`
	Finalizers        any `yaml:"finalizers"`
	Generation        any `yaml:"generation"`
	ManagedFields     any `yaml:"managedFields"`
	OwnerReferences   any `yaml:"ownerReferences"`
	ResourceVersion   any `yaml:"resourceVersion"`
	UID               any `yaml:"uid"`
}

// slothKeys are the names of keys in either form.
type slothKeys struct {
	below, errorQuery, totalQuery, plugins string
}

func (im *Importer) sloth(d *document) {
	var f slothFile
	d.load(&f)
	im.slos = append(im.slos, func() []draft {
		return im.slothObjectives(d, f, slothKeys{"", "error_query", "total_query", "slo_plugins"})
	})
}

func (im *Importer) slothKube(d *document) {
	var m slothManifest
	d.load(&m)
	f := slothFile{Service: m.Spec.Service, SLOPlugins: m.Spec.SLOPlugins}
	for _, k := range m.Spec.SLOs {
		s := slothSLO{Name: k.Name, Objective: k.Objective, Plugins: k.Plugins}
		s.SLI.Plugin = k.SLI.Plugin
		if k.SLI.Raw != nil {
			s.SLI.Raw = &slothRaw{k.SLI.Raw.Query}
		}
		if k.SLI.Events != nil {
			s.SLI.Events = &slothEvents{k.SLI.Events.Error, k.SLI.Events.Total}
		}
		s.Alerting.Name, s.Alerting.Page, s.Alerting.Ticket = k.Alerting.Name, k.Alerting.Page, k.Alerting.Ticket
		f.SLOs = append(f.SLOs, s)
	}
	im.slos = append(im.slos, func() []draft {
		return im.slothObjectives(d, f, slothKeys{"spec.", "errorQuery", "totalQuery", "sloPlugins"})
	})
}

func (im *Importer) slothObjectives(d *document, f slothFile, keys slothKeys) []draft {
	if len(f.SLOs) == 0 {
		d.faults.Faultf(keys.below+"slos", "no-objectives", "the document promises nothing: it has no slos")
	}
	service := im.service(d, keys.below+"service", f.Service)
	if f.SLOPlugins != nil {
		d.note(keys.below+keys.plugins, "plugins-ignored", "plugins change the rules that Sloth generates; they are not taken over")
	}
	out := make([]draft, 0, len(f.SLOs))
	for i, s := range f.SLOs {
		at := keys.below + "slos[" + strconv.Itoa(i) + "]"
		c := burn.Config{Service: service, Target: d.percent(at+".objective", s.Objective)}
		made, renamed := name(f.Service, s.Name)
		c.Name = made
		if s.Name == "" {
			d.faults.Faultf(at+".name", "missing", "an SLO needs a name")
		}
		c.Bad, c.Total = im.slothEvents(d, at+".sli", s, keys)
		if s.Alerting.Page.Disable || s.Alerting.Ticket.Disable {
			c.Rules = without(c, s.Alerting.Page.Disable, s.Alerting.Ticket.Disable)
		}
		if s.Alerting.Name != "" {
			d.note(at+".alerting", "alerting-ignored",
				"names, labels and annotations of alerts are not taken over: Firebreak pages by its own windows and ways; disable is heeded")
		}
		if s.Plugins != nil {
			d.note(at+".plugins", "plugins-ignored", "plugins change the rules that Sloth generates; they are not taken over")
		}
		out = append(out, draft{doc: d, config: c, renamed: renamed, paths: map[string]string{
			"": at, "name": at + ".name", "target": at + ".objective", "service": keys.below + "service",
			"bad": at + ".sli.events." + keys.errorQuery, "total": at + ".sli.events." + keys.totalQuery,
		}})
	}
	return out
}

// window is the template that stands for the range.
var window = regexp.MustCompile(`\{\{-?\s*\.window\s*-?\}\}`)

// slothEvents translates the queries of an SLI.
func (im *Importer) slothEvents(d *document, at string, s slothSLO, keys slothKeys) (bad, total string) {
	sorts := 0
	for _, is := range []bool{s.SLI.Raw != nil, s.SLI.Events != nil, s.SLI.Plugin != nil} {
		if is {
			sorts++
		}
	}
	switch {
	case sorts > 1:
		d.faults.Faultf(at, "two-indicators", "an SLI is either events, raw or plugin")
		return "", ""
	case s.SLI.Raw != nil:
		d.faults.Keyf(at+".raw", "raw-ratio",
			"a ratio that was computed before cannot be added up over longer windows, so its budget is not known").
			Suggest("write events: {%s: …, %s: …} with the counters that the ratio is made of", keys.errorQuery, keys.totalQuery)
		return "", ""
	case s.SLI.Plugin != nil:
		d.faults.Keyf(at+".plugin", "sli-plugin", "what the plugin %.80q asks is known to Sloth alone", s.SLI.Plugin.ID).
			Suggest("write out the queries that it makes, as events: {%s: …, %s: …}", keys.errorQuery, keys.totalQuery)
		return "", ""
	case s.SLI.Events == nil:
		d.faults.Faultf(at, "missing-events", "an SLI needs events: which are bad, out of how many?")
		return "", ""
	}
	return im.templated(d, at+".events."+keys.errorQuery, s.SLI.Events.Error), im.templated(d, at+".events."+keys.totalQuery, s.SLI.Events.Total)
}

// templated translates a query with {{.window}} in it.
func (im *Importer) templated(d *document, path, query string) string {
	switch {
	case strings.TrimSpace(query) == "":
		d.faults.Faultf(path, "missing-query", "the query is missing")
		return ""
	case !window.MatchString(query):
		d.faults.Faultf(path, "missing-window", "a query of Sloth holds {{.window}} as the range of its rates").
			Suggest("write it as sum(rate(requests_total[{{.window}}]))")
		return ""
	}
	return im.translated(d, path, query)
}

// translated translates a query with or without templates.
func (im *Importer) translated(d *document, path, query string) string {
	// As wide as it was, so that faults keep their place.
	plain := window.ReplaceAllStringFunc(query, func(s string) string { return "5m" + strings.Repeat(" ", len(s)-2) })
	if at := strings.Index(plain, "{{"); at >= 0 {
		d.faults.Faultf(path, "template", "of templates only {{.window}} is known").Inside(at).Suggest("write out what it stands for")
		return ""
	}
	return im.house.Counter(d.faults, path, plain)
}
