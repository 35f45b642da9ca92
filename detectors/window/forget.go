package window

import (
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// Forget drops the slices whose newest tile ended before a time, so that versions that are long out of use take no memory. The
// whole of a service is never forgotten: its silence is news.
func (s *Store) Forget(before time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, row := range s.series {
		if id.Slice == "" || row.newest >= before.Unix() {
			continue
		}
		delete(s.series, id)
		s.names[id.Signal] = slices.DeleteFunc(s.names[id.Signal], func(other detectors.SeriesID) bool { return other == id })
	}
}
