package shift_test

import (
	"testing"

	"github.com/firebreak-dev/firebreak/detectors/detectorstest/figures"
	"github.com/firebreak-dev/firebreak/detectors/detectorstest/recorded"
	"github.com/firebreak-dev/firebreak/detectors/detectorstest/seeded"
)

// TestSeededShifts: how precisely the onset is told, over all signals and rates. Figures are median and 90th percentile.
func TestSeededShifts(t *testing.T) {
	if testing.Short() {
		t.Skip("it watches hundreds of series")
	}
	for _, test := range figures.ShiftsOf() {
		t.Run(test.Name, func(t *testing.T) {
			p := test.Pool(12)
			t.Log(p)
			if figures.Of(p.Off, .5) > test.Median || figures.Of(p.Off, .9) > test.P90 || float64(p.Found) < test.Found*float64(p.Series) {
				t.Errorf("want %v/%v and %v found", test.Median, test.P90, test.Found)
			}
			if p.Coverage() < .85 || p.Coverage() > .97 {
				t.Errorf("the interval holds the onset in %.2f, want .85 to .97", p.Coverage())
			}
		})
	}
}

// TestSeededFalseAlarms: a fortnight in which nothing happens but noise.
func TestSeededFalseAlarms(t *testing.T) {
	if testing.Short() {
		t.Skip("it watches fortnights of series")
	}
	mean, by := figures.MeanFalseAlarms(2)
	for _, noise := range []seeded.Noise{seeded.Clean, seeded.Drifting, seeded.Daily, seeded.Autocorrelated} {
		t.Logf("%s: %.2f false alarms a series in 14 days", noise, by[noise])
	}
	if mean > 1 {
		t.Errorf("%.2f false alarms a series in 14 days, at most 1", mean)
	} else {
		t.Logf("all: %.2f false alarms a series in 14 days", mean)
	}
}

// TestNumentaBenchmark scores the development split by the benchmark's own rules, with one threshold for all files.
func TestNumentaBenchmark(t *testing.T) {
	if testing.Short() {
		t.Skip("it scores tens of thousands of rows")
	}
	n, err := figures.LoadNAB(recorded.Dir(t, "nab"), figures.Shift)
	if err != nil {
		t.Fatal(err)
	}
	standard, lowFP := n.Best(figures.NABStandard), n.Best(figures.NABLowFP)
	t.Logf("standard %.2f, low FP %.2f, %d windows, %d alarms outside", standard.Score, lowFP.Score, standard.Windows, standard.Alarms)
	if standard.Score < 74 || lowFP.Score < 67 {
		t.Errorf("standard %.2f and low FP %.2f, want 74 and 67", standard.Score, lowFP.Score)
	}
	if standard.Windows < 45 || standard.Alarms > 65 {
		t.Errorf("%d alarms outside at %d windows, want no more than 65 at 45", standard.Alarms, standard.Windows)
	}
}
