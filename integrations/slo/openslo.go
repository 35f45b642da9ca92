package slo

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/detectors/burn"
)

// openslo keeps what OpenSLO's documents say of each other, whatever file they stand in.
type openslo struct {
	im         *Importer
	indicators map[string]*indicator
	// sources are the types of data sources by name.
	sources map[string]string
}

// indicator is an SLI with where it stands.
type indicator struct {
	doc  *document
	at   string
	spec opensloSLI
}

// kinds are those of the version; what is not an objective or a part of one is left out.
var kinds = []string{"SLO", "SLI", "DataSource", "Service", "AlertPolicy", "AlertCondition", "AlertNotificationTarget"}

type opensloSLO struct {
	header `yaml:",inline"`
	Spec   struct {
		Description  string             `yaml:"description"`
		Service      string             `yaml:"service"`
		Indicator    *opensloIndicator  `yaml:"indicator"`
		IndicatorRef string             `yaml:"indicatorRef"`
		TimeWindow   []opensloWindow    `yaml:"timeWindow"`
		Budgeting    string             `yaml:"budgetingMethod"`
		Objectives   []opensloObjective `yaml:"objectives"`
		Alerts       any                `yaml:"alertPolicies"`
	} `yaml:"spec"`
}

type opensloIndicator struct {
	Metadata metadata   `yaml:"metadata"`
	Spec     opensloSLI `yaml:"spec"`
}

type opensloSLI struct {
	Description string        `yaml:"description"`
	Threshold   any           `yaml:"thresholdMetric"`
	Ratio       *opensloRatio `yaml:"ratioMetric"`
}

type opensloRatio struct {
	Counter *bool          `yaml:"counter"`
	Good    *opensloMetric `yaml:"good"`
	Bad     *opensloMetric `yaml:"bad"`
	Total   *opensloMetric `yaml:"total"`
	Raw     any            `yaml:"raw"`
	RawType any            `yaml:"rawType"`
}

type opensloMetric struct {
	Source struct {
		Ref  string         `yaml:"metricSourceRef"`
		Type string         `yaml:"type"`
		Spec map[string]any `yaml:"spec"`
	} `yaml:"metricSource"`
}

type opensloWindow struct {
	Duration  string `yaml:"duration"`
	IsRolling *bool  `yaml:"isRolling"`
	Calendar  any    `yaml:"calendar"`
}

type opensloObjective struct {
	DisplayName     string `yaml:"displayName"`
	Op              any    `yaml:"op"`
	Value           any    `yaml:"value"`
	Target          any    `yaml:"target"`
	TargetPercent   any    `yaml:"targetPercent"`
	TimeSliceTarget any    `yaml:"timeSliceTarget"`
	TimeSliceWindow any    `yaml:"timeSliceWindow"`
	Indicator       any    `yaml:"indicator"`
	IndicatorRef    any    `yaml:"indicatorRef"`
	CompositeWeight any    `yaml:"compositeWeight"`
}

func (o *openslo) read(d *document, kind string) {
	if !d.faults.OneOf("kind", "unknown-kind", "kind", kind, kinds) {
		return
	}
	switch kind {
	case "SLO":
		var s opensloSLO
		d.load(&s)
		o.im.slos = append(o.im.slos, func() []draft { return o.objectives(d, s) })
	case "SLI":
		o.readIndicator(d)
	case "DataSource":
		o.readSource(d)
	default:
		d.note("kind", "document-ignored", "documents of kind %s are not taken over", kind)
	}
}

func (o *openslo) readIndicator(d *document) {
	var s struct {
		header `yaml:",inline"`
		Spec   opensloSLI `yaml:"spec"`
	}
	d.load(&s)
	name := s.Metadata.Name
	if first, twice := o.indicators[name]; twice {
		d.faults.Faultf("metadata.name", "duplicate-name", "the SLI %q stands in %s already", name, first.doc.file)
		return
	}
	o.indicators[name] = &indicator{doc: d, at: "spec", spec: s.Spec}
}

func (o *openslo) readSource(d *document) {
	var s struct {
		header `yaml:",inline"`
		Spec   struct {
			Description string `yaml:"description"`
			Type        string `yaml:"type"`
			Details     any    `yaml:"connectionDetails"`
		} `yaml:"spec"`
	}
	d.load(&s)
	o.sources[s.Metadata.Name] = s.Spec.Type
	d.note("spec", "source-ignored", "where to ask stands in the section prometheus; connection details are not taken over")
}

