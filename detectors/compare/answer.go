package compare

import (
	"strings"

	"github.com/firebreak-dev/firebreak/detectors"
)

// Answer is what a comparison says.
type Answer string

// The three answers.
const (
	Pass         Answer = "pass"
	Fail         Answer = "fail"
	Inconclusive Answer = "inconclusive"
)

const (
	// Limit is the chance of a false failure, for each signal.
	Limit = .01
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

	sides Sides
}

// Side is one of those that are compared, in the words that people read, as "the canary" or "staging".
type Side string

// name is the side as a part of the name of a number.
func (s Side) name() string { return strings.TrimPrefix(string(s), "the ") }

// Sides are A, which is judged, and B, which it is held against.
type Sides struct{ A, B Side }
