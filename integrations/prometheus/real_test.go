package prometheus

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/burn"
	"github.com/firebreak-dev/firebreak/detectors/watch"
	"github.com/firebreak-dev/firebreak/integrations/prometheus/prometheustest"
)

// history writes OpenMetrics text, series by series.
type history struct {
	b     strings.Builder
	start time.Time
}

// counter writes the values of one series, one each 15 s; NaN leaves a scrape out.
func (h *history) counter(series string, values func(i int) float64, n int) {
	for i := range n {
		if v := values(i); !math.IsNaN(v) {
			h.sample(series, h.start.Add(time.Duration(i)*15*time.Second), v)
		}
	}
}

func (h *history) sample(series string, at time.Time, v float64) {
	fmt.Fprintf(&h.b, "%s %g %d\n", series, v, at.Unix())
}

func (h *history) text() string { return "# TYPE requests counter\n" + h.b.String() + "# EOF\n" }

func newTestSource(t *testing.T, url string, signals []SignalConfig, targets []Target) *Source {
	t.Helper()
	client, err := NewClient(Config{URL: url}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	source, err := NewSource(client, signals, targets)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

var ratioSignal = SignalConfig{Name: "errors", Bad: `requests_total{code="500"}`, Total: `requests_total`}

func one(service string) []Target {
	return []Target{{Service: service, Match: map[string]string{"service_name": service}}}
}

// TestTilesCountExactly asks a real Prometheus about the awkward lives that counters have.
func TestTilesCountExactly(t *testing.T) {
	const n = 240 // an hour of scrapes
	nan := math.NaN()
	for _, test := range []struct {
		name       string
		write      func(h *history)
		bad, total float64
	}{
		{"steady counters count what they grew by", func(h *history) {
			h.counter(`requests_total{service_name="a",code="200",pod="1"}`, func(i int) float64 { return 1000 + 15*float64(i) }, n)
			h.counter(`requests_total{service_name="a",code="500",pod="1"}`, func(i int) float64 { return 7 + float64(i) }, n)
		}, 239, 239 * 16},
		{"the first scrape of a service is a level", func(h *history) {
			h.counter(`requests_total{service_name="a",code="200",pod="1"}`, func(i int) float64 { return 1e6 }, n)
		}, 0, 0},
		{"a first error of a service that is known counts", func(h *history) {
			h.counter(`requests_total{service_name="a",code="200",pod="1"}`, func(i int) float64 { return 50 }, n)
			h.counter(`requests_total{service_name="a",code="500",pod="1"}`, func(i int) float64 {
				if i < 100 {
					return nan
				}
				return 3
			}, n)
		}, 3, 3},
		{"a reset counts what came after it", func(h *history) {
			h.counter(`requests_total{service_name="a",code="200",pod="1"}`, func(i int) float64 {
				if i < 100 {
					return 5000 + float64(i)
				}
				return float64(i - 100)
			}, n)
		}, 0, 99 + 139},
		{"a renamed pod counts from its start", func(h *history) {
			h.counter(`requests_total{service_name="a",code="200",pod="1"}`, func(i int) float64 {
				if i >= 100 {
					return nan
				}
				return 5000 + float64(i)
			}, n)
			h.counter(`requests_total{service_name="a",code="200",pod="2"}`, func(i int) float64 {
				if i < 101 {
					return nan
				}
				return float64(i - 100)
			}, n)
		}, 0, 99 + 139},
		{"a target that was away for ten minutes is not counted anew", func(h *history) {
			h.counter(`requests_total{service_name="a",code="500",pod="1"}`, func(i int) float64 {
				if i >= 100 && i < 140 {
					return nan
				}
				return 70000 + float64(i)
			}, n)
			h.counter(`requests_total{service_name="a",code="200",pod="2"}`, func(i int) float64 { return float64(i) }, n)
		}, 239, 2 * 239},
		{"a target that came back restarted counts from its start", func(h *history) {
			h.counter(`requests_total{service_name="a",code="200",pod="1"}`, func(i int) float64 {
				switch {
				case i < 100:
					return 70000 + float64(i)
				case i < 140:
					return nan
				default:
					return float64(i - 139)
				}
			}, n)
			h.counter(`requests_total{service_name="a",code="200",pod="2"}`, func(i int) float64 { return float64(i) }, n)
		}, 0, 99 + 100 + 239},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := &history{start: time.Now().Add(-2 * time.Hour).Truncate(time.Hour)}
			test.write(h)
			source := newTestSource(t, prometheustest.StartWith(t, h.text()), []SignalConfig{ratioSignal}, one("a"))
			for _, width := range []time.Duration{15 * time.Second, time.Minute, 5 * time.Minute} {
				answer, err := source.Ask(t.Context(), watch.Query{
					Signal: "errors", From: h.start.Add(-10 * time.Minute), To: h.start.Add(time.Hour), Step: width,
				})
				if err != nil {
					t.Fatal(err)
				}
				var bad, total float64
				for _, r := range answer.Readings {
					bad += r.Bad
					total += r.Total
				}
				// A reset or a stop inside a tile hides what came between the tile's start and it.
				slack := width.Seconds() / 15
				if width > 15*time.Second {
					slack *= 2
				}
				if test.bad-bad > slack || bad > test.bad || test.total-total > slack || total > test.total {
					t.Errorf("tiles of %s: %g bad of %g, want %g of %g", width, bad, total, test.bad, test.total)
				}
			}
		})
	}
}

