package watch

import (
	"maps"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// The lives of slices: a version that is no longer in use must not be asked for, nor kept, for ever.
const (
	// sliceGone is how long a slice that is not answered any more counts as empty; after that nothing is noted of it.
	sliceGone = time.Hour
	// sliceRetention is how long what a slice did is kept: a week is compared with, and a day for good measure.
	sliceRetention = 8 * 24 * time.Hour
)

// met notes that a slice was seen.
func (s *signal) met(id detectors.SeriesID, at time.Time) {
	if at.After(s.slices[id]) {
		s.slices[id] = at
	}
}

// expected are the series of which an answer up to a time says something: those without readings in it are empty. Slices that
// have been away are dropped.
func (s *signal) expected(to time.Time) []detectors.SeriesID {
	maps.DeleteFunc(s.slices, func(_ detectors.SeriesID, last time.Time) bool { return to.Sub(last) > sliceGone })
	return slices.AppendSeq(slices.Clip(slices.Clone(s.Series)), maps.Keys(s.slices))
}
