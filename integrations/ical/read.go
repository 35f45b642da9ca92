package ical

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot/calendar"
)

const (
	// maxOccurrences bounds what one calendar gives.
	maxOccurrences = 20_000
	// maxSteps bounds the work: days that rules look at, and occurrences that are held against exceptions.
	maxSteps = 10_000_000
	// maxLength is how long an appointment may be.
	maxLength = 400 * 24 * time.Hour
)

var errTooMuch = errors.New("its rules give too many appointments")

// Read returns the appointments of a calendar that touch [from, to), and a sentence for each that was not understood and is left
// out. An error means that it is no calendar, or not a whole one.
func Read(data []byte, from, to time.Time) (busy []calendar.Busy, problems []string, err error) {
	events, err := split(data)
	if err != nil {
		return nil, nil, err
	}
	x := expansion{from: from, to: to, budget: maxSteps, moved: moved(events)}
	for _, e := range events {
		if strings.EqualFold(e.text("STATUS"), "CANCELLED") || strings.EqualFold(e.text("TRANSP"), "TRANSPARENT") {
			continue
		}
		switch err := x.add(e); {
		case errors.Is(err, errTooMuch):
			return nil, nil, err
		case err != nil:
			problems = append(problems, fmt.Sprintf("line %d, %q: %v; it is left out", e.line, plain(e.text("SUMMARY")), err))
		}
	}
	return x.busy, problems, nil
}

// expansion makes appointments of events.
type expansion struct {
	from, to time.Time
	budget   int
	// moved holds the occurrences that have an event of their own, by UID.
	moved map[string][]stamp
	busy  []calendar.Busy
}

// moved collects the occurrences of repeated events that were changed or cancelled one by one.
func moved(events []event) map[string][]stamp {
	out := map[string][]stamp{}
	for _, e := range events {
		if p, is := e.first("RECURRENCE-ID"); is && p.params["RANGE"] == "" {
			if s, err := stamps(p); err == nil {
				out[e.text("UID")] = append(out[e.text("UID")], s...)
			}
		}
	}
	return out
}

// length reads how long an event is: a date without an end is a day, a time without one is none.
func length(e event, start stamp) (time.Duration, error) {
	if p, is := e.first("DTEND"); is {
		ends, err := stamps(p)
		if err != nil {
			return 0, err
		}
		end := ends[0]
		d := end.wall.Sub(start.wall)
		if start.zone != nil && end.zone != nil {
			d = instant(end.zone, end.wall).Sub(instant(start.zone, start.wall))
		}
		switch {
		case d < 0:
			return 0, errors.New("it ends before it begins")
		case d > maxLength:
			return 0, fmt.Errorf("it lasts longer than %d days", maxLength/(24*time.Hour))
		}
		return d, nil
	}
	if p, is := e.first("DURATION"); is {
		return duration(p.value)
	}
	if start.date {
		return 24 * time.Hour, nil
	}
	return 0, nil
}

func (x *expansion) add(e event) error {
	p, is := e.first("DTSTART")
	if !is {
		return errors.New("it has no beginning")
	}
	starts, err := stamps(p)
	if err != nil {
		return err
	}
	start := starts[0]
	lasts, err := length(e, start)
	if err != nil {
		return err
	}
	if r, is := e.first("RECURRENCE-ID"); is && r.params["RANGE"] != "" {
		return errors.New("it changes all that follow, which is not understood")
	}
	if _, is := e.first("EXRULE"); is {
		return errors.New("it has EXRULE, which is not understood")
	}
	walls, err := x.walls(e, start, lasts)
	if err != nil {
		return err
	}
	out, err := excluded(e)
	if err != nil {
		return err
	}
	if _, single := e.first("RECURRENCE-ID"); !single {
		out = append(out, x.moved[e.text("UID")]...)
	}
	if x.budget -= len(walls) * len(out); x.budget < 0 {
		return errTooMuch
	}
	for _, wall := range walls {
		s := stamp{wall, start.zone, start.date}
		if !s.among(out) {
			if err := x.take(s, lasts, e.text("SUMMARY")); err != nil {
				return err
			}
		}
	}
	return nil
}

// walls are the beginnings of an event on the wall of its zone.
func (x *expansion) walls(e event, start stamp, lasts time.Duration) ([]time.Time, error) {
	const slack = 26 * time.Hour // between any two walls
	from, to := onWall(x.from.UTC()).Add(-lasts-slack), onWall(x.to.UTC()).Add(slack)
	out := []time.Time{start.wall}
	if p, is := e.first("RRULE"); is {
		begin, _ := e.first("DTSTART")
		r, err := readRule(p.value, begin.params["TZID"])
		if err != nil {
			return nil, err
		}
		if until := r.until; until != nil {
			if last := until.on(start); last.Before(to) {
				to = last
			}
		}
		if out, err = r.walls(start.wall, from, to, &x.budget); err != nil {
			return nil, err
		}
	}
	for _, p := range e.props["RDATE"] {
		if p.params["VALUE"] == "PERIOD" {
			return nil, errors.New("it has RDATE with periods, which is not understood")
		}
		extra, err := stamps(p)
		if err != nil {
			return nil, err
		}
		for _, s := range extra {
			out = append(out, s.on(start))
		}
	}
	return out, nil
}

// on is the stamp on the wall of another; a date that bounds times is its last second.
func (s stamp) on(other stamp) time.Time {
	switch {
	case s.date && !other.date:
		return s.wall.Add(24*time.Hour - time.Second)
	case s.zone != nil && other.zone != nil:
		return onWall(instant(s.zone, s.wall).In(other.zone))
	default:
		return s.wall
	}
}

func excluded(e event) (out []stamp, err error) {
	for _, p := range e.props["EXDATE"] {
		s, err := stamps(p)
		if err != nil {
			return nil, err
		}
		out = append(out, s...)
	}
	return out, nil
}

// among tells whether a beginning is one of those given; a date means any on that day.
func (s stamp) among(out []stamp) bool {
	for _, o := range out {
		if o.date && o.wall.Format(time.DateOnly) == s.wall.Format(time.DateOnly) || !o.date && o.on(s).Equal(s.wall) {
			return true
		}
	}
	return false
}

func (x *expansion) take(s stamp, lasts time.Duration, title string) error {
	begin, end := s.wall.Add(-14*time.Hour), s.wall.Add(lasts+14*time.Hour) // whatever zone the wall hangs in
	if lasts <= 0 || !end.After(x.from) || !begin.Before(x.to) {
		return nil
	}
	if len(x.busy) >= maxOccurrences {
		return errTooMuch
	}
	x.busy = append(x.busy, calendar.Busy{From: s.moment(), To: s.after(lasts), What: plain(title)})
	return nil
}
