package run

import (
	"context"
	"encoding/json"
	"time"

	"github.com/firebreak-dev/firebreak/playbooks"
)

// Journal is the truth about runs. It is written before and after every call to the outside.
type Journal interface {
	// Begin stores a run. It gives false, and leaves everything as it was, when a run with this ID is already known.
	Begin(ctx context.Context, r Run) (created bool, err error)
	// Append adds an event. An event whose Run and ID are already there is dropped without an error.
	Append(ctx context.Context, e Event) error
	// Events returns a run's events in the order in which they were added.
	Events(ctx context.Context, run string) ([]Event, error)
	// Run returns a run as it was begun, with its newest State, EndedAt and Reason.
	Run(ctx context.Context, id string) (Run, error)
}

// Evaluator gives expressions their values. It must not keep or change the scope.
type Evaluator interface {
	// Condition evaluates CEL text that gives a bool.
	Condition(src string, scope Scope) (bool, error)
	// With evaluates the ${ } inside a step's parameters, typed as playbooks.Call.With says.
	With(step playbooks.Step, scope Scope) (map[string]any, error)
}

// Scope is what expressions of a run can see.
type Scope struct {
	// Run is the run's own scope: incident, service, suspects as they were when it began.
	Run json.RawMessage
	// Steps are the plan's steps by ID, those that have not begun included.
	Steps map[string]StepState
	// Now is the time of the decision.
	Now time.Time
}

// Approver puts the question whether an attempt that nobody confirmed took effect.
type Approver interface {
	// AskUnknown puts the question the first time, and each time gives the answer so far. Run and step make it the same question.
	AskUnknown(ctx context.Context, r Run, step playbooks.Step, question string) (Answer, error)
}

// Answer is what people say of an attempt that nobody confirmed.
type Answer struct {
	Verdict Verdict
	// By is the person who answered.
	By string
}

// Verdict is the substance of an Answer; empty while nobody answered.
type Verdict string

// The verdicts on an attempt that nobody confirmed.
const (
	// Happened: it took effect; the step is done.
	Happened Verdict = "happened"
	// Repeat: it did not take effect and shall be tried again.
	Repeat Verdict = "repeat"
	// GiveUp: the step failed (also when the question expired).
	GiveUp Verdict = "give_up"
)

// Interpreter is the version of the rules by which runs are carried out. A run that was begun by a later version is left
// alone until the program is new enough.
const Interpreter = 1
