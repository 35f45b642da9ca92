package prometheus

import (
	"net/http/httptest"
	"testing"
	"time"

	export "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/firebreak-dev/firebreak/detectors/watch"
	"github.com/firebreak-dev/firebreak/integrations/prometheus/prometheustest"
)

// TestNativeHistogramsCount lets a real Prometheus scrape a histogram in its native form, which has no _count series.
func TestNativeHistogramsCount(t *testing.T) {
	t.Parallel()
	registry := export.NewRegistry()
	seconds := export.NewHistogramVec(export.HistogramOpts{
		Name: "call_seconds", Help: "calls", NativeHistogramBucketFactor: 1.1,
	}, []string{"service_name", "error_type"})
	registry.MustRegister(seconds)
	seconds.WithLabelValues("a", "").Observe(1)
	seconds.WithLabelValues("a", "timeout").Observe(1)
	exporter := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	t.Cleanup(exporter.Close)
	source := newTestSource(t, prometheustest.Start(t, exporter.URL, time.Second), []SignalConfig{
		{Name: "errors", Bad: `histogram_count(call_seconds{error_type!=""})`, Total: `call_seconds_count or histogram_count(call_seconds)`},
		{Name: "p50", Value: `histogram_quantile(0.5, sum(rate(call_seconds[10s])))`},
	}, one("a"))
	from := time.Now().Add(-time.Second).Truncate(time.Second)
	var bad, total float64
	added := false
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for deadline := from.Add(60 * time.Second); time.Now().Before(deadline) && total < 30; <-again.C {
		answer, err := source.Ask(t.Context(), watch.Query{Signal: "errors", From: from, To: time.Now().Truncate(time.Second), Step: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if len(answer.Readings) > 2 && !added { // it has been scraped, so what comes is an increase
			added = true
			for range 10 {
				seconds.WithLabelValues("a", "").Observe(2)
				seconds.WithLabelValues("a", "").Observe(3)
				seconds.WithLabelValues("a", "timeout").Observe(2)
			}
		}
		bad, total = 0, 0
		for _, r := range answer.Readings {
			bad += r.Bad
			total += r.Total
		}
	}
	if bad != 10 || total != 30 {
		t.Errorf("it counts %g bad of %g, want 10 of 30", bad, total)
	}
	answer, err := source.Ask(t.Context(), watch.Query{Signal: "p50", From: from, To: time.Now().Truncate(time.Second), Step: time.Second})
	if err != nil || len(answer.Readings) == 0 {
		t.Errorf("the median was not read: %v", err)
	}
}
