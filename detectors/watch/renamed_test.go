package watch_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/watch"
)

// renamer is a source that knows under which name something came back, and counts how often it is asked.
type renamer struct {
	source
	asked int
}

func (s *renamer) Renamed(_ context.Context, signal string, _ time.Time) (string, error) {
	s.asked++
	return signal + " may be called other now", nil
}

// vanished says that a signal is gone.
type vanished struct{}

func (vanished) Name() string { return watch.Absent }

func (vanished) Judge(now time.Time, _ detectors.Windows) []detectors.Finding {
	return []detectors.Finding{{
		Key: "absent/a//x/gone", Detector: watch.Absent, Rule: "gone", Service: "a", Signal: "x", Verdict: detectors.Firing, Severity: detectors.Ticket,
		At: now, Title: "x of a is gone",
	}}
}

func TestAVanishedSignalIsToldWithTheNameThatLooksLikeIt(t *testing.T) {
	s := &renamer{source: source{share: func(time.Time) float64 { return 0 }}}
	heard := &sink{}
	now := t0
	w, err := watch.New(watch.Config{Now: func() time.Time { return now }}, watch.Parts{
		Source: s, Sink: heard, Registry: prometheus.NewRegistry(), Detectors: []detectors.Detector{vanished{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if err := w.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		now = now.Add(15 * time.Second)
	}
	if f := w.Findings()[0]; !strings.HasSuffix(f.Title, "x may be called other now") || len(f.Evidence) != 1 {
		t.Errorf("%+v", f)
	}
	if s.asked != 1 {
		t.Errorf("the source was asked %d times within a minute", s.asked)
	}
}
