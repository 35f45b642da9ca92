package server

import (
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// deliveryResults are all that can become of a webhook.
var deliveryResults = [...]string{"accepted", "duplicate", "unauthorized", "invalid", "too_large", "unreadable", "unavailable"}

type metrics struct {
	requests   *prometheus.CounterVec
	duration   *prometheus.HistogramVec
	deliveries *prometheus.CounterVec
}

func newMetrics(registry prometheus.Registerer, receivers map[string]Receiver) metrics {
	m := metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "firebreak_http_requests_total", Help: "Requests answered, by route and class of status code.",
		}, []string{"route", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "firebreak_http_request_duration_seconds", Help: "Time until the whole answer was written, by route.",
			Buckets: []float64{.001, .005, .02, .1, .5, 2, 10},
		}, []string{"route"}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "firebreak_webhook_deliveries_total", Help: "Webhooks received, by source and what became of them.",
		}, []string{"source", "result"}),
	}
	registry.MustRegister(m.requests, m.duration, m.deliveries)
	for source := range receivers {
		for _, result := range deliveryResults {
			m.deliveries.WithLabelValues(source, result)
		}
	}
	return m
}

// observe counts by the route's pattern, never by the path, so that the number of series is that of the routes.
func (s *Server) observe(pattern string, next http.Handler) http.Handler {
	timer := s.metrics.duration.WithLabelValues(pattern)
	for class := 2; class <= 5; class++ {
		s.metrics.requests.WithLabelValues(pattern, strconv.Itoa(class)+"xx")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		observed := prometheus.NewTimer(timer)
		defer observed.ObserveDuration()
		seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(seen, r)
		s.metrics.requests.WithLabelValues(pattern, strconv.Itoa(seen.status/100)+"xx").Inc()
	})
}

// statusWriter remembers the status that was written.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the real writer.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
