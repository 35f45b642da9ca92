package canary

import (
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/compare"
)

// The words of comparisons, in which A is the canary and B the baseline.
type (
	Answer     = compare.Answer
	Comparison = compare.Comparison
	Counts     = compare.Counts
	Stratum    = compare.Stratum
)

// The three answers.
const (
	Pass         = compare.Pass
	Fail         = compare.Fail
	Inconclusive = compare.Inconclusive
)

const limit = compare.Limit

var sides = compare.Sides{A: "the canary", B: "the baseline"}

// CompareRatios compares the canary's share of bad events with the baseline's.
func CompareRatios(strata []Stratum, worse detectors.Direction) Comparison {
	return compare.Ratios(strata, worse, sides)
}

// CompareValues compares the canary's samples of a value with the baseline's, each in the order of time.
func CompareValues(canary, baseline []float64, worse detectors.Direction) Comparison {
	return compare.Values(canary, baseline, worse, sides)
}
