package window

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/detectors"
)

var (
	t0    = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	ratio = detectors.Signal{Name: "refusal_ratio", Shape: detectors.Ratio}
	id    = detectors.SeriesID{Signal: "refusal_ratio", Service: "support-assistant"}
)

const base = 15 * time.Second

func store(t testing.TB) *Store {
	t.Helper()
	s, err := New(Config{}, []detectors.Signal{ratio, {Name: "cost", Shape: detectors.Count}, {Name: "p95", Shape: detectors.Value}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fill puts base tiles of 1 bad in 10 in (from, to].
func fill(t testing.TB, s *Store, id detectors.SeriesID, from, to time.Time) {
	t.Helper()
	for end := from.Add(base); !end.After(to); end = end.Add(base) {
		put(t, s, id, Tile{End: end, Width: base, Bad: 1, Total: 10})
	}
}

func put(t testing.TB, s *Store, id detectors.SeriesID, tiles ...Tile) {
	t.Helper()
	if err := s.Put(id, tiles...); err != nil {
		t.Fatal(err)
	}
}

func TestSum(t *testing.T) {
	for _, test := range []struct {
		name string
		fill func(t *testing.T, s *Store)
		span time.Duration
		want detectors.Sum
	}{
		{"nothing was ever asked", func(*testing.T, *Store) {}, time.Hour, detectors.Sum{Blind: detectors.NoData}},
		{
			"a whole window adds up", func(t *testing.T, s *Store) { fill(t, s, id, t0.Add(-2*time.Hour), t0) }, time.Hour,
			detectors.Sum{Bad: 240, Total: 2400, Covered: time.Hour},
		},
		{
			"three days add up over folded tiles", func(t *testing.T, s *Store) { fill(t, s, id, t0.Add(-96*time.Hour), t0) }, 72 * time.Hour,
			detectors.Sum{Bad: 72 * 240, Total: 72 * 2400, Covered: 72 * time.Hour},
		},
		{"no traffic is sight", func(t *testing.T, s *Store) {
			for end := t0.Add(-5*time.Minute + base); !end.After(t0); end = end.Add(base) {
				put(t, s, id, Tile{End: end, Width: base})
			}
		}, 5 * time.Minute, detectors.Sum{Covered: 5 * time.Minute}},
		{"asked and never there is no data", func(t *testing.T, s *Store) {
			for end := t0.Add(-5*time.Minute + base); !end.After(t0); end = end.Add(base) {
				put(t, s, id, Tile{End: end, Width: base, State: Empty})
			}
		}, 5 * time.Minute, detectors.Sum{Covered: 5 * time.Minute, Blind: detectors.NoData}},
		{"a new service counts from when it is there", func(t *testing.T, s *Store) {
			for end := t0.Add(-time.Hour + base); !end.After(t0.Add(-time.Minute)); end = end.Add(base) {
				put(t, s, id, Tile{End: end, Width: base, State: Empty})
			}
			fill(t, s, id, t0.Add(-time.Minute), t0)
		}, time.Hour, detectors.Sum{Bad: 4, Total: 40, Covered: time.Hour}},
		{
			"a part that was not asked for is warming up", func(t *testing.T, s *Store) { fill(t, s, id, t0.Add(-20*time.Minute), t0) }, time.Hour,
			detectors.Sum{Bad: 80, Total: 800, Covered: 20 * time.Minute, Blind: detectors.WarmingUp},
		},
		{"a series that went away is stale", func(t *testing.T, s *Store) {
			fill(t, s, id, t0.Add(-time.Hour), t0.Add(-6*time.Minute))
			for end := t0.Add(-6*time.Minute + base); !end.After(t0); end = end.Add(base) {
				put(t, s, id, Tile{End: end, Width: base, State: Empty})
			}
		}, time.Hour, detectors.Sum{Bad: 216, Total: 2160, Covered: time.Hour, Blind: detectors.Stale}},
		{"a newest question that failed is blind at once", func(t *testing.T, s *Store) {
			fill(t, s, id, t0.Add(-time.Hour), t0.Add(-base))
			put(t, s, id, Tile{End: t0, Width: base, State: Unasked, Why: detectors.Timeout})
		}, time.Hour, detectors.Sum{Bad: 239, Total: 2390, Covered: time.Hour - base, Blind: detectors.Timeout}},
		{"an old failed question is a small hole", func(t *testing.T, s *Store) {
			fill(t, s, id, t0.Add(-time.Hour), t0.Add(-10*time.Minute))
			put(t, s, id, Tile{End: t0.Add(-10*time.Minute + base), Width: base, State: Unasked, Why: detectors.Timeout})
			fill(t, s, id, t0.Add(-10*time.Minute+base), t0)
		}, time.Hour, detectors.Sum{Bad: 239, Total: 2390, Covered: time.Hour - base}},
		{"a value is a sum and a number of samples", func(t *testing.T, s *Store) {
			put(t, s, id, Tile{End: t0, Width: base, Bad: .8, Total: 1})
		}, base, detectors.Sum{Bad: .8, Total: 1, Covered: base}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := store(t)
			test.fill(t, s)
			got := s.Sum(id, t0, test.span)
			if (got.Detail == "") != (got.Blind == "") {
				t.Errorf("blind %q with the detail %q", got.Blind, got.Detail)
			}
			got.Detail = ""
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAnyOrder puts tiles in any order and several times, and compares with plain addition.
func TestAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 280).Draw(t, "tiles")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		tiles := make([]Tile, n)
		for i := range tiles {
			tiles[i] = Tile{End: t0.Add(-time.Duration(i) * base), Width: base, Bad: float64(random.IntN(5)), Total: float64(5 + random.IntN(9))}
		}
		s, err := New(Config{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		order := append(random.Perm(n), random.Perm(n)...)
		for _, i := range order {
			if err := s.Put(id, tiles[i]); err != nil {
				t.Fatal(err)
			}
		}
		spans := rapid.IntRange(1, n).Draw(t, "span")
		var bad, total float64
		for _, tile := range tiles[:spans] {
			bad += tile.Bad
			total += tile.Total
		}
		if got := s.Sum(id, t0, time.Duration(spans)*base); got.Bad != bad || got.Total != total {
			t.Fatalf("%g of %g, want %g of %g", got.Bad, got.Total, bad, total)
		}
	})
}

func TestRefuses(t *testing.T) {
	for _, test := range []struct {
		name string
		tile Tile
	}{
		{"a tile between the marks", Tile{End: t0.Add(time.Second), Width: base}},
		{"a width that is not kept", Tile{End: t0, Width: 7 * time.Second}},
		{"not a number", Tile{End: t0, Width: base, Bad: math.NaN()}},
		{"infinity", Tile{End: t0, Width: base, Total: math.Inf(1)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := store(t).Put(id, test.tile); err == nil {
				t.Error("it was taken")
			}
		})
	}
	for _, bad := range []time.Duration{7 * time.Second, time.Hour, 1500 * time.Millisecond, -time.Second} {
		if _, err := New(Config{Base: bad}, nil); err == nil {
			t.Errorf("a base of %s was taken", bad)
		}
	}
}

func TestGapsAreFilledNewestFirst(t *testing.T) {
	s := store(t)
	now := t0.Add(7 * time.Second)
	fill(t, s, id, t0.Add(-5*time.Minute), t0)
	other := detectors.SeriesID{Signal: "refusal_ratio", Service: "search"}
	fill(t, s, other, t0.Add(-3*time.Minute), t0)
	gaps := s.Gaps([]detectors.SeriesID{id, other}, now, 30*24*time.Hour, 240)
	if len(gaps) == 0 || !gaps[0].To.Equal(t0.Add(-3*time.Minute)) || gaps[0].Width != base {
		t.Fatalf("the first gap is %+v", gaps)
	}
	for i, g := range gaps {
		if n := g.To.Sub(g.From) / g.Width; n < 1 || n > 240 || g.To.Sub(g.From)%g.Width != 0 {
			t.Errorf("gap %d has %d tiles", i, n)
		}
		if i > 0 && g.To.After(gaps[i-1].From) {
			t.Errorf("gap %d is newer than the one before", i)
		}
		for _, id := range []detectors.SeriesID{id, other} {
			for end := g.From.Add(g.Width); !end.After(g.To); end = end.Add(g.Width) {
				put(t, s, id, Tile{End: end, Width: g.Width, Bad: float64(g.Width / base), Total: 10 * float64(g.Width/base)})
			}
		}
	}
	if left := s.Gaps([]detectors.SeriesID{id, other}, now, 30*24*time.Hour, 240); len(left) > 0 {
		t.Fatalf("after filling all there are gaps left: %+v", left)
	}
	for _, span := range []time.Duration{5 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour, 72 * time.Hour, 29 * 24 * time.Hour} {
		want := float64(span / base)
		got := s.Sum(other, t0, span)
		if math.Abs(got.Bad-want) > 1e-6*want || got.Covered != span || got.Blind != "" {
			t.Errorf("over %s: %+v, want %g bad", span, got, want)
		}
	}
}

func TestPoints(t *testing.T) {
	s := store(t)
	fill(t, s, id, t0.Add(-time.Minute), t0)
	put(t, s, id, Tile{End: t0.Add(2 * base), Width: base})
	got := s.Points(id, t0.Add(-time.Hour), t0.Add(time.Minute), 30*time.Second)
	want := []detectors.Point{
		{At: t0.Add(-30 * time.Second), Value: .1, Bad: 2, Total: 20},
		{At: t0, Value: .1, Bad: 2, Total: 20},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	cost := detectors.SeriesID{Signal: "cost", Service: "a"}
	put(t, s, cost, Tile{End: t0, Width: base, Total: 3})
	if got := s.Points(cost, t0.Add(-base), t0, base); len(got) != 1 || got[0].Value != 3 {
		t.Errorf("a count of 3 gives %+v", got)
	}
}
