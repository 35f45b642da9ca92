package backtest

import (
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

// Known is an incident that people confirmed.
type Known struct {
	Service     string `json:"service"`
	Environment string `json:"environment,omitempty"`
	// From is when users began to feel it, To when it was over.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Change is the ID of the change that did it, empty when it is not known or none did.
	Change string `json:"change,omitempty"`
	Note   string `json:"note,omitempty"`
}

// Answer is what an incident was, held against what is known.
type Answer string

// The answers. Unknown is that of an incident that nothing was held against, and of one about Firebreak's own sight.
const (
	Unknown   Answer = ""
	Confirmed Answer = "confirmed"
	False     Answer = "false"
)

// Incident is one that would have been opened.
type Incident struct {
	ID          string             `json:"id"`
	Service     string             `json:"service"`
	Environment string             `json:"environment,omitempty"`
	Severity    detectors.Severity `json:"severity"`
	Title       string             `json:"title"`
	Signal      string             `json:"signal"`
	Detector    string             `json:"detector"`
	Onset       detectors.Onset    `json:"onset,omitzero"`
	OpenedAt    time.Time          `json:"opened_at"`
	// PagedAt is when it first was as bad as a page, TicketedAt as a ticket; zero when it never was.
	PagedAt    time.Time `json:"paged_at,omitzero"`
	TicketedAt time.Time `json:"ticketed_at,omitzero"`
	// RecoveredAt is when it last recovered, ResolvedAt when it was closed; zero when the past ended before.
	RecoveredAt time.Time `json:"recovered_at,omitzero"`
	ResolvedAt  time.Time `json:"resolved_at,omitzero"`
	// LastedSeconds is from its opening to its recovery, or to the end of the past.
	LastedSeconds float64 `json:"lasted_seconds"`
	// Suspects are those of the last ranking, the likeliest first; None is the probability that it was none of the known changes.
	Suspects []bot.Suspect `json:"suspects"`
	None     float64       `json:"none"`
	// Answer is empty where nothing is known.
	Answer Answer `json:"answer,omitempty"`
	// Chart is the file of its chart.
	Chart string `json:"chart,omitempty"`
}

// Checked is a known incident with what would have become of it.
type Checked struct {
	Known
	Caught bool `json:"caught"`
	// By is "page" or "ticket", Incident the ID of the incident that did it; empty when it was missed.
	By       detectors.Severity `json:"by,omitempty"`
	Incident string             `json:"incident,omitempty"`
	// DelaySeconds is from From to the page or ticket; negative when that came before.
	DelaySeconds float64 `json:"delay_seconds,omitempty"`
	// SuspectRank is the place of the known change among the suspects, from 1; zero when it is not among them or not known.
	SuspectRank        int     `json:"suspect_rank,omitempty"`
	SuspectProbability float64 `json:"suspect_probability,omitempty"`
}

// Result is what a backtest found.
type Result struct {
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
	StepSeconds float64   `json:"step_seconds"`
	Steps       int       `json:"steps"`
	Objectives  int       `json:"objectives"`
	Detectors   int       `json:"detectors"`
	Changes     int       `json:"changes"`
	// Pages and Tickets are how many incidents would have paged, and how many others would have made a ticket.
	Pages     int        `json:"pages"`
	Tickets   int        `json:"tickets"`
	Incidents []Incident `json:"incidents"`
	Known     []Checked  `json:"known"`
	Caught    int        `json:"caught"`
	Missed    int        `json:"missed"`
	False     int        `json:"false"`
	// Notes are what has to be known to read the rest: what was not recorded, could not be asked or was left out.
	Notes []string `json:"notes"`
}
