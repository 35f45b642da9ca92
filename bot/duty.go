package bot

import (
	"fmt"
	"strings"
	"time"
)

// Duty is who is asked when something of a service goes wrong, level by level.
type Duty struct {
	Service string `json:"service"`
	// Policy is the escalation policy, as the pager calls it.
	Policy string `json:"policy,omitempty"`
	// Levels are who is on call, the first to be asked first.
	Levels []DutyLevel `json:"levels"`
	// Maintenance tells that the pager opens nothing for the service now.
	Maintenance bool `json:"maintenance,omitempty"`
	// Urgency is how loud the pager is for it, in words; empty where it does not say.
	Urgency string `json:"urgency,omitempty"`
	// Of is the time at which the pager said so, Stale why it could not be asked since; empty while the word is fresh.
	Of    time.Time `json:"of,omitzero"`
	Stale string    `json:"stale,omitempty"`
	// Unknown says why nothing is known at all.
	Unknown string `json:"unknown,omitempty"`
}

// DutyLevel are the people of one level.
type DutyLevel struct {
	Level  int          `json:"level"`
	People []DutyPerson `json:"people"`
	// Next are who comes next, where that is known and soon: one of each schedule.
	Next []DutyPerson `json:"next,omitempty"`
}

// DutyPerson is somebody on call: of those who are, until when, of those who come next, from when; where that is known.
type DutyPerson struct {
	// Name is the configuration's, the pager's where it names nobody.
	Name string `json:"name"`
	// Email is an address that the person has confirmed; nobody is shown it.
	Email string `json:"-"`
	// Schedule is by which schedule; empty where the policy names the person.
	Schedule string    `json:"schedule,omitempty"`
	From     time.Time `json:"from,omitzero"`
	Until    time.Time `json:"until,omitzero"`
}

// Sentence tells who is on call, level by level, until when and who comes next; clock writes a time.
func (d Duty) Sentence(clock func(time.Time) string) string {
	if d.Unknown != "" {
		return "not known: " + d.Unknown
	}
	levels := make([]string, 0, len(d.Levels))
	for _, l := range d.Levels {
		levels = append(levels, fmt.Sprintf("%d. %s", l.Level, l.Sentence(clock)))
	}
	text := "nobody"
	if len(levels) > 0 {
		text = strings.Join(levels, "; ")
	}
	if d.Urgency != "" {
		text += "; urgency " + d.Urgency
	}
	if d.Maintenance {
		text += "; under maintenance: nobody is paged"
	}
	if d.Stale != "" {
		text += fmt.Sprintf(" (as of %s: %s)", clock(d.Of), d.Stale)
	}
	return text
}

// Sentence tells who is asked at the level, until when, and who comes next.
func (l DutyLevel) Sentence(clock func(time.Time) string) string {
	names := make([]string, 0, len(l.People)+len(l.Next))
	for _, p := range l.People {
		name := p.Name
		if !p.Until.IsZero() {
			name += " until " + clock(p.Until)
		}
		names = append(names, name)
	}
	for _, p := range l.Next {
		names = append(names, "then "+p.Name+" from "+clock(p.From))
	}
	if len(names) == 0 {
		return "nobody"
	}
	return strings.Join(names, ", ")
}
