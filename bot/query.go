package bot

import "time"

// ChangeQuery asks the ledger for changes, newest first by the time that counts (Change.At). Empty fields do not narrow.
type ChangeQuery struct {
	Service    string
	Repository string
	Kinds      []Kind
	// Inputs narrows to changes that tell of operational inputs (Change.TellsInputs).
	Inputs bool
	// From and To bound Change.At: From <= At < To.
	From, To time.Time
	// Limit is at most 1000; zero means 100.
	Limit int
}

// DeploymentQuery asks for successful deployments of a repository, newest first.
type DeploymentQuery struct {
	Repository string
	// To bounds Deployment.At: At < To; zero does not narrow.
	To time.Time
	// Limit is at most 1000; zero means 100.
	Limit int
}

// IncidentQuery asks for incidents, newest first. Empty fields do not narrow.
type IncidentQuery struct {
	States  []State
	Service string
	Limit   int
}

// ApprovalQuery asks for approvals, newest first. Empty fields do not narrow.
type ApprovalQuery struct {
	// Open narrows to questions that nobody has answered.
	Open     bool
	Incident string
	Run      string
	Limit    int
}
