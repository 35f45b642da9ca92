package burn_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/window"
)

// TestCalmIsWhatJudgeSays puts random traffic with gaps into windows: whenever the detector says that it is calm, it judges everything
// to be quiet; and after hours of health it does say so.
func TestCalmIsWhatJudgeSays(t *testing.T) {
	begin := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	c := objective(.99)
	d := detector(t, c)
	rapid.Check(t, func(t *rapid.T) {
		w, err := window.New(window.Config{Base: time.Minute}, []detectors.Signal{{Name: c.WithDefaults().Signal, Shape: detectors.Ratio}})
		if err != nil {
			t.Fatal(err)
		}
		at := begin
		for range rapid.IntRange(1, 12).Draw(t, "stretches") {
			minutes := rapid.IntRange(1, 400).Draw(t, "minutes")
			state := window.State(rapid.IntRange(0, 5).Draw(t, "state"))
			share := rapid.SampledFrom([]float64{0, 0, .001, .01, .07, .3, 1}).Draw(t, "share")
			total := rapid.SampledFrom([]float64{0, 1, 10, 500}).Draw(t, "total")
			for range minutes {
				at = at.Add(time.Minute)
				tile := window.Tile{End: at, Width: time.Minute, State: min(state, window.Unasked), Bad: share * total, Total: total}
				if state > window.Unasked {
					tile.State = window.Seen
				}
				if tile.State != window.Seen {
					tile.Bad, tile.Total = 0, 0
				}
				if err := w.Put(id, tile); err != nil {
					t.Fatal(err)
				}
			}
			if !d.Calm(at, w) {
				continue
			}
			for _, f := range d.Judge(at, w) {
				if f.Verdict != detectors.Quiet {
					t.Fatalf("it is calm, and judges %s: %s", f.Verdict, f.Title)
				}
			}
		}
		for range 4 * 24 * 60 {
			at = at.Add(time.Minute)
			if err := w.Put(id, window.Tile{End: at, Width: time.Minute, Total: 100}); err != nil {
				t.Fatal(err)
			}
		}
		if !d.Calm(at, w) {
			t.Fatal("it is not calm after four days of health")
		}
	})
}
