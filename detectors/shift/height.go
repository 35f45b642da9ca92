package shift

import (
	"math"

	"github.com/firebreak-dev/firebreak/detectors"
)

// reaches are the stretches of the past, in rows of age, that the height may be read from. Near ones follow a drift, far ones
// average out noise. None is so near that it learns what has just begun.
var reaches = [...]struct{ from, until int64 }{
	{24, 60},
	{24, 96},
	{24, 288},
}

const (
	// wanders is how far the height may be from that of the day, unless all hours agree that it is farther.
	wanders = .5
	// The reaches that a height is read from when nothing is known of them, and that it is held to.
	middle, day = 1, 2
	// held is how many minutes a new level must last to be the normal one: by then the middle reach knows nothing else.
	held = 480
)

// height is how far the level is above or below the course that the season knows.
type height struct {
	now float64
	// around is about where the level is; few events draw towards it.
	around float64
	// since is the row from which on rows are believed: before it the level was another.
	since  int64
	known  bool
	wrong  [len(reaches)]float64
	judged [len(reaches)]float64
	blocks []weighted
}

// restart forgets the height before a row: from there on another level is the normal one.
func (h *height) restart(slot int64) { h.since, h.known = slot, false }

// measure reads the height from the reach that was the least wrong of late.
func (h *height) measure(n *normal) {
	rhythm := n.season.believed()
	h.around, h.known = n.around(), false
	if math.IsNaN(h.around) {
		return
	}
	if n.slot%rowsAnHour == 0 {
		h.learn(n, rhythm)
	}
	for _, reach := range [...]int{h.best(), middle} {
		if now, ok := h.read(n, rhythm, reach); ok {
			h.now, h.known = now, true
			return
		}
	}
}

func (h *height) best() int {
	best := middle
	for reach := range reaches {
		if h.judged[reach] > 6 && h.wrong[reach]/h.judged[reach] < h.wrong[best]/max(h.judged[best], 1) {
			best = reach
		}
	}
	return best
}

// learn compares the hour that has just ended with what each reach says of it.
func (h *height) learn(n *normal, rhythm rhythm) {
	actual, weight := n.block(rhythm, n.slot-rowsAnHour)
	if weight == 0 {
		return
	}
	forget := math.Exp2(-1. / errorMemory)
	for reach := range reaches {
		if said, ok := h.read(n, rhythm, reach); ok {
			off := min(math.Abs(actual-said), 1)
			h.wrong[reach] = h.wrong[reach]*forget + off*off
			h.judged[reach] = h.judged[reach]*forget + 1
		}
	}
}

// read is the height by a reach, held to that of the day.
func (h *height) read(n *normal, rhythm rhythm, reach int) (float64, bool) {
	long, _, _, ok := h.median(n, rhythm, day)
	if reach == day || !ok {
		return long, ok
	}
	now, least, most, ok := h.median(n, rhythm, reach)
	switch {
	case !ok:
		return 0, false
	case least > long+wanders:
		return least, true
	case most < long-wanders:
		return most, true
	}
	return min(long+wanders, max(long-wanders, now)), true
}

// median is the median hour of a reach, and the lowest and highest; it takes two hours to tell.
func (h *height) median(n *normal, rhythm rhythm, reach int) (middle, least, most float64, ok bool) {
	h.blocks = h.blocks[:0]
	for from := n.slot - reaches[reach].until; from < n.slot-reaches[reach].from; from += rowsAnHour {
		if from < h.since {
			continue
		}
		if value, weight := n.block(rhythm, from); weight > 0 {
			h.blocks = append(h.blocks, weighted{value: value, weight: 1})
		}
	}
	if len(h.blocks) < 2 {
		return 0, 0, 0, false
	}
	middle = median(h.blocks)
	return middle, h.blocks[0].value, h.blocks[len(h.blocks)-1].value, true
}

// around is the level of a whole day, by the time of which nothing is known.
func (n *normal) around() float64 {
	var t tally
	for slot := max(n.height.since, n.slot-keptRows); slot < n.slot; slot++ {
		t.add(n.row(slot).tally())
	}
	if n.family.weight(t) == 0 {
		return math.NaN()
	}
	return n.family.level(t, math.NaN())
}

// block is how much higher than the season an hour of rows was, and how much it has to say.
func (n *normal) block(rhythm rhythm, from int64) (height, weight float64) {
	var t tally
	around := n.height.around
	expected, sum := 0., 0.
	for slot := from; slot < from+rowsAnHour; slot++ {
		r := n.row(slot).tally()
		course := n.season.at(rhythm, n.middle(slot))
		w := n.family.weight(r)
		if w == 0 || math.IsNaN(course) {
			continue
		}
		t.add(r)
		switch n.family.shape {
		case detectors.Ratio:
			expected += w * expit(around+course)
		case detectors.Count:
			expected += w * math.Exp(around+course)
		default:
			expected += w * course
			sum += w * n.family.value(r.bad/r.total)
		}
	}
	weight = n.family.weight(t)
	if weight == 0 {
		return 0, 0
	}
	switch n.family.shape {
	case detectors.Ratio:
		level := logit(hold(expected / weight))
		return around + n.family.level(t, level) - level, weight
	case detectors.Count:
		level := math.Log(expected / weight)
		return around + n.family.level(t, level) - level, weight
	default:
		return (sum - expected) / weight, weight
	}
}
