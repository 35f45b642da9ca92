package canary

import "github.com/firebreak-dev/firebreak/detectors"

// Answer is what a comparison says.
type Answer string

// The three answers.
const (
	Pass         Answer = "pass"
	Fail         Answer = "fail"
	Inconclusive Answer = "inconclusive"
)

const (
	limit = .01 // chance of a false failure, for each signal
	doubt = .1  // chance below which few samples are not yet taken for a pass
	least = .05 // difference, relative to the baseline, that is worth a failure
)

// Comparison is an answer with its arithmetic.
type Comparison struct {
	Answer Answer
	// P is the chance that sides that do not differ look at least as different; of the test that decided.
	P float64
	// Reason says the answer in words.
	Reason   string
	Evidence []detectors.Evidence
}
