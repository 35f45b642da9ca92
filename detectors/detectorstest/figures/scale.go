package figures

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/burn"
	"github.com/firebreak-dev/firebreak/detectors/watch"
	"github.com/firebreak-dev/firebreak/detectors/window"
)

// crowd answers for many services at once.
type crowd struct {
	ids    []detectors.SeriesID
	events float64
}

// Ask says that every service had as many events in every tile.
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

// Crowd makes a watch over many objectives, each of a service of its own, with so many events in a tile of 15 seconds. With a past, each
// series has what 35 days of ticks leave behind. The tick moves the clock on by an interval and ticks.
func Crowd(objectives int, past bool, events float64) (w *watch.Watch, tick func(context.Context) error, err error) {
	c := crowd{events: events}
	judges := make([]detectors.Detector, 0, objectives)
	for i := range objectives {
		id := detectors.SeriesID{Signal: "refusal_ratio", Service: fmt.Sprintf("service-%05d", i)}
		c.ids = append(c.ids, id)
		d, err := burn.New(burn.Config{Name: fmt.Sprintf("objective-%05d", i), Service: id.Service, Signal: id.Signal, Target: .999}, "refusal ratio", scrape)
		if err != nil {
			return nil, nil, err
		}
		judges = append(judges, d)
	}
	now := time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)
	w, err = watch.New(watch.Config{Now: func() time.Time { return now }, History: time.Hour}, watch.Parts{
		Source: c, Sink: deaf{}, Detectors: judges,
		Signals: []watch.Watched{{Signal: detectors.Signal{Name: "refusal_ratio", Shape: detectors.Ratio}, Series: c.ids}},
	})
	if err != nil {
		return nil, nil, err
	}
	if store, ok := w.Windows().(*window.Store); ok && past {
		random := rand.New(rand.NewPCG(1, 2))
		for i, id := range c.ids {
			if err := remember(store, id, now, events, random); err != nil {
				return nil, nil, err
			}
			if i%100 == 99 || i+1 == len(c.ids) {
				store.Snapshot() // as if it were saved, as it is every minute
			}
		}
	}
	return w, func(ctx context.Context) error {
		now = now.Add(scrape)
		return w.Tick(ctx)
	}, nil
}

// remember fills in 35 days as they are after 35 days of ticks: hours, then five minutes, minutes, and tiles of 15 seconds.
func remember(store *window.Store, id detectors.SeriesID, now time.Time, events float64, random *rand.Rand) error {
	for _, level := range []struct{ width, from, to time.Duration }{
		{time.Hour, 35 * wholeDay, 74 * time.Hour},
		{5 * time.Minute, 74 * time.Hour, 7 * time.Hour},
		{time.Minute, 7 * time.Hour, 2 * time.Hour},
		{scrape, 2 * time.Hour, 0},
	} {
		tiles := float64(level.width / scrape)
		for end := now.Add(level.width - level.from); !end.After(now.Add(-level.to)); end = end.Add(level.width) {
			total := math.Floor(events * tiles * (.5 + random.Float64()))
			t := window.Tile{End: end, Width: level.width, Bad: math.Floor(total * .001 * random.Float64()), Total: total}
			if err := store.Put(id, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// Scale is the processor's time of a tick over many objectives, the collector's share included, and what is in use after a collection.
func Scale(objectives int, events float64) (tick time.Duration, bytes float64, err error) {
	const ticks = 5
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	w, do, err := Crowd(objectives, true, events)
	if err != nil {
		return 0, 0, err
	}
	ctx := context.Background()
	for range 2 {
		if err := do(ctx); err != nil {
			return 0, 0, err
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	used := processor()
	for range ticks {
		if err := do(ctx); err != nil {
			return 0, 0, err
		}
	}
	tick = (processor() - used) / ticks
	runtime.KeepAlive(w)
	return tick, float64(int64(after.HeapAlloc) - int64(before.HeapAlloc)), nil
}

func scaleFigures(objectives int) ([]Figure, error) {
	var figures []Figure
	for _, events := range []float64{100, 100_000} {
		tick, bytes, err := Scale(objectives, events)
		if err != nil {
			return nil, err
		}
		of := fmt.Sprintf("%d objectives with 35 days of tiles, %.0f events a tile", objectives, events)
		figures = append(figures,
			Figure{What: "a tick over " + of, Unit: "ms of the processor", Got: float64(tick.Microseconds()) / 1e3, Bar: atMost(250), Better: atMost(250)},
			Figure{What: "memory of " + of, Unit: "MB", Got: bytes / 1e6, Bar: atMost(250), Better: atMost(250)},
		)
	}
	return label("scale", "", figures), nil
}
