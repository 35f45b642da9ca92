package shift

import (
	"math"
	"slices"

	"github.com/firebreak-dev/firebreak/detectors"
)

const (
	rowMinutes = 5
	rowsAnHour = 60 / rowMinutes
	// keptRows is a day of rows.
	keptRows = 288
	// unlearnt is how many rows old something must be before it teaches how the series scatters, so that what has just begun does
	// not hide itself.
	unlearnt = 24
	// quietest is the least noise of a minute of a value: a series that never moved is not judged by its last digit.
	quietest = .01
	// measured is after how many rows the height is measured anew.
	measured = 3
	// gapMemory is over how many rows the gap is averaged: half a day.
	gapMemory = 144
	// fewRows is how many rows must have taught the noise.
	fewRows = 24
)

// normal is what a series is like while nothing is wrong: the course of the level by the time of day and week, how high it has
// been of late, and how much the series scatters around that.
type normal struct {
	family *family
	season season
	height height
	excess excess
	rows   [keptRows]row
	slot   int64 // the row that is being filled, since 1970
	open   tally
	hour   tally
	// spread is a usual surprise: a value's noise per event.
	spread float64
	// quiet is noise as it was last measured.
	quiet float64
	// gap is how much lower the mean of a row's minutes is than the row, for a value: logarithms of few events are low.
	gap, minutes float64
	echo         echo
	// taught is how many rows taught the noise.
	taught  int
	scratch []float64
}

// row is what happened in five minutes, and how far that was from what was expected: a surprise.
type row struct {
	packed
	surprise float32
}

var unknown = float32(math.NaN())

func (r *row) known() bool { return r.surprise == r.surprise }

func newNormal(shape detectors.Shape) normal {
	f := &family{shape: shape}
	return normal{family: f, season: season{family: f}, spread: 1, quiet: 1, scratch: make([]float64, 0, keptRows)}
}

func (n *normal) row(slot int64) *row { return &n.rows[mod(slot, keptRows)] }

// ready tells whether all of it is known.
func (n *normal) ready() bool { return n.height.known && n.taught >= fewRows }

// push takes in a minute of the row that is being filled.
func (n *normal) push(t tally) {
	n.open.add(t)
	if n.family.shape == detectors.Value && t.total > 0 {
		n.minutes += t.total * n.family.value(t.bad/t.total)
	}
}

// advance closes the rows that end before the minute that ends at a time. While frozen nothing is learnt but the season.
func (n *normal) advance(end int64, frozen bool) {
	slot := (end - 1) / rowMinutes
	if n.slot == 0 || slot-n.slot > keptRows {
		n.open, n.hour, n.slot = tally{}, tally{}, slot
		for i := range n.rows {
			n.rows[i] = row{surprise: unknown}
		}
		n.height.known = false
		return
	}
	for n.slot < slot {
		n.close(frozen)
	}
}

// close ends the row that is being filled.
func (n *normal) close(frozen bool) {
	t := n.open
	r := row{pack(t), unknown}
	if expected := n.at(n.middle(n.slot)); !frozen && n.height.known && n.family.weight(t) > 0 && !math.IsNaN(expected) {
		r.surprise = float32(n.family.surprise(t, expected))
	}
	*n.row(n.slot) = r
	n.hour.add(t)
	if n.family.shape == detectors.Value && t.total > 0 && !frozen {
		n.gap += (n.minutes/t.total - n.family.value(t.bad/t.total) - n.gap) / gapMemory
	}
	n.open, n.minutes = tally{}, 0
	n.slot++
	if n.slot%rowsAnHour == 0 {
		// An hour that was not normal teaches no rhythm: not its own, nor that of the hours around it.
		if n.family.weight(n.hour) > 0 && !frozen {
			n.season.push(n.slot/rowsAnHour-1, n.hour)
		}
		n.hour = tally{}
	}
	if frozen {
		return
	}
	if n.slot%measured == 0 || !n.height.known {
		n.height.measure(n)
	}
	n.measureNoise()
}

// forget takes back what was learnt of how the series scatters since a time in minutes: it was not normal then.
func (n *normal) forget(since int64) {
	for slot := max((since-1)/rowMinutes, n.slot-keptRows); slot < n.slot; slot++ {
		n.row(slot).surprise = unknown
	}
}

// middle is that of a row, in seconds.
func (n *normal) middle(slot int64) float64 { return (float64(slot) + .5) * rowMinutes * 60 }

// at is the level that is normal at a time in seconds; not a number while it is not known.
func (n *normal) at(second float64) float64 {
	return n.season.at(n.season.believed(), second) + n.height.now
}

// measureNoise reads from the surprises of a day how large they usually are, and from the newest one that may teach how they add
// up.
func (n *normal) measureNoise() {
	last := n.slot - 1 - unlearnt
	if !n.row(last).known() {
		return
	}
	n.taught++
	n.spread = n.usual(last)
	n.quiet = n.noise()
	n.excess.learn(n, last)
}

func (n *normal) usual(last int64) float64 {
	n.scratch = n.scratch[:0]
	events := 0.
	for slot := n.slot - keptRows; slot <= last; slot++ {
		if r := n.row(slot); r.known() {
			n.scratch = append(n.scratch, math.Abs(float64(r.surprise)))
			events += float64(r.total / r.minutes)
		}
	}
	count := len(n.scratch)
	slices.Sort(n.scratch)
	// The upper quantile beside the median: a series that flips between two values has no median deviation.
	spread := max(1.4826*n.scratch[count/2], n.scratch[count*9/10]/1.645)
	if n.family.shape != detectors.Value {
		return max(spread, 1)
	}
	return max(spread, quietest*math.Sqrt(events/float64(count)))
}

// noise is the spread per event of what remains of a minute of a value without its echo; what is counted has its own.
func (n *normal) noise() float64 {
	if n.family.shape != detectors.Value {
		return 1
	}
	if n.echo.weight == 0 {
		return n.spread
	}
	return max(n.echo.own(), quietest*math.Sqrt(n.typical().total))
}

// remains is the share of a shift that is in each minute after its first.
func (n *normal) remains() float64 { return 1 - n.echo.share }

// scatter is the excess over stretches of a length in minutes, of what remains of minutes without their echo.
func (n *normal) scatter(minutes float64) float64 {
	x := n.excess.over(minutes)
	if n.family.shape == detectors.Value {
		r := n.remains() * n.spread / n.quiet
		x *= r * r
	}
	return max(1, x)
}

// typical is a usual minute of the last hours.
func (n *normal) typical() tally {
	var t tally
	for slot := n.slot - 2*unlearnt; slot < n.slot; slot++ {
		t.add(n.row(slot).tally())
	}
	if t.minutes == 0 {
		return t
	}
	return tally{t.bad / t.minutes, t.total / t.minutes, 1}
}
