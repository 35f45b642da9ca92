package promapi

import (
	"math"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/assistant"
)

// Store keeps scrapes in memory, in columns: one list of times, and per series its values from its first scrape on.
type Store struct {
	// spacing gives the distance at which scrapes of an age are kept.
	spacing   func(age time.Duration) time.Duration
	retention time.Duration

	mu     sync.RWMutex
	times  []int64
	series []*column
	index  map[string][]int // metric name → columns
	known  map[uint64][]int // hash of labels → columns
	// thinned is how many scrapes were recorded since the last thinning.
	thinned int
}

// column is one series: values[i] was read at times[first+i]; a scrape that did not expose it reads as stale.
type column struct {
	labels labels.Labels
	first  int
	values []float64
}

var _ assistant.Store = (*Store)(nil)

// thinEvery is how many scrapes pass between two thinnings.
const thinEvery = 240

// NewStore makes an empty store. Scrapes older than the retention are dropped; of the others one per spacing(age) is kept.
func NewStore(retention time.Duration, spacing func(age time.Duration) time.Duration) *Store {
	return &Store{spacing: spacing, retention: retention, index: map[string][]int{}, known: map[uint64][]int{}}
}

// Declare makes a series known and numbers it.
func (s *Store) Declare(name string, pairs []assistant.Label) int {
	b := labels.NewScratchBuilder(len(pairs) + 1)
	b.Add(model.MetricNameLabel, name)
	for _, p := range pairs {
		b.Add(p.Name, p.Value)
	}
	b.Sort()
	lset := b.Labels()
	s.mu.Lock()
	defer s.mu.Unlock()
	hash := lset.Hash()
	for _, ref := range s.known[hash] {
		if labels.Equal(s.series[ref].labels, lset) {
			return ref
		}
	}
	ref := len(s.series)
	s.series = append(s.series, &column{labels: lset, first: -1})
	s.known[hash] = append(s.known[hash], ref)
	s.index[name] = append(s.index[name], ref)
	return ref
}

// Record adds a scrape; times must rise.
func (s *Store) Record(at time.Time, values []assistant.Value) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row := len(s.times)
	s.times = append(s.times, at.UnixMilli())
	for _, v := range values {
		c := s.series[v.Ref]
		if c.first < 0 {
			c.first, c.values = row, nil
		}
		c.pad(row)
		c.values = append(c.values, v.Value)
	}
	for _, c := range s.series {
		if c.first >= 0 {
			c.pad(row + 1)
		}
	}
	if s.thinned++; s.thinned >= thinEvery {
		s.thin(at)
	}
}

// pad marks the scrapes up to the row as stale where the series has no value.
func (c *column) pad(row int) {
	for c.first+len(c.values) < row {
		c.values = append(c.values, math.Float64frombits(value.StaleNaN))
	}
}

// thin drops what is too old and thins what has grown old. Readers keep the slices that they have.
func (s *Store) thin(now time.Time) {
	s.thinned = 0
	keep := make([]int, 0, len(s.times))
	for i, ms := range s.times {
		at := time.UnixMilli(ms)
		age := now.Sub(at)
		if age <= s.retention && ms%s.spacing(age).Milliseconds() == 0 {
			keep = append(keep, i)
		}
	}
	if len(keep) == len(s.times) {
		return
	}
	times := make([]int64, len(keep), len(keep)+thinEvery)
	for row, i := range keep {
		times[row] = s.times[i]
	}
	for ref, c := range s.series {
		s.series[ref] = c.thinned(keep)
	}
	s.times = times
}

// thinned copies the kept rows; a series of which only stale ones are left is empty until it is exposed again.
func (c *column) thinned(keep []int) *column {
	out := &column{labels: c.labels, first: -1}
	if c.first < 0 {
		return out
	}
	alive := false
	for row, i := range keep {
		if i < c.first {
			continue
		}
		if out.first < 0 {
			out.first, out.values = row, make([]float64, 0, len(keep)-row+thinEvery)
		}
		v := c.values[i-c.first]
		alive = alive || !value.IsStaleNaN(v)
		out.values = append(out.values, v)
	}
	if !alive {
		return &column{labels: c.labels, first: -1}
	}
	return out
}

// Size counts scrapes and series, for whoever watches the memory.
func (s *Store) Size() (scrapes, series int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.times), len(s.series)
}