// objectives makes one for each target of an SLO.
func (o *openslo) objectives(d *document, s opensloSLO) []draft {
	base := burn.Config{Service: o.im.service(d, "spec.service", s.Spec.Service), Period: o.period(d, s)}
	if s.Metadata.Name == "" {
		d.faults.Faultf("metadata.name", "missing", "the document needs a name")
	}
	switch s.Spec.Budgeting {
	case "", "Occurrences":
	case "Timeslices", "RatioTimeslices":
		d.faults.Faultf("spec.budgetingMethod", "timeslices", "%s counts stretches of time; Firebreak counts events", s.Spec.Budgeting).
			Suggest("write budgetingMethod: Occurrences, if good events out of all is what you promise")
	default:
		d.faults.OneOf("spec.budgetingMethod", "unknown-method", "budgeting method", s.Spec.Budgeting, []string{"Occurrences"})
	}
	if s.Spec.Alerts != nil {
		d.note("spec.alertPolicies", "alerting-ignored", "alert policies are not taken over: Firebreak pages by its own windows and ways")
	}
	if len(s.Spec.Objectives) == 0 {
		d.faults.Faultf("spec.objectives", "no-objectives", "the document promises nothing: it has no objectives")
	}
	paths := map[string]string{"": "spec", "service": "spec.service", "period": "spec.timeWindow[0].duration"}
	base.Bad, base.Total = o.events(d, s, paths)
	out := make([]draft, 0, len(s.Spec.Objectives))
	for i, one := range s.Spec.Objectives {
		at := "spec.objectives[" + strconv.Itoa(i) + "]"
		c := base
		words := []string{s.Metadata.Name}
		if len(s.Spec.Objectives) > 1 {
			if one.DisplayName != "" {
				words = append(words, one.DisplayName)
			} else {
				words = append(words, strconv.Itoa(i+1))
			}
		}
		made, renamed := name(words...)
		c.Name = made
		var target string
		c.Target, target = o.target(d, at, one)
		of := map[string]string{"name": "metadata.name", "target": target}
		for field, path := range paths {
			of[field] = path
		}
		out = append(out, draft{doc: d, config: c, paths: of, renamed: renamed})
	}
	return out
}

func (o *openslo) target(d *document, at string, one opensloObjective) (float64, string) {
	switch {
	case one.Indicator != nil || one.IndicatorRef != nil || one.CompositeWeight != nil:
		d.faults.Faultf(at, "composite", "a composite of several indicators has no budget of its own in Firebreak").
			Suggest("write an SLO for each indicator")
	case one.TimeSliceTarget != nil || one.TimeSliceWindow != nil:
		d.faults.Faultf(at, "timeslices", "time slices count stretches of time; Firebreak counts events").
			Suggest("remove timeSliceTarget and timeSliceWindow, if good events out of all is what you promise")
	}
	if one.Target != nil && one.TargetPercent != nil {
		d.faults.Faultf(at+".targetPercent", "two-targets", "give either target or targetPercent")
	}
	if one.TargetPercent != nil {
		return d.percent(at+".targetPercent", one.TargetPercent), at + ".targetPercent"
	}
	v, ok := number(one.Target)
	switch {
	case one.Target == nil:
		d.faults.Faultf(at, "missing-target", "the target is missing").Suggest("write target: 0.99")
	case !ok:
		d.faults.Faultf(at+".target", "bad-target", "%.40q is no share", fmt.Sprint(one.Target)).Suggest("write it as 0.999")
	case v > 1:
		d.faults.Faultf(at+".target", "bad-target", "a target of %g is a share here, so it is below one", v).Suggest("write targetPercent: %g", v)
		v = 0
	}
	return v, at + ".target"
}

func (o *openslo) period(d *document, s opensloSLO) (period time.Duration) {
	const at = "spec.timeWindow"
	if len(s.Spec.TimeWindow) == 0 {
		return 0 // the usual one
	}
	if len(s.Spec.TimeWindow) > 1 {
		d.faults.Faultf(at, "two-windows", "the version allows one time window")
	}
	w := s.Spec.TimeWindow[0]
	if w.Calendar != nil || w.IsRolling != nil && !*w.IsRolling {
		d.faults.Faultf(at+"[0]", "calendar-window", "Firebreak's periods roll; one that begins anew with the calendar is not possible").
			Suggest("write {duration: 30d, isRolling: true}")
		return 0
	}
	return d.span(at+"[0].duration", w.Duration)
}

