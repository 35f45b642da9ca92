package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// mostAlt is the longest text of Alt in characters; chats cut longer ones.
const mostAlt = 1000

// Alt says in words what the picture shows, in at most 1000 characters.
func Alt(c Chart) string {
	title := clean(c.Title)
	if title == "" {
		title = "Chart"
	}
	from, to, ok := c.span()
	if !ok {
		return bounded(title + ": no data.")
	}
	zone := c.zone()
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s to %s, %s", title, from.In(zone).Format("15:04"), to.In(zone).Format("15:04"),
		dateLine(from.In(zone), to.In(zone)))
	b.WriteString(c.altLine())
	if level, ok := c.level(); ok {
		fmt.Fprintf(&b, " Level of %s: %s.", c.objectiveName(), Tell(level, c.Unit))
	}
	if !c.Onset.IsZero() {
		fmt.Fprintf(&b, " It %s.", beganLabel(c.Onset, zone))
	}
	markers := slices.Clone(c.Markers)
	slices.SortStableFunc(markers, func(x, y Marker) int { return x.At.Compare(y.At) })
	for _, m := range markers {
		if !m.At.Before(from) && !m.At.After(to) && m.Label != "" {
			fmt.Fprintf(&b, " %s at %s.", clean(m.Label), m.At.In(zone).Format("15:04"))
		}
	}
	return bounded(b.String())
}

// objectiveName is what the level is called.
func (c Chart) objectiveName() string {
	if c.Objective != nil {
		if name := clean(c.Objective.Name); name != "" {
			return name
		}
	}
	return "objective"
}

// altLine tells the range of the main line, and where it ends.
func (c Chart) altLine() string {
	from, to, _ := c.span()
	low, high, last := math.Inf(1), math.Inf(-1), math.NaN()
	if len(c.Lines) > 0 {
		for _, p := range c.Lines[0].seen(from, to) {
			if !math.IsNaN(p.Value) {
				low, high, last = min(low, p.Value), max(high, p.Value), p.Value
			}
		}
	}
	if math.IsNaN(last) {
		return ": no data in this time."
	}
	return fmt.Sprintf(": between %s and %s, last %s.", Tell(low, c.Unit), Tell(high, c.Unit), Tell(last, c.Unit))
}

func bounded(s string) string {
	runes := []rune(s)
	if len(runes) <= mostAlt {
		return s
	}
	return string(runes[:mostAlt-1]) + "…"
}
