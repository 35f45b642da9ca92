package calendar

import (
	"fmt"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// The codes of the reasons in a verdict.
const (
	Friday      = "friday"
	OutOfWindow = "out_of_window"
	Frozen      = "freeze"
	Holiday     = "holiday"
	HolidayEve  = "holiday_eve"
)

// Verdict says whether changes are welcome at a moment.
type Verdict struct {
	// Open is true when no window, freeze or holiday speaks against a change.
	Open bool `json:"open"`
	// Friday is true late on a Friday, whether or not that is closed.
	Friday bool `json:"friday"`
	// Local is the moment on the wall clock of the service.
	Local time.Time `json:"local"`
	// Reasons say what speaks against a change now; their weights are left to those who weigh them.
	Reasons []bot.Reason `json:"reasons,omitempty"`
	// Until is when Open changes next; zero when it does not within 400 days.
	Until time.Time `json:"until,omitzero"`
}

// horizon is how far ahead the next change is looked for. A year and a bit finds every holiday.
const horizon = 400

// Calendar judges moments. It is immutable and safe for concurrent use.
type Calendar struct {
	config   Config
	zone     *time.Location
	zones    map[string]*time.Location
	holidays []holiday
}

// New makes a calendar of a configuration that Check accepts.
func New(c Config) (*Calendar, error) {
	c = c.WithDefaults()
	out := &Calendar{config: c, zones: map[string]*time.Location{}}
	var err error
	if out.zone, err = time.LoadLocation(c.Zone); err != nil {
		return nil, fmt.Errorf("calendar: %w", err)
	}
	for service, zone := range c.ServiceZones {
		if out.zones[service], err = time.LoadLocation(zone); err != nil {
			return nil, fmt.Errorf("calendar: %w", err)
		}
	}
	known := calendars()
	for _, country := range c.Holidays {
		rules, ok := known[country]
		if !ok {
			return nil, fmt.Errorf("calendar: unknown country %q", country)
		}
		for _, rule := range rules {
			out.holidays = append(out.holidays, holiday{country, rule})
		}
	}
	return out, nil
}

// Zone returns the zone whose wall clock counts for a service; an empty name asks for the team's own.
func (c *Calendar) Zone(service string) *time.Location {
	if zone, ok := c.zones[service]; ok {
		return zone
	}
	return c.zone
}

// At judges a moment for a service; an empty name asks for what holds for all services.
func (c *Calendar) At(now time.Time, service string) Verdict {
	e := c.eyes(service)
	local := now.In(e.zone)
	v := Verdict{Local: local, Open: true}
	v.Reasons = e.closed(now)
	v.Open = len(v.Reasons) == 0
	v.Until = e.next(now, v.Open)
	if local.Weekday() == time.Friday && clockOf(local) >= *c.config.FridayFrom {
		v.Friday = true
		v.Reasons = append(v.Reasons, bot.Reason{
			Code: Friday, Sentence: "it is " + local.Format("Monday 15:04") + " in " + e.zone.String(), Lower: "land it on Monday",
		})
	}
	if name := e.holiday(dateOf(local).add(1)); name != "" {
		v.Reasons = append(v.Reasons, bot.Reason{
			Code: HolidayEve, Sentence: "tomorrow is " + name, Lower: "land it after the holiday",
		})
	}
	for i := range v.Reasons {
		if v.Reasons[i].Lower == "" && !v.Until.IsZero() {
			v.Reasons[i].Lower = "wait until " + v.Until.In(e.zone).Format("Mon 2 Jan 15:04")
		}
	}
	return v
}

func clockOf(t time.Time) Clock { return Clock(t.Hour()*60 + t.Minute()) }

// eyes look at the calendar for one service. They remember the holidays of the years that they have seen.
type eyes struct {
	zone        *time.Location
	allow, deny []Window
	freezes     []Freeze
	holidays    []holiday
	years       map[int]map[date]string
}

func (c *Calendar) eyes(service string) *eyes {
	holds := func(services []string) bool { return len(services) == 0 || slices.Contains(services, service) }
	e := &eyes{zone: c.Zone(service), holidays: c.holidays, years: map[int]map[date]string{}}
	for _, w := range c.config.Allow {
		if holds(w.Services) {
			e.allow = append(e.allow, w)
		}
	}
	for _, w := range c.config.Deny {
		if holds(w.Services) {
			e.deny = append(e.deny, w)
		}
	}
	for _, f := range c.config.Freezes {
		if holds(f.Services) {
			e.freezes = append(e.freezes, f)
		}
	}
	return e
}

// closed returns what closes a moment.
func (e *eyes) closed(now time.Time) []bot.Reason {
	var out []bot.Reason
	local := now.In(e.zone)
	for _, f := range e.freezes {
		if end := f.To.end(e.zone); !now.Before(f.From.begin(e.zone)) && now.Before(end) {
			sentence := fmt.Sprintf("the freeze %s lasts until %s", f.Name, end.In(e.zone).Format("Mon 2 Jan 15:04"))
			if f.Reason != "" {
				sentence += ": " + f.Reason
			}
			out = append(out, bot.Reason{Code: Frozen, Sentence: sentence})
		}
	}
	for _, w := range e.deny {
		if w.has(local) {
			out = append(out, bot.Reason{
				Code: OutOfWindow, Sentence: fmt.Sprintf("it is %s, inside the closed window %s", local.Format("Mon 15:04"), w.Name),
			})
		}
	}
	if len(e.allow) > 0 && !slices.ContainsFunc(e.allow, func(w Window) bool { return w.has(local) }) {
		out = append(out, bot.Reason{
			Code: OutOfWindow, Sentence: fmt.Sprintf("it is %s, outside every open window", local.Format("Mon 15:04")),
		})
	}
	if name := e.holiday(dateOf(local)); name != "" {
		out = append(out, bot.Reason{Code: Holiday, Sentence: "today is " + name})
	}
	return out
}

// open tells whether nothing closes a moment. It is closed without the sentences, for it is asked for many moments.
func (e *eyes) open(now time.Time) bool {
	local := now.In(e.zone)
	has := func(w Window) bool { return w.has(local) }
	return !slices.ContainsFunc(e.deny, has) && (len(e.allow) == 0 || slices.ContainsFunc(e.allow, has)) &&
		!slices.ContainsFunc(e.freezes, func(f Freeze) bool {
			return !now.Before(f.From.begin(e.zone)) && now.Before(f.To.end(e.zone))
		}) && e.holiday(dateOf(local)) == ""
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

// has tells whether a moment on the wall clock lies in the window.
func (w Window) has(local time.Time) bool {
	from, to := w.span()
	now, today := clockOf(local), dateOf(local)
	if from < to {
		return from <= now && now < to && w.on(today)
	}
	return now >= from && w.on(today) || now < to && w.on(today.add(-1))
}

func (w Window) span() (from, to Clock) {
	to = 24 * 60
	if w.From != nil {
		from = *w.From
	}
	if w.To != nil {
		to = *w.To
	}
	return from, to
}

func (w Window) on(day date) bool {
	if len(w.Dates) > 0 {
		return slices.ContainsFunc(w.Dates, func(d Dates) bool { return d.has(day) })
	}
	return w.Days.Has(day.utc().Weekday())
}
