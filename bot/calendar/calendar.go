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
	Absence     = "absence"
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
	// Unseen says which calendars could not be read, or only as they were before; Open is then told without what they say now.
	Unseen []string `json:"unseen,omitempty"`
}

// Calendar judges moments. It is immutable and safe for concurrent use.
type Calendar struct {
	config   Config
	zone     *time.Location
	zones    map[string]*time.Location
	holidays []holiday
	feeds    []feed
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
	v := Verdict{Local: local, Unseen: e.unseen()}
	for _, m := range e.marks(now) {
		v.Reasons = append(v.Reasons, bot.Reason{Code: m.code, Sentence: m.sentence(), Lower: m.lower()})
		v.Friday = v.Friday || m.code == Friday
	}
	v.Open = e.open(now)
	v.Until = e.next(now, func(t time.Time) bool { return e.open(t) != v.Open })
	for i := range v.Reasons {
		if v.Reasons[i].Lower == "" && !v.Until.IsZero() {
			v.Reasons[i].Lower = "wait until " + v.Until.In(e.zone).Format("Mon 2 Jan 15:04")
		}
	}
	return v
}

// Edge returns the first moment after now at which the verdict is another: it opens or closes, or one of its reasons comes or
// goes, as Friday at noon and the eve of a holiday do. It is zero when nothing changes within 400 days.
func (c *Calendar) Edge(now time.Time, service string) time.Time {
	e := c.eyes(service)
	before := e.marks(now)
	return e.next(now, func(t time.Time) bool { return !slices.Equal(before, e.marks(t)) })
}

func clockOf(t time.Time) Clock { return Clock(t.Hour()*60 + t.Minute()) }

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
