package bot

import "time"

// Kind is what sort of thing a change altered.
type Kind string

// The kinds of change. Each is an input of a model service that can break it without failing a health check.
const (
	Prompt         Kind = "prompt"
	Policy         Kind = "policy"
	Model          Kind = "model"
	Retrieval      Kind = "retrieval"
	Embedding      Kind = "embedding"
	Guardrail      Kind = "guardrail"
	Evaluation     Kind = "evaluation"
	Config         Kind = "config"
	Flag           Kind = "flag"
	Code           Kind = "code"
	Infrastructure Kind = "infrastructure"
	Vendor         Kind = "vendor"
	Price          Kind = "price"
)

// Kinds lists every kind, the most telling first: when a change touches several, the first of these names it.
func Kinds() []Kind {
	return []Kind{Prompt, Policy, Model, Guardrail, Retrieval, Embedding, Vendor, Price, Flag, Config, Infrastructure, Evaluation, Code}
}

// Service is a model-backed service with a boundary.
type Service struct {
	Name  string `json:"name"`
	Owner string `json:"owner"`
	// Match are the labels that its series carry in Prometheus.
	Match        map[string]string `json:"match,omitempty"`
	Repositories []Repository      `json:"repositories,omitempty"`
	DependsOn    []string          `json:"depends_on,omitempty"`
	Environments []string          `json:"environments,omitempty"`
	// Slack is the channel for its incidents.
	Slack string `json:"slack,omitempty"`
	// Rollback names the action that undoes a change of each kind; a kind without one has no rollback path.
	Rollback map[Kind]string `json:"rollback,omitempty"`
	// Approvers may decide its approvals, as Slack user IDs or logins; empty means anyone who can reach the button.
	Approvers []string `json:"approvers,omitempty"`
}

// Repository is where a service's inputs live: "owner/name" and globs of paths (doublestar); no paths means all.
type Repository struct {
	Name  string   `json:"name" yaml:"name"`
	Paths []string `json:"paths,omitempty" yaml:"paths"`
}

// Change is anything that altered behaviour.
type Change struct {
	// ID is stable and made from where the change comes from, as "github:acme/assistants#482". Recording it again updates it.
	ID string `json:"id"`
	// Kind is the most telling of Kinds.
	Kind  Kind   `json:"kind"`
	Kinds []Kind `json:"kinds,omitempty"`
	// Source is the integration that told of it, as "github".
	Source     string `json:"source"`
	Repository string `json:"repository,omitempty"`
	// Number is the pull request's, zero for a direct push.
	Number   int    `json:"number,omitempty"`
	Revision string `json:"revision,omitempty"`
	Branch   string `json:"branch,omitempty"`
	// Title is text from outside: data, never mark-up or an expression.
	Title     string   `json:"title"`
	Author    string   `json:"author,omitempty"`
	MergedBy  string   `json:"merged_by,omitempty"`
	Reviewers []string `json:"reviewers,omitempty"`
	URL       string   `json:"url,omitempty"`
	Paths     []string `json:"paths,omitempty"`
	// Inputs are the operational inputs that it told of, with their versions.
	Inputs   []Input  `json:"inputs,omitempty"`
	Services []string `json:"services,omitempty"`
	// Environment is where it took effect, empty when unknown.
	Environment string `json:"environment,omitempty"`
	// MergedAt is when it was accepted. EffectiveAt is when it began to serve users: zero while that is unknown.
	MergedAt    time.Time `json:"merged_at,omitzero"`
	EffectiveAt time.Time `json:"effective_at,omitzero"`
	// Exposure is the declared share of traffic in (0, 1]; zero when nothing was declared.
	Exposure float64 `json:"exposure,omitempty"`
	// Rollout are the steps in which it reached its traffic, in order of time, where somebody told of them.
	Rollout []RolloutStep `json:"rollout,omitempty"`
	// Rollback is the action that undoes it, empty when there is none.
	Rollback string `json:"rollback,omitempty"`
	// Handle is the source's own name for it, used to undo it (a GraphQL node ID).
	Handle string `json:"handle,omitempty"`
	// Reverts is the ID of the change that this one undoes.
	Reverts string `json:"reverts,omitempty"`
	// Flags are what made it risky when it landed.
	Flags []Reason `json:"flags,omitempty"`
	// Seen is when Firebreak first heard of it.
	Seen time.Time `json:"seen,omitzero"`
}

