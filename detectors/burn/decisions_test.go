package burn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/detectorstest"
	"github.com/firebreak-dev/firebreak/detectors/window"
)

// trace is a seeded course of traffic with an episode in it.
type trace struct {
	random  *rand.Rand
	rate    float64 // mean events a tile by day
	quiet   float64 // share of the mean by night
	healthy float64
	at      time.Time // of the episode
	lasts   time.Duration
	bad     float64
}

func newTrace(seed uint64) trace {
	r := rand.New(rand.NewPCG(seed, 7))
	return trace{
		random: r, rate: math.Exp(1 + 6*r.Float64()), quiet: []float64{1, .1, .01}[r.IntN(3)], healthy: .001 * r.Float64(),
		at: t0.Add(time.Duration(r.IntN(3600)) * time.Second), lasts: time.Duration(math.Exp(r.Float64()*6)) * time.Minute,
		bad: math.Exp(-5 * r.Float64()),
	}
}

// tile draws what happens in the tile that ends at a time.
func (tr *trace) tile(end time.Time) (bad, total float64) {
	rate := tr.rate
	if h := end.Hour(); h < 7 || h > 21 {
		rate *= tr.quiet
	}
	if tr.random.IntN(200) == 0 {
		rate *= 20 // a burst
	}
	total = math.Floor(rate + math.Sqrt(rate)*tr.random.NormFloat64() + tr.random.Float64())
	total = max(0, total)
	share := tr.healthy
	if end.After(tr.at) && !end.After(tr.at.Add(tr.lasts)) {
		share = tr.bad
	}
	for range int(min(total, 200)) {
		if tr.random.Float64() < share {
			bad += max(1, total/200)
		}
	}
	return min(math.Floor(bad), total), total
}

// TestDecisionsEqualExactWindows lets one detector judge folded tiles and exact windows side by side, over seeded episodes.
func TestDecisionsEqualExactWindows(t *testing.T) {
	episodes := 25
	if testing.Short() {
		episodes = 5
	}
	const tile = time.Minute
	var judged, differ, pagesExact, pagesTiles, same int
	for seed := range uint64(episodes) {
		tr := newTrace(seed)
		store, err := window.New(window.Config{Base: tile}, []detectors.Signal{{Name: id.Signal, Shape: detectors.Ratio}})
		if err != nil {
			t.Fatal(err)
		}
		exact := &detectorstest.Windows{Known: t0.Add(-40 * day)}
		put := func(end time.Time, bad, total float64) {
			exact.Add(id, end, bad, total)
			if err := store.Put(id, window.Tile{End: end, Width: tile, Bad: bad, Total: total}); err != nil {
				t.Fatal(err)
			}
		}
		for end := t0.Add(-4 * day); !end.After(t0); end = end.Add(tile) {
			bad, total := tr.tile(end)
			put(end, bad, total)
		}
		d := detector(t, objective(.999))
		equal := true
		var before [2]string
		for end := t0.Add(tile); !end.After(t0.Add(8 * time.Hour)); end = end.Add(tile) {
			bad, total := tr.tile(end)
			put(end, bad, total)
			a, b := verdicts(d.Judge(end, exact)), verdicts(d.Judge(end, store))
			judged++
			if a != b {
				differ++
				equal = false
			}
			pagesExact += pages(before[0], a)
			pagesTiles += pages(before[1], b)
			before = [2]string{a, b}
		}
		if equal {
			same++
		}
	}
	t.Logf("%d judgements in %d episodes: %d differ; %d episodes are equal throughout; pages by exact windows %d, by tiles %d",
		judged, episodes, differ, same, pagesExact, pagesTiles)
	if differ > judged/1000 || pagesTiles != pagesExact {
		t.Errorf("tiles decide otherwise: %d of %d judgements, %d pages instead of %d", differ, judged, pagesTiles, pagesExact)
	}
}

func verdicts(found []detectors.Finding) string {
	out := ""
	for _, f := range found {
		out += fmt.Sprintf("%s=%s%s;", f.Rule, f.Verdict, f.Severity)
	}
	return out
}

// pages counts whether a page begins.
func pages(before, now string) int {
	page := func(v string) bool {
		for _, rule := range []string{"1h=firingpage", "6h=firingpage"} {
			for i := 0; i+len(rule) <= len(v); i++ {
				if v[i:i+len(rule)] == rule {
					return true
				}
			}
		}
		return false
	}
	if page(now) && !page(before) {
		return 1
	}
	return 0
}

// TestPeriodUnderBursts: the error ratio of a period, with a hundred times more traffic by day than by night and errors by night.
func TestPeriodUnderBursts(t *testing.T) {
	store, err := window.New(window.Config{Base: time.Minute}, nil)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(3, 4))
	var bad, total float64
	from := t0.Add(-34 * day)
	for end := from.Add(time.Minute); !end.After(t0); end = end.Add(time.Minute) {
		n, share := 10+float64(random.IntN(5)), .02
		if h := end.Hour(); h >= 8 && h < 20 {
			n, share = 1000+float64(random.IntN(500)), .0005
		}
		b := math.Round(n * share * (1 + random.Float64()))
		if end.After(t0.Add(-30 * day)) {
			bad += b
			total += n
		}
		if err := store.Put(id, window.Tile{End: end, Width: time.Minute, Bad: b, Total: n}); err != nil {
			t.Fatal(err)
		}
	}
	for _, late := range []time.Duration{0, 17 * time.Minute} {
		got := store.Sum(id, t0.Add(-late), 30*day)
		off := math.Abs(got.Ratio()-bad/total) / (bad / total)
		t.Logf("30 days at 100:1, read %s into an hour: ratio %.6f, exact %.6f, off by %.4f %%", late, got.Ratio(), bad/total, 100*off)
		if late == 0 && off > 1e-9 || off > .01 {
			t.Errorf("off by %.3f %%", 100*off)
		}
	}
}

func BenchmarkJudge(b *testing.B) {
	store, err := window.New(window.Config{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	for end := t0.Add(-4*day + 15*time.Second); !end.After(t0); end = end.Add(15 * time.Second) {
		if err := store.Put(id, window.Tile{End: end, Width: 15 * time.Second, Bad: 1, Total: 1e4}); err != nil {
			b.Fatal(err)
		}
	}
	d := detector(b, objective(.99))
	b.ReportAllocs()
	for b.Loop() {
		d.Judge(t0, store)
	}
}
