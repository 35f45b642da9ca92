package chart

import (
	"cmp"
	"slices"
	"time"
)

// The measures of a marker's label.
const (
	labelSize   = 15.0
	labelHeight = 22.0
	labelGap    = 4.0 // between lanes
	labelPad    = 7.0 // between a pill's edge and its text
	labelAir    = 6.0 // between two pills of a lane
	labelRoom   = 0.46
)

// placed is a marker with the place of its stem and of its label. Lane 0 is the lowest; a marker without a label has lane -1.
type placed struct {
	marker Marker
	x      float64
	lane   int
	left   float64
	width  float64
	text   string
}

func (p placed) right() float64 { return p.left + p.width }

// crossing tells whether the stem of p runs behind the label of q.
func (p placed) crossing(q placed) bool {
	return p.lane > q.lane && q.left-1 < p.x && p.x < q.right()+1
}

// placeLabels puts the labels of markers into lanes so that no two of them touch and none leaves [left, right]. It returns them from
// left to right, with how many lanes are used.
func placeLabels(markers []Marker, face typeface, left, right float64, x func(time.Time) float64) ([]placed, int) {
	out := make([]placed, 0, len(markers))
	for _, m := range markers {
		out = append(out, placed{marker: m, x: x(m.At), lane: -1})
	}
	slices.SortStableFunc(out, func(a, b placed) int { return cmp.Compare(a.x, b.x) })
	labelled := strongest(out)
	var asked []int
	for i := range out {
		if !labelled[i] {
			continue
		}
		p := &out[i]
		if p.text = face.fit(p.marker.Label, labelSize, true, labelRoom*(right-left)); p.text != "" {
			p.width = face.width(p.text, labelSize, true) + 2*labelPad
			asked = append(asked, i)
		}
	}
	best := arrange(out, asked, left, right)
	lanes := 0
	for j, i := range asked {
		out[i] = best.labels[j]
		lanes = max(lanes, out[i].lane+1)
	}
	return out, lanes
}

// arrangement is where the first few labels stand, and how good that is; less is better.
type arrangement struct {
	labels []placed
	lanes  int
	cost   float64
}

// What makes an arrangement worse: a stem that is interrupted by a label costs more than two lanes, a label that does not begin at its
// stem next to nothing.
const (
	costCrossing = 2.5
	costLane     = 1.0
	costHeight   = 0.05
	costShift    = 0.3
	beam         = 48
)

// arrange looks for the best arrangement of the asked labels, keeping at each step the best few of those that are begun.
func arrange(all []placed, asked []int, left, right float64) arrangement {
	stems := make([]float64, 0, len(asked))
	for _, i := range asked {
		stems = append(stems, all[i].x)
	}
	begun := []arrangement{{}}
	for _, i := range asked {
		var next []arrangement
		for _, a := range begun {
			next = a.extend(next, all[i], stems, left, right)
		}
		slices.SortStableFunc(next, func(a, b arrangement) int { return cmp.Compare(a.cost, b.cost) })
		begun = next[:min(len(next), beam)]
	}
	return begun[0]
}

// extend adds to next every way of placing one more label: in each lane and in a new one, at its stem, before it, or moved just out
// of the way of what stands in that lane.
func (a arrangement) extend(next []arrangement, p placed, stems []float64, left, right float64) []arrangement {
	places := a.places(p, stems, left, right)
	for p.lane = 0; p.lane <= a.lanes; p.lane++ {
		for _, at := range places {
			p.left = at
			if a.free(p) {
				next = append(next, a.with(p))
			}
		}
	}
	return next
}

// places are the left edges that are worth trying for a label in its lane. Its stem always meets it.
func (a arrangement) places(p placed, stems []float64, left, right float64) []float64 {
	lowest, highest := max(left, p.x-p.width), min(p.x, right-p.width)
	if highest < lowest { // the edge of the chart is nearer to the stem than the label is wide
		lowest = max(left, min(lowest, right-p.width))
		highest = lowest
	}
	out := []float64{highest, lowest}
	try := func(at float64) {
		if at > lowest && at < highest {
			out = append(out, at)
		}
	}
	for _, q := range a.labels {
		try(q.right() + labelAir)
	}
	for _, x := range stems {
		try(x + labelAir)
		try(x - labelAir - p.width)
	}
	return out
}

// free tells that a label touches no other of its lane.
func (a arrangement) free(p placed) bool {
	for _, q := range a.labels {
		if q.lane == p.lane && p.left < q.right()+labelAir && q.left < p.right()+labelAir {
			return false
		}
	}
	return true
}

// with is the arrangement with one more label.
func (a arrangement) with(p placed) arrangement {
	cost := a.cost + costHeight*float64(p.lane) + costShift*(p.x-p.left)/p.width
	for _, q := range a.labels {
		if p.crossing(q) {
			cost += costCrossing
		}
		if q.crossing(p) {
			cost += costCrossing
		}
	}
	if p.lane == a.lanes {
		a.lanes++
		cost += costLane
	}
	labels := make([]placed, len(a.labels), len(a.labels)+1)
	copy(labels, a.labels)
	return arrangement{labels: append(labels, p), lanes: a.lanes, cost: cost}
}

// strongest chooses which markers keep their label when there are too many: what began and what was done about it first, then
// suspects, each by strength, then the newer.
func strongest(markers []placed) map[int]bool {
	order := make([]int, len(markers))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		ma, mb := markers[a].marker, markers[b].marker
		return cmp.Or(cmp.Compare(importance(ma.Kind), importance(mb.Kind)), cmp.Compare(mb.Strength, ma.Strength), mb.At.Compare(ma.At))
	})
	keep := make(map[int]bool, mostLabels)
	for _, i := range order[:min(len(order), mostLabels)] {
		keep[i] = true
	}
	return keep
}

func importance(k MarkerKind) int {
	return cmp.Or(max(slices.Index([]MarkerKind{Began, Suspect, Action}, k), -1)+1, 4)
}
