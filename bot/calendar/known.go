package calendar

import (
	"maps"
	"slices"
	"time"
)

// Means is what an appointment of a calendar means.
type Means string

// The meanings.
const (
	Closed Means = "closed" // changes are not welcome meanwhile
	Absent Means = "away"   // somebody is away meanwhile: a reason, which closes nothing
)

// Busy is an appointment of a calendar.
type Busy struct {
	From, To Moment
	// What is its title, for people.
	What string
}

// Feed is what a calendar of others says.
type Feed struct {
	Name     string
	Means    Means
	Services []string
	Busy     []Busy
	// Problem says why the calendar could not be read now, if it could not; Busy is then what it said before, or nothing.
	Problem string
}

// Known is what is known beside the configuration.
type Known struct {
	// Freezes were started by people; one without To lasts until somebody ends it.
	Freezes []Freeze
	Feeds   []Feed
}

// feed is a calendar of others with its appointments on the wall clocks that count, by the name of the zone.
type feed struct {
	Feed
	spans map[string][]span
}

// With returns a calendar that also knows of freezes and appointments. The receiver stays as it is.
func (c *Calendar) With(known Known) *Calendar {
	out := *c
	out.config.Freezes = slices.Concat(c.config.Freezes, known.Freezes)
	out.feeds = slices.Clone(c.feeds)
	for _, f := range known.Feeds {
		made := feed{f, map[string][]span{}}
		for _, zone := range append(slices.Collect(maps.Values(c.zones)), c.zone) {
			if _, done := made.spans[zone.String()]; done {
				continue
			}
			spans := make([]span, 0, len(f.Busy))
			for _, b := range f.Busy {
				spans = append(spans, span{b.From.begin(zone), b.To.end(zone)})
			}
			made.spans[zone.String()] = merge(spans)
		}
		out.feeds = append(out.feeds, made)
	}
	return &out
}

// what names the first appointment of a moment.
func (f feed) what(now time.Time, zone *time.Location) string {
	for _, b := range f.Busy {
		if !now.Before(b.From.begin(zone)) && now.Before(b.To.end(zone)) {
			if b.What == "" {
				break
			}
			return b.What
		}
	}
	return "an appointment"
}

// at tells whether the freeze holds at a moment.
func (f Freeze) at(now time.Time, zone *time.Location) bool {
	return !now.Before(f.From.begin(zone)) && now.Before(f.To.end(zone))
}

func (f Freeze) lasts(zone *time.Location) string {
	out := "lasts until somebody ends it"
	if f.To.IsSet() {
		out = "lasts until " + f.To.end(zone).In(zone).Format("Mon 2 Jan 15:04")
	}
	if f.Reason != "" {
		out += ": " + f.Reason
	}
	return out
}

// at tells whether somebody is away at a moment.
func (a Away) at(now time.Time, zone *time.Location) bool {
	return !now.Before(a.From.begin(zone)) && now.Before(a.To.end(zone))
}

func (a Away) lasts(zone *time.Location) string {
	out := "until " + a.To.end(zone).In(zone).Format("Mon 2 Jan 15:04")
	if a.Reason != "" {
		out += ": " + a.Reason
	}
	return out
}

// Instant is a moment that is the same everywhere.
func Instant(t time.Time) Moment { return Moment{exact: true, wall: t} }

// Wall is a moment on the wall clock of whoever looks, to the minute; of t only what a clock shows counts.
func Wall(t time.Time) Moment { return Moment{wall: onWall(t)} }
