package prometheus

import (
	"context"
	"log/slog"
	"math"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/burn"
	"github.com/firebreak-dev/firebreak/detectors/watch"
	"github.com/firebreak-dev/firebreak/integrations/prometheus/prometheustest"
)

// ear hears findings.
type ear struct{ pages []detectors.Finding }

func (e *ear) Observe(_ context.Context, found []detectors.Finding) error {
	for _, f := range found {
		if f.Verdict == detectors.Firing && f.Severity == detectors.Page && f.Detector == burn.Name {
			e.pages = append(e.pages, f)
		}
	}
	return nil
}

// TestFullOutageOnARealPrometheus replays an outage of a 99.9 % service that is scraped every 5 s: the whole way from counters
// to a page, on a clock that steps through the recording.
func TestFullOutageOnARealPrometheus(t *testing.T) {
	const scrape, rate = 5 * time.Second, 20.
	start := time.Now().Add(-8 * time.Hour).Truncate(time.Hour)
	began := start.Add(6*time.Hour + 2*time.Minute + 3*time.Second)
	end := began.Add(3 * time.Minute)
	h := &history{start: start}
	for at := start; !at.After(end); at = at.Add(scrape) {
		good := rate * math.Min(at.Sub(start).Seconds(), began.Sub(start).Seconds())
		h.sample(`requests_total{service_name="a",code="200",pod="1"}`, at, 1e5+good)
	}
	for at := start; !at.After(end); at = at.Add(scrape) {
		h.sample(`requests_total{service_name="a",code="500",pod="1"}`, at, 3+rate*math.Max(0, at.Sub(began).Seconds()))
	}
	source := newTestSource(t, prometheustest.StartWith(t, h.text()), []SignalConfig{ratioSignal}, one("a"))
	detector, err := burn.New(burn.Config{Name: "answers", Service: "a", Signal: "errors", Target: .999}, "error ratio", scrape)
	if err != nil {
		t.Fatal(err)
	}
	now := began.Add(-2 * time.Minute).Truncate(scrape)
	heard := &ear{}
	w, err := watch.New(watch.Config{Interval: scrape, Now: func() time.Time { return now }}, watch.Parts{
		Source: source, Sink: heard, Signals: source.Watched(), Detectors: []detectors.Detector{detector},
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	for ; now.Before(end); now = now.Add(scrape) {
		if err := w.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(heard.pages) > 0 {
			break
		}
	}
	if len(heard.pages) == 0 {
		t.Fatalf("no page; the findings are %+v", w.Findings())
	}
	page := heard.pages[0]
	after := page.At.Sub(began)
	t.Logf("the page is due %s after the outage began; 51.8 s is the limit of arithmetic: %s", after, page.Evidence[0].Sentence)
	t.Logf("it says that it began at %s, between %s and %s", page.Onset.At.Sub(began), page.Onset.Earliest.Sub(began), page.Onset.Latest.Sub(began))
	if after < 51800*time.Millisecond || after > 51800*time.Millisecond+scrape+time.Second {
		t.Errorf("the page came after %s", after)
	}
	if page.Onset.Earliest.After(began) || page.Onset.Latest.Before(began) {
		t.Errorf("it began at %s, outside of %+v", began, page.Onset)
	}
}

// TestLiveScrapes lets a real Prometheus scrape: a target that fails scrapes leaves a stale marker and returns with its whole
// counter, which must not count as new.
func TestLiveScrapes(t *testing.T) {
	t.Parallel()
	e := prometheustest.NewExporter(t)
	const good, bad = `requests_total{service_name="a",code="200",pod="1"}`, `requests_total{service_name="a",code="500",pod="1"}`
	e.Set(good, 1e6)
	e.Set(bad, 5e5)
	base := prometheustest.Start(t, e.URL, time.Second)
	source := newTestSource(t, base, []SignalConfig{ratioSignal}, one("a"))
	from := time.Now().Truncate(time.Second)
	e.Scraped(t, 2)
	e.Add(good, 70)
	e.Scraped(t, 2)
	e.Down(true)
	e.Scraped(t, 3)
	e.Down(false)
	e.Add(good, 30)
	e.Scraped(t, 2)
	e.Add(bad, 10)
	e.Set(`requests_total{service_name="a",code="429",pod="1"}`, 4)
	e.Scraped(t, 3)
	to := time.Now().Truncate(time.Second)
	answer, err := source.Ask(t.Context(), watch.Query{Signal: "errors", From: from, To: to, Step: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	var b, total float64
	for _, r := range answer.Readings {
		b += r.Bad
		total += r.Total
	}
	if b != 10 || total != 114 {
		t.Errorf("it counts %g bad of %g, want 10 of 114", b, total)
	}
}