// twentySeries is an hour of a service with ten pods, each of which counts its good and its bad answers.
func twentySeries() *history {
	h := &history{start: time.Now().Add(-2 * time.Hour).Truncate(time.Hour)}
	for i := range 20 {
		code := []string{"200", "500"}[i%2]
		h.counter(fmt.Sprintf(`requests_total{service_name="a",code=%q,pod="%d"}`, code, i), func(j int) float64 { return float64(i * j) }, 240)
	}
	return h
}

// TestSamplesRead bounds what questions about 20 series at 15 s read.
func TestSamplesRead(t *testing.T) {
	h := twentySeries()
	source := newTestSource(t, prometheustest.StartWith(t, h.text()), []SignalConfig{ratioSignal}, one("a"))
	at := h.start.Add(50 * time.Minute)
	for _, q := range []struct {
		what string
		q    watch.Query
		most int64
	}{
		{"one evaluation", watch.Query{Signal: "errors", From: at.Add(-15 * time.Second), To: at, Step: 15 * time.Second}, 420},
		{"one evaluation with a settled tile", watch.Query{Signal: "errors", From: at.Add(-30 * time.Second), To: at, Step: 15 * time.Second}, 420},
		{"an hour of catching up", watch.Query{Signal: "errors", From: at.Add(-45 * time.Minute), To: at, Step: 15 * time.Second}, 60000},
	} {
		answer, err := source.Ask(context.Background(), q.q)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("samples read for %s: %d", q.what, answer.Samples)
		if answer.Samples == 0 || answer.Samples > q.most {
			t.Errorf("%s reads %d samples, at most %d are allowed", q.what, answer.Samples, q.most)
		}
	}
}

// counting adds up what the answers of a source have read.
type counting struct {
	watch.Source
	samples int64
}

func (c *counting) Ask(ctx context.Context, q watch.Query) (watch.Answer, error) {
	a, err := c.Source.Ask(ctx, q)
	c.samples += a.Samples
	return a, err
}

// TestSamplesReadByAnEvaluation is the figure: one objective over 20 series at 15 s, asked for and judged by the watch. The
// seven usual windows, from five minutes to three days, hold 25,347 samples of a series; rules read 30 series of it, the bad ones
// being among all of them, too.
func TestSamplesReadByAnEvaluation(t *testing.T) {
	const usual, bar = 760_410, 420
	h := twentySeries()
	source := &counting{Source: newTestSource(t, prometheustest.StartWith(t, h.text()), []SignalConfig{ratioSignal}, one("a"))}
	objective, err := burn.New(burn.Config{Name: "answers", Service: "a", Signal: "errors", Target: .99}, "error ratio", 15*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	now := h.start.Add(45 * time.Minute)
	w, err := watch.New(watch.Config{Now: func() time.Time { return now }, History: time.Hour}, watch.Parts{
		Source: source, Sink: &ear{}, Signals: source.Source.(*Source).Watched(), Detectors: []detectors.Detector{objective},
	})
	if err != nil {
		t.Fatal(err)
	}
	tick := func() int64 {
		t.Helper()
		before := source.samples
		if err := w.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		now = now.Add(15 * time.Second)
		return source.samples - before
	}
	for !w.Status().CaughtUp {
		tick()
	}
	var most int64
	for range 20 {
		most = max(most, tick())
	}
	t.Logf("figure: samples read by an evaluation, one objective over 20 series | at most 7600 (usual rules: %d) | %d", usual, most)
	if most == 0 || most > bar {
		t.Errorf("an evaluation reads %d samples, want at most %d", most, bar)
	}
	if f := w.Findings(); len(f) == 0 || f[0].Verdict == detectors.Blind && f[0].Blind != detectors.WarmingUp {
		t.Errorf("it judges nothing: %+v", f)
	}
}
