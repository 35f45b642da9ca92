package window

import (
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// Gap is a stretch (From, To] that was not asked for, in tiles of Width.
type Gap struct {
	From, To time.Time
	Width    time.Duration
}

// Gaps lists what is unasked of any of the given series in (now-history, now], newest first, so that a source can be asked for
// exactly that. Each gap is in tiles as wide as its age calls for, and at most most tiles long.
func (s *Store) Gaps(ids []detectors.SeriesID, now time.Time, history time.Duration, most int) []Gap {
	s.mu.RLock()
	defer s.mu.RUnlock()
	gaps := make([]Gap, 0, len(s.levels))
	end := now.Unix()
	oldest := end - min(int64(history/time.Second), s.levels[len(s.levels)-1].keep)
	hi := end - end%s.levels[0].width
	for k, l := range s.levels {
		lo := oldest
		if k+1 < len(s.levels) {
			lo = max(lo, end-l.keep)
			coarse := s.levels[k+1].width
			lo = floorDiv(lo+coarse-1, coarse) * coarse
		}
		gaps = append(gaps, s.unasked(ids, lo, hi, l.width, most)...)
		hi = min(hi, lo)
	}
	return gaps
}

// unasked walks cells of one width from hi down to lo and joins those that some series lacks.
func (s *Store) unasked(ids []detectors.SeriesID, lo, hi, width int64, most int) []Gap {
	var gaps []Gap
	open := int64(-1) // end of the gap that is being joined
	flush := func(from int64) {
		for to := open; open >= 0 && to > from; to -= width * int64(most) {
			gaps = append(gaps, Gap{
				From: time.Unix(max(from, to-width*int64(most)), 0).UTC(), To: time.Unix(to, 0).UTC(),
				Width: time.Duration(width) * time.Second,
			})
		}
		open = -1
	}
	end := hi
	for ; end-width >= floorDiv(lo, width)*width && end > lo; end -= width {
		lacking := slices.ContainsFunc(ids, func(id detectors.SeriesID) bool {
			known := s.series[id]
			return known == nil || !known.answered(end-width, end)
		})
		switch {
		case lacking && open < 0:
			open = end
		case !lacking:
			flush(end)
		}
	}
	flush(end)
	return gaps
}

// answered tells whether the whole stretch was asked for and answered.
func (r *series) answered(from, to int64) bool {
	t := r.sum(from, to)
	return t.seen+t.empty >= float64(to-from)
}
