package calendar

import (
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/configs/diag"
)

// reference is the Monday from which windows that come back are held against each other, in a year with 29 February.
var reference = time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)

// checkOpenings reports windows that never open since others forbid all of them. Holidays, and dates and freezes against windows
// that come back, take nothing away for ever and are not looked at.
func (c Config) checkOpenings(r *diag.Report) {
	for i, w := range c.Allow {
		for _, service := range append([]string{""}, w.Services...) {
			if (service == "") != (len(w.Services) == 0) {
				continue
			}
			if opens, by := c.opens(&w, service); !opens {
				r.At("allow").Index(i).Faultf("name", "never-opens", "the window %s never opens%s: %s all of it", w.Name, forService(service), covers(by)).
					Suggest("make one of them shorter, or leave one out")
				break
			}
		}
	}
	told := map[string]bool{}
	for i, d := range c.Deny {
		scope := d.Services
		if len(scope) == 0 {
			scope = []string{""}
		}
		for _, service := range scope {
			if told[service] || (service == "" && len(c.Allow) > 0) {
				continue // an open window that is closed for everybody was told where it stands
			}
			if opens, by := c.opensAtAll(service); !opens {
				told[service] = true
				r.At("deny").Index(i).Faultf("name", "never-opens", "nothing is ever open%s: %s all of it", forService(service), covers(by)).
					Suggest("make a closed window shorter, or use a freeze with an end")
			}
		}
	}
}

func forService(service string) string {
	if service == "" {
		return ""
	}
	return " for " + service
}

func covers(names []string) string {
	if len(names) == 1 {
		return names[0] + " forbids"
	}
	return strings.Join(names, " and ") + " together forbid"
}

// opensAtAll tells whether any open window of a service ever opens, or anything where there is none, and what forbids it.
func (c Config) opensAtAll(service string) (bool, []string) {
	var by []string
	none := true
	for _, w := range c.Allow {
		if len(w.Services) > 0 && !slices.Contains(w.Services, service) {
			continue
		}
		none = false
		opens, covering := c.opens(&w, service)
		if opens {
			return true, nil
		}
		by = append(by, covering...)
	}
	if none {
		return c.opens(&Window{}, service)
	}
	slices.Sort(by)
	return false, slices.Compact(by)
}

// opens tells whether a window opens at any time for a service, and if not, what forbids it.
func (c Config) opens(w *Window, service string) (bool, []string) {
	e := &eyes{zone: time.UTC, allow: []*sight{{Window: *w, zone: time.UTC}}}
	long := 8 // a week, and what reaches into the next one
	for _, d := range c.Deny {
		if (len(d.Services) > 0 && !slices.Contains(d.Services, service)) || (len(d.Dates) > 0 && len(w.Dates) == 0) {
			continue
		}
		e.deny = append(e.deny, &sight{Window: d, zone: time.UTC})
		if d.Cron.IsSet() {
			long = 366
		}
	}
	for _, f := range c.Freezes {
		if len(w.Dates) > 0 && (len(f.Services) == 0 || slices.Contains(f.Services, service)) {
			e.freezes = append(e.freezes, f)
		}
	}
	if len(e.deny)+len(e.freezes) == 0 {
		return true, nil
	}
	var by []string
	for _, s := range w.stretches(long) {
		for _, t := range append(e.within(dateOf(s.begin), daysOf(s), e.edges()), s.begin) {
			if t.Before(s.begin) || !t.Before(s.end) || !e.allow[0].at(t) {
				continue
			}
			if e.open(t) {
				return true, nil
			}
			by = append(by, e.forbidding(t)...)
		}
	}
	slices.Sort(by)
	return false, slices.Compact(by)
}

// forbidding names what closes a moment.
func (e *eyes) forbidding(t time.Time) (out []string) {
	for _, d := range e.deny {
		if d.at(t) {
			out = append(out, d.Name)
		}
	}
	for _, f := range e.freezes {
		if f.at(t, e.zone) {
			out = append(out, f.Name)
		}
	}
	return out
}

func daysOf(s span) int { return int(s.end.Sub(s.begin)/(24*time.Hour)) + 2 }

// stretches are the times to look at to know whether a window ever opens: its dates, the first beginnings of its schedule, or some
// days where it comes back by the week.
func (w Window) stretches(days int) (out []span) {
	switch {
	case w.Cron.IsSet():
		for _, begin := range w.Cron.begins(reference.Add(-1), 120) {
			out = append(out, span{begin, begin.Add(w.Lasts)})
		}
	case len(w.Dates) > 0:
		for _, d := range w.Dates {
			begin, end := d.First.utc(), d.Last.utc().AddDate(0, 0, 2) // a window of the last day may reach into the next one
			if most := begin.AddDate(0, 0, horizon); end.After(most) {
				end = most
			}
			out = append(out, span{begin, end})
		}
	default:
		out = append(out, span{reference, reference.AddDate(0, 0, days)})
	}
	return out
}
