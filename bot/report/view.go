package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// View is everything that an incident's card and report are made from.
type View struct {
	Incident bot.Incident
	// Entries is the timeline, oldest first.
	Entries []bot.Entry
	// Services is the service map by name; it tells who owns what.
	Services map[string]bot.Service
	// Approvals are the questions of the incident's runs, answered or not.
	Approvals []bot.Approval
	Now       time.Time
	// BaseURL is where the pages are served, without a slash at its end; empty leaves out the link.
	BaseURL string
	// Zone is the zone in which times are told, UTC when nil. Every time says its zone.
	Zone *time.Location
}

func (v View) zone() *time.Location {
	if v.Zone == nil {
		return time.UTC
	}
	return v.Zone
}

// url is the address of the incident's page.
func (v View) url() string {
	if v.BaseURL == "" {
		return ""
	}
	return strings.TrimRight(v.BaseURL, "/") + "/incidents/" + v.Incident.ID
}

// clock tells a time of day with its zone, and the day where that is not the reader's.
func (v View) clock(t time.Time) string {
	local := t.In(v.zone())
	layout := "15:04 "
	if local.Format("2006-01-02") != v.Now.In(v.zone()).Format("2006-01-02") {
		layout = "2 Jan 15:04 "
	}
	return local.Format(layout) + zoneName(local)
}

// zoneName is the zone's abbreviation, or its offset where it has none.
func zoneName(t time.Time) string {
	name, _ := t.Zone()
	if name == "" || name[0] == '+' || name[0] == '-' {
		return "UTC" + t.Format("-07:00")
	}
	return name
}

// began tells the onset with half of its interval, else when the incident was opened.
func (v View) began() string {
	o := v.Incident.Onset
	if o.IsZero() {
		return v.clock(v.Incident.OpenedAt)
	}
	s := v.clock(o.At)
	if half := o.Latest.Sub(o.Earliest) / 2; half >= 30*time.Second {
		s += " ±" + Span(half)
	}
	return s
}

// beganAt is the onset, else when the incident was opened.
func (v View) beganAt() time.Time {
	if o := v.Incident.Onset; !o.IsZero() {
		return o.At
	}
	return v.Incident.OpenedAt
}

// Span tells a duration in plain words, rounded to what matters: "40 s", "12 min", "3.5 h", "2 days".
func Span(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + Span(-d)
	case d < 90*time.Second:
		return fmt.Sprintf("%d s", int(d.Round(time.Second).Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
	case d < 48*time.Hour:
		return strings.Replace(fmt.Sprintf("%.1f h", d.Hours()), ".0 ", " ", 1)
	default:
		return fmt.Sprintf("%d days", int((d+12*time.Hour)/(24*time.Hour)))
	}
}

// ShortName is what people call a change: "#482" of "github:acme/assistants#482", seven characters of a revision behind "@", else the
// title, else the whole ID.
func ShortName(id, title string) string {
	if i := strings.LastIndexByte(id, '#'); i >= 0 && i+1 < len(id) {
		return id[i:]
	}
	if i := strings.LastIndexByte(id, '@'); i >= 0 && i+1 < len(id) {
		return id[i+1 : min(len(id), i+8)]
	}
	if title != "" {
		return cut(oneLine(title), 60)
	}
	return id
}

// oneLine makes one line of a text: control characters and line ends become spaces.
func oneLine(s string) string {
	s = strings.ToValidUTF8(s, "�")
	return strings.Join(strings.Fields(strings.Map(harmless, s)), " ")
}

// cut shortens a text to at most so many characters.
func cut(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	return strings.TrimRight(string(runes[:most-1]), " ") + "…"
}
