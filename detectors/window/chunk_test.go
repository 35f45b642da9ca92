package window

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/detectors"
)

// spans are the windows that detectors read.
var spans = []time.Duration{base, 5 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour, 72 * time.Hour, 30 * 24 * time.Hour}

func TestARestartChangesNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	kept := map[time.Time]detectors.Chunk{}
	s := store(t)
	for end := t0.Add(-100 * time.Hour); !end.After(t0); end = end.Add(base) {
		tile := Tile{End: end, Width: base, Bad: float64(random.IntN(3)), Total: 10 * random.Float64()}
		switch random.IntN(50) {
		case 0:
			tile = Tile{End: end, Width: base, State: Empty}
		case 1:
			tile = Tile{End: end, Width: base, State: Unasked, Why: detectors.Timeout}
		}
		put(t, s, id, tile)
		if end.Unix()%600 == 0 {
			for _, c := range s.Snapshot() {
				kept[c.Start] = c
			}
		}
	}
	for _, c := range s.Snapshot() {
		kept[c.Start] = c
	}
	if again := s.Snapshot(); len(again) != 0 {
		t.Errorf("%d stretches changed though nothing was put", len(again))
	}
	for _, order := range []string{"oldest first", "newest first"} {
		t.Run(order, func(t *testing.T) {
			restarted := store(t)
			first := t0.Add(-101 * time.Hour).Truncate(time.Hour)
			for i := range 102 {
				start := first.Add(time.Duration(i) * time.Hour)
				if order == "newest first" {
					start = t0.Add(-time.Duration(i) * time.Hour)
				}
				c, ok := kept[start]
				if !ok {
					continue
				}
				if err := restarted.Load(c); err != nil {
					t.Fatal(err)
				}
			}
			for _, span := range spans {
				want, got := s.Sum(id, t0, span), restarted.Sum(id, t0, span)
				near := cmp.Comparer(func(a, b float64) bool { d := a - b; return d < 1e-6 && d > -1e-6 })
				if diff := cmp.Diff(want, got, near); diff != "" {
					t.Errorf("over %s: %s", span, diff)
				}
			}
			if left := restarted.Snapshot(); len(left) != 0 {
				t.Errorf("%d stretches count as changed after loading", len(left))
			}
		})
	}
}

func TestUnsavedStretchesComeAgain(t *testing.T) {
	s := store(t)
	fill(t, s, id, t0.Add(-time.Minute), t0)
	chunks := s.Snapshot()
	s.Unsaved(chunks)
	if diff := cmp.Diff(chunks, s.Snapshot()); diff != "" {
		t.Error(diff)
	}
}

func TestALaterChunkWithAnotherBaseIsFolded(t *testing.T) {
	fine, err := New(Config{Base: 5 * time.Second}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for end := t0.Add(-time.Hour + 5*time.Second); !end.After(t0); end = end.Add(5 * time.Second) {
		put(t, fine, id, Tile{End: end, Width: 5 * time.Second, Bad: 1, Total: 2})
	}
	coarse := store(t)
	for _, c := range fine.Snapshot() {
		if err := coarse.Load(c); err != nil {
			t.Fatal(err)
		}
	}
	if got := coarse.Sum(id, t0, 15*time.Minute); got.Bad != 180 || got.Total != 360 || got.Blind != "" {
		t.Errorf("%+v", got)
	}
}

// FuzzLoad: whatever is read, nothing panics, and what is taken can be written and read again.
func FuzzLoad(f *testing.F) {
	s := store(f)
	fill(f, s, id, t0.Add(-3*time.Minute), t0)
	put(f, s, id, Tile{End: t0.Add(base), Width: base, Bad: .25, Total: -3}, Tile{End: t0.Add(2 * base), Width: base, State: Unasked, Why: detectors.Stale})
	for _, c := range s.Snapshot() {
		f.Add(c.Data, c.Start.Unix())
	}
	f.Add([]byte{format, 15, 0, 200}, int64(0))
	f.Add([]byte{}, int64(-3600))
	f.Fuzz(func(t *testing.T, data []byte, start int64) {
		s := store(t)
		start = start % (1 << 36) / hour * hour
		c := detectors.Chunk{Series: id, Start: time.Unix(start, 0), Data: data}
		if s.Load(c) != nil {
			return
		}
		to := time.Unix(start+hour, 0)
		want := s.Sum(id, to, time.Hour)
		s.Unsaved([]detectors.Chunk{c})
		again := store(t)
		for _, c := range s.Snapshot() {
			if err := again.Load(c); err != nil {
				t.Fatalf("what was written cannot be read: %v", err)
			}
		}
		if got := again.Sum(id, to, time.Hour); got.Covered != want.Covered || got.Total != want.Total {
			t.Fatalf("%+v became %+v", want, got)
		}
	})
}
