package engine

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-dev/firebreak/bot/group"
	"github.com/firebreak-dev/firebreak/detectors"
)

type metrics struct {
	findings    *prometheus.CounterVec
	transitions *prometheus.CounterVec
	open        prometheus.Gauge
	told        *prometheus.CounterVec
	pending     prometheus.Gauge
	stopped     prometheus.Gauge
}

func newMetrics(registry prometheus.Registerer, sources map[string]Source) metrics {
	m := metrics{
		findings: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "firebreak_findings_total", Help: "Findings handed on by detectors, by detector and verdict.",
		}, []string{"detector", "verdict"}),
		transitions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "firebreak_incident_transitions_total", Help: "What findings did to incidents.",
		}, []string{"transition"}),
		open: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "firebreak_incidents_unresolved", Help: "Incidents that are not resolved.",
		}),
		told: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "firebreak_deliveries_worked_total", Help: "Deliveries taken from the inbox, by source and result.",
		}, []string{"source", "result"}),
		pending: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "firebreak_triggers_pending", Help: "Triggers whose runs could not begin yet.",
		}),
		stopped: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "firebreak_actions_stopped", Help: "1 while the kill switch lets no action start, as it was last looked at.",
		}),
	}
	registry.MustRegister(m.findings, m.transitions, m.open, m.told, m.pending, m.stopped)
	for _, detector := range []string{"burn", "shift", "outlier", "canary", "drift", "parity", "absent", "alertmanager"} {
		for _, verdict := range []detectors.Verdict{detectors.Quiet, detectors.Firing, detectors.Blind} {
			m.findings.WithLabelValues(detector, string(verdict))
		}
	}
	for _, t := range []group.Transition{
		group.Opened, group.Joined, group.Worsened, group.Refreshed, group.WentBlind, group.WentQuiet, group.Returned, group.Reopened,
	} {
		m.transitions.WithLabelValues(string(t))
	}
	for source := range sources {
		for _, result := range []string{"ok", "undecodable", "unused", "later"} {
			m.told.WithLabelValues(source, result)
		}
	}
	return m
}
