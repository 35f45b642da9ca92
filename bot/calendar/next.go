package calendar

import (
	"slices"
	"time"
)

// next returns the first moment after now at which open changes; zero when it does not within the horizon.
//
// What is open can only change at a window's edge, at midnight, at the edge of a freeze, or where the clock is put forward or
// back; so these are tried, a week at a time, and nothing between them.
func (e *eyes) next(now time.Time, open bool) time.Time {
	if len(e.allow)+len(e.deny)+len(e.freezes)+len(e.holidays) == 0 {
		return time.Time{}
	}
	edges := e.edges()
	today := dateOf(now.In(e.zone))
	const week = 7
	for first := -1; first < horizon; first += week {
		var moments []time.Time
		for i := range week {
			moments = e.moments(moments, today.add(first+i), edges)
		}
		slices.SortFunc(moments, time.Time.Compare)
		for _, t := range moments {
			if t.After(now) && e.open(t) != open {
				return t
			}
		}
	}
	return time.Time{}
}

// edges are the minutes of the day at which a window may begin or end.
func (e *eyes) edges() []Clock {
	windows := slices.Concat(e.allow, e.deny)
	out := make([]Clock, 1, 1+2*len(windows)) // midnight is always one
	for _, w := range windows {
		from, to := w.span()
		out = append(out, from, to%(24*60))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// moments appends the instants of a day at which something may change.
func (e *eyes) moments(out []time.Time, day date, edges []Clock) []time.Time {
	begin := time.Date(day.year, day.month, day.day, 0, 0, 0, 0, e.zone)
	end := begin.Add(26 * time.Hour) // longer than any day, with its doubled hour
	if _, change := begin.ZoneBounds(); !change.IsZero() && change.Before(end) {
		out = append(out, change)
	}
	for _, edge := range edges {
		out = e.wall(out, day, edge)
	}
	for _, f := range e.freezes {
		for _, t := range []time.Time{f.From.begin(e.zone), f.To.end(e.zone)} {
			if !t.Before(begin) && t.Before(end) {
				out = append(out, t)
			}
		}
	}
	return out
}

// wall appends the instants at which the wall clock shows a time: none where it was skipped, two where it is doubled.
func (e *eyes) wall(out []time.Time, day date, clock Clock) []time.Time {
	shows := func(t time.Time) bool { return dateOf(t) == day && clockOf(t) == clock }
	t := time.Date(day.year, day.month, day.day, 0, int(clock), 0, 0, e.zone)
	candidates := []time.Time{t}
	_, offset := t.Zone()
	begin, end := t.ZoneBounds()
	if !end.IsZero() {
		_, after := end.Zone()
		candidates = append(candidates, t.Add(time.Duration(offset-after)*time.Second))
	}
	if !begin.IsZero() {
		_, before := begin.Add(-time.Second).Zone()
		candidates = append(candidates, t.Add(time.Duration(offset-before)*time.Second))
	}
	for _, c := range candidates {
		if shows(c) && !slices.ContainsFunc(out, c.Equal) {
			out = append(out, c)
		}
	}
	return out
}
