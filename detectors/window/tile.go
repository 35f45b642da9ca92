package window

import (
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// Tile is what happened to one series in (End-Width, End].
type Tile struct {
	// End is aligned to Width since the Unix epoch.
	End   time.Time
	Width time.Duration
	// Bad and Total are events for counted shapes; for values Bad is the sum of the samples and Total their number.
	Bad, Total float64
	// State tells what the numbers mean; the zero state is Seen.
	State State
	// Why is the reason of an Unasked tile, when there is one.
	Why detectors.Blindness
}

// State is what is known of a stretch of time.
type State uint8

// The states of a stretch.
const (
	// Seen means that the source answered with numbers.
	Seen State = iota
	// Empty means that the source was asked and had no such series.
	Empty
	// Unasked means that the source was not asked or did not answer.
	Unasked
)

// cell is a tile as it is kept: its place in the row says when it ended.
type cell struct {
	bad, total float64
	// seen and empty are seconds of the cell's width in these states; what is left is unasked.
	seen, empty uint16
	why         reason
}

// reason is a Blindness in one byte.
type reason uint8

func reasonOf(b detectors.Blindness) reason {
	for i, known := range detectors.Blindnesses() {
		if known == b {
			return reason(i + 1)
		}
	}
	return 0
}

func (r reason) blindness() detectors.Blindness {
	all := detectors.Blindnesses()
	if r == 0 || int(r) > len(all) {
		return detectors.Sighted
	}
	return all[r-1]
}

func (c cell) asked() uint16 { return c.seen + c.empty }

// add folds another cell, of the same or of a later stretch, into this one.
func (c *cell) add(o cell) {
	c.bad += o.bad
	c.total += o.total
	c.seen += o.seen
	c.empty += o.empty
	if o.why != 0 {
		c.why = o.why
	}
}
