package calendar

import (
	"slices"
	"sort"
	"time"
)

// span is a stretch of time; its end is the first instant after it.
type span struct{ begin, end time.Time }

// merge sorts stretches and joins those that overlap or touch.
func merge(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return a.begin.Compare(b.begin) })
	out := spans[:0]
	for _, s := range spans {
		switch last := len(out) - 1; {
		case !s.begin.Before(s.end):
		case last < 0 || s.begin.After(out[last].end):
			out = append(out, s)
		case s.end.After(out[last].end):
			out[last].end = s.end
		}
	}
	return out
}

// spanAt tells whether a moment lies in one of merged stretches.
func spanAt(spans []span, now time.Time) bool {
	i := after(spans, now)
	return i < len(spans) && !now.Before(spans[i].begin)
}

// after is the index of the first stretch that ends after a moment.
func after(spans []span, now time.Time) int {
	return sort.Search(len(spans), func(i int) bool { return spans[i].end.After(now) })
}

// edgesOf appends the begins and ends within [from, to).
func edgesOf(out []time.Time, spans []span, from, to time.Time) []time.Time {
	within := func(t time.Time) bool { return !t.Before(from) && t.Before(to) }
	for i := after(spans, from.Add(-1)); i < len(spans) && spans[i].begin.Before(to); i++ {
		for _, t := range []time.Time{spans[i].begin, spans[i].end} {
			if within(t) {
				out = append(out, t)
			}
		}
	}
	return out
}
