package bot

import (
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// Account is how things are at a moment, for somebody who was just woken. Title and Rows say in words what the rest says as data.
type Account struct {
	At    time.Time `json:"at"`
	Title string    `json:"title"`
	Rows  []Row     `json:"rows"`
	// Incidents are those that are not over, the newest first.
	Incidents []Unresolved `json:"incidents"`
	Stop      Stop         `json:"stop"`
	Approvals []Approval   `json:"approvals"`
	Freezes   []Freeze     `json:"freezes"`
	Windows   []Opening    `json:"windows"`
	// Spent are the objectives whose budget is gone, Blind what cannot be seen.
	Spent []Budget `json:"spent"`
	Blind []string `json:"blind"`
	// Executing tells whether the process that was asked is the one that watches and runs playbooks, Detail what it does otherwise.
	Executing bool   `json:"executing"`
	Detail    string `json:"detail"`
	Link      string `json:"link,omitempty"`
}

// Unresolved is an incident that is not over, in short.
type Unresolved struct {
	ID             string             `json:"id"`
	Service        string             `json:"service"`
	Environment    string             `json:"environment,omitempty"`
	Severity       detectors.Severity `json:"severity"`
	State          State              `json:"state"`
	Title          string             `json:"title"`
	OpenedAt       time.Time          `json:"opened_at"`
	AcknowledgedBy string             `json:"acknowledged_by,omitempty"`
	Muted          Mute               `json:"muted,omitzero"`
	// Suspect is the likeliest cause where one is likelier than none of the known changes.
	Suspect     string  `json:"suspect,omitempty"`
	Probability float64 `json:"probability,omitempty"`
	// Lead is the ID of the incident that speaks for this one.
	Lead string `json:"lead,omitempty"`
	URL  string `json:"url,omitempty"`
}

// Prime is the suspect that is likelier than the answer that none of the known changes did it.
func (in Incident) Prime() (Suspect, bool) {
	r := in.Ranking
	if len(r.Suspects) == 0 || r.Suspects[0].Probability <= r.None {
		return Suspect{}, false
	}
	return r.Suspects[0], true
}

// Postmortem is what is known of an incident when it is over, and what is not.
type Postmortem struct {
	Incident string `json:"incident"`
	Title    string `json:"title"`
	State    State  `json:"state"`
	// Onset is when it began, as far as that is known.
	Onset time.Time `json:"onset"`
	// Seconds are how long after that something happened: detected, acknowledged, signals_back, mitigated, resolved. What has not happened is
	// left out.
	Seconds map[string]float64 `json:"seconds"`
	// Cause is the change that was concluded to be guilty, empty while none was.
	Cause string `json:"cause,omitempty"`
	// Impact says what was bad, and for how long; Unknown what the timeline does not tell; Questions what people have to answer.
	Impact    []string `json:"impact"`
	Unknown   []string `json:"unknown"`
	Questions []string `json:"questions"`
	// Markdown is the whole document.
	Markdown string `json:"markdown"`
	URL      string `json:"url,omitempty"`
}

// Digest is what is told to a team at a time, without anybody having asked. All texts are data.
type Digest struct {
	// Kind is "morning", "forecast", "weekly" or "handover".
	Kind string    `json:"kind"`
	At   time.Time `json:"at"`
	// From is since when it tells.
	From  time.Time `json:"from"`
	Zone  string    `json:"zone"`
	Title string    `json:"title"`
	// Sections are in reading order; those that have nothing to say are left out.
	Sections []Section `json:"sections"`
	// Noise tells of each detector how much it said and what came of it; only in a weekly one.
	Noise []Noise `json:"noise,omitempty"`
	// Woken are those who were woken at night; only in a weekly one.
	Woken []Woken `json:"woken,omitempty"`
	// Empty tells that there is nothing that anybody has to know.
	Empty bool   `json:"empty"`
	Link  string `json:"link,omitempty"`
}

// Section is a part of a digest.
type Section struct {
	Title string `json:"title"`
	Rows  []Row  `json:"rows"`
}

// Noise is how much a detector said in some time, and what came of it.
type Noise struct {
	Detector string `json:"detector"`
	// Firings are its findings that began to fire or got worse within an incident, Pages what went out for incidents that it opened.
	Firings int `json:"firings"`
	Pages   int `json:"pages"`
	// Incidents are those that it opened. Each of them is one of the following.
	Incidents int `json:"incidents"`
	// Confirmed: somebody said, or a rollback proved, what did it or that none of the known changes did.
	Confirmed int `json:"confirmed"`
	// Muted: a person muted it. Dismissed: a person closed it while it fired, without naming a cause. Passed: it went by itself, and nobody
	// ever was on it.
	Muted     int `json:"muted"`
	Dismissed int `json:"dismissed"`
	Passed    int `json:"passed"`
	// Unsaid: somebody was on it, and nobody said what did it. Open: it is not over.
	Unsaid int `json:"unsaid"`
	Open   int `json:"open"`
}

// Woken is somebody who was woken at night.
type Woken struct {
	// Name is the person's as the pager calls them; empty where nobody is known who was woken.
	Name string `json:"name"`
	// Zone is the one by whose clock it was night.
	Zone string `json:"zone"`
	// Times are when, Incidents for what, in the same order.
	Times     []time.Time `json:"times"`
	Incidents []string    `json:"incidents"`
}
