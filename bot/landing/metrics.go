package landing

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	open, pending     prometheus.Gauge
	published, failed *prometheus.CounterVec
	waited            prometheus.Histogram
}

func newMetrics(r prometheus.Registerer) metrics {
	m := metrics{
		open: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "firebreak_checks_pulls", Help: "Pull requests that are open, or watched after their merge.",
		}),
		pending: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "firebreak_checks_pending", Help: "Checks, comments and answers that have to be said and were not yet.",
		}),
		published: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "firebreak_checks_published_total", Help: "Checks that were put on commits, by conclusion.",
		}, []string{"conclusion"}),
		failed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "firebreak_checks_failed_total", Help: "Requests for checks that failed and are tried again, by what they wanted.",
		}, []string{"what"}),
		waited: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "firebreak_checks_wait_seconds", Help: "From what a person did to the check that tells of it.",
			Buckets: []float64{.1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900},
		}),
	}
	r.MustRegister(m.open, m.pending, m.published, m.failed, m.waited)
	return m
}