// events finds the indicator and translates its queries. The faults of one in a document of its own are told there.
func (o *openslo) events(d *document, s opensloSLO, paths map[string]string) (bad, total string) {
	sli := &indicator{doc: d, at: "spec.indicator.spec"}
	switch ref := s.Spec.IndicatorRef; {
	case ref != "" && s.Spec.Indicator != nil:
		d.faults.Faultf("spec.indicatorRef", "two-indicators", "give either indicator or indicatorRef")
		return "", ""
	case ref != "":
		known := o.indicators[ref]
		if known == nil {
			f := d.faults.Faultf("spec.indicatorRef", "unknown-indicator", "no imported file holds an SLI named %q", ref)
			if len(o.indicators) > 0 {
				f.Allow(slices.Sorted(maps.Keys(o.indicators))...)
			}
			f.Suggest("import the file that holds it, too")
			return "", ""
		}
		sli = known
	case s.Spec.Indicator != nil:
		sli.spec = s.Spec.Indicator.Spec
	default:
		d.faults.Faultf("spec", "missing-events", "the SLO has no indicator").Allow("indicator", "indicatorRef")
		return "", ""
	}
	before := sli.doc.faults.Len()
	bad, total = o.ratio(sli)
	if sli.doc == d {
		paths["bad"], paths["total"] = sli.at+".ratioMetric", sli.at+".ratioMetric.total"
	} else if before < sli.doc.faults.Len() {
		sli.spec.Ratio, sli.spec.Threshold = nil, told{}
		d.faults.Faultf("spec.indicatorRef", "faulty-indicator", "the SLI that it refers to has faults, in %s", sli.doc.file)
	}
	return bad, total
}

// told marks an indicator whose faults were told.
type told struct{}

func (o *openslo) ratio(sli *indicator) (bad, total string) {
	d, at, r := sli.doc, sli.at+".ratioMetric", sli.spec.Ratio
	if _, already := sli.spec.Threshold.(told); already {
		return "", ""
	}
	switch {
	case sli.spec.Threshold != nil:
		d.faults.Keyf(sli.at+".thresholdMetric", "threshold-metric", "samples above or below a bound are no events: how many there are depends on how often one looks").
			Suggest("write ratioMetric: {counter: true, bad: …, total: …} with counters, as the buckets of a histogram are")
	case r == nil:
		d.faults.Faultf(sli.at, "missing-events", "the indicator has no metric").Allow("ratioMetric")
	case r.Raw != nil:
		d.faults.Keyf(at+".raw", "raw-ratio", "a ratio that was computed before cannot be added up over longer windows, so its budget is not known").
			Suggest("write bad and total with the counters that the ratio is made of")
	case r.Counter != nil && !*r.Counter:
		d.faults.Faultf(at+".counter", "gauge", "numbers that go up and down are no events to be counted").
			Suggest("write counter: true, with counters as queries")
	case r.Good != nil && r.Bad != nil:
		d.faults.Faultf(at+".good", "two-numerators", "give either good or bad")
	case r.Total == nil:
		d.faults.Faultf(at, "missing-total", "total is missing: out of how many?")
	case r.Bad != nil:
		return o.query(d, at+".bad", r.Bad), o.query(d, at+".total", r.Total)
	case r.Good != nil:
		good := o.query(d, at+".good", r.Good)
		total = o.query(d, at+".total", r.Total)
		return difference(total, good), total
	default:
		d.faults.Faultf(at, "missing-bad", "neither good nor bad is given")
	}
	return "", ""
}

// speakers are sources that understand PromQL and its API.
var speakers = []string{"prometheus", "thanos", "mimir", "cortex", "victoriametrics"}

// query finds the PromQL of a metric.
func (o *openslo) query(d *document, at string, m *opensloMetric) string {
	at += ".metricSource"
	kind := m.Source.Type
	if kind == "" && m.Source.Ref != "" {
		var known bool
		if kind, known = o.sources[m.Source.Ref]; !known {
			d.faults.Faultf(at+".metricSourceRef", "unknown-source", "no imported file holds a DataSource named %q, so nobody knows what it speaks", m.Source.Ref).
				Suggest("write type: Prometheus beside it, or import the file that holds the source")
			return ""
		}
	}
	if !slices.ContainsFunc(speakers, func(s string) bool { return strings.Contains(strings.ToLower(kind), s) }) {
		if kind == "" {
			d.faults.Faultf(at, "missing-type", "the metric does not say what its source is").Suggest("write type: Prometheus")
		} else {
			d.faults.Faultf(at+".type", "other-source", "Firebreak asks Prometheus and what speaks its API, not %.40q", kind).
				Allow("Prometheus").Suggest("give the counters as they are called in Prometheus")
		}
		return ""
	}
	for _, key := range []string{"query", "promql"} {
		if query := text(m.Source.Spec, key); strings.TrimSpace(query) != "" {
			return o.im.translated(d, at+".spec."+key, query)
		}
	}
	d.faults.Faultf(at+".spec", "missing-query", "the query is missing").Suggest("write spec: {query: requests_total}")
	return ""
}
