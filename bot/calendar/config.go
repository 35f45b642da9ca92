package calendar

import (
	"time"
	_ "time/tzdata" // zones must be known wherever the program runs

	"github.com/firebreak-dev/firebreak/configs/diag"
)

// Config says when changes are welcome. The zero value means always, in UTC.
type Config struct {
	Zone         string            `yaml:"zone" doc:"The zone whose wall clock counts, as Europe/Berlin; UTC when left out."`
	ServiceZones map[string]string `yaml:"service_zones" doc:"Services whose people live in another zone, by name."`
	Allow        []Window          `yaml:"allow" doc:"When changes are welcome; always when left out."`
	Deny         []Window          `yaml:"deny" doc:"When changes are not welcome, even inside an open window."`
	Freezes      []Freeze          `yaml:"freezes" doc:"Stretches of time in which nothing should change."`
	Holidays     []string          `yaml:"holidays" doc:"Countries and states whose public holidays are closed, as de or de-by."`
	FridayFrom   *Clock            `yaml:"friday_from" doc:"From when on Friday counts as the end of the week; 12:00 when left out."`
}

// Window is a stretch of hours that comes back.
type Window struct {
	Name string `yaml:"name" doc:"The name that reasons give."`
	// Days and Dates exclude each other; neither means every day.
	Days  Days    `yaml:"days" doc:"Weekdays, as fri, mon-thu or sat,sun; every day when left out."`
	Dates []Dates `yaml:"dates" doc:"Calendar days instead of weekdays, as 2026-12-24 or 2026-12-24..2027-01-01."`
	From  *Clock  `yaml:"from" doc:"The first minute, as 12:00; midnight when left out."`
	To    *Clock  `yaml:"to" doc:"The minute after the last, as 18:00; midnight when left out. Before from it means the next day."`
	// Services restricts the window; empty means all.
	Services []string `yaml:"services" doc:"The services that it holds for; all when left out."`
}

// Freeze is one stretch of time in which nothing should change.
type Freeze struct {
	Name     string   `yaml:"name" doc:"The name that reasons give."`
	From     Moment   `yaml:"from" doc:"Its beginning, as 2026-12-20 or \"2026-12-20 18:00\"."`
	To       Moment   `yaml:"to" doc:"Its end; a bare date is included."`
	Reason   string   `yaml:"reason" doc:"Why, for the people who are stopped by it."`
	Services []string `yaml:"services" doc:"The services that it holds for; all when left out."`
}

// WithDefaults returns the configuration with UTC and Friday from noon where nothing was said.
func (c Config) WithDefaults() Config {
	if c.Zone == "" {
		c.Zone = "UTC"
	}
	if c.FridayFrom == nil {
		noon := Clock(12 * 60)
		c.FridayFrom = &noon
	}
	return c
}

// Check reports every fault.
func (c Config) Check(r *diag.Report) {
	checkZone(r, "zone", c.Zone)
	for service, zone := range c.ServiceZones {
		checkZone(r.At("service_zones"), service, zone)
	}
	names := map[string]bool{}
	checkWindows(r.At("allow"), c.Allow, names)
	checkWindows(r.At("deny"), c.Deny, names)
	freezes := r.At("freezes")
	for i, f := range c.Freezes {
		at := freezes.Index(i)
		checkName(at, f.Name, names)
		for field, m := range map[string]Moment{"from": f.From, "to": f.To} {
			if !m.IsSet() {
				at.Faultf(field, "missing", "a freeze needs a %s", field).Suggest("write a date such as 2026-12-20")
			}
		}
		if f.From.IsSet() && f.To.IsSet() && !f.From.begin(time.UTC).Before(f.To.end(time.UTC)) {
			at.Faultf("to", "bad-freeze", "the freeze ends before it begins")
		}
	}
	known := Countries()
	for i, country := range c.Holidays {
		r.At("holidays").Index(i).OneOf("", "unknown-country", "country", country, known)
	}
}

// CheckServices reports windows, freezes and zones that name services which do not exist.
func (c Config) CheckServices(r *diag.Report, known []string) {
	check := func(at *diag.Report, names []string) {
		for i, name := range names {
			at.At("services").Index(i).OneOf("", "unknown-service", "service", name, known)
		}
	}
	for i, w := range c.Allow {
		check(r.At("allow").Index(i), w.Services)
	}
	for i, w := range c.Deny {
		check(r.At("deny").Index(i), w.Services)
	}
	for i, f := range c.Freezes {
		check(r.At("freezes").Index(i), f.Services)
	}
	for service := range c.ServiceZones {
		probe := diag.New()
		if !probe.OneOf(service, "unknown-service", "service", service, known) {
			fault := r.At("service_zones").Keyf(service, "unknown-service", "%s", probe.Faults()[0].Message).Allow(known...)
			fault.Fix = probe.Faults()[0].Fix
		}
	}
}

func checkZone(r *diag.Report, field, zone string) {
	if zone == "Local" {
		r.Faultf(field, "unknown-zone", "the zone of the machine is not the zone of a team").Suggest("write an IANA name such as Europe/Berlin")
		return
	}
	if _, err := time.LoadLocation(zone); err != nil {
		r.Faultf(field, "unknown-zone", "unknown zone %q", zone).Suggest("write an IANA name such as Europe/Berlin")
	}
}

func checkWindows(r *diag.Report, windows []Window, names map[string]bool) {
	for i, w := range windows {
		at := r.Index(i)
		checkName(at, w.Name, names)
		if w.Days != 0 && len(w.Dates) > 0 {
			at.Faultf("dates", "bad-window", "a window has days or dates, not both").Suggest("make two windows of it")
		}
		if w.From != nil && w.To != nil && *w.From == *w.To {
			at.Faultf("to", "bad-window", "the window is empty: it ends when it begins").
				Suggest("leave out from and to for the whole day")
		}
		if w.From != nil && *w.From == 24*60 {
			at.Faultf("from", "bad-window", "a window cannot begin at 24:00").Suggest(`write "00:00" and the next day`)
		}
	}
}

func checkName(r *diag.Report, name string, names map[string]bool) {
	switch {
	case name == "":
		r.Faultf("name", "missing", "it needs a name").Suggest("reasons show the name, as friday-afternoon")
	case names[name]:
		r.Faultf("name", "duplicate-name", "the name %q is there twice", name)
	}
	names[name] = true
}
