package bot

import "time"

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
}

// DutyPerson is somebody on call, until when that is known.
type DutyPerson struct {
	Name string `json:"name"`
	// Schedule is by which schedule; empty where the policy names the person.
	Schedule string    `json:"schedule,omitempty"`
	Until    time.Time `json:"until,omitzero"`
}
