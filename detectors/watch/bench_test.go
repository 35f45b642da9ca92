package watch_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/burn"
	"github.com/firebreak-dev/firebreak/detectors/watch"
	"github.com/firebreak-dev/firebreak/detectors/window"
)

// crowd answers for many services.
type crowd struct {
	ids    []detectors.SeriesID
	events float64
}

func (c crowd) Ask(_ context.Context, q watch.Query) (watch.Answer, error) {
	var a watch.Answer
	for end := q.From.Add(q.Step); !end.After(q.To); end = end.Add(q.Step) {
		for _, id := range c.ids {
			a.Readings = append(a.Readings, watch.Reading{Series: id, At: end, Total: c.events})
		}
	}
	return a, nil
}

type deaf struct{}

func (deaf) Observe(context.Context, []detectors.Finding) error { return nil }

// many makes a watch over 10,000 objectives of one signal. With a past each series has 35 days of tiles.
func many(b *testing.B, past bool, events float64) (w *watch.Watch, tick func()) {
	b.Helper()
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
	c.events = events
	now := t0
	w, err := watch.New(watch.Config{Now: func() time.Time { return now }, History: time.Hour}, watch.Parts{
		Source: c, Sink: deaf{}, Detectors: judges,
		Signals: []watch.Watched{{Signal: detectors.Signal{Name: "refusal_ratio", Shape: detectors.Ratio}, Series: c.ids}},
	})
	if err != nil {
		b.Fatal(err)
	}
	if past {
		store := w.Windows().(*window.Store)
		random := rand.New(rand.NewPCG(1, 2))
		for _, id := range c.ids {
			remember(b, store, id, now, events, random)
		}
		store.Snapshot() // as if it were saved, as it is every minute
	}
	tick = func() {
		now = now.Add(15 * time.Second)
		if err := w.Tick(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	return w, tick
}

// remember fills in 35 days as they are after 35 days of ticks: hours, then five minutes, minutes, and tiles of 15 seconds.
func remember(b *testing.B, store *window.Store, id detectors.SeriesID, now time.Time, events float64, random *rand.Rand) {
	b.Helper()
	for _, level := range []struct{ width, from, to time.Duration }{
		{time.Hour, 35 * 24 * time.Hour, 74 * time.Hour},
		{5 * time.Minute, 74 * time.Hour, 7 * time.Hour},
		{time.Minute, 7 * time.Hour, 2 * time.Hour},
		{15 * time.Second, 2 * time.Hour, 0},
	} {
		tiles := float64(level.width / (15 * time.Second))
		for end := now.Add(-level.from + level.width); !end.After(now.Add(-level.to)); end = end.Add(level.width) {
			total := math.Floor(events * tiles * (.5 + random.Float64()))
			t := window.Tile{End: end, Width: level.width, Bad: math.Floor(total * .001 * random.Float64()), Total: total}
			if err := store.Put(id, t); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkTick10kObjectives is one tick over 10,000 objectives of one signal, after a start and after 35 days, with few and with many
// events. It reports the processor's time of a tick, which the garbage collector shares in, and what is in use after a collection.
func BenchmarkTick10kObjectives(b *testing.B) {
	for _, test := range []struct {
		name   string
		past   bool
		events float64
	}{
		{"fresh", false, 100}, {"35 days, 100 events a tile", true, 100}, {"35 days, 100,000 events a tile", true, 100_000},
	} {
		b.Run(test.name, func(b *testing.B) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			w, tick := many(b, test.past, test.events)
			for range 3 {
				tick()
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportAllocs()
			used := processorTime(b)
			for b.Loop() {
				tick()
			}
			b.ReportMetric(float64((processorTime(b)-used).Milliseconds())/float64(b.N), "cpu-ms/op")
			b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/1e6, "MB")
			runtime.KeepAlive(w)
		})
	}
}

// processorTime is what the process has used.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
