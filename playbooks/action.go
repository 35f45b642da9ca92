package playbooks

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// Action is a catalogue entry: what a step may call, and what is known of it before it is called.
type Action struct {
	// Name is "integration.verb", as "github.revert".
	Name string
	// Doc is one sentence for the catalogue and for editors.
	Doc    string
	Params []Param
	// Outputs are the names under steps.ID.output, with their CEL types.
	Outputs map[string]Type
	// Rollback marks an action that undoes a change: its on_unknown is "ask" unless the step says otherwise.
	Rollback bool
	// Waits marks an action that may answer Pending and is polled (approval.ask, signal.wait).
	Waits bool
	// Idempotent marks an action that may be sent again with the same key without harm: its on_unknown is "retry" unless the
	// step says otherwise. Then a vendor that is away costs some attempts, and nobody is asked about what nobody can know.
	Idempotent bool
	// Verifies marks an action whose handler can look up whether a call took effect. Catalogue sets it.
	Verifies bool
	// Configured is false for an action that is known but cannot be carried out with the present configuration. Catalogue sets
	// it for every action that has a handler.
	Configured bool
}

// Param is one field of a step's `with`.
type Param struct {
	Name     string
	Type     Type
	Required bool
	// Allowed lists the accepted values of a string that is not an expression.
	Allowed []string
	Doc     string
}

// Type is the type of a parameter or of an output.
type Type string

// The types. Condition is CEL text that must give a bool and is handed to the action unevaluated.
const (
	String    Type = "string"
	Int       Type = "int"
	Double    Type = "double"
	Bool      Type = "bool"
	Duration  Type = "duration"
	Map       Type = "map"
	List      Type = "list"
	Condition Type = "condition"
)

// Call is one attempt of a step.
type Call struct {
	Run      string
	Playbook string
	Step     string
	Action   string
	// Attempt counts from 1.
	Attempt int
	// Key is the idempotency key: the same for every attempt of the step in this run, and sent to the vendor where it takes one.
	Key string
	// With are the parameters, expressions already evaluated: string, int64, float64, bool, time.Duration, map[string]any, []any.
	With map[string]any
	// Incident and Service say what the run is about.
	Incident string
	Service  string
	// Begun is when the step's first attempt began; waiting actions count from it.
	Begun time.Time
	// Now is the time of this attempt.
	Now time.Time
}

// Status is how an attempt ended.
type Status string

// The statuses of an outcome.
const (
	Done    Status = "done"
	Pending Status = "pending" // not yet: ask again at Outcome.Again or when woken
	Denied  Status = "denied"  // a person said no
	Expired Status = "expired" // nobody answered, or the condition did not come true in time
)

// Outcome is what an attempt gave. Errors are returned beside it.
type Outcome struct {
	Status Status         `json:"status"`
	Output map[string]any `json:"output,omitempty"`
	// Sentence is for the timeline.
	Sentence string `json:"sentence,omitempty"`
	// Again is when a Pending outcome wants to be asked again.
	Again time.Time `json:"again,omitzero"`
}

// Handler carries out one action. It must be safe to call again with the same Key.
type Handler interface {
	Act(ctx context.Context, call Call) (Outcome, error)
}

// Verifier is a Handler that can look up at the vendor whether a call with this key has already taken effect. It returns
// found=false only when it is sure that it has not.
type Verifier interface {
	Verify(ctx context.Context, call Call) (outcome Outcome, found bool, err error)
}

// HandlerFunc makes a Handler of a function.
type HandlerFunc func(ctx context.Context, call Call) (Outcome, error)

// Act calls the function.
func (f HandlerFunc) Act(ctx context.Context, call Call) (Outcome, error) { return f(ctx, call) }

// Bound is a catalogue entry together with its handler.
type Bound struct {
	Action
	Handler Handler
}

// Catalogue lists the actions of bound handlers, sorted by name, with what follows from the handlers filled in.
func Catalogue(bound ...[]Bound) []Action {
	var out []Action
	for _, list := range bound {
		for _, b := range list {
			a := b.Action
			_, verifies := b.Handler.(Verifier)
			a.Verifies = a.Verifies || verifies
			a.Configured = a.Configured || b.Handler != nil
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b Action) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Fate says what to do after a failed attempt.
type Fate string

// The fates of a failed attempt.
const (
	// Permanent: never again, the vendor refused it.
	Permanent Fate = "permanent"
	// Transient: it did not take effect; try again, after Failure.After where the vendor gave a hint.
	Transient Fate = "transient"
	// Unknown: it may or may not have taken effect (a timeout after sending); on_unknown decides.
	Unknown Fate = "unknown"
)

// Failure is an error that says what to do next. The zero fate means Unknown.
type Failure struct {
	Fate  Fate
	After time.Duration
	Err   error
}

func (f *Failure) Error() string { return f.Err.Error() }
func (f *Failure) Unwrap() error { return f.Err }

// FateOf returns the fate and the vendor's hint of an error. An error that does not say is Unknown: nothing is assumed about
// an effect that nobody confirmed.
func FateOf(err error) (Fate, time.Duration) {
	var f *Failure
	if errors.As(err, &f) && f.Fate != "" {
		return f.Fate, f.After
	}
	return Unknown, 0
}
