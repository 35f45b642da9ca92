package rest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sony/gobreaker/v2"
)

// codes are all values of the metric label "code".
func codes() []string {
	return []string{"2xx", "3xx", "4xx", "429", "5xx", "timeout", "canceled", "network", "breaker", "rate"}
}

// metrics count the exchanges of one integration. The zero value counts nothing.
type metrics struct {
	requests *prometheus.CounterVec
	seconds  prometheus.Observer
	name     string
}

func newMetrics(reg prometheus.Registerer, integration string) *metrics {
	if reg == nil {
		return &metrics{}
	}
	requests := Register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "firebreak_outbound_requests_total",
		Help: "Requests to the outside, by integration and by class of answer (or of the lack of one).",
	}, []string{"integration", "code"}))
	seconds := Register(reg, prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "firebreak_outbound_request_duration_seconds",
		Help:    "Time from asking to the head of the answer, waiting for our own rate limit included.",
		Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
	}, []string{"integration"}))
	for _, code := range codes() {
		requests.WithLabelValues(integration, code)
	}
	return &metrics{requests: requests, seconds: seconds.WithLabelValues(integration), name: integration}
}

// Register adds a collector, or returns the one that another client of the same registry added before: clients come and go
// with the configuration, their counts stay. A nil registerer leaves the collector unregistered.
func Register[C prometheus.Collector](reg prometheus.Registerer, c C) C {
	if reg == nil {
		return c
	}
	err := reg.Register(c)
	var known prometheus.AlreadyRegisteredError
	if errors.As(err, &known) {
		if same, ok := known.ExistingCollector.(C); ok {
			return same
		}
	}
	return c
}

func (m *metrics) observe(code string, took time.Duration) {
	if m.requests == nil {
		return
	}
	m.requests.WithLabelValues(m.name, code).Inc()
	m.seconds.Observe(took.Seconds())
}

func classOf(resp *http.Response, err error) string {
	switch {
	case err == nil && resp.StatusCode == http.StatusTooManyRequests:
		return "429"
	case err == nil:
		return [...]string{"2xx", "3xx", "4xx", "5xx"}[min(max(resp.StatusCode/100, 2), 5)-2]
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		return "breaker"
	case errors.Is(err, errRate):
		return "rate"
	case errors.Is(err, context.Canceled):
		return "canceled"
	case isTimeout(err):
		return "timeout"
	default:
		return "network"
	}
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.Is(err, context.DeadlineExceeded) || (errors.As(err, &n) && n.Timeout())
}