// At is the time that counts for cause and effect: when it took effect, else when it was merged, else when it was seen.
func (c Change) At() time.Time {
	switch {
	case !c.EffectiveAt.IsZero():
		return c.EffectiveAt
	case !c.MergedAt.IsZero():
		return c.MergedAt
	default:
		return c.Seen
	}
}

// Reason is one named part of a decision, with its weight and the sentence that people read.
type Reason struct {
	// Code is stable, as "friday" or "lag".
	Code     string `json:"code"`
	Sentence string `json:"sentence"`
	// Weight is points for an assessment and log-odds (natural) for a suspect.
	Weight float64 `json:"weight"`
	// Lower says what would lower the risk; only for assessments.
	Lower string `json:"lower,omitempty"`
}

// Level is how risky it is to land a change now.
type Level string

// The levels of an assessment.
const (
	Low      Level = "low"
	Medium   Level = "medium"
	High     Level = "high"
	Critical Level = "critical"
)

// Assessment is how risky a change is now.
type Assessment struct {
	Change  string    `json:"change"`
	At      time.Time `json:"at"`
	Level   Level     `json:"level"`
	Score   float64   `json:"score"`
	Reasons []Reason  `json:"reasons"`
	// Unknown is what was not looked at, and counts neither for nor against it.
	Unknown []string `json:"unknown,omitempty"`
}

// Suspect is a change with the probability that it caused the incident.
type Suspect struct {
	Change      string    `json:"change"`
	Kind        Kind      `json:"kind"`
	Title       string    `json:"title"`
	URL         string    `json:"url,omitempty"`
	Author      string    `json:"author,omitempty"`
	Service     string    `json:"service,omitempty"`
	Rollback    string    `json:"rollback,omitempty"`
	At          time.Time `json:"at,omitzero"`
	Probability float64   `json:"probability"`
	Reasons     []Reason  `json:"reasons"`
}

// Ranking is a probability over the candidate changes and "none of these": Suspects, Rest and None sum to one.
type Ranking struct {
	At       time.Time `json:"at"`
	Suspects []Suspect `json:"suspects"`
	// Rest is the probability of all suspects that are too unlikely to be listed, RestCount how many they are.
	Rest      float64 `json:"rest,omitempty"`
	RestCount int     `json:"rest_count,omitempty"`
	// None is the probability that none of the known changes did it.
	None        float64  `json:"none"`
	NoneReasons []Reason `json:"none_reasons,omitempty"`
	// Excluded are changes that cannot have done it, with the reason.
	Excluded []Exclusion `json:"excluded,omitempty"`
	// Slices are the parts of the signals that moved, and those that did not.
	Slices []Slice `json:"slices,omitempty"`
	// Skews are clocks of sources that are ahead of ours, as far as that can be told.
	Skews []Skew `json:"skews,omitempty"`
	// Changed says what is different from the ranking before, and why, where that is worth a word.
	Changed string `json:"changed,omitempty"`
}

// Skew is how many seconds the clock of a source is ahead of ours, estimated from so many changes that were heard of before their
// own time.
type Skew struct {
	Source  string  `json:"source"`
	Ahead   float64 `json:"ahead_seconds"`
	Changes int     `json:"changes"`
}

// Slice is a part of a signal, as the sessions on one version of a prompt, and whether it moved when the whole did. Without a label it is
// the whole.
type Slice struct {
	Signal string  `json:"signal"`
	Label  string  `json:"label,omitempty"`
	Value  string  `json:"value,omitempty"`
	Before float64 `json:"before"`
	After  float64 `json:"after"`
	Moved  bool    `json:"moved"`
	// Share tells that Before and After are shares of events, between 0 and 1.
	Share bool `json:"share,omitempty"`
}

// Exclusion is a change that is not a suspect, and why.
type Exclusion struct {
	Change string `json:"change"`
	Title  string `json:"title"`
	Why    Reason `json:"why"`
}
