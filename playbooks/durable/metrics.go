package durable

import "github.com/prometheus/client_golang/prometheus"

// metrics counts what the engine does.
type metrics struct {
	active                    prometheus.Gauge
	started, strays, failures prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := &metrics{
		active: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "firebreak_runs_active", Help: "Runs that this process carries on.",
		}),
		started:  counter("firebreak_runs_started_total", "Runs that were begun."),
		strays:   counter("firebreak_runs_recovered_strays_total", "Runs that were begun but that nobody carried on, found by the sweeper."),
		failures: counter("firebreak_runs_engine_failures_total", "Times that a run could not be advanced or the sweeper could not look."),
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.active, m.started, m.strays, m.failures} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}
