package run

import (
	"time"

	"github.com/firebreak-dev/firebreak/playbooks"
)

// Phase is where a step of a run stands. Expressions see it as steps.ID.status.
type Phase string

// The phases of a step. The last five are final.
const (
	PhaseWaiting  Phase = "waiting"   // not begun
	PhaseInFlight Phase = "in_flight" // an intent without an answer
	PhasePending  Phase = "pending"   // answered "not yet", asked again later
	PhaseRetrying Phase = "retrying"  // an attempt failed, another one follows
	PhaseUnknown  Phase = "unknown"   // nobody confirmed whether the attempt took effect
	PhaseDone     Phase = "done"
	PhaseFailed   Phase = "failed"
	PhaseDenied   Phase = "denied"
	PhaseExpired  Phase = "expired"
	PhaseSkipped  Phase = "skipped"
)

// Over tells whether a step in this phase is over.
func (p Phase) Over() bool {
	switch p {
	case PhaseDone, PhaseFailed, PhaseDenied, PhaseExpired, PhaseSkipped:
		return true
	case PhaseWaiting, PhaseInFlight, PhasePending, PhaseRetrying, PhaseUnknown:
	}
	return false
}

// StepState is where one step stands, folded from the run's events.
type StepState struct {
	Phase Phase `json:"status"`
	// Output is what the step's newest answer gave.
	Output map[string]any `json:"output,omitempty"`
	// Sentence is the newest answer's or error's words.
	Sentence string `json:"sentence,omitempty"`
	// Attempt is the number of the newest attempt, 0 before the first.
	Attempt int `json:"attempt,omitempty"`
	// Begun is when the first attempt began.
	Begun time.Time `json:"begun,omitzero"`
	// At is when the newest thing happened to the step.
	At time.Time `json:"at,omitzero"`
	// Again is when a pending or retrying step is due.
	Again time.Time `json:"again,omitzero"`

	// errors counts those since the last answer; results counts answers, errors and questions, which number the events.
	// repeats counts how often people had the step repeated.
	errors, results, repeats int
	// confirmed is set once the step answered at all: what it does has taken effect and is only looked at again.
	confirmed bool
	// asked is set once people were asked about an unconfirmed attempt.
	asked bool
}

// Reason is why something is decided, for machines, tests and metrics.
type Reason string

// The reasons of moves, waits and endings.
const (
	NeedsOver       Reason = "needs_over"       // a step begins: what it needs is over
	PollDue         Reason = "poll_due"         // it asked to be asked again about now
	Woken           Reason = "woken"            // somebody rang
	BackoffOver     Reason = "backoff_over"     // the pause after a failed attempt is over
	Orphaned        Reason = "orphaned"         // the program stopped while the attempt was under way
	Unconfirmed     Reason = "unconfirmed"      // the attempt may or may not have taken effect
	ConditionFalse  Reason = "condition_false"  // the step's `when` is false
	ConditionBroken Reason = "condition_broken" // the step's `when` cannot be evaluated
	StepTimeout     Reason = "step_timeout"     // the step's whole wait is over
	UnderWay        Reason = "under_way"        // an attempt is being carried out
	Backoff         Reason = "backoff"          // an attempt failed, the pause is not over
	NotYet          Reason = "not_yet"          // the step answered "not yet"
	Person          Reason = "person"           // people were asked about an unconfirmed attempt
	KillSwitch      Reason = "kill_switch"      // no new action starts
	RollbackBusy    Reason = "rollback_busy"    // another run rolls back the same service
	AllOver         Reason = "all_over"         // every step is over
	StepFailed      Reason = "step_failed"
	StepDenied      Reason = "step_denied"
	StepExpired     Reason = "step_expired"
	RunTimeout      Reason = "run_timeout"
	AbortAsked      Reason = "abort_asked"
	BrokenPlan      Reason = "broken_plan" // no step can ever begin
)

// MoveKind is what the runner is to do with a step.
type MoveKind string

// The kinds of moves.
const (
	Begin  MoveKind = "begin"  // the first attempt
	Retry  MoveKind = "retry"  // a further attempt, with the same key
	Poll   MoveKind = "poll"   // ask a pending step again, within the same attempt
	Verify MoveKind = "verify" // look up at the vendor whether the attempt took effect
	Ask    MoveKind = "ask"    // ask people whether the attempt took effect
)

// Move is one thing to do now.
type Move struct {
	Kind MoveKind
	Step playbooks.Step
	// Attempt counts from 1. For Verify and Ask it is the attempt in question.
	Attempt int
	// Number distinguishes results within an attempt; it is part of the ID of the event that the move leads to.
	Number int
	// Begun is when the step's first attempt began; zero for Begin.
	Begun    time.Time
	Reason   Reason
	Sentence string
}

// Wait is one thing that a run waits for.
type Wait struct {
	// Step is empty for the run itself.
	Step string
	// Until is when to look again at the latest; zero when only being woken can help.
	Until    time.Time
	Reason   Reason
	Sentence string
}

// Ending is how a run ended, or how it is about to end while its on_failure steps run.
type Ending struct {
	State    State
	Reason   Reason
	Sentence string
}

// Decision is what follows from a run's plan and events.
type Decision struct {
	// Moves are to be carried out now; they are independent of each other.
	Moves []Move
	// Facts are events that follow from the rules alone and are to be added to the journal as they are.
	Facts []Event
	// Waits say what the run waits for besides.
	Waits []Wait
	// Ending is set once the run is on its way out; Over tells that it is there (its Over event is among Facts or was already
	// in the journal).
	Ending *Ending
	Over   bool
	// Steps is where every step stands.
	Steps map[string]StepState
}

// Until is the earliest time at which the run must be looked at again without being woken; zero when there is none.
func (d Decision) Until() time.Time {
	var until time.Time
	for _, w := range d.Waits {
		if !w.Until.IsZero() && (until.IsZero() || w.Until.Before(until)) {
			until = w.Until
		}
	}
	return until
}
