package canary_test

import (
	"testing"

	"github.com/firebreak-dev/firebreak/detectors/canary"
	"github.com/firebreak-dev/firebreak/detectors/detectorstest/figures"
)

// TestMisjudged are arrays that Kayenta's judge lets pass, with the issue that tells of each.
func TestMisjudged(t *testing.T) {
	for _, test := range figures.KnownMisjudged() {
		t.Run(test.Name, func(t *testing.T) {
			got := canary.CompareValues(test.Canary, test.Baseline, test.Worse)
			if got.Answer != test.Want || got.Reason == "" {
				t.Errorf("%s (%s), chance %.4f, want %s", got.Answer, got.Reason, got.P, test.Want)
			}
		})
	}
}

// TestEqualsAreLetPass judges pairs that do not differ.
func TestEqualsAreLetPass(t *testing.T) {
	if testing.Short() {
		t.Skip("few pairs prove nothing, and many take a while")
	}
	for _, test := range figures.EqualsOf() {
		t.Run(test.Name, func(t *testing.T) {
			fail, _, inconclusive := test.FalseFails(1000)
			t.Logf("%.1f %% of 1,000 pairs fail, %d are inconclusive", 100*fail, inconclusive)
			if fail > .02 {
				t.Errorf("%.1f %% of pairs of equals fail", 100*fail)
			}
		})
	}
}

// TestExposure looks after every ten requests, as nobody may: the chance of ever being wrong holds all the same.
func TestExposure(t *testing.T) {
	for _, test := range []struct {
		name        string
		actual      float64
		least, most float64 // share of runs in which it is found within the requests
	}{
		{"as declared", .05, 0, .01},
		{"a twentieth above", .0525, 0, .01},
		{"twice as much", .1, .95, 1},
		{"forty percent instead of five", .4, 1, 1},
		{"nothing", 0, 1, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			found, after := figures.Exposure(test.actual, 1000)
			t.Logf("found in %.1f %% of runs, after %.0f requests on average", 100*found, after)
			if found < test.least || found > test.most {
				t.Errorf("found in %g of the runs, want %g to %g", found, test.least, test.most)
			}
		})
	}
	if got := canary.Exposure(.05, nil).Answer; got != canary.Inconclusive {
		t.Errorf("no requests are %s", got)
	}
}
