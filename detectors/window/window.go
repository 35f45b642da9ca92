package window

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// Config bounds what a Store keeps.
type Config struct {
	// Base is the width of the youngest tiles, the evaluation interval. It must divide a minute. Zero means 15 s.
	Base time.Duration
	// Retention is how far back sums reach. Zero means 35 days.
	Retention time.Duration
	// StaleAfter is how old the newest sight may be before sums up to now are blind. Zero means 5 minutes.
	StaleAfter time.Duration
}

// WithDefaults fills what was left zero.
func (c Config) WithDefaults() Config {
	c.Base = cmp.Or(c.Base, 15*time.Second)
	c.Retention = cmp.Or(c.Retention, 35*24*time.Hour)
	c.StaleAfter = cmp.Or(c.StaleAfter, 5*time.Minute)
	return c
}

// Store holds the tiles of all series. It is safe for one writer and many readers at a time.
type Store struct {
	mu     sync.RWMutex
	config Config
	levels []level
	shapes map[string]detectors.Shape
	series map[detectors.SeriesID]*series
	// names holds the known series of each signal, sorted.
	names map[string][]detectors.SeriesID
}

var _ detectors.Windows = (*Store)(nil)

// level is one width of tiles and the age up to which it is kept, in seconds.
type level struct{ width, keep int64 }

// series is one row for each level, the finest first.
type series struct {
	rows []row
	// newest is the end of the newest tile that was put, in Unix seconds.
	newest int64
	// dirty are the hours that changed since the last snapshot.
	dirty map[int64]struct{}
}

// New makes an empty store for the given signals. The shapes of the signals decide what Points returns.
func New(c Config, signals []detectors.Signal) (*Store, error) {
	c = c.WithDefaults()
	base := int64(c.Base / time.Second)
	if c.Base%time.Second != 0 || base < 1 || 60%base != 0 {
		return nil, fmt.Errorf("window: base %s is not a whole number of seconds that divides a minute", c.Base)
	}
	s := &Store{
		config: c,
		shapes: map[string]detectors.Shape{},
		series: map[detectors.SeriesID]*series{},
		names:  map[string][]detectors.SeriesID{},
	}
	retention := int64(c.Retention / time.Second)
	for _, l := range []level{{base, 70 * 60}, {60, 390 * 60}, {300, 74 * 3600}, {3600, retention}} {
		if n := len(s.levels); n > 0 && s.levels[n-1].width == l.width {
			s.levels[n-1].keep = l.keep
			continue
		}
		l.keep = min(l.keep, retention)
		s.levels = append(s.levels, l)
	}
	for _, signal := range signals {
		s.shapes[signal.Name] = signal.Shape
	}
	return s, nil
}

// Base is the width of the youngest tiles.
func (s *Store) Base() time.Duration { return s.config.Base }

// Put keeps tiles of a series. A tile that is put again replaces the one before, unless it is narrower than what is kept at its
// age: then it comes too late and is ignored. A tile that is not a number, not aligned, or not of a kept width is refused.
func (s *Store) Put(id detectors.SeriesID, tiles ...Tile) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.of(id)
	for _, t := range tiles {
		if err := s.put(row, t); err != nil {
			return fmt.Errorf("window: %s of %s: %w", id.Signal, id.Service, err)
		}
	}
	return nil
}

func (s *Store) put(row *series, t Tile) error {
	width, end := int64(t.Width/time.Second), t.End.Unix()
	k := slices.IndexFunc(s.levels, func(l level) bool { return l.width == width })
	if k < 0 || t.Width%time.Second != 0 {
		return fmt.Errorf("no tiles of %s are kept", t.Width)
	}
	if end%width != 0 || t.End.Nanosecond() != 0 {
		return fmt.Errorf("the tile that ends at %s is not aligned to %s", t.End.UTC().Format(time.RFC3339Nano), t.Width)
	}
	c := cell{why: reasonOf(t.Why)}
	switch t.State {
	case Seen:
		if !finite(t.Bad) || !finite(t.Total) {
			return fmt.Errorf("the tile that ends at %s holds %g of %g", t.End.UTC().Format(time.RFC3339), t.Bad, t.Total)
		}
		c = cell{bad: t.Bad, total: t.Total, seen: uint16(width)}
	case Empty:
		c = cell{empty: uint16(width)}
	case Unasked: // nothing but the reason
	}
	s.place(row, k, end/width-1, c)
	return nil
}

