package bot

import (
	"time"
)

// Freeze is a stretch of time in which nothing should change, as people started it. Those of the configuration are windows.
type Freeze struct {
	ID string `json:"id"`
	// Services restricts it; empty means all.
	Services []string `json:"services,omitempty"`
	// Reason is for those who are stopped by it.
	Reason string `json:"reason"`
	// By is who started it, Via how: "cli", "api", "slack".
	By  string `json:"by"`
	Via string `json:"via,omitempty"`
	// From is its first moment, To the first one after it; without To it lasts until somebody ends it.
	From time.Time `json:"from"`
	To   time.Time `json:"to,omitzero"`
	// EndedAt is when somebody ended it, before To or without one.
	EndedAt   time.Time `json:"ended_at,omitzero"`
	EndedBy   string    `json:"ended_by,omitempty"`
	EndReason string    `json:"end_reason,omitempty"`
}

// End is the first moment after the freeze; zero while nobody knows.
func (f Freeze) End() time.Time {
	if !f.EndedAt.IsZero() && (f.To.IsZero() || f.EndedAt.Before(f.To)) {
		return f.EndedAt
	}
	return f.To
}

// Over tells whether the freeze has ended at a moment.
func (f Freeze) Over(now time.Time) bool { return !f.End().IsZero() && !now.Before(f.End()) }

// FreezeQuery asks for freezes, the newest first.
type FreezeQuery struct {
	// Since leaves out those that were over by then; zero asks for all.
	Since time.Time
	// Limit is the most that are returned; zero means 100, at most 1000.
	Limit int
}

// Opening tells whether changes to a service are welcome at a moment.
type Opening struct {
	Service string    `json:"service"`
	At      time.Time `json:"at"`
	Zone    string    `json:"zone"`
	Open    bool      `json:"open"`
	// Until is when Open changes next, to the instant; zero when it does not within 400 days.
	Until time.Time `json:"until,omitzero"`
	// Next is when anything of it changes, a reason that comes or goes too; never after Until.
	Next    time.Time `json:"next,omitzero"`
	Reasons []Reason  `json:"reasons"`
	// Unseen says what could not be looked at: calendars that could not be read, freezes of a server that did not answer.
	Unseen []string `json:"unseen,omitempty"`
}
