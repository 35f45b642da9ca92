package figures

import (
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// exact are windows over one series that forget nothing: running totals at every scrape, so that any sum is a difference.
type exact struct {
	id         detectors.SeriesID
	from       time.Time
	step       time.Duration
	bad, total []float64 // up to the end of step i; the first is zero
}

var _ detectors.Windows = (*exact)(nil)

func (e *exact) add(bad, total float64) {
	if len(e.bad) == 0 {
		e.bad, e.total = []float64{0}, []float64{0}
	}
	e.bad = append(e.bad, e.bad[len(e.bad)-1]+bad)
	e.total = append(e.total, e.total[len(e.total)-1]+total)
}

func (e *exact) index(at time.Time) int {
	return min(max(int(at.Sub(e.from)/e.step), 0), len(e.bad)-1)
}

// Sum adds up what was counted in (to-span, to].
func (e *exact) Sum(_ detectors.SeriesID, to time.Time, span time.Duration) detectors.Sum {
	i, j := e.index(to.Add(-span)), e.index(to)
	return detectors.Sum{Bad: e.bad[j] - e.bad[i], Total: e.total[j] - e.total[i], Covered: span}
}

// Points gives what was counted in each step.
func (e *exact) Points(_ detectors.SeriesID, from, to time.Time, step time.Duration) []detectors.Point {
	var out []detectors.Point
	for end := from.Add(step); !end.After(to); end = end.Add(step) {
		s := e.Sum(e.id, end, step)
		if s.Total > 0 {
			out = append(out, detectors.Point{At: end, Value: s.Ratio(), Bad: s.Bad, Total: s.Total})
		}
	}
	return out
}

// Series is the one series.
func (e *exact) Series(signal string) []detectors.SeriesID {
	if signal != e.id.Signal {
		return nil
	}
	return []detectors.SeriesID{e.id}
}