// place puts a cell into level k, folding what grew too old. A cell that says nothing never replaces one that does.
func (s *Store) place(row *series, k int, index int64, c cell) {
	l := s.levels[k]
	begin, end := index*l.width, (index+1)*l.width
	if end > row.newest {
		row.newest = end
		s.age(row)
	}
	if end <= row.newest-s.levels[len(s.levels)-1].keep {
		return
	}
	if k+1 < len(s.levels) && end <= row.newest-l.keep && begin < row.rows[k].floor(row.newest) {
		return
	}
	at := row.rows[k].get(index)
	switch known := row.rows[k].holds(index); {
	case c.asked() < at.asked(), known && at == c:
		return
	case at == c: // nothing is known of it, and that is noted without being news
		row.rows[k].put(index, c)
		return
	}
	row.rows[k].put(index, c)
	row.dirty[floorDiv(begin, hour)] = struct{}{}
}

// floor is the time below which the row holds nothing any more.
func (r *row) floor(newest int64) int64 {
	if r.n > 0 {
		return r.start()
	}
	return newest - r.keep
}

// age folds the cells of each level that grew too old into the next one and drops those past the retention.
func (s *Store) age(row *series) {
	for k := range row.rows {
		r := &row.rows[k]
		limit := row.newest - r.keep
		if k == len(row.rows)-1 {
			for r.n > 0 && r.start()+r.width <= limit {
				r.drop(min(int64(r.n), max(1, (limit-r.start())/r.width)))
			}
			return
		}
		next := &row.rows[k+1]
		for r.n > 0 {
			group := floorDiv(r.start(), next.width)
			groupEnd := (group + 1) * next.width
			if groupEnd > limit {
				break
			}
			n := min((groupEnd-r.start())/r.width, int64(r.n))
			var folded cell
			for i := range n {
				folded.add(r.cell(int(i)))
			}
			if folded.asked() >= next.get(group).asked() {
				next.put(group, folded)
			}
			r.drop(n)
		}
	}
}

func (s *Store) of(id detectors.SeriesID) *series {
	if known, ok := s.series[id]; ok {
		return known
	}
	made := &series{dirty: map[int64]struct{}{}}
	for _, l := range s.levels {
		made.rows = append(made.rows, row{width: l.width, keep: l.keep})
	}
	s.series[id] = made
	names := s.names[id.Signal]
	at, _ := slices.BinarySearchFunc(names, id, compare)
	s.names[id.Signal] = slices.Insert(names, at, id)
	return made
}

func compare(a, b detectors.SeriesID) int {
	return cmp.Or(cmp.Compare(a.Signal, b.Signal), cmp.Compare(a.Service, b.Service),
		cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.Slice, b.Slice))
}

// Series lists the known series of a signal.
func (s *Store) Series(signal string) []detectors.SeriesID {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.names[signal])
}

// SeriesOf lists the known series of a signal that belong to one service.
func (s *Store) SeriesOf(signal, service string) []detectors.SeriesID {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := s.names[signal]
	from, _ := slices.BinarySearchFunc(all, service, func(id detectors.SeriesID, service string) int { return cmp.Compare(id.Service, service) })
	to := from
	for to < len(all) && all[to].Service == service {
		to++
	}
	return slices.Clone(all[from:to])
}

