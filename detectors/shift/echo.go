package shift

import "math"

const (
	// echoMemory is in how many minutes the memory of the echo halves: half a day.
	echoMemory = 720
	// loudest bounds an echo.
	loudest = .95
)

// echo is how much of a value's deviation is still there a minute later. Taken off, what remains of a minute is its own, and a
// shift shows at once in full and then only by what the echo does not explain: so a sudden one is told from a slow wander.
type echo struct {
	square, product, weight float64
	share                   float64
}

// learn takes in a deviation, per event, and that of the minute before it.
func (e *echo) learn(before, now, spread float64) {
	bound := surprising * spread
	before, now = min(bound, max(-bound, before)), min(bound, max(-bound, now))
	forget := math.Exp2(-1. / echoMemory)
	e.square = e.square*forget + now*now
	e.product = e.product*forget + before*now
	e.weight = e.weight*forget + 1
	e.share = 0
	if e.square > 0 && e.weight >= 60 {
		e.share = min(loudest, max(0, e.product/e.square))
	}
}

// own is the standard deviation, per event, of what remains of a minute.
func (e *echo) own() float64 {
	return math.Sqrt(e.square / e.weight * (1 - e.share*e.share))
}
