package chart

import (
	"math"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// Chart is what is to be drawn. The zero value draws an empty chart that says so.
type Chart struct {
	// Title is the bold line, as "Refusal ratio of support-assistant".
	Title string
	// Subtitle is the quiet line below it.
	Subtitle string
	// Unit is that of the values: "ratio" is told in per cent, "seconds" and "usd" with their signs, "requests" and "tokens" as counts.
	Unit string
	// Lines are drawn in order; the first is the one that matters, the others are there to compare.
	Lines []Line
	// Objective is a level that the signal should stay on one side of; nil draws none.
	Objective *Objective
	// Onset is when it began; its interval is shaded. The zero value draws none.
	Onset detectors.Onset
	// Incident is shaded from Incident.From to Incident.To.
	Incident Band
	// Markers are moments with a label.
	Markers []Marker
	// From and To bound the time axis. Where they are zero or out of order, the data does.
	From, To time.Time
	// Zone is the zone of the time axis, UTC when nil.
	Zone *time.Location
}

// Line is a named series. Points are in order of time; a NaN, or a pause of several steps, is a gap.
type Line struct {
	Name   string
	Points []detectors.Point
}

// Objective is a named level.
type Objective struct {
	Name  string
	Value float64
}

// Band is a stretch of time. A zero To means that it goes on; a zero From means that there is none.
type Band struct{ From, To time.Time }

// Marker is a moment that matters.
type Marker struct {
	At    time.Time
	Label string
	Kind  MarkerKind
	// Strength in [0, 1] says how much it matters among its kind: a suspect's probability. It decides who keeps a label when there
	// are too many.
	Strength float64
}

// MarkerKind says what a marker stands for.
type MarkerKind string

// The kinds of markers. Each has a colour and a dash of its own.
const (
	Suspect MarkerKind = "suspect" // a change that may have caused it
	Other   MarkerKind = "change"  // a change that is not suspected
	Action  MarkerKind = "action"  // something that was done about it: a revert, an approval
	Began   MarkerKind = "began"   // the onset; made by the chart itself
)

// level is the objective's value, false where there is none that can be drawn.
func (c Chart) level() (float64, bool) {
	if c.Objective == nil || !(math.Abs(c.Objective.Value) <= mostValue) {
		return 0, false
	}
	return c.Objective.Value, true
}

// The bounds of a chart. The size is that of a phone's screen in logical pixels times two, so that a chat that shows it 360 points
// wide still shows its smallest letters at 7.5 points.
const (
	width      = 720.0
	height     = 440.0
	mostLabels = 8
	mostLines  = 6
	mostPoints = 1200
	mostValue  = 1e15 // beyond it nothing is a measurement any more
)

// utc is the zone of a chart that names none.
func (c Chart) zone() *time.Location {
	if c.Zone == nil {
		return time.UTC
	}
	return c.Zone
}

// span gives the bounds of the time axis; false when neither the chart nor its data has any.
func (c Chart) span() (from, to time.Time, ok bool) {
	if !c.From.IsZero() && c.To.After(c.From) {
		return c.From, c.To, true
	}
	for _, l := range c.Lines {
		for _, p := range l.Points {
			if from.IsZero() || p.At.Before(from) {
				from = p.At
			}
			if p.At.After(to) {
				to = p.At
			}
		}
	}
	if from.IsZero() {
		return from, to, false
	}
	if !to.After(from) {
		from, to = from.Add(-30*time.Minute), to.Add(30*time.Minute)
	}
	return from, to, true
}

// seen gives a line's points within a stretch of time that can be drawn at all, oldest first and thinned to what can be seen.
func (l Line) seen(from, to time.Time) []detectors.Point {
	out := make([]detectors.Point, 0, min(len(l.Points), 2*mostPoints))
	for _, p := range l.Points {
		if p.At.Before(from) || p.At.After(to) || math.Abs(p.Value) > mostValue {
			continue
		}
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(a, b detectors.Point) int { return a.At.Compare(b.At) })
	return thin(out)
}

// thin keeps the lowest and the highest of each group of neighbours, so that a spike of one sample survives.
func thin(points []detectors.Point) []detectors.Point {
	if len(points) <= mostPoints {
		return points
	}
	group := 2 * (len(points) + mostPoints - 1) / mostPoints
	out := make([]detectors.Point, 0, mostPoints+2)
	for chunk := range slices.Chunk(points, group) {
		low, high := 0, 0
		for i, p := range chunk {
			if p.Value < chunk[low].Value || math.IsNaN(chunk[low].Value) {
				low = i
			}
			if p.Value > chunk[high].Value || math.IsNaN(chunk[high].Value) {
				high = i
			}
		}
		out = append(out, chunk[min(low, high)])
		if low != high {
			out = append(out, chunk[max(low, high)])
		}
	}
	return out
}

// runs cuts points into stretches without a gap. A gap is a NaN, or a pause of more than three usual steps.
func runs(points []detectors.Point) [][]detectors.Point {
	pause := 3 * usualStep(points)
	var out [][]detectors.Point
	begin := 0
	flush := func(end int) {
		if end > begin {
			out = append(out, points[begin:end])
		}
	}
	for i, p := range points {
		switch {
		case math.IsNaN(p.Value):
			flush(i)
			begin = i + 1
		case i > begin && pause > 0 && p.At.Sub(points[i-1].At) > pause:
			flush(i)
			begin = i
		}
	}
	flush(len(points))
	return out
}

// usualStep is the median time between neighbours.
func usualStep(points []detectors.Point) time.Duration {
	if len(points) < 3 {
		return 0
	}
	steps := make([]time.Duration, 0, len(points)-1)
	for i := 1; i < len(points); i++ {
		steps = append(steps, points[i].At.Sub(points[i-1].At))
	}
	slices.Sort(steps)
	return steps[len(steps)/2]
}
