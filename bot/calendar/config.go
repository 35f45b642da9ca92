package calendar

import (
	"time"
	_ "time/tzdata" // zones must be known wherever the program runs
)

// Config says when changes are welcome. The zero value means always, in UTC.
type Config struct {
	Zone         string            `yaml:"zone" doc:"The zone whose wall clock counts, as Europe/Berlin; UTC when left out."`
	ServiceZones map[string]string `yaml:"service_zones" doc:"Services whose people live in another zone, by name."`
	Allow        []Window          `yaml:"allow" doc:"When changes are welcome; always when left out."`
	Deny         []Window          `yaml:"deny" doc:"When changes are not welcome, even inside an open window."`
	Freezes      []Freeze          `yaml:"freezes" doc:"Stretches of time in which nothing should change."`
	Holidays     []string          `yaml:"holidays" doc:"Countries and states whose public holidays are closed, as de or de-by."`
	Absences     []Away            `yaml:"absences" doc:"Stretches of time in which people who are needed are away; told as a reason, closing nothing."`
	// ServiceFridays are before FridayFrom for the services that are named.
	ServiceFridays map[string]Clock `yaml:"service_fridays" doc:"From when on Friday counts as the end of the week for a service, by name."`
	FridayFrom     *Clock           `yaml:"friday_from" doc:"From when on Friday counts as the end of the week; 12:00 when left out."`
}

// Window is a stretch of hours that comes back.
type Window struct {
	Name string `yaml:"name" doc:"The name that reasons give."`
	// Days and Dates exclude each other; neither means every day.
	Days  Days    `yaml:"days" doc:"Weekdays, as fri, mon-thu or sat,sun; every day when left out."`
	Dates []Dates `yaml:"dates" doc:"Calendar days instead of weekdays, as 2026-12-24 or 2026-12-24..2027-01-01."`
	From  *Clock  `yaml:"from" doc:"The first minute, as 12:00; midnight when left out."`
	To    *Clock  `yaml:"to" doc:"The minute after the last, as 18:00; midnight when left out. Before from it means the next day."`
	// Cron and Lasts stand instead of days, dates, from and to.
	Cron  Schedule      `yaml:"cron" doc:"When it begins, in the five fields of cron on the wall clock, as \"0 9 * * mon-fri\"; with lasts, instead of days, dates, from and to."`
	Lasts time.Duration `yaml:"lasts" doc:"How long it is open or closed from each beginning of cron on, between 1m and 31d."`
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

// Away is one stretch of time in which somebody who is needed is not there.
type Away struct {
	Who      string   `yaml:"who" doc:"Who is away, as the people know them."`
	From     Moment   `yaml:"from" doc:"Its beginning, as 2026-12-20 or \"2026-12-20 18:00\"."`
	To       Moment   `yaml:"to" doc:"Its end; a bare date is included."`
	Reason   string   `yaml:"reason" doc:"What is missing meanwhile, as \"nobody is on call at night\"."`
	Services []string `yaml:"services" doc:"The services that they are needed for; all when left out."`
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
