package chart

import (
	"fmt"
	"math"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// The measures of a chart, in logical pixels.
const (
	margin      = 22.0
	titleSize   = 23.0
	quietSize   = 16.0
	axisSize    = 15.0
	titleBase   = 38.0
	subtitleGap = 24.0
	bottomRoom  = 52.0
)

// drawing is a layout in the making.
type drawing struct {
	scene
	chart    Chart
	from, to time.Time
	scale    scale
	lines    [][]detectors.Point
	// blank is true when there is no value at all, and so nothing to number the axis by.
	blank bool
}

// layout decides what stands where.
func layout(c Chart) (*scene, error) {
	face, err := loadTypeface()
	if err != nil {
		return nil, fmt.Errorf("reading the compiled-in fonts: %w", err)
	}
	d := &drawing{chart: c, scene: scene{width: width, height: height, face: face}}
	d.rect(rolePaper, box{0, 0, width, height}, 0)
	top := d.head()
	from, to, ok := c.span()
	if !ok {
		d.plot = box{margin, top, width - margin, height - bottomRoom}
		d.empty("no data")
		return &d.scene, nil
	}
	d.from, d.to = from, to
	low, high := math.Inf(1), math.Inf(-1)
	for _, l := range c.Lines[:min(len(c.Lines), mostLines)] {
		points := l.seen(from, to)
		d.lines = append(d.lines, points)
		for _, p := range points {
			if !math.IsNaN(p.Value) {
				low, high = min(low, p.Value), max(high, p.Value)
			}
		}
	}
	nothing := math.IsInf(low, 0)
	if level, ok := c.level(); ok {
		low, high = min(low, level), max(high, level)
	}
	d.scale = scaleOf(low, high, c.Unit)
	d.blank = math.IsInf(low, 0)
	d.frame(top)
	d.bands()
	d.axes()
	for i := len(d.lines) - 1; i >= 0; i-- {
		d.draw(i)
	}
	d.markers()
	d.objective()
	if nothing {
		d.empty("no data in this time")
	}
	return &d.scene, nil
}

// head writes the title, the subtitle and the legend, and returns where the rest begins.
func (d *drawing) head() float64 {
	room := width - 2*margin
	d.say(roleTitle, point{margin, titleBase}, anchorStart, titleSize, true, d.face.fit(d.chart.Title, titleSize, true, room))
	y := titleBase
	if subtitle := d.face.fit(d.chart.Subtitle, quietSize, false, room); subtitle != "" {
		y += subtitleGap
		d.say(roleQuiet, point{margin, y}, anchorStart, quietSize, false, subtitle)
	}
	if len(d.chart.Lines) > 1 {
		y += subtitleGap
		d.legend(y)
	}
	return y + 14
}

// legend names the lines from left to right; what has no room is left out.
func (d *drawing) legend(y float64) {
	const swatch, gap = 26.0, 8.0
	x := margin
	for i, l := range d.chart.Lines[:min(len(d.chart.Lines), mostLines)] {
		name := d.face.fit(l.Name, quietSize, false, width-margin-x-swatch-gap)
		if name == "" {
			continue
		}
		d.line(lineRole(i), point{x, y - 5}, point{x + swatch, y - 5})
		d.say(roleQuiet, point{x + swatch + gap, y}, anchorStart, quietSize, false, name)
		x += swatch + gap + d.face.width(name, quietSize, false) + 22
		if x > width-4*margin {
			return
		}
	}
}

func lineRole(i int) role {
	if i == 0 {
		return roleMain
	}
	return roleCompared
}

// frame settles the box of the plot: below the lanes of labels, right of the widest number.
func (d *drawing) frame(top float64) {
	widest := 0.0
	for _, v := range d.scale.ticks() {
		widest = max(widest, d.face.width(d.scale.label(v), axisSize, false))
	}
	d.plot = box{margin + widest + 10, top, width - margin, height - bottomRoom}
	_, lanes := placeLabels(d.allMarkers(), d.face, d.plot.left, d.plot.right, d.x)
	d.plot.top += float64(lanes)*(labelHeight+labelGap) + 4
}

func (d *drawing) x(t time.Time) float64 {
	return d.plot.left + (d.plot.right-d.plot.left)*t.Sub(d.from).Seconds()/d.to.Sub(d.from).Seconds()
}

func (d *drawing) y(v float64) float64 {
	return d.plot.bottom - (d.plot.bottom-d.plot.top)*(v-d.scale.low)/(d.scale.high-d.scale.low)
}

// band shades a stretch of time where it is within the chart, and at least as wide as can be seen.
func (d *drawing) band(r role, from, to time.Time) {
	if from.Before(d.from) {
		from = d.from
	}
	if to.IsZero() || to.After(d.to) {
		to = d.to
	}
	if to.Before(from) || from.After(d.to) {
		return
	}
	left, right := d.x(from), d.x(to)
	if right-left < 3 {
		middle := (left + right) / 2
		left, right = max(middle-1.5, d.plot.left), min(middle+1.5, d.plot.right)
	}
	d.rect(r, box{left, d.plot.top, right, d.plot.bottom}, 0)
}

func (d *drawing) bands() {
	if in := d.chart.Incident; !in.From.IsZero() {
		d.band(roleIncident, in.From, in.To)
	}
	if o := d.chart.Onset; !o.IsZero() && !o.Earliest.IsZero() && !o.Latest.IsZero() && o.Latest.After(d.from) {
		d.band(roleOnset, o.Earliest, o.Latest)
	}
}

// axes draws the grid and writes the numbers, the times and the zone.
func (d *drawing) axes() {
	for i, v := range d.scale.ticks() {
		r := roleGrid
		if i == 0 {
			r = roleAxis
		} else if d.blank {
			break
		}
		y := d.y(v)
		d.line(r, point{d.plot.left, y}, point{d.plot.right, y})
		if !d.blank {
			d.say(roleQuiet, point{d.plot.left - 10, y + 5}, anchorEnd, axisSize, false, d.scale.label(v))
		}
	}
	zone := d.chart.zone()
	const most = 8
	for _, t := range timeTicks(d.from, d.to, zone, most) {
		x := d.x(t.at)
		d.line(roleAxis, point{x, d.plot.bottom}, point{x, d.plot.bottom + 5})
		half := d.face.width(t.label, axisSize, false) / 2
		if x-half < 2 || x+half > width-2 {
			continue
		}
		d.say(roleQuiet, point{x, d.plot.bottom + 22}, anchorMiddle, axisSize, false, t.label)
	}
	d.say(roleQuiet, point{d.plot.right, height - 10}, anchorEnd, axisSize, false, dateLine(d.from.In(zone), d.to.In(zone)))
}

// dateLine says which days the axis shows, and in which zone.
func dateLine(from, to time.Time) string {
	days := to.Format("Mon 2 Jan 2006")
	if from.Format("2006-01-02") != to.Format("2006-01-02") {
		days = from.Format("2 Jan") + " – " + to.Format("2 Jan 2006")
	}
	return days + ", " + zoneName(to)
}

// zoneName is the zone as people say it, with its offset where the abbreviation is none.
func zoneName(t time.Time) string {
	name, _ := t.Zone()
	if name == "" || name[0] == '+' || name[0] == '-' {
		return "UTC" + t.Format("-07:00")
	}
	if name == "UTC" {
		return name
	}
	return name + " (UTC" + t.Format("-07:00") + ")"
}

// draw draws one line, run by run; a wide gap of the main line is shaded and named.
func (d *drawing) draw(i int) {
	stretches := runs(d.lines[i])
	for j, run := range stretches {
		points := make([]point, 0, len(run)+2)
		for _, p := range run {
			points = append(points, point{d.x(p.At), d.y(p.Value)})
		}
		if len(points) == 1 { // a lone sample is a dot, drawn as a line too short to see as one
			points = append(points, point{points[0].x + 0.5, points[0].y})
		}
		if i == 0 {
			d.fill(points)
			if j > 0 {
				d.gap(points[0].x, d.x(stretches[j-1][len(stretches[j-1])-1].At))
			}
		}
		d.line(lineRole(i), points...)
	}
}

// fill shades what lies below the main line, where the axis begins at zero.
func (d *drawing) fill(points []point) {
	if d.scale.low != 0 {
		return
	}
	closed := append([]point{{points[0].x, d.plot.bottom}}, points...)
	closed = append(closed, point{points[len(points)-1].x, d.plot.bottom})
	d.shapes = append(d.shapes, shape{stroke: &stroke{role: roleArea, points: closed, closed: true}})
}

func (d *drawing) gap(right, left float64) {
	if right-left < 12 {
		return
	}
	d.rect(roleGap, box{left, d.plot.top, right, d.plot.bottom}, 0)
	const text, air = "no data", 5.0
	half := d.face.width(text, axisSize, false)/2 + air
	for _, middle := range []float64{(left + right) / 2, left + half, right - half} {
		if middle-half < left || middle+half > right || d.stemWithin(middle-half, middle+half) {
			continue
		}
		d.say(roleQuiet, point{middle, (d.plot.top + d.plot.bottom) / 2}, anchorMiddle, axisSize, false, text)
		return
	}
}

// stemWithin tells whether the stem of a marker runs between two places.
func (d *drawing) stemWithin(left, right float64) bool {
	for _, m := range d.allMarkers() {
		if x := d.x(m.At); left < x && x < right {
			return true
		}
	}
	return false
}

func (d *drawing) empty(text string) {
	at := point{(d.plot.left + d.plot.right) / 2, (d.plot.top + d.plot.bottom) / 2}
	d.say(roleQuiet, at, anchorMiddle, titleSize, false, text)
}
