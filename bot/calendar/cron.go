package calendar

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Schedule says when windows begin, in the five fields of cron. Its times are those of a wall clock: each begins one window, on
// the days too on which the clock is put over that time or shows it twice.
type Schedule struct {
	text string
	spec *cron.SpecSchedule
}

// UnmarshalText reads "0 9 * * mon-fri", or a word as "@daily". A zone within it is refused: the calendar has one.
func (s *Schedule) UnmarshalText(text []byte) error {
	t := strings.TrimSpace(string(text))
	if len(t) > 200 || strings.Contains(t, "TZ=") || strings.HasPrefix(t, "@every") {
		return fmt.Errorf("%q is not a schedule of five fields such as \"0 9 * * mon-fri\"; its zone is the calendar's own", text)
	}
	parsed, err := cron.ParseStandard(t)
	if err != nil {
		return fmt.Errorf("%q is not a schedule of five fields such as \"0 9 * * mon-fri\": %w", text, err)
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return fmt.Errorf("%q is not a schedule on the wall clock; write five fields such as \"0 9 * * mon-fri\"", text)
	}
	spec.Location = time.UTC // a wall clock that hangs in UTC has no doubled hours; once() puts it where it belongs
	*s = Schedule{t, spec}
	return nil
}

// MarshalText writes what was read.
func (s Schedule) MarshalText() ([]byte, error) { return []byte(s.text), nil }

// IsSet tells whether anything was given.
func (s Schedule) IsSet() bool { return s.spec != nil }

// Bounds of a schedule's windows: what is outside is meant otherwise.
const (
	leastLasts = time.Minute
	mostLasts  = 31 * 24 * time.Hour
	leastApart = 5 * time.Minute
)

// occurrences lists the merged stretches of a schedule that touch [from, to).
func (w Window) occurrences(zone *time.Location, from, to time.Time) []span {
	const slack = 26 * time.Hour // a wall clock was never put over more than a day
	last := onWall(to.In(zone)).Add(slack)
	var out []span
	for wall := w.Cron.spec.Next(onWall(from.In(zone)).Add(-w.Lasts - slack)); !wall.IsZero() && wall.Before(last); wall = w.Cron.spec.Next(wall) {
		begin := once(zone, wall)
		if end := begin.Add(w.Lasts); end.After(from) && begin.Before(to) {
			out = append(out, span{begin, end})
		}
	}
	return merge(out)
}

// begins lists the first n beginnings of a schedule after a time on the wall.
func (s Schedule) begins(wall time.Time, n int) (out []time.Time) {
	for range n {
		if wall = s.spec.Next(wall); wall.IsZero() {
			break
		}
		out = append(out, wall)
	}
	return out
}
