package watch

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/firebreak-dev/firebreak/detectors"
)

func noTracer() trace.Tracer { return noop.NewTracerProvider().Tracer("") }

// metrics are what a Watch tells about itself.
type metrics struct {
	ticks    *prometheus.CounterVec
	seconds  prometheus.Histogram
	queries  *prometheus.CounterVec
	samples  prometheus.Counter
	clock    prometheus.Gauge
	blind    *prometheus.GaugeVec
	findings *prometheus.GaugeVec
	handed   prometheus.Counter
}

func newMetrics(r prometheus.Registerer, signals []Watched) *metrics {
	with := promauto.With(r)
	m := &metrics{
		ticks: with.NewCounterVec(prometheus.CounterOpts{
			Name: "firebreak_watch_ticks_total", Help: "Ticks of watching, by result.",
		}, []string{"result"}),
		seconds: with.NewHistogram(prometheus.HistogramOpts{
			Name: "firebreak_watch_tick_seconds", Help: "How long a tick took, asking included.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}),
		queries: with.NewCounterVec(prometheus.CounterOpts{
			Name: "firebreak_watch_queries_total", Help: "Questions to the source of signals, by outcome: ok or the reason of blindness.",
		}, []string{"outcome"}),
		samples: with.NewCounter(prometheus.CounterOpts{
			Name: "firebreak_watch_samples_read_total", Help: "Samples that the source read to answer.",
		}),
		clock: with.NewGauge(prometheus.GaugeOpts{
			Name: "firebreak_watch_source_clock_seconds", Help: "How far the source's clock is ahead of ours, negative while it is behind.",
		}),
		blind: with.NewGaugeVec(prometheus.GaugeOpts{
			Name: "firebreak_watch_blind", Help: "1 while the newest question about a signal was not answered.",
		}, []string{"signal"}),
		findings: with.NewGaugeVec(prometheus.GaugeOpts{
			Name: "firebreak_watch_findings", Help: "Findings of the newest judgement, by verdict.",
		}, []string{"verdict"}),
		handed: with.NewCounter(prometheus.CounterOpts{
			Name: "firebreak_watch_findings_handed_total", Help: "Findings that were handed on because they changed.",
		}),
	}
	for _, result := range []string{"ok", "error"} {
		m.ticks.WithLabelValues(result)
	}
	m.queries.WithLabelValues("ok")
	for _, reason := range detectors.Blindnesses() {
		m.queries.WithLabelValues(string(reason))
	}
	for _, s := range signals {
		m.blind.WithLabelValues(s.Signal.Name)
	}
	for _, v := range []detectors.Verdict{detectors.Quiet, detectors.Firing, detectors.Blind} {
		m.findings.WithLabelValues(string(v))
	}
	return m
}

func (m *metrics) tick(err error) {
	if err != nil {
		m.ticks.WithLabelValues("error").Inc()
		return
	}
	m.ticks.WithLabelValues("ok").Inc()
}

func (m *metrics) asked(reason detectors.Blindness, samples int64) {
	m.samples.Add(float64(samples))
	if reason == detectors.Sighted {
		m.queries.WithLabelValues("ok").Inc()
		return
	}
	m.queries.WithLabelValues(string(reason)).Inc()
}

func (m *metrics) sighted(signal string, blind bool) {
	value := 0.
	if blind {
		value = 1
	}
	m.blind.WithLabelValues(signal).Set(value)
}

func (m *metrics) judged(all []detectors.Finding) {
	count := map[detectors.Verdict]int{}
	for _, f := range all {
		count[f.Verdict]++
	}
	for _, v := range []detectors.Verdict{detectors.Quiet, detectors.Firing, detectors.Blind} {
		m.findings.WithLabelValues(string(v)).Set(float64(count[v]))
	}
}
