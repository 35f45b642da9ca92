package bot

import (
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// Role is what somebody may do. Each may do what those before may.
type Role string

// The roles, the least first.
const (
	Nobody    Role = ""          // may not even look
	Viewer    Role = "viewer"    // looks
	Responder Role = "responder" // acknowledges, resolves, notes, declares, mutes, judges suspects, stops
	Approver  Role = "approver"  // answers playbooks and starts them, freezes, lets actions start again
	Admin     Role = "admin"     // everything
)

// Roles are all roles that can be given, the least first.
func Roles() []Role { return []Role{Viewer, Responder, Approver, Admin} }

// Rank orders roles; an unknown one is nobody's.
func (r Role) Rank() int { return slices.Index(Roles(), r) + 1 }

// May tells whether the role is enough.
func (r Role) May(least Role) bool { return r.Rank() >= least.Rank() && r.Rank() > 0 }

// Person is who asks for something.
type Person struct {
	// Name is what others read; where nobody gave one, it is the vendor's ID.
	Name string
	// Known are all names and IDs by which the configuration may mean this person, groups that the person is in included.
	Known []string
	Role  Role
	// Doubt says what could not be looked up about the person, which might have given another role.
	Doubt string
	// Via is how the person came: "slack", "api", "cli".
	Via string
}

// Is tells whether one of some names means this person, and which.
func (p Person) Is(names []string) (string, bool) {
	for _, name := range names {
		if name != "" && (name == p.Name || slices.Contains(p.Known, name)) {
			return name, true
		}
	}
	return "", false
}

// Answer is what a person is told who asked for something, free of any vendor's mark-up. All texts are data.
type Answer struct {
	// Title is one line.
	Title string
	Rows  []Row
	// Link is where there is more.
	Link string
	// Refused tells that nothing was done.
	Refused bool
	// Incident is the one whose card may be another now.
	Incident string
	// Form is what the person could fill in instead, for those who can show one.
	Form Form
}

// Row is a line of an answer: a word in bold, and what there is to say.
type Row struct {
	Label string `json:"label,omitempty"`
	Text  string `json:"text"`
	Link  string `json:"link,omitempty"`
}

// Budget is an objective with what is left of its error budget.
type Budget struct {
	Service     string        `json:"service"`
	Environment string        `json:"environment,omitempty"`
	Objective   string        `json:"objective"`
	Signal      string        `json:"signal"`
	Target      float64       `json:"target"`
	Period      time.Duration `json:"-"`
	// Days is the period.
	Days float64 `json:"days"`
	// Left is the share of the budget that is left, negative when it is overspent; it says nothing while Blind says why it is not known.
	Left  float64 `json:"left"`
	Blind string  `json:"blind,omitempty"`
}

// Stop is the kill switch: while it is on, no action starts but those that tell people.
type Stop struct {
	On     bool      `json:"on"`
	By     string    `json:"by,omitempty"`
	Via    string    `json:"via,omitempty"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at,omitzero"`
}

// ByPerson is the detector of what a person declared.
const ByPerson = "declared"

// Declared is an incident that a person opens.
type Declared struct {
	Service, Environment, Title string
	// Severity is page when left out.
	Severity detectors.Severity
	By, Via  string
}

// Judged is a judgement of landing a pull request.
type Judged struct {
	Assessment
	Title, URL string
	Services   []string
}
