package calendar

import (
	"fmt"
	"strings"
	"time"
)

// dayLong is a day in minutes.
const dayLong = 24 * 60

// Clock is a time of day in minutes since midnight, 0 to 1440 ("24:00").
type Clock int

// UnmarshalText reads "HH:MM".
func (c *Clock) UnmarshalText(text []byte) error {
	var h, m int
	if n, err := fmt.Sscanf(string(text), "%d:%d", &h, &m); err != nil || n != 2 ||
		len(text) != 5 || h < 0 || h > 24 || m < 0 || m > 59 || h == 24 && m > 0 {
		return fmt.Errorf("%q is not a time of day such as \"09:30\"", text)
	}
	*c = Clock(h*60 + m)
	return nil
}

// MarshalText writes "HH:MM".
func (c Clock) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// String is "HH:MM".
func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

// Days is a set of weekdays, one bit each with Sunday the lowest. The empty set means every day.
type Days uint8

const dayNames = "sun mon tue wed thu fri sat"

// UnmarshalText reads "fri", "mon-thu", "sat,sun" or a mix of them.
func (d *Days) UnmarshalText(text []byte) error {
	var out Days
	for part := range strings.SplitSeq(string(text), ",") {
		first, last, ranged := strings.Cut(strings.ToLower(strings.TrimSpace(part)), "-")
		if !ranged {
			last = first
		}
		from, ok := dayIndex(first)
		to, alsoOK := dayIndex(last)
		if !ok || !alsoOK {
			return fmt.Errorf("%q are not days; write them as fri, mon-thu or sat,sun", text)
		}
		for i := from; ; i = (i + 1) % 7 {
			out |= 1 << i
			if i == to {
				break
			}
		}
	}
	*d = out
	return nil
}

func dayIndex(name string) (int, bool) {
	for i, known := range strings.Fields(dayNames) {
		if known == name {
			return i, true
		}
	}
	return 0, false
}

// MarshalText writes the days one by one, as "mon,tue".
func (d Days) MarshalText() ([]byte, error) {
	var out []string
	for i, name := range strings.Fields(dayNames) {
		if d&(1<<i) != 0 {
			out = append(out, name)
		}
	}
	return []byte(strings.Join(out, ",")), nil
}

// Has tells whether the set holds a weekday; the empty set holds them all.
func (d Days) Has(day time.Weekday) bool { return d == 0 || d&(1<<day) != 0 }

// Dates is a range of calendar days, both ends included.
type Dates struct{ First, Last date }

// date is a day of the calendar in no zone; its order is that of its number.
type date struct {
	year  int
	month time.Month
	day   int
}

func dateOf(t time.Time) date {
	y, m, d := t.Date()
	return date{y, m, d}
}

func (d date) number() int { return (d.year*100+int(d.month))*100 + d.day }

// add moves by days. It counts in UTC, where every day exists.
func (d date) add(days int) date { return dateOf(d.utc().AddDate(0, 0, days)) }

func (d date) utc() time.Time { return time.Date(d.year, d.month, d.day, 0, 0, 0, 0, time.UTC) }

func (d date) String() string { return d.utc().Format(time.DateOnly) }

func parseDate(s string) (date, error) {
	t, err := time.Parse(time.DateOnly, strings.TrimSpace(s))
	return dateOf(t), err
}

// UnmarshalText reads "2026-12-24" or "2026-12-24..2027-01-01".
func (d *Dates) UnmarshalText(text []byte) error {
	first, last, ranged := strings.Cut(string(text), "..")
	if !ranged {
		last = first
	}
	from, err := parseDate(first)
	to, err2 := parseDate(last)
	if err != nil || err2 != nil {
		return fmt.Errorf("%q is not a date such as 2026-12-24 or 2026-12-24..2027-01-01", text)
	}
	if to.number() < from.number() {
		return fmt.Errorf("%q ends before it begins", text)
	}
	*d = Dates{from, to}
	return nil
}

// MarshalText writes the form that UnmarshalText reads.
func (d Dates) MarshalText() ([]byte, error) {
	if d.First == d.Last {
		return []byte(d.First.String()), nil
	}
	return []byte(d.First.String() + ".." + d.Last.String()), nil
}

func (d Dates) has(day date) bool {
	return d.First.number() <= day.number() && day.number() <= d.Last.number()
}

// Moment is a date, a date with a time, or an instant. Without an offset it is meant on the wall clock of the service.
type Moment struct {
	// whole is set for a bare date, exact for text with an offset.
	whole, exact bool
	wall         time.Time
}

// UnmarshalText reads "2026-12-24", "2026-12-24 18:00" or "2026-12-24T18:00:00+01:00".
func (m *Moment) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		*m = Moment{whole: true, wall: t}
		return nil
	}
	if t, err := time.Parse("2006-01-02 15:04", s); err == nil {
		*m = Moment{wall: t}
		return nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		*m = Moment{exact: true, wall: t}
		return nil
	}
	return fmt.Errorf("%q is not a date such as 2026-12-24, \"2026-12-24 18:00\" or 2026-12-24T18:00:00+01:00", text)
}

// MarshalText writes the form that UnmarshalText reads.
func (m Moment) MarshalText() ([]byte, error) {
	switch {
	case m.wall.IsZero():
		return nil, nil
	case m.exact:
		return []byte(m.wall.Format(time.RFC3339)), nil
	case m.whole:
		return []byte(m.wall.Format(time.DateOnly)), nil
	default:
		return []byte(m.wall.Format("2006-01-02 15:04")), nil
	}
}

// IsSet tells whether anything was given.
func (m Moment) IsSet() bool { return !m.wall.IsZero() }

// begin is the instant that the moment means in a zone; a bare date is its first one.
func (m Moment) begin(zone *time.Location) time.Time {
	if m.exact {
		return m.wall
	}
	return once(zone, onWall(m.wall))
}

// end is the first instant after the moment, where it closes a range: a bare date counts whole.
func (m Moment) end(zone *time.Location) time.Time {
	if !m.IsSet() {
		return time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC) // nobody said when
	}
	if m.whole {
		return Moment{wall: m.wall.AddDate(0, 0, 1)}.begin(zone)
	}
	return m.begin(zone)
}
