package bot

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// State is where an incident stands.
type State string

// The states of an incident. Mitigated means that its signals came back; Resolved that they stayed.
const (
	Open         State = "open"
	Acknowledged State = "acknowledged"
	Mitigated    State = "mitigated"
	Resolved     State = "resolved"
)

// Incident is what its timeline says: findings that belong together.
type Incident struct {
	ID          string             `json:"id"`
	Service     string             `json:"service"`
	Environment string             `json:"environment,omitempty"`
	Title       string             `json:"title"`
	Severity    detectors.Severity `json:"severity"`
	State       State              `json:"state"`
	// Signal and Detector are those of the finding that opened it, or of the worst since.
	Signal   string `json:"signal"`
	Detector string `json:"detector"`
	// Onset is when it began, as far as it is known; OnsetSignal is the signal that tells it.
	Onset       detectors.Onset `json:"onset,omitzero"`
	OnsetSignal string          `json:"onset_signal,omitempty"`
	OpenedAt    time.Time       `json:"opened_at"`
	// QuietSince is when the last firing finding went quiet; zero while any fires or is blind.
	QuietSince     time.Time `json:"quiet_since,omitzero"`
	AcknowledgedAt time.Time `json:"acknowledged_at,omitzero"`
	AcknowledgedBy string    `json:"acknowledged_by,omitempty"`
	MitigatedAt    time.Time `json:"mitigated_at,omitzero"`
	ResolvedAt     time.Time `json:"resolved_at,omitzero"`
	// ResolvedBy is the person who said that it is over, empty where its signals did.
	ResolvedBy string `json:"resolved_by,omitempty"`
	// Muted is what a person said last of how long nothing more shall be started for it.
	Muted Mute `json:"muted,omitzero"`
	// ReopenedAt is when it was last opened again after it had ended.
	ReopenedAt time.Time `json:"reopened_at,omitzero"`
	// Page is how it stands at the pager, as far as that told.
	Page Page `json:"page,omitzero"`
	// Blind is set while a finding of the incident cannot be judged any more.
	Blind detectors.Blindness `json:"blind,omitempty"`
	// Findings are the newest of each key, sorted by key.
	Findings []detectors.Finding `json:"findings,omitempty"`
	// Turns tells of each key that has been quiet when it last went quiet or fired again, as far as it could be seen.
	Turns   map[string]Turn `json:"turns,omitempty"`
	Ranking Ranking         `json:"ranking,omitzero"`
	// Slices are those of its signals that moved and those that did not, as suspects are ranked by them; the timeline does not keep them.
	Slices []Slice `json:"-"`
	// Climbs are how they went from step to step of what was rolled out in steps; the timeline does not keep them either.
	Climbs []Climb `json:"-"`
	// Cause is the change that was concluded to be guilty: its rollback brought the signal back, or a person said so.
	Cause string `json:"cause,omitempty"`
	// Verdicts are what is held of changes, the newest of each, oldest first.
	Verdicts []Verdict `json:"verdicts,omitempty"`
	// Linked are other incidents that probably have the same cause.
	Linked []Link `json:"linked,omitempty"`
	// Lead is the incident that speaks for this one, since both have one cause; zero while it stands by itself. Followers are those for which
	// this one speaks, in the order in which they came.
	Lead      Link   `json:"lead,omitzero"`
	Followers []Link `json:"followers,omitempty"`
	// References are addresses that people hung on it, oldest first.
	References []Reference `json:"references,omitempty"`
	Updated    time.Time   `json:"updated"`
}

// Link is another incident that belongs to this one, and why.
type Link struct {
	Incident string `json:"incident"`
	Service  string `json:"service"`
	Why      string `json:"why"`
}

// Mute is how long a person wants no playbook to be started for an incident, and why. The zero Until is no mute.
type Mute struct {
	Until  time.Time `json:"until,omitzero"`
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason,omitempty"`
}

// Holds tells whether it is in force.
func (m Mute) Holds(now time.Time) bool { return now.Before(m.Until) }

// Turn is when a finding went quiet, or fired again after that. Blindness in between is no turn.
type Turn struct {
	At    time.Time `json:"at"`
	Quiet bool      `json:"quiet,omitempty"`
}

// EntryKind is what a timeline entry tells.
type EntryKind string

// The kinds of timeline entries. Data holds the JSON named behind each.
const (
	EntryOpened       EntryKind = "opened"       // EntryFinding
	EntryFinding      EntryKind = "finding"      // EntryFinding: joined, or changed its verdict or severity
	EntryWorsened     EntryKind = "worsened"     // EntryFinding: the severity rose
	EntryBlind        EntryKind = "blind"        // EntryFinding: cannot be judged any more
	EntryRecovered    EntryKind = "recovered"    // signals came back and held: state mitigated
	EntryReopened     EntryKind = "reopened"     // EntryFinding: fires again before it was resolved
	EntryResolved     EntryKind = "resolved"     //
	EntryAcknowledged EntryKind = "acknowledged" //
	EntrySuspects     EntryKind = "suspects"     // Ranking
	EntryVerdict      EntryKind = "verdict"      // Verdict: a suspect was confirmed or cleared
	EntryLinked       EntryKind = "linked"       // Link: another incident probably has the same cause
	EntryFollows      EntryKind = "follows"      // Link: another incident speaks for this one
	EntryLeads        EntryKind = "leads"        // Link: this one speaks for another
	EntryReleased     EntryKind = "released"     // Link: one of both does not speak for the other any longer
	EntryCause        EntryKind = "cause"        // {"change": ID}
	EntryRun          EntryKind = "run"          // {"run", "playbook", "state"}
	EntryStep         EntryKind = "step"         // {"run", "step", "action", "state", "output"}
	EntryApproval     EntryKind = "approval"     // Approval
	EntryNote         EntryKind = "note"         // a person's words
	EntryMuted        EntryKind = "muted"        // Mute
	EntryPage         EntryKind = "page"         // PageWord: what the pager told; also in acknowledged and resolved
	EntryReport       EntryKind = "report"       // {"document": name}
)

