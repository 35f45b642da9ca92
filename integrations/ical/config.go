package ical

import (
	"net/url"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot/calendar"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
)

// Config is the calendars section of the configuration.
type Config []Calendar

// Calendar is one calendar that others keep: a file or an address.
type Calendar struct {
	// Name is the name that reasons give.
	Name string `yaml:"name" doc:"the name that reasons give"`
	// URL is where it is fetched, by https, http or webcal. It is a secret.
	URL secret.Value `yaml:"url" doc:"where it is fetched; url or file"`
	// File is relative to the configuration's folder.
	File string `yaml:"file" doc:"a file with it, relative to this one; url or file"`
	// Means is what its appointments mean: closed, or away.
	Means calendar.Means `yaml:"means" doc:"what its appointments mean: that changes are not welcome, or that somebody is away; closed when left out" enum:"closed,away"`
	// Services restricts it; empty means all.
	Services []string `yaml:"services" doc:"the services that it holds for; all when left out"`
	// Every is how often it is read: an hour when left out.
	Every time.Duration `yaml:"every" doc:"how often it is read; 1h when left out"`
}

const (
	defaultEvery = time.Hour
	leastEvery   = time.Minute
	mostEvery    = 7 * 24 * time.Hour
)

func (c Calendar) withDefaults() Calendar {
	if c.Means == "" {
		c.Means = calendar.Closed
	}
	if c.Every == 0 {
		c.Every = defaultEvery
	}
	return c
}

// Check reports every fault.
func (c Config) Check(r *diag.Report) {
	names := map[string]bool{}
	for i, cal := range c {
		at := r.Index(i)
		switch {
		case cal.Name == "":
			at.Faultf("name", "missing", "a calendar needs a name").Suggest("reasons show the name, as company-events")
		case names[cal.Name]:
			at.Faultf("name", "duplicate-name", "the name %q is there twice", cal.Name)
		}
		names[cal.Name] = true
		switch {
		case cal.URL.IsSet() == (cal.File != ""):
			at.Faultf("url", "missing", "a calendar has a url or a file, one of them")
		case cal.URL.IsSet() && address(cal.URL) == "":
			at.Faultf("url", "bad-url", "the address is not one of https, http or webcal")
		}
		cal = cal.withDefaults()
		at.OneOf("means", "bad-value", "meaning", string(cal.Means), []string{string(calendar.Closed), string(calendar.Absent)})
		if cal.Every < leastEvery || cal.Every > mostEvery {
			at.Faultf("every", "bad-value", "a calendar is read every 1m to 7d, not every %s", cal.Every)
		}
	}
}

// CheckServices reports calendars that name services which do not exist.
func (c Config) CheckServices(r *diag.Report, known []string) {
	for i, cal := range c {
		for j, name := range cal.Services {
			r.Index(i).At("services").Index(j).OneOf("", "unknown-service", "service", name, known)
		}
	}
}

// address is what is asked for, empty where it is no address.
func address(value secret.Value) string {
	text := value.Reveal()
	if rest, found := strings.CutPrefix(text, "webcal://"); found {
		text = "https://" + rest
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return ""
	}
	return text
}
