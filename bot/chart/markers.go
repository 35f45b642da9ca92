package chart

import (
	"fmt"
	"math"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// allMarkers are those of the chart within its time, and the onset.
func (d *drawing) allMarkers() []Marker {
	out := make([]Marker, 0, len(d.chart.Markers)+1)
	for _, m := range d.chart.Markers {
		if !m.At.Before(d.from) && !m.At.After(d.to) {
			out = append(out, m)
		}
	}
	if o := d.chart.Onset; !o.IsZero() && !o.At.Before(d.from) && !o.At.After(d.to) {
		out = append(out, Marker{At: o.At, Kind: Began, Strength: 1, Label: beganLabel(o, d.chart.zone())})
	}
	return out
}

// beganLabel is "began 15:52 ±2 min".
func beganLabel(o detectors.Onset, zone *time.Location) string {
	label := "began " + o.At.In(zone).Format("15:04")
	if half := o.Latest.Sub(o.Earliest) / 2; half >= 30*time.Second {
		label += fmt.Sprintf(" ±%d min", int(math.Max(1, math.Round(half.Minutes()))))
	}
	return label
}

// markers draws the stems and labels. A stem that would cross the label of another is interrupted there.
func (d *drawing) markers() {
	all, _ := placeLabels(d.allMarkers(), d.face, d.plot.left, d.plot.right, d.x)
	for _, p := range all {
		if p.lane >= 0 {
			bottom := d.plot.top - 4 - float64(p.lane)*(labelHeight+labelGap)
			d.labels = append(d.labels, box{p.left, bottom - labelHeight, p.left + p.width, bottom})
		}
	}
	next := 0
	for _, p := range all {
		kind := p.marker.Kind
		top := d.plot.top
		if p.lane >= 0 {
			own := d.labels[next]
			next++
			d.rect(pillRole(kind), own, 4)
			at := point{own.left + labelPad, own.bottom - 6.5}
			d.say(labelRole(kind), at, anchorStart, labelSize, true, p.text)
			top = own.bottom
			if p.x-own.left < 1 {
				top = own.top // the label is a flag, and this its pole
			}
		}
		d.stem(p, top, d.plot.bottom)
	}
}

// stem draws the line of a marker from top to bottom, leaving out what lies behind the label of another marker.
func (d *drawing) stem(p placed, top, bottom float64) {
	strength := 0.6 + 0.4*math.Max(0, math.Min(1, p.marker.Strength))
	x := p.x
	draw := func(from, to float64) {
		if to-from > 0.5 {
			s := &stroke{role: stemRole(p.marker.Kind), points: []point{{x, from}, {x, to}}, strength: strength}
			d.shapes = append(d.shapes, shape{stroke: s})
		}
	}
	y := top
	for y < bottom {
		stop, resume := bottom, bottom
		for _, l := range d.labels {
			inside := l.left < x-1 && x < l.right && l.bottom > y && l.top < bottom
			if inside && l.top < stop {
				stop, resume = max(l.top, y), l.bottom
			}
		}
		draw(y, stop)
		y = resume
	}
}

// objective draws the level and writes its name where the line leaves it most room.
func (d *drawing) objective() {
	level, ok := d.chart.level()
	if !ok {
		return
	}
	y := d.y(level)
	d.line(roleObjective, point{d.plot.left, y}, point{d.plot.right, y})
	text := d.face.fit(d.chart.objectiveName()+" "+Tell(level, d.chart.Unit), labelSize, true, (d.plot.right-d.plot.left)/2)
	d.say(roleObjective, d.roomFor(d.face.width(text, labelSize, true), y), anchorStart, labelSize, true, text)
}

// roomFor finds where a text beside a level covers the fewest points and stems: above or below it, at eight places from left to right.
func (d *drawing) roomFor(w, y float64) point {
	best, least := point{}, math.Inf(1)
	const places = 8
	for i := range places {
		left := d.plot.left + 6 + (d.plot.right-d.plot.left-12-w)*float64(i)/(places-1)
		for j, top := range []float64{y - labelSize - 4, y + 4} {
			b := box{left - 4, top, left + w + 4, top + labelSize + 2}
			if b.top < d.plot.top || b.bottom > d.plot.bottom {
				continue
			}
			if cost := d.covered(b) + 0.1*float64(i) + 0.05*float64(j); cost < least {
				best, least = point{left, b.bottom - 4}, cost
			}
		}
	}
	if math.IsInf(least, 0) {
		return point{d.plot.left + 6, y - 6}
	}
	return best
}

// covered counts what lies under a box: points of lines, and stems.
func (d *drawing) covered(b box) float64 {
	cost := 0.0
	for i, line := range d.lines {
		for _, p := range line {
			x, y := d.x(p.At), d.y(p.Value)
			if x > b.left && x < b.right && y > b.top-3 && y < b.bottom+3 {
				cost += 1 / float64(1+i)
			}
		}
	}
	for _, m := range d.allMarkers() {
		if x := d.x(m.At); x > b.left && x < b.right {
			cost += 20
		}
	}
	return cost
}
