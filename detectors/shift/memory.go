package shift

import (
	"math"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// memory is what was made of the windows of one series up to a minute. It holds nothing that they do not: where it is missing, or
// does not fit what they say, it is made again.
type memory struct {
	until time.Time
	level *Level
	shape *form
}

// remember makes a memory from the windows alone.
func remember(w detectors.Windows, id detectors.SeriesID, signal detectors.Signal, until time.Time, bar float64) *memory {
	m := &memory{level: NewLevel(signal.Shape, bar), shape: newForm(signal.Shape)}
	from := until.Add(-minutesBack).Truncate(time.Hour)
	for _, p := range w.Points(id, from.Add(-hoursBack), from, time.Hour) {
		m.level.Learn(p.At, p.Bad, p.Total)
	}
	rows := until.Truncate(rowWidth)
	m.shape.push(w.Points(id, rows.Add(-rowsBack), rows, rowWidth))
	m.push(w.Points(id, from, until, time.Minute))
	m.until = until
	return m
}

// advance takes in the minutes since. It tells whether the memory still fits the windows.
func (m *memory) advance(w detectors.Windows, id detectors.SeriesID, until time.Time) bool {
	if until.Before(m.until) || until.Sub(m.until) > minutesBack {
		return false
	}
	points := w.Points(id, m.until.Add(-reread*time.Minute), until, time.Minute)
	for len(points) > 0 && !points[0].At.After(m.until) {
		if !m.level.knows(points[0]) {
			return false
		}
		points = points[1:]
	}
	m.push(points)
	from, to := m.until.Truncate(rowWidth), until.Truncate(rowWidth)
	if to.After(from) {
		m.shape.push(w.Points(id, from, to, rowWidth))
	}
	m.until = until
	return true
}

func (m *memory) push(minutes []detectors.Point) {
	for _, p := range minutes {
		m.level.Push(p.At, p.Bad, p.Total)
	}
}

// knows tells whether a minute was pushed as it is.
func (l *Level) knows(p detectors.Point) bool {
	end := p.At.Unix() / 60
	for i := l.count - 1; i >= max(0, l.count-reread-1); i-- {
		if m := l.minutes[i%keptMinutes]; m.end == end {
			return alike(m.bad, p.Bad) && alike(m.total, p.Total)
		}
	}
	return l.normal.family.weight(tally{p.Bad, p.Total, 1}) == 0
}

func alike(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b)) }

const (
	// striking is the novelty of a shape that is told of a watched series, twice that of an export's: with many series the usual
	// one would be heard every other day.
	striking = 2 * notable
	// aroundRows is over how many rows the level is averaged that few events are drawn towards: a day.
	aroundRows = 288
)

// form watches the shape of a series by its rows. Of a ratio it is given the level, not the bare share: three of four is no news.
type form struct {
	family family
	scorer *Scorer
	around tally
	// told is when the last alarm was, and how striking it was.
	told  time.Time
	times float64
}

func newForm(shape detectors.Shape) *form {
	f := &form{family: family{shape: shape}, scorer: NewScorer()}
	f.scorer.bar.notable = striking
	return f
}

func (f *form) push(rows []detectors.Point) {
	for _, p := range rows {
		t := tally{p.Bad, p.Total, rowMinutes}
		if f.family.weight(t) == 0 || !isFinite(p.Bad, p.Total) {
			continue
		}
		expected := math.NaN()
		if f.family.weight(f.around) > 0 {
			expected = f.family.level(f.around, math.NaN())
		}
		if y := f.scorer.pushRow(f.family.level(t, expected)); y >= 1 {
			f.told, f.times = p.At, y*striking
		}
		f.around = tally{f.around.bad * (1 - 1./aroundRows), f.around.total * (1 - 1./aroundRows), f.around.minutes * (1 - 1./aroundRows)}
		f.around.add(t)
	}
}
