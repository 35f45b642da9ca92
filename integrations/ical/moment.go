package ical

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot/calendar"
)

// stamp is a time as a calendar writes it: a date, a time on the wall clock of a zone, or on that of whoever looks (zone nil). The
// wall is kept as if it hung in UTC.
type stamp struct {
	wall time.Time
	zone *time.Location
	date bool
}

// moment is the stamp as rules of windows take it.
func (s stamp) moment() calendar.Moment {
	if s.zone == nil {
		return calendar.Wall(s.wall)
	}
	return calendar.Instant(instant(s.zone, s.wall))
}

// after is the stamp a while later: days on the wall for a date, elapsed time for an instant.
func (s stamp) after(d time.Duration) calendar.Moment {
	if s.zone == nil {
		return calendar.Wall(s.wall.Add(d))
	}
	return calendar.Instant(instant(s.zone, s.wall).Add(d))
}

// instant is when a wall clock shows a time: the first of two; and where the clock is put over it, what the clock would have shown
// without (RFC 5545, 3.3.5).
func instant(zone *time.Location, wall time.Time) time.Time {
	try := func(around time.Duration) (time.Time, bool) {
		_, offset := wall.Add(around).In(zone).Zone()
		t := wall.Add(-time.Duration(offset) * time.Second).In(zone)
		return t, onWall(t).Equal(wall)
	}
	before, shown := try(-24 * time.Hour)
	if shown {
		return before
	}
	if after, shown := try(24 * time.Hour); shown {
		return after
	}
	return before
}

func onWall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// stamps reads a property that holds one or more times.
func stamps(p property) ([]stamp, error) {
	var out []stamp
	for text := range strings.SplitSeq(p.value, ",") {
		s, err := readStamp(text, p.params["TZID"])
		if err != nil {
			return nil, err
		}
		if out = append(out, s); len(out) > maxOccurrences {
			return nil, fmt.Errorf("%s has more than %d times", p.name, maxOccurrences)
		}
	}
	return out, nil
}

func readStamp(text, tzid string) (stamp, error) {
	text = strings.TrimSpace(text)
	if wall, err := time.Parse("20060102", text); err == nil {
		return bounded(stamp{wall: wall, date: true})
	}
	zone, err := zoneOf(tzid)
	if err != nil {
		return stamp{}, err
	}
	text, utc := strings.CutSuffix(text, "Z")
	if utc {
		zone = time.UTC
	}
	wall, err := time.Parse("20060102T150405", text)
	if err != nil {
		return stamp{}, fmt.Errorf("%q is not a time such as 20261124T090000Z", text)
	}
	return bounded(stamp{wall: wall, zone: zone})
}

// bounded refuses years that nobody means; they would only cost time.
func bounded(s stamp) (stamp, error) {
	if y := s.wall.Year(); y < 1970 || y > 2200 {
		return stamp{}, fmt.Errorf("the year %d is not one of an appointment", y)
	}
	return s, nil
}

// zoneOf knows the zones of the database, also behind a prefix, and the names that Outlook gives to those of most offices.
func zoneOf(tzid string) (*time.Location, error) {
	if tzid == "" {
		return nil, nil //nolint:nilnil // no zone is the zone of whoever looks
	}
	name := tzid
	if iana, known := outlookZones()[tzid]; known {
		name = iana
	}
	if strings.HasPrefix(name, "/") { // "/mozilla.org/20050126_1/Europe/Berlin"
		if parts := strings.Split(strings.Trim(name, "/"), "/"); len(parts) > 2 {
			name = strings.Join(parts[len(parts)-2:], "/")
		}
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, fmt.Errorf("the zone %q is not known", plain(tzid))
	}
	return zone, nil
}

// outlookZones are Windows' names of zones (Unicode CLDR, windowsZones, territory 001).
func outlookZones() map[string]string {
	return map[string]string{
		"UTC": "UTC", "GMT Standard Time": "Europe/London", "Greenwich Standard Time": "Atlantic/Reykjavik",
		"W. Europe Standard Time": "Europe/Berlin", "Central Europe Standard Time": "Europe/Budapest", "Romance Standard Time": "Europe/Paris",
		"Central European Standard Time": "Europe/Warsaw", "GTB Standard Time": "Europe/Bucharest", "FLE Standard Time": "Europe/Kyiv",
		"Turkey Standard Time": "Europe/Istanbul", "Israel Standard Time": "Asia/Jerusalem", "Russian Standard Time": "Europe/Moscow",
		"Arabian Standard Time": "Asia/Dubai", "India Standard Time": "Asia/Kolkata", "Singapore Standard Time": "Asia/Singapore",
		"China Standard Time": "Asia/Shanghai", "Tokyo Standard Time": "Asia/Tokyo", "Korea Standard Time": "Asia/Seoul",
		"AUS Eastern Standard Time": "Australia/Sydney", "New Zealand Standard Time": "Pacific/Auckland",
		"South Africa Standard Time": "Africa/Johannesburg", "E. South America Standard Time": "America/Sao_Paulo",
		"Argentina Standard Time": "America/Buenos_Aires", "Eastern Standard Time": "America/New_York",
		"Central Standard Time": "America/Chicago", "Mountain Standard Time": "America/Denver", "US Mountain Standard Time": "America/Phoenix",
		"Pacific Standard Time": "America/Los_Angeles", "Alaskan Standard Time": "America/Anchorage", "Hawaiian Standard Time": "Pacific/Honolulu",
	}
}

// duration reads the durations of RFC 5545, as P1DT2H or P2W. A day is 24 hours.
func duration(text string) (time.Duration, error) {
	wrong := fmt.Errorf("%q is not a duration such as PT1H30M", plain(text))
	rest, ok := strings.CutPrefix(strings.TrimPrefix(text, "+"), "P")
	if !ok || rest == "" {
		return 0, wrong
	}
	var out time.Duration
	digits := ""
	units := map[rune]time.Duration{'W': 7 * 24 * time.Hour, 'D': 24 * time.Hour, 'H': time.Hour, 'M': time.Minute, 'S': time.Second}
	for _, r := range rest {
		switch unit, known := units[r]; {
		case r >= '0' && r <= '9' && len(digits) < 6:
			digits += string(r)
		case r == 'T' && digits == "":
		case known && digits != "":
			n, err := strconv.Atoi(digits)
			if err != nil {
				return 0, wrong
			}
			if out += time.Duration(n) * unit; out > maxLength {
				return 0, fmt.Errorf("it lasts longer than %d days", maxLength/(24*time.Hour))
			}
			digits = ""
		default:
			return 0, wrong
		}
	}
	if digits != "" {
		return 0, wrong
	}
	return out, nil
}
