package shift

import (
	"math"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

const (
	// fortnight is how many minutes pass, on average, until a series in which nothing happens is told to have shifted once by a
	// bar of its length.
	fortnight = 14 * 24 * 60
	// keptMinutes is how far back a beginning is looked for.
	keptMinutes = 240
	// convincing bounds what one minute may say, so that no single one raises an alarm.
	convincing = 6
	// back is the bar for the end of a shift, in minutes like fortnight: it is told too early once in that time.
	back = 24 * 60
	// closer is when the beginning is read again: by then there is more to go by. After that it stands.
	closer = 10
	// accepted is when a level that did not go back has become the normal one: older rows know nothing else by then.
	accepted = held
)

// sizes are the shifts that are considered, in logarithms of the level, both up and down. What is smaller than half of the first
// is not a shift but a fluctuation.
var sizes = [...]float64{.15, .25, .4, .6, .85, 1.15, 1.6, 2.2, 3}

// Alarm is a shift that was found and has not gone back.
type Alarm struct {
	// Up tells the direction.
	Up bool
	// At is when it was found, Onset when it began.
	At    time.Time
	Onset detectors.Onset
	// Normal is the level before and Size how far the level moved, both as logarithms; Shown makes numbers for people of them.
	Normal, Size float64
	settled      bool
	// back weighs the evidence that the level has gone back.
	back float64
}

// Level watches the height of one series minute by minute: one alarm per shift, from when it is found until the level has gone
// back or was held for so long that it is the normal one. It keeps what it learnt in a fixed space of some 18 KB and is fully
// determined by what was pushed.
type Level struct {
	bar     float64
	normal  normal
	last    int64 // the newest minute, since 1970
	minutes [keptMinutes]minute
	count   int
	sides   [2]side
	alarm   *Alarm
	scratch []float64
}

// minute is what happened in one minute, with the level that was normal then; not a number while that was not known.
type minute struct {
	end                int64
	bad, total, normal float64
	// shock is what a value's minute deviates by without the echo of the one before it.
	shock float64
}

func (m *minute) tally() tally { return tally{m.bad, m.total, 1} }

// side is one direction.
type side struct {
	up      bool
	weigher weigher
	ratio   [len(sizes)]float64
	// begun is the evidence for shifts that came in the middle of the last minute.
	begun [len(sizes)]float64
	// excess is what the evidence for each size is divided by.
	excess [len(sizes)]float64
}

// NewLevel makes a level that has seen nothing. A series in which nothing happens is falsely told to have shifted, in each
// direction, no more than about once in the given number of minutes.
func NewLevel(shape detectors.Shape, falseOnceIn float64) *Level {
	l := &Level{bar: falseOnceIn, normal: newNormal(shape), scratch: make([]float64, len(sizes))}
	for i, sign := range [...]float64{1, -1} {
		rho := make([]float64, len(sizes))
		for k, size := range sizes {
			rho[k] = sign * size
		}
		l.sides[i] = side{up: sign > 0, weigher: newWeigher(shape, rho)}
	}
	return l
}

// Push takes in the minute that ends at a time; one that is not after the newest is ignored, as is what is not a number.
func (l *Level) Push(at time.Time, bad, total float64) {
	end := at.Unix() / 60
	if end <= l.last || !isFinite(bad, total) || math.Abs(bad) > huge || total < 0 || total > huge {
		return
	}
	l.last = end
	slot := l.normal.slot
	l.normal.advance(end, l.alarm != nil)
	if l.normal.slot != slot && l.alarm == nil {
		l.calibrate()
	}
	m := minute{end: end, bad: bad, total: total, normal: l.normal.at(float64(end)*60-30) + l.normal.gap}
	if l.normal.family.weight(m.tally()) > 0 {
		if l.normal.family.shape == detectors.Value {
			l.listen(&m)
		}
		l.minutes[l.count%keptMinutes] = m
		l.count++
		l.judge(&m)
	}
	l.normal.push(m.tally())
}

// listen takes the echo off a minute, and learns the echo from minutes that are old enough.
func (l *Level) listen(m *minute) {
	n := &l.normal
	m.shock = l.deviation(m)
	if before := &l.minutes[(l.count+keptMinutes-1)%keptMinutes]; l.count > 0 && before.end == m.end-1 {
		if d := l.deviation(before); !math.IsNaN(d) {
			m.shock -= n.echo.share * d
		}
	}
	const age = unlearnt * rowMinutes
	if l.count < age+2 || l.alarm != nil || !n.ready() {
		return
	}
	before, now := &l.minutes[(l.count-age-1)%keptMinutes], &l.minutes[(l.count-age)%keptMinutes]
	a, b := l.deviation(before)*math.Sqrt(before.total), l.deviation(now)*math.Sqrt(now.total)
	if before.end == now.end-1 && isFinite(a, b) {
		n.echo.learn(a, b, n.spread)
	}
}

// deviation is how far a value's minute was from what was normal then.
func (l *Level) deviation(m *minute) float64 { return l.normal.family.value(m.bad/m.total) - m.normal }

// Learn takes in a whole hour that ends at a time and is older than what will be pushed: it teaches the season and nothing else.
func (l *Level) Learn(at time.Time, bad, total float64) {
	if isFinite(bad, total) && math.Abs(bad) <= huge && total >= 0 && total <= huge {
		l.normal.season.push(at.Unix()/3600-1, tally{bad, total, 60})
	}
}

// huge is more than can be kept.
const huge = 1e30

// Alarm is the shift that goes on, if there is one.
func (l *Level) Alarm() (Alarm, bool) {
	if l.alarm == nil {
		return Alarm{}, false
	}
	return *l.alarm, true
}

// Ready tells whether the level that is normal is known.
func (l *Level) Ready() bool { return l.normal.ready() }

// Normal is the level that is normal now, as a number for people, and whether it is known.
func (l *Level) Normal() (float64, bool) {
	level := l.normal.at(float64(l.last)*60 - 30)
	return l.Shown(level), l.Ready() && !math.IsNaN(level)
}

// Shown makes a number for people of a level: a share, events per minute or a mean.
func (l *Level) Shown(level float64) float64 { return l.normal.family.shown(level) }

// calibrate measures anew what evidence is to be divided by.
func (l *Level) calibrate() {
	n := &l.normal
	level := n.at(n.middle(n.slot))
	if !l.Ready() || math.IsNaN(level) {
		return
	}
	usual, first := n.typical(), make([]float64, len(sizes))
	for i := range l.sides {
		s := &l.sides[i]
		s.weigher.expects(usual, level, n.quiet, 1, first)
		s.weigher.expects(usual, level, n.quiet, n.remains(), l.scratch)
		for k, each := range l.scratch {
			s.excess[k] = n.until(each, math.Log(l.bar)-max(0, min(first[k], convincing)-each))
		}
	}
}

func (l *Level) judge(m *minute) {
	if !l.normal.ready() || math.IsNaN(m.normal) {
		return
	}
	if l.alarm != nil {
		l.follow(m)
		return
	}
	for i := range l.sides {
		s := &l.sides[i]
		if s.push(m, &l.normal, l.scratch) >= l.bar {
			l.fire(s, m)
			return
		}
	}
}

// push is the Shiryaev–Roberts statistic: the evidence, summed over all minutes in which a shift may have begun, averaged over
// its sizes. While nothing happens it grows by one a minute on average, which is what makes its bar a time.
func (s *side) push(m *minute, n *normal, scratch []float64) float64 {
	s.weigher.weigh(m, n.quiet, n.remains(), scratch)
	for i, w := range scratch {
		scratch[i] = math.Exp(min(w/s.excess[i], convincing))
	}
	begins := scratch
	var sudden [len(sizes)]float64
	if n.echo.share > 0 {
		s.begin(m, n, &sudden)
		begins = sudden[:]
	}
	mean := 0.
	for i, later := range scratch {
		if math.IsInf(s.excess[i], 1) {
			s.ratio[i] = 0
			continue
		}
		s.ratio[i] = begins[i] + s.ratio[i]*later
		mean += s.ratio[i] / float64(len(sizes))
	}
	return mean
}

// begin fills in the evidence for shifts of a value that show in this minute in full for the first time: they came at its
// beginning, or in the middle of the one before, which then held a half and left its echo.
func (s *side) begin(m *minute, n *normal, out *[len(sizes)]float64) {
	evidence := func(share float64) (e [len(sizes)]float64) {
		s.weigher.weigh(m, n.quiet, share, e[:])
		for i, w := range e {
			e[i] = math.Exp(min(w, convincing))
		}
		return e
	}
	full, rest, half := evidence(1), evidence(1-n.echo.share/2), evidence(.5)
	for i := range out {
		out[i] = full[i]/2 + s.begun[i]*rest[i]
		s.begun[i] = half[i] / 2
	}
}

func (l *Level) fire(s *side, m *minute) {
	a := &Alarm{Up: s.up, At: time.Unix(m.end*60, 0).UTC(), Normal: m.normal}
	a.Onset, a.Size = l.onset(s)
	l.alarm = a
	l.normal.forget(a.Onset.Earliest.Unix() / 60)
	for i := range l.sides {
		l.sides[i].ratio, l.sides[i].begun = [len(sizes)]float64{}, [len(sizes)]float64{}
	}
}

// follow looks whether a shift has gone back, or has become the normal.
func (l *Level) follow(m *minute) {
	a := l.alarm
	if since := m.end - a.At.Unix()/60; !a.settled && since >= closer {
		a.settled = true
		a.Onset, a.Size = l.onset(l.side(a.Up))
	}
	if m.end-a.Onset.At.Unix()/60 > accepted {
		l.normal.height.restart(a.Onset.Latest.Unix() / 60 / rowMinutes)
		l.alarm = nil
		return
	}
	w := newWeigher(l.normal.family.shape, []float64{a.Size})
	w.weigh(m, l.normal.quiet, l.normal.remains(), l.scratch[:1])
	a.back = (1 + a.back) * math.Exp(min(-l.scratch[0]/l.side(a.Up).excessOf(a.Size), convincing))
	if a.back >= back {
		l.alarm = nil
	}
}

// excessOf is what the evidence for the nearest size is divided by.
func (s *side) excessOf(size float64) float64 {
	best := 0
	for i, rho := range s.weigher.rho {
		if math.IsInf(s.excess[best], 1) || (math.Abs(rho-size) < math.Abs(s.weigher.rho[best]-size) && !math.IsInf(s.excess[i], 1)) {
			best = i
		}
	}
	return s.excess[best]
}

func (l *Level) side(up bool) *side {
	if up {
		return &l.sides[0]
	}
	return &l.sides[1]
}

func (l *Level) onset(s *side) (detectors.Onset, float64) {
	n := min(l.count, keptMinutes)
	past := make([]minute, 0, n)
	for i := l.count - n; i < l.count; i++ {
		if m := l.minutes[i%keptMinutes]; !math.IsNaN(m.normal) {
			past = append(past, m)
		}
	}
	return began(past, &l.normal, s)
}
