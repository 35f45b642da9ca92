package burn_test

import (
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/detectors/detectorstest/figures"
	"github.com/firebreak-dev/firebreak/detectors/window"
)

// TestDecisionsEqualExactWindows lets one detector judge folded tiles and exact windows side by side, over seeded traces: steady ones,
// bursts of 100:1, outages, counters that begin anew, gaps.
func TestDecisionsEqualExactWindows(t *testing.T) {
	traces := 25
	if testing.Short() {
		traces = 5
	}
	o, err := figures.Traces(traces)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d changes of verdict in %d traces, %.2f %% within one evaluation, %d pages too many; %d traces are equal at every evaluation",
		o.Changes, o.Traces, 100*o.Share(), o.Extra, o.Equal)
	if o.Share() < .99 || o.Extra > 0 || o.Changes < traces {
		t.Errorf("tiles decide otherwise: %.2f %% of %d changes in the same minute, %d pages too many", 100*o.Share(), o.Changes, o.Extra)
	}
}

// TestPeriodUnderBursts: the error ratio of a period, with a hundred times more traffic by day than by night and errors by night.
func TestPeriodUnderBursts(t *testing.T) {
	for _, late := range []time.Duration{0, 17 * time.Minute} {
		off, usual, err := figures.PeriodError(3, late)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("30 days at 100:1, read %s into an hour: off by %.4f %%; the mean of five-minute ratios by %.0f %%", late, 100*off, 100*usual)
		if late == 0 && off > 1e-9 || off > .001 {
			t.Errorf("off by %.4f %%", 100*off)
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
