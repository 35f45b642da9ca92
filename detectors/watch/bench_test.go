package watch_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/burn"
	"github.com/firebreak-dev/firebreak/detectors/watch"
)

// crowd answers for many services.
type crowd struct{ ids []detectors.SeriesID }

func (c crowd) Ask(_ context.Context, q watch.Query) (watch.Answer, error) {
	var a watch.Answer
	for end := q.From.Add(q.Step); !end.After(q.To); end = end.Add(q.Step) {
		for _, id := range c.ids {
			a.Readings = append(a.Readings, watch.Reading{Series: id, At: end, Total: 100})
		}
	}
	return a, nil
}

type deaf struct{}

func (deaf) Observe(context.Context, []detectors.Finding) error { return nil }

// BenchmarkTick10kObjectives is one tick over 10,000 objectives of one signal, an hour of history each.
func BenchmarkTick10kObjectives(b *testing.B) {
	var c crowd
	var judges []detectors.Detector
	for i := range 10_000 {
		id := detectors.SeriesID{Signal: "refusal_ratio", Service: fmt.Sprintf("service-%05d", i)}
		c.ids = append(c.ids, id)
		d, err := burn.New(burn.Config{Name: fmt.Sprintf("objective-%05d", i), Service: id.Service, Signal: id.Signal, Target: .999}, "refusal ratio", 15*time.Second)
		if err != nil {
			b.Fatal(err)
		}
		judges = append(judges, d)
	}
	now := t0
	w, err := watch.New(watch.Config{Now: func() time.Time { return now }, History: time.Hour}, watch.Parts{
		Source: c, Sink: deaf{}, Detectors: judges,
		Signals: []watch.Watched{{Signal: detectors.Signal{Name: "refusal_ratio", Shape: detectors.Ratio}, Series: c.ids}},
	})
	if err != nil {
		b.Fatal(err)
	}
	for range 2 {
		now = now.Add(15 * time.Second)
		if err := w.Tick(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(15 * time.Second)
		if err := w.Tick(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
