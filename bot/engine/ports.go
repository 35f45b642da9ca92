package engine

import (
	"context"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/playbooks"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

// Timeline keeps incidents as their entries.
type Timeline interface {
	Append(ctx context.Context, entries ...bot.Entry) (added []bot.Entry, err error)
	Entries(ctx context.Context, incident string) ([]bot.Entry, error)
	Incident(ctx context.Context, id string) (bot.Incident, error)
	Incidents(ctx context.Context, q bot.IncidentQuery) ([]bot.Incident, error)
}

// Findings keeps the newest finding of every key.
type Findings interface {
	SaveFindings(ctx context.Context, findings []detectors.Finding) error
}

// Ledger keeps changes.
type Ledger interface {
	PutChange(ctx context.Context, c bot.Change) (created bool, err error)
	Change(ctx context.Context, id string) (bot.Change, error)
	Changes(ctx context.Context, q bot.ChangeQuery) ([]bot.Change, error)
	Deployed(ctx context.Context, d bot.Deployment) ([]bot.Change, error)
}

// Inbox keeps deliveries until they are worked off.
type Inbox interface {
	PutDelivery(ctx context.Context, d bot.Delivery) (fresh bool, err error)
	PendingDeliveries(ctx context.Context, limit int) ([]bot.Delivery, error)
	FinishDelivery(ctx context.Context, source, id, problem string) error
}

// Source makes nouns of a delivery.
type Source interface {
	Tell(ctx context.Context, d bot.Delivery) (Told, error)
}

// Told is what a delivery said.
type Told = bot.Told

// Approvals keeps questions and answers.
type Approvals interface {
	AskApproval(ctx context.Context, a bot.Approval, entries ...bot.Entry) (kept bot.Approval, created bool, err error)
	Decide(ctx context.Context, id string, d bot.Decision, by, via string, at time.Time, entries ...bot.Entry) (bot.Approval, error)
	Approval(ctx context.Context, id string) (bot.Approval, error)
	Approvals(ctx context.Context, q bot.ApprovalQuery) ([]bot.Approval, error)
}

// Freezes keeps freezes that people start and end. PutFreeze gives what is kept under the ID.
type Freezes interface {
	PutFreeze(ctx context.Context, f bot.Freeze, at time.Time) (kept bot.Freeze, err error)
	EndFreeze(ctx context.Context, id, by, via, reason string, at time.Time) (bot.Freeze, error)
}

// Pulls keeps the checks of open pull requests, and answers deployments that wait. It keeps what it hears before it returns.
type Pulls interface {
	Heard(ctx context.Context, news []bot.PullNews) error
	Protect(ctx context.Context, deployments []bot.Protected) error
	Evaluated(ctx context.Context, e bot.Evaluated) error
}

// Runs keeps runs and their journals.
type Runs interface {
	BeginRun(ctx context.Context, r run.Run, entries ...bot.Entry) (created bool, err error)
	AppendRun(ctx context.Context, e run.Event, entries ...bot.Entry) (added bool, err error)
	RunEvents(ctx context.Context, id string) ([]run.Event, error)
	Run(ctx context.Context, id string) (run.Run, error)
	Runs(ctx context.Context, q run.Query) ([]run.Run, error)
}

// Memory keeps small facts.
type Memory interface {
	Remember(ctx context.Context, space, key string, value []byte) error
	Recall(ctx context.Context, space, key string) (value []byte, found bool, err error)
}

// Documents keeps what was written for people.
type Documents interface {
	PutDocument(ctx context.Context, name, incident, mediaType string, body []byte, at time.Time) error
}

// Runner executes runs durably. Start begins a run once per ID; Wake has a waiting run look again.
type Runner interface {
	Start(ctx context.Context, r run.Run) error
	Wake(ctx context.Context, runID string) error
}

// Playbooks chooses what a trigger starts.
type Playbooks interface {
	// Choose returns the plans that the trigger starts, and for every other one a sentence that says why not.
	Choose(trigger string, scope expr.Scope) (plans []playbooks.Plan, others []string)
	// Plans are all that are in use.
	Plans() []playbooks.Plan
}

// Conditions tells whether a playbook's condition holds for an incident now. An error means that it cannot be told; that is
// never the same as no.
type Conditions interface {
	Holds(condition string, scope expr.Scope) (holds bool, why string, err error)
	// With gives the parameters of a step their values.
	With(step playbooks.Step, scope expr.Scope) (map[string]any, error)
}

// Announcer shows an incident's present state to people. It must not block: it does its work behind.
type Announcer interface {
	Update(ctx context.Context, incident string)
}

// Calendar tells the risky circumstances of a change when it landed, with reasons.
type Calendar interface {
	Flags(c bot.Change) []bot.Reason
}

// Classifier gives a change its kinds, services and rollback path.
type Classifier interface {
	Classify(c bot.Change) bot.Change
}

// Ranker ranks the suspects of an incident; others are those that are open beside it.
type Ranker interface {
	Rank(now time.Time, in bot.Incident, others []bot.Incident, candidates []bot.Change) bot.Ranking
}

// Herald tells others of changes as they come into the ledger. It must not block: it does its work behind.
type Herald interface {
	Changed(ctx context.Context, c bot.Change)
}

// Briefer tells a pager what is known of the services that its incidents are of. It must not block: it does its work behind.
type Briefer interface {
	Paged(ctx context.Context, n bot.PageNews)
}
