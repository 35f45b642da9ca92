package calendar

import (
	"fmt"
	"slices"
	"time"
)

// eyes look at the calendar for one service. They remember the holidays of the years that they have seen, and the occurrences of
// schedules near the moments that they were asked for.
type eyes struct {
	zone        *time.Location
	friday      Clock
	allow, deny []*sight
	freezes     []Freeze
	absences    []Away
	feeds       []feed
	holidays    []holiday
	years       map[int]map[date]string
}

// sight is a window as it is looked at: one with a schedule is a list of stretches, which is made where it is needed.
type sight struct {
	Window
	zone     *time.Location
	from, to time.Time
	spans    []span
}

func (c *Calendar) eyes(service string) *eyes {
	holds := func(services []string) bool { return len(services) == 0 || slices.Contains(services, service) }
	e := &eyes{zone: c.Zone(service), friday: c.friday(service), holidays: c.holidays, years: map[int]map[date]string{}}
	sights := func(windows []Window) (out []*sight) {
		for _, w := range windows {
			if holds(w.Services) {
				out = append(out, &sight{Window: w, zone: e.zone})
			}
		}
		return out
	}
	e.allow, e.deny = sights(c.config.Allow), sights(c.config.Deny)
	for _, f := range c.config.Freezes {
		if holds(f.Services) {
			e.freezes = append(e.freezes, f)
		}
	}
	for _, a := range c.config.Absences {
		if holds(a.Services) {
			e.absences = append(e.absences, a)
		}
	}
	for _, f := range c.feeds {
		if holds(f.Services) {
			e.feeds = append(e.feeds, f)
		}
	}
	return e
}

func (c *Calendar) friday(service string) Clock {
	if from, ok := c.config.ServiceFridays[service]; ok {
		return from
	}
	return *c.config.FridayFrom
}

// at tells whether a moment lies in the window.
func (s *sight) at(now time.Time) bool {
	if !s.Cron.IsSet() {
		return s.has(now.In(s.zone))
	}
	if now.Before(s.from) || !now.Before(s.to) {
		s.look(now.Add(-time.Hour), now.Add(time.Hour)) // one moment; next looks further by itself
	}
	return spanAt(s.spans, now)
}

// look makes the stretches of a schedule between two moments.
func (s *sight) look(from, to time.Time) {
	s.from, s.to, s.spans = from, to, s.occurrences(s.zone, from, to)
}

// mark is one thing that speaks against a moment. Two moments with equal marks have the same verdict.
type mark struct {
	code, name, why string
	// zone is for sentences that tell the time.
	zone *time.Location
}

// marks returns what speaks against a moment: first what closes it, then what is only told.
func (e *eyes) marks(now time.Time) []mark {
	var out []mark
	add := func(code, name, why string) { out = append(out, mark{code, name, why, e.zone}) }
	local := now.In(e.zone)
	today := dateOf(local)
	for _, f := range e.freezes {
		if f.at(now, e.zone) {
			add(Frozen, f.Name, f.lasts(e.zone))
		}
	}
	for _, w := range e.deny {
		if w.at(now) {
			add(OutOfWindow, w.Name, "")
		}
	}
	for _, f := range e.feeds {
		if f.Means != Absent && spanAt(f.spans[e.zone.String()], now) {
			add(OutOfWindow, f.Name, f.what(now, e.zone))
		}
	}
	if len(e.allow) > 0 && !slices.ContainsFunc(e.allow, func(w *sight) bool { return w.at(now) }) {
		add(OutOfWindow, "", "")
	}
	if name := e.holiday(today); name != "" {
		add(Holiday, name, "")
	}
	if local.Weekday() == time.Friday && clockOf(local) >= e.friday {
		add(Friday, "", e.friday.String())
	}
	if name := e.holiday(today.add(1)); name != "" {
		add(HolidayEve, name, "")
	}
	for _, a := range e.absences {
		if a.at(now, e.zone) {
			add(Absence, a.Who, a.lasts(e.zone))
		}
	}
	for _, f := range e.feeds {
		if f.Means == Absent && spanAt(f.spans[e.zone.String()], now) {
			add(Absence, f.what(now, e.zone), "says the calendar "+f.Name)
		}
	}
	return out
}

// sentence words a mark. It says nothing that changes from minute to minute: as long as a mark holds, so does its sentence.
func (m mark) sentence() string {
	switch m.code {
	case Frozen:
		return fmt.Sprintf("the freeze %s %s", m.name, m.why)
	case Holiday:
		return "today is " + m.name
	case HolidayEve:
		return "tomorrow is " + m.name
	case Friday:
		return "it is Friday after " + m.why + " in " + m.zone.String()
	case Absence:
		return fmt.Sprintf("away: %s, %s", m.name, m.why)
	}
	switch {
	case m.name == "":
		return "it is outside every open window"
	case m.why != "":
		return fmt.Sprintf("the calendar %s has %s", m.name, m.why)
	default:
		return "it is inside the closed window " + m.name
	}
}

// lower says what would lift a mark that time alone does not lift by opening.
func (m mark) lower() string {
	switch m.code {
	case Friday:
		return "land it on Monday"
	case HolidayEve:
		return "land it after the holiday"
	case Absence:
		return "land it when they are back, or name who stands in"
	default:
		return ""
	}
}

// open tells whether nothing closes a moment. It has no words, for it is asked for many moments.
func (e *eyes) open(now time.Time) bool {
	in := func(w *sight) bool { return w.at(now) }
	return !slices.ContainsFunc(e.deny, in) && (len(e.allow) == 0 || slices.ContainsFunc(e.allow, in)) &&
		!slices.ContainsFunc(e.freezes, func(f Freeze) bool { return f.at(now, e.zone) }) &&
		!slices.ContainsFunc(e.feeds, func(f feed) bool { return f.Means != Absent && spanAt(f.spans[e.zone.String()], now) }) &&
		e.holiday(dateOf(now.In(e.zone))) == ""
}

func (e *eyes) holiday(day date) string {
	if len(e.holidays) == 0 {
		return ""
	}
	days, ok := e.years[day.year]
	if !ok {
		days = off(e.holidays, day.year)
		e.years[day.year] = days
	}
	return days[day]
}

// unseen lists what the calendars could not tell.
func (e *eyes) unseen() (out []string) {
	for _, f := range e.feeds {
		if f.Problem != "" {
			out = append(out, fmt.Sprintf("the calendar %s: %s", f.Name, f.Problem))
		}
	}
	return out
}
