package calendar

import (
	"time"

	"github.com/firebreak-dev/firebreak/configs/diag"
)

// Check reports every fault.
func (c Config) Check(r *diag.Report) {
	CheckZone(r, "zone", c.Zone)
	for service, zone := range c.ServiceZones {
		CheckZone(r.At("service_zones"), service, zone)
	}
	before, names := r.Len(), map[string]bool{}
	checkWindows(r.At("allow"), c.Allow, names)
	checkWindows(r.At("deny"), c.Deny, names)
	for i, f := range c.Freezes {
		at := r.At("freezes").Index(i)
		checkName(at, f.Name, names)
		checkStretch(at, "freeze", f.From, f.To)
	}
	for i, a := range c.Absences {
		at := r.At("absences").Index(i)
		if a.Who == "" {
			at.Faultf("who", "missing", "an absence needs somebody who is away").Suggest("reasons show the name, as ana")
		}
		checkStretch(at, "absence", a.From, a.To)
	}
	if r.Len() == before {
		c.checkOpenings(r) // what is no window cannot be held against another
	}
	known := Countries()
	for i, country := range c.Holidays {
		r.At("holidays").Index(i).OneOf("", "unknown-country", "country", country, known)
	}
}

// checkStretch reports a stretch of time without begin or end, or with both the wrong way round.
func checkStretch(at *diag.Report, what string, from, to Moment) {
	for _, m := range []struct {
		field string
		Moment
	}{{"from", from}, {"to", to}} {
		if !m.IsSet() {
			at.Faultf(m.field, "missing", "the %s needs a %s", what, m.field).Suggest("write a date such as 2026-12-20")
		}
	}
	if from.IsSet() && to.IsSet() && !from.begin(time.UTC).Before(to.end(time.UTC)) {
		at.Faultf("to", "bad-"+what, "the %s ends before it begins", what)
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
	for i, a := range c.Absences {
		check(r.At("absences").Index(i), a.Services)
	}
	for service := range c.ServiceZones {
		checkKey(r.At("service_zones"), service, known)
	}
	for service := range c.ServiceFridays {
		checkKey(r.At("service_fridays"), service, known)
	}
}

func checkKey(r *diag.Report, service string, known []string) {
	probe := diag.New()
	if !probe.OneOf(service, "unknown-service", "service", service, known) {
		fault := r.Keyf(service, "unknown-service", "%s", probe.Faults()[0].Message).Allow(known...)
		fault.Fix = probe.Faults()[0].Fix
	}
}

// CheckZone reports a zone that there is not.
func CheckZone(r *diag.Report, field, zone string) {
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
		checkSchedule(at, w)
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

// checkSchedule reports a schedule that is no window, or one beside what it stands for.
func checkSchedule(at *diag.Report, w Window) {
	if !w.Cron.IsSet() {
		if w.Lasts != 0 {
			at.Faultf("lasts", "bad-window", "lasts is for windows that begin by cron").Suggest("write to for the minute after the last")
		}
		return
	}
	if w.Days != 0 || len(w.Dates) > 0 || w.From != nil || w.To != nil {
		at.Faultf("cron", "bad-window", "a window has cron and lasts, or days, dates, from and to; not both").Suggest("make two windows of it")
	}
	switch {
	case w.Lasts == 0:
		at.Faultf("lasts", "missing", "a window by cron needs how long it lasts").Suggest("write lasts: 8h")
		return
	case w.Lasts < leastLasts || w.Lasts > mostLasts:
		at.Faultf("lasts", "bad-window", "a window lasts between 1m and 31d, not %s", w.Lasts)
		return
	}
	begins := w.Cron.begins(reference, 300)
	if len(begins) == 0 {
		at.Faultf("cron", "never-opens", "%q never comes: there is no such day", w.Cron.text).Suggest("look at the day and the month")
	}
	for i := 1; i < len(begins); i++ {
		if begins[i].Sub(begins[i-1]) < leastApart {
			at.Faultf("cron", "bad-window", "%q begins again within %s", w.Cron.text, leastApart).
				Suggest("let it begin once and write how long it lasts")
			return
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
