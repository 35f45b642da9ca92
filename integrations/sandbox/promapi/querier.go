package promapi

import (
	"context"
	"slices"
	"sort"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

var (
	_ storage.Queryable = (*Store)(nil)
	_ storage.Querier   = (*querier)(nil)
	_ storage.Samples   = (*cursor)(nil)
)

// Querier reads the store between two times (milliseconds, both ends inclusive).
func (s *Store) Querier(mint, maxt int64) (storage.Querier, error) {
	return &querier{store: s, mint: mint, maxt: maxt}, nil
}

type querier struct {
	store      *Store
	mint, maxt int64
}

func (q *querier) Close() error { return nil }

// Select returns the matching series that have a value within the querier's time. They are always sorted.
func (q *querier) Select(_ context.Context, _ bool, _ *storage.SelectHints, ms ...*labels.Matcher) storage.SeriesSet {
	return &seriesSet{series: q.match(ms), at: -1}
}

// match takes a picture of the matching columns under the lock; it is read without.
func (q *querier) match(ms []*labels.Matcher) []stretch {
	s := q.store
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []stretch
	for _, ref := range s.candidates(ms) {
		c := s.series[ref]
		if c.first < 0 || !fits(c.labels, ms) {
			continue
		}
		times, values := s.times[c.first:c.first+len(c.values)], c.values
		from := sort.Search(len(times), func(i int) bool { return times[i] >= q.mint })
		to := sort.Search(len(times), func(i int) bool { return times[i] > q.maxt })
		if from < to && slices.ContainsFunc(values[from:to], func(v float64) bool { return !value.IsStaleNaN(v) }) {
			out = append(out, stretch{labels: c.labels, times: times[from:to], values: values[from:to]})
		}
	}
	slices.SortFunc(out, func(a, b stretch) int { return labels.Compare(a.labels, b.labels) })
	return out
}

// candidates narrows by the metric's name where one is asked for.
func (s *Store) candidates(ms []*labels.Matcher) []int {
	for _, m := range ms {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			return s.index[m.Value]
		}
	}
	all := make([]int, len(s.series))
	for i := range all {
		all[i] = i
	}
	return all
}

func fits(l labels.Labels, ms []*labels.Matcher) bool {
	for _, m := range ms {
		if !m.Matches(l.Get(m.Name)) {
			return false
		}
	}
	return true
}

// LabelValues lists the values of a label among the matching series, sorted.
func (q *querier) LabelValues(
	_ context.Context, name string, _ *storage.LabelHints, ms ...*labels.Matcher,
) ([]string, annotations.Annotations, error) {
	return valuesOf(q.match(ms), name), nil, nil
}

// LabelNames lists the names of labels among the matching series, sorted.
func (q *querier) LabelNames(
	_ context.Context, _ *storage.LabelHints, ms ...*labels.Matcher,
) ([]string, annotations.Annotations, error) {
	return namesOf(q.match(ms)), nil, nil
}

func valuesOf(series []stretch, name string) []string {
	seen := map[string]struct{}{}
	for _, s := range series {
		if v := s.labels.Get(name); v != "" {
			seen[v] = struct{}{}
		}
	}
	return sorted(seen)
}

func namesOf(series []stretch) []string {
	seen := map[string]struct{}{}
	for _, s := range series {
		s.labels.Range(func(l labels.Label) { seen[l.Name] = struct{}{} })
	}
	return sorted(seen)
}

func sorted(set map[string]struct{}) []string {
	out := make([]string, 0, len(set))
	for k := range set {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// stretch is a picture of one series.
type stretch struct {
	labels labels.Labels
	times  []int64
	values []float64
}

func (s *stretch) Labels() labels.Labels { return s.labels }

func (s *stretch) Iterator(chunkenc.Iterator) chunkenc.Iterator {
	return storage.NewListSeriesIterator(&cursor{stretch: s})
}

type seriesSet struct {
	series []stretch
	at     int
}

func (s *seriesSet) Next() bool                      { s.at++; return s.at < len(s.series) }
func (s *seriesSet) At() storage.Series              { return &s.series[s.at] }
func (*seriesSet) Err() error                        { return nil }
func (*seriesSet) Warnings() annotations.Annotations { return nil }

// cursor shows one sample of a stretch at a time to the engine's own list iterator. Get returns the cursor itself, so that reading
// a long stretch allocates nothing.
type cursor struct {
	*stretch
	at int
}

func (c *cursor) Len() int { return len(c.times) }

func (c *cursor) Get(i int) chunks.Sample {
	c.at = i
	return c
}

func (c *cursor) T() int64                    { return c.times[c.at] }
func (c *cursor) F() float64                  { return c.values[c.at] }
func (*cursor) ST() int64                     { return 0 }
func (*cursor) H() *histogram.Histogram       { return nil }
func (*cursor) FH() *histogram.FloatHistogram { return nil }
func (*cursor) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (c *cursor) Copy() chunks.Sample         { return &cursor{stretch: c.stretch, at: c.at} }
