package slo

import (
	"strings"

	"github.com/firebreak-dev/firebreak/detectors/burn"
)

// pyrraManifest is Pyrra's ServiceLevelObjective.
type pyrraManifest struct {
	header `yaml:",inline"`
	Spec   struct {
		Description             string `yaml:"description"`
		Target                  any    `yaml:"target"`
		Window                  string `yaml:"window"`
		PerformanceOverAccuracy any    `yaml:"performanceOverAccuracy"`
		PartialResponseStrategy any    `yaml:"partial_response_strategy"`
		ServiceLevelIndicator   struct {
			Ratio         *pyrraRatio   `yaml:"ratio"`
			Latency       *pyrraLatency `yaml:"latency"`
			LatencyNative any           `yaml:"latencyNative"`
			BoolGauge     any           `yaml:"bool_gauge"`
		} `yaml:"indicator"`
		Alerting struct {
			Disabled     *bool  `yaml:"disabled"`
			Burnrates    *bool  `yaml:"burnrates"`
			Absent       *bool  `yaml:"absent"`
			Name         string `yaml:"name"`
			AbsentName   string `yaml:"absentName"`
			BurnRateType any    `yaml:"burnRateType"`
			Severities   any    `yaml:"severities"`
			Exporter     any    `yaml:"exporter"`
		} `yaml:"alerting"`
	} `yaml:"spec"`
}

type pyrraQuery struct {
	Metric string `yaml:"metric"`
}

type pyrraRatio struct {
	Errors   pyrraQuery `yaml:"errors"`
	Total    pyrraQuery `yaml:"total"`
	Grouping []string   `yaml:"grouping"`
}

type pyrraLatency struct {
	Success  pyrraQuery `yaml:"success"`
	Total    pyrraQuery `yaml:"total"`
	Grouping []string   `yaml:"grouping"`
}

func (im *Importer) pyrra(d *document) {
	var m pyrraManifest
	d.load(&m)
	im.slos = append(im.slos, func() []draft { return im.pyrraObjective(d, m) })
}

func (im *Importer) pyrraObjective(d *document, m pyrraManifest) []draft {
	s := m.Spec
	c := burn.Config{Service: im.pyrraService(d, m.Metadata), Target: d.percent("spec.target", s.Target)}
	made, renamed := name(m.Metadata.Name)
	c.Name = made
	if m.Metadata.Name == "" {
		d.faults.Faultf("metadata.name", "missing", "the document needs a name")
	}
	if s.Window == "" {
		d.faults.Faultf("spec.window", "missing", "the window is missing: over which time is it promised?").Suggest("write window: 4w")
	} else {
		c.Period = d.span("spec.window", s.Window)
	}
	paths := map[string]string{"": "spec", "name": "metadata.name", "target": "spec.target", "service": "metadata.labels", "period": "spec.window"}
	c.Bad, c.Total = im.pyrraEvents(d, m, paths)
	off := func(b *bool, is bool) bool { return b != nil && *b == is }
	if off(s.Alerting.Disabled, true) || off(s.Alerting.Burnrates, false) {
		c.Rules = without(c, true, true)
	}
	if s.Alerting.Name != "" || s.Alerting.AbsentName != "" || s.Alerting.BurnRateType != nil || s.Alerting.Severities != nil {
		d.note("spec.alerting", "alerting-ignored",
			"names and sorts of alerts are not taken over: Firebreak pages by its own windows and ways; disabled and burnrates are heeded")
	}
	return []draft{{doc: d, config: c, renamed: renamed, paths: paths}}
}

// serviceLabels are where a document may say which service it is about.
var serviceLabels = [...]string{"pyrra.dev/service", "service", "app.kubernetes.io/name", "app"}

func (im *Importer) pyrraService(d *document, m metadata) string {
	for _, label := range serviceLabels {
		if value, ok := m.Labels[label].(string); ok && value != "" {
			return im.service(d, "metadata.labels."+label, value)
		}
	}
	if d.terms.Service != "" {
		return d.terms.Service
	}
	d.faults.Faultf("metadata", "missing-service", "the document does not say which service it is about").Allow(im.house.Services...).
		Suggest("write service: NAME beside import, or the label %s", serviceLabels[0])
	return ""
}

func (im *Importer) pyrraEvents(d *document, m pyrraManifest, paths map[string]string) (bad, total string) {
	of := m.Spec.ServiceLevelIndicator
	const at = "spec.indicator"
	switch {
	case of.LatencyNative != nil:
		d.faults.Keyf(at+".latencyNative", "native-histogram", "what a native histogram counts below a bound cannot be added up as a counter").
			Suggest("write latency: {success: …_bucket{le=\"…\"}, total: …_count} of the classic histogram")
	case of.BoolGauge != nil:
		d.faults.Keyf(at+".bool_gauge", "gauge", "samples of a gauge are no events: how many there are depends on how often it is scraped").
			Suggest("count probes and failures, and write ratio: {errors: …, total: …}")
	case of.Ratio != nil && of.Latency != nil:
		d.faults.Faultf(at, "two-indicators", "an indicator is either a ratio or a latency")
	case of.Ratio != nil:
		paths["bad"], paths["total"] = at+".ratio.errors.metric", at+".ratio.total.metric"
		d.grouping(at+".ratio.grouping", of.Ratio.Grouping)
		return im.metric(d, paths["bad"], of.Ratio.Errors.Metric), im.metric(d, paths["total"], of.Ratio.Total.Metric)
	case of.Latency != nil:
		paths["bad"], paths["total"] = at+".latency.success.metric", at+".latency.total.metric"
		d.grouping(at+".latency.grouping", of.Latency.Grouping)
		if success := of.Latency.Success.Metric; success != "" && !strings.Contains(success, "le=") {
			d.faults.Faultf(paths["bad"], "no-bound", "without the label le, what was fast enough is not told apart").
				Suggest("write le=\"0.5\" for half a second")
			return "", ""
		}
		total = im.metric(d, paths["total"], of.Latency.Total.Metric)
		return difference(total, im.metric(d, paths["bad"], of.Latency.Success.Metric)), total
	default:
		d.faults.Faultf(at, "missing-events", "the indicator is missing").Allow("ratio", "latency")
	}
	return "", ""
}

func (d *document) grouping(path string, labels []string) {
	if len(labels) > 0 {
		d.note(path, "grouping-ignored", "it is judged over all of %s together, and not for each apart", strings.Join(labels, ", "))
	}
}

func (im *Importer) metric(d *document, path, query string) string {
	if strings.TrimSpace(query) == "" {
		d.faults.Faultf(path, "missing-query", "the metric is missing")
		return ""
	}
	return im.translated(d, path, query)
}
