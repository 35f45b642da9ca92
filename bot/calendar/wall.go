package calendar

import (
	"slices"
	"time"
)

// shown appends the instants at which the wall clock of a zone shows a time: none where it was skipped, two where it is doubled.
// The time is given as if the wall hung in UTC.
func shown(out []time.Time, zone *time.Location, wall time.Time) []time.Time {
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), 0, 0, zone)
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
		if onWall(c).Equal(wall) && !slices.ContainsFunc(out, c.Equal) {
			out = append(out, c)
		}
	}
	return out
}

// onWall is what the wall clock shows at a moment, to the minute, as if the wall hung in UTC.
func onWall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), 0, 0, time.UTC)
}

// once is the one instant that a time on the wall means: the first of two, and where the clock was put over it, the instant at
// which that was done.
func once(zone *time.Location, wall time.Time) time.Time {
	if all := shown(nil, zone, wall); len(all) > 0 {
		return slices.MinFunc(all, time.Time.Compare)
	}
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), 0, 0, zone)
	begin, end := t.ZoneBounds()
	for _, change := range []time.Time{begin, end} {
		if change.IsZero() {
			continue
		}
		_, before := change.Add(-time.Second).Zone()
		_, after := change.Zone()
		from := change.UTC().Add(time.Duration(before) * time.Second)
		to := change.UTC().Add(time.Duration(after) * time.Second)
		if !wall.Before(from) && wall.Before(to) {
			return change
		}
	}
	return t // no zone of the database comes here: a time that is not shown lies at a change of the clock
}
