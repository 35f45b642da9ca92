package pagerduty

import (
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot/calendar"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
)

// Hours are when people are at work. What is no page then is worth their attention at once, and can wait otherwise. PagerDuty makes high
// urgency of the severities critical and error, and low urgency of warning and info, for services whose urgency follows the severity.
type Hours struct {
	Zone     string          `yaml:"zone" doc:"the zone whose wall clock counts, as Europe/Berlin; UTC when left out"`
	Days     calendar.Days   `yaml:"days" doc:"weekdays, as mon-fri; every day when left out"`
	From     *calendar.Clock `yaml:"from" doc:"the first minute, as 09:00; midnight when left out"`
	To       *calendar.Clock `yaml:"to" doc:"the minute after the last, as 18:00; midnight when left out"`
	Holidays []string        `yaml:"holidays" doc:"countries and states whose public holidays nobody works on, as de or de-by"`
}

// Said tells whether there are any; without any the severity alone decides.
func (h Hours) Said() bool {
	return h.Zone != "" || h.Days != 0 || h.From != nil || h.To != nil || len(h.Holidays) > 0
}

// Check reports every fault.
func (h Hours) Check(r *diag.Report) {
	calendar.CheckZone(r, "zone", h.Zone)
	if h.From != nil && h.To != nil && *h.From == *h.To {
		r.Faultf("to", "bad-window", "the hours end when they begin").Suggest("leave both out for whole days")
	}
	known := calendar.Countries()
	for i, country := range h.Holidays {
		r.At("holidays").Index(i).OneOf("", "unknown-country", "country", country, known)
	}
}

// Hold tells whether it is within them.
func (h Hours) Hold(now time.Time) bool {
	c, err := calendar.New(calendar.Config{
		Zone: h.Zone, Holidays: slices.Clone(h.Holidays),
		Allow: []calendar.Window{{Name: "support hours", Days: h.Days, From: h.From, To: h.To}},
	})
	return err != nil || c.At(now, "").Open // hours that cannot be read were refused at load; louder is the safe side
}

// loudness is the severity that PagerDuty is told: by ours, and by whether people are at work.
func (h Hours) loudness(now time.Time, s detectors.Severity) string {
	if s == detectors.Ticket && h.Said() && h.Hold(now) {
		return "error"
	}
	return severityOf(s)
}

// hoursOf are the support hours of a service.
func (c *Client) hoursOf(service string) Hours {
	if own, said := c.hours[service]; said {
		return own
	}
	return c.config.SupportHours
}

// urgency is how loud PagerDuty is for a service, in words; empty where it does not say.
func (s serviceOfREST) urgency() string {
	rule := s.Urgency
	switch {
	case rule.Type == "use_support_hours":
		return "by its support hours there"
	case rule.Urgency == "severity_based":
		return "by severity"
	case rule.Urgency != "":
		return "always " + rule.Urgency
	default:
		return ""
	}
}
