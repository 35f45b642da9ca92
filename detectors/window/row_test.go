package window

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestARowIsWhatWasPutThere does anything to a row and to a plain map, and compares them cell by cell and sum by sum.
func TestARowIsWhatWasPutThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const width = 60
		r := row{width: width}
		plain := map[int64]cell{}
		first, last := int64(0), int64(0) // of what the row holds, the last one not
		counts := rapid.SampledFrom([]float64{0, 1, 7, 65535, 65536, 1 << 24, 1<<24 + 1, .1, -3, 1e300})
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if n := last - first; n > 0 && rapid.IntRange(0, 4).Draw(t, "what") == 0 {
				n = rapid.Int64Range(1, n).Draw(t, "drop")
				r.drop(n)
				for i := range n {
					delete(plain, first+i)
				}
				if first += n; first == last {
					first, last = 0, 0
				}
				continue
			}
			at := rapid.Int64Range(first-40, last+40).Draw(t, "at")
			c := cell{why: reason(rapid.IntRange(0, 3).Draw(t, "why"))}
			switch rapid.IntRange(0, 3).Draw(t, "state") {
			case 0:
				c = cell{bad: counts.Draw(t, "bad"), total: counts.Draw(t, "total"), seen: width}
			case 1:
				c = cell{empty: width}
			case 2:
				c = cell{bad: counts.Draw(t, "bad"), total: counts.Draw(t, "total"), seen: 15, empty: 30, why: c.why}
			}
			r.put(at, c)
			plain[at] = c
			if first == last {
				first, last = at, at+1
			}
			first, last = min(first, at), max(last, at+1)
		}
		for i := first - 3; i < last+3; i++ {
			if r.get(i) != plain[i] {
				t.Fatalf("cell %d is %+v, want %+v", i, r.get(i), plain[i])
			}
		}
		if int64(r.n) != last-first || r.n > 0 && r.first != first {
			t.Fatalf("it holds %d cells from %d, want %d from %d", r.n, r.first, last-first, first)
		}
		from := rapid.Int64Range((first-2)*width, (last+2)*width).Draw(t, "from")
		to := rapid.Int64Range(from, (last+2)*width).Draw(t, "to")
		var got, want total
		r.sum(&got, from, to)
		for i := first; i < last; i++ {
			c, begin := plain[i], i*width
			overlap := float64(min(to, begin+width)-max(from, begin)) / width
			if overlap <= 0 {
				continue
			}
			want.take(&c, overlap, width)
			if c.seen > 0 {
				want.seenEnd = max(want.seenEnd, min(to, begin+width))
			}
		}
		near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*(1+math.Abs(a)+math.Abs(b)) }
		if !near(got.total, want.total) && math.Abs(want.total) < 1e290 || !near(got.seen, want.seen) || !near(got.empty, want.empty) || got.seenEnd != want.seenEnd {
			t.Fatalf("the sum over (%d, %d] is %+v, want %+v", from, to, got, want)
		}
	})
}

// TestARowThatMovesOnStaysSmall puts and drops for a long time.
func TestARowThatMovesOnStaysSmall(t *testing.T) {
	r := row{width: 15}
	for i := range int64(100_000) {
		r.put(i, cell{bad: 1, total: 10, seen: 15})
		if r.n > 280 {
			r.drop(4)
		}
	}
	if r.size > 280*5/4 || r.bad.small == nil || r.states != nil {
		t.Errorf("280 cells take room for %d (states %v)", r.size, r.states != nil)
	}
}