// Entry is one line of an incident's timeline. Entries are only ever added.
type Entry struct {
	ID       string    `json:"id"`
	Incident string    `json:"incident"`
	At       time.Time `json:"at"`
	Kind     EntryKind `json:"kind"`
	// Key makes adding idempotent: a second entry of an incident with the same non-empty key is dropped.
	Key string `json:"key,omitempty"`
	// Actor is who did it: "firebreak", a playbook's run, or a person.
	Actor string `json:"actor"`
	// Sentence is what people read. Text from outside stands in it as data.
	Sentence string          `json:"sentence"`
	Data     json.RawMessage `json:"data,omitempty"`
}

// Approval is a question to named people inside a run.
type Approval struct {
	// ID is made from the run and the step, so asking again is the same question.
	ID       string `json:"id"`
	Incident string `json:"incident"`
	Run      string `json:"run"`
	Step     string `json:"step"`
	// Question is the sentence that is put to people.
	Question string `json:"question"`
	// Of are those who may decide; empty means anyone who can reach the question.
	Of []string `json:"of,omitempty"`
	// NotBy is who began it and may not answer, as a second person has to; empty where anybody who may decide may answer.
	NotBy    string    `json:"not_by,omitempty"`
	AskedAt  time.Time `json:"asked_at"`
	Expires  time.Time `json:"expires"`
	Decision Decision  `json:"decision,omitempty"`
	By       string    `json:"by,omitempty"`
	// Via is how the decision came: "slack", "api", "cli".
	Via       string    `json:"via,omitempty"`
	DecidedAt time.Time `json:"decided_at,omitzero"`
}

// Decision is the answer to an approval; empty while nobody answered.
type Decision string

// The decisions.
const (
	Approved Decision = "approved"
	Denied   Decision = "denied"
	Expired  Decision = "expired"
)

// Delivery is a raw message from outside in the durable inbox.
type Delivery struct {
	// ID is the source's own delivery ID: the same one twice is the same delivery.
	ID     string `json:"id"`
	Source string `json:"source"`
	// Event is the source's name for what it is, as "pull_request".
	Event      string    `json:"event"`
	Body       []byte    `json:"-"`
	ReceivedAt time.Time `json:"received_at"`
	// Problem says why it could not be used; the body is kept.
	Problem string `json:"problem,omitempty"`
}

// FoldIncident makes the incident from its timeline, oldest entry first. An empty timeline is the zero incident.
func FoldIncident(entries []Entry) Incident {
	var in Incident
	for _, e := range entries {
		in.apply(e)
	}
	return in
}

// Then is the incident after more entries; the one that it is asked of stays as it was.
func (in Incident) Then(entries ...Entry) Incident {
	in.Findings = slices.Clone(in.Findings)
	for _, e := range entries {
		in.apply(e)
	}
	return in
}

// Deployment tells that a revision began to serve users somewhere.
type Deployment struct {
	Source      string    `json:"source"`
	Repository  string    `json:"repository"`
	Revision    string    `json:"revision"`
	Environment string    `json:"environment"`
	At          time.Time `json:"at"`
	// Succeeded is false while it is pending and when it failed; only a successful one makes changes effective.
	Succeeded bool   `json:"succeeded"`
	URL       string `json:"url,omitempty"`
	// Inputs are versions that the deployment itself declared, beside those of its revision.
	Inputs []Input `json:"inputs,omitempty"`
	// MergedAt and Branch are those of the change with this revision, where the ledger knows it; the ledger fills them in.
	MergedAt time.Time `json:"merged_at,omitzero"`
	Branch   string    `json:"branch,omitempty"`
}

// Folded leaves out of incidents those for which another one of them speaks.
func Folded(all []Incident) []Incident {
	there := make(map[string]bool, len(all))
	for _, in := range all {
		there[in.ID] = true
	}
	out := make([]Incident, 0, len(all))
	for _, in := range all {
		if !there[in.Lead.Incident] {
			out = append(out, in)
		}
	}
	return out
}

// WithIt says for which others an incident speaks, with a comma before it; nothing where there are none.
func (in Incident) WithIt() string {
	switch n := len(in.Followers); n {
	case 0:
		return ""
	case 1:
		return ", and " + in.Followers[0].Service + " with it"
	default:
		return fmt.Sprintf(", and %d other services with it", n)
	}
}
