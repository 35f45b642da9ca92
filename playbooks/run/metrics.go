package run

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-dev/firebreak/playbooks"
)

// metrics counts what runs do. The labels are bounded by the catalogue of actions.
type metrics struct {
	results *prometheus.CounterVec
	seconds *prometheus.HistogramVec
	ended   *prometheus.CounterVec
	held    *prometheus.CounterVec
}

// results of a step's attempt besides the statuses of an outcome.
const (
	resultPermanent = "error_permanent"
	resultTransient = "error_transient"
	resultUnknown   = "error_unknown"
)

func newMetrics(reg prometheus.Registerer, actions map[string]playbooks.Bound) (*metrics, error) {
	m := &metrics{
		results: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "firebreak_run_step_results_total", Help: "Answers and errors of calls made by steps of runs.",
		}, []string{"action", "result"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "firebreak_run_step_seconds", Help: "How long calls made by steps of runs took.",
			Buckets: []float64{.005, .02, .1, .25, 1, 2.5, 10, 30, 60},
		}, []string{"action"}),
		ended: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "firebreak_runs_ended_total", Help: "Runs that ended, by how.",
		}, []string{"state"}),
		held: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "firebreak_run_steps_held_total", Help: "Times that a step was kept from starting by the safety envelope.",
		}, []string{"reason"}),
	}
	for name := range actions {
		m.seconds.WithLabelValues(name)
		for _, result := range []string{
			string(playbooks.Done), string(playbooks.Pending), string(playbooks.Denied), string(playbooks.Expired),
			resultPermanent, resultTransient, resultUnknown,
		} {
			m.results.WithLabelValues(name, result)
		}
	}
	for _, s := range []State{Succeeded, Failed, Cancelled} {
		m.ended.WithLabelValues(string(s))
	}
	for _, r := range []Reason{KillSwitch, RollbackBusy} {
		m.held.WithLabelValues(string(r))
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.results, m.seconds, m.ended, m.held} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) called(action string, took time.Duration, out playbooks.Outcome, err error) {
	result := string(out.Status)
	if err != nil {
		switch fate, _ := playbooks.FateOf(err); fate {
		case playbooks.Permanent:
			result = resultPermanent
		case playbooks.Transient:
			result = resultTransient
		case playbooks.Unknown:
			result = resultUnknown
		}
	}
	m.results.WithLabelValues(action, result).Inc()
	m.seconds.WithLabelValues(action).Observe(took.Seconds())
}
