package calendar

import (
	"slices"
	"time"
)

// horizon is how many days ahead the next change is looked for. A year and a bit finds every holiday.
const horizon = 400

// next returns the first moment after now at which something is so; zero when it is not within the horizon.
//
// A verdict can only change at a window's edge, at midnight, at the edge of a freeze, an absence or an appointment, or where the
// clock is put forward or back; so these are tried, some days at a time, and nothing between them.
func (e *eyes) next(now time.Time, is func(time.Time) bool) time.Time {
	edges := e.edges()
	today := dateOf(now.In(e.zone))
	const near, far = 3, 7 // most changes are near
	for first, days := -1, near; first < horizon; first, days = first+days, far {
		for _, t := range e.within(today.add(first), days, edges) {
			if t.After(now) && is(t) {
				return t
			}
		}
	}
	return time.Time{}
}

// within lists, in order, the instants of some days at which something may change.
func (e *eyes) within(first date, days int, edges []Clock) []time.Time {
	var out []time.Time
	for i := range days {
		out = e.moments(out, first.add(i), edges)
	}
	begin := time.Date(first.year, first.month, first.day, 0, 0, 0, 0, e.zone)
	last := first.add(days)
	end := time.Date(last.year, last.month, last.day, 0, 0, 0, 0, e.zone).Add(2 * time.Hour)
	for _, w := range slices.Concat(e.allow, e.deny) {
		if w.Cron.IsSet() {
			w.look(begin.Add(-time.Hour), end.Add(time.Hour))
			out = edgesOf(out, w.spans, begin, end)
		}
	}
	for _, f := range e.feeds {
		out = edgesOf(out, f.spans[e.zone.String()], begin, end)
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}

// edges are the minutes of the day at which a window, or the end of the week, may begin or end.
func (e *eyes) edges() []Clock {
	out := []Clock{0, e.friday % dayLong} // midnight is always one
	for _, w := range slices.Concat(e.allow, e.deny) {
		if !w.Cron.IsSet() {
			from, to := w.span()
			out = append(out, from, to%dayLong)
		}
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
		out = shown(out, e.zone, day.utc().Add(time.Duration(edge)*time.Minute))
	}
	add := func(from, to Moment) {
		for _, t := range []time.Time{from.begin(e.zone), to.end(e.zone)} {
			if !t.Before(begin) && t.Before(end) {
				out = append(out, t)
			}
		}
	}
	for _, f := range e.freezes {
		add(f.From, f.To)
	}
	for _, a := range e.absences {
		add(a.From, a.To)
	}
	return out
}