// Sum adds up the tiles in (to-span, to] and says how much of the span was seen, and why not when it cannot be trusted:
// the reason of a failed question when the newest stretch was not answered, stale when the newest sight is too old, no_data
// when the source had no such series in the whole span, warming_up when a part of the span was not asked for yet.
func (s *Store) Sum(id detectors.SeriesID, to time.Time, span time.Duration) detectors.Sum {
	s.mu.RLock()
	defer s.mu.RUnlock()
	row := s.series[id]
	if row == nil {
		return detectors.Sum{Blind: detectors.NoData, Detail: "nothing was ever asked of this series"}
	}
	end := to.Unix()
	t := row.sum(end-int64(span/time.Second), end)
	sum := detectors.Sum{Bad: t.bad, Total: t.total, Covered: time.Duration(t.seen+t.empty) * time.Second}
	sum.Blind, sum.Detail = s.sight(row, &t, end, span)
	return sum
}

func (r *series) sum(from, to int64) total {
	var t total
	for k := range r.rows {
		to = r.rows[k].sum(&t, from, to)
		if to <= from {
			break
		}
	}
	return t
}

// sight judges whether a sum can be trusted.
func (s *Store) sight(row *series, t *total, end int64, span time.Duration) (detectors.Blindness, string) {
	last := row.last(end)
	seconds := span.Seconds()
	switch age := end - t.seenEnd; {
	case last.asked() == 0 && last.why != 0:
		return last.why.blindness(), "the newest question was not answered"
	case t.seen+t.empty == 0:
		why := cmp.Or(t.commonest().blindness(), detectors.WarmingUp)
		return why, fmt.Sprintf("nothing of the last %s was answered yet", span)
	case t.seen == 0:
		return detectors.NoData, fmt.Sprintf("the source had no such series in the last %s", span)
	case age > int64(s.config.StaleAfter/time.Second):
		return detectors.Stale, fmt.Sprintf("last seen %s ago", time.Duration(age)*time.Second)
	case t.seen+t.empty < seconds/2 && t.commonest() != 0:
		return t.commonest().blindness(), fmt.Sprintf("only %.0f%% of the last %s was answered", 100*(t.seen+t.empty)/seconds, span)
	case t.seen+t.empty < .99*seconds && t.commonest() == 0:
		return detectors.WarmingUp, fmt.Sprintf("%.0f%% of the last %s is known yet", 100*(t.seen+t.empty)/seconds, span)
	}
	return detectors.Sighted, ""
}

// last is the cell that ends at the given time, at the finest level that reaches it.
func (r *series) last(end int64) cell {
	for k := range r.rows {
		row := &r.rows[k]
		if row.n > 0 && row.start() < end {
			return row.get(floorDiv(end-1, row.width))
		}
	}
	return cell{}
}

// Points returns one point for each step in (from, to], oldest first. Steps without sight are left out, and for a ratio those
// without events. The value is the ratio, the count or the mean, after the shape of the signal.
func (s *Store) Points(id detectors.SeriesID, from, to time.Time, step time.Duration) []detectors.Point {
	s.mu.RLock()
	defer s.mu.RUnlock()
	row := s.series[id]
	seconds := int64(step / time.Second)
	if row == nil || seconds < 1 {
		return nil
	}
	first, last := from.Unix(), min(to.Unix(), row.newest)
	first += max(0, floorDiv(row.oldest()-first, seconds)) * seconds
	if first >= last {
		return nil
	}
	points := make([]detectors.Point, 0, (last-first)/seconds+1)
	for end := first + seconds; end <= last; end += seconds {
		t := row.sum(end-seconds, end)
		if t.seen == 0 {
			continue
		}
		p := detectors.Point{At: time.Unix(end, 0).UTC(), Bad: t.bad, Total: t.total}
		switch s.shapes[id.Signal] {
		case detectors.Count:
			p.Value = t.total
		default:
			if t.total == 0 {
				continue
			}
			p.Value = t.bad / t.total
		}
		points = append(points, p)
	}
	return points
}

// oldest is the start of what is kept, in Unix seconds.
func (r *series) oldest() int64 {
	oldest := r.newest
	for k := range r.rows {
		if r.rows[k].n > 0 {
			oldest = min(oldest, r.rows[k].start())
		}
	}
	return oldest
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
