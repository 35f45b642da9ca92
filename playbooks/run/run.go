package run

import (
	"encoding/json"
	"time"

	"github.com/firebreak-dev/firebreak/playbooks"
)

// State is where a run stands.
type State string

// The states of a run.
const (
	Running   State = "running"
	Waiting   State = "waiting"
	Succeeded State = "succeeded"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Ended tells whether a run in this state is over.
func (s State) Ended() bool { return s == Succeeded || s == Failed || s == Cancelled }

// Run is one durable execution of a playbook.
type Run struct {
	// ID is made from the incident, the playbook and the trigger, so that the same trigger never starts two runs.
	ID       string `json:"id"`
	Playbook string `json:"playbook"`
	Incident string `json:"incident"`
	Service  string `json:"service"`
	// Trigger is what started it, as "opened".
	Trigger string `json:"trigger"`
	// Plan is the compiled playbook as it was when the run began; editing the YAML never touches it.
	Plan json.RawMessage `json:"plan"`
	// Scope is what expressions see besides steps and now: incident, service, suspects as they were when the run began.
	Scope     json.RawMessage `json:"scope"`
	State     State           `json:"state"`
	StartedAt time.Time       `json:"started_at"`
	EndedAt   time.Time       `json:"ended_at,omitzero"`
	// Reason says why it ended as it did.
	Reason string `json:"reason,omitempty"`
	// Interpreter is the version of the rules that run it.
	Interpreter int `json:"interpreter"`
}

// EventKind is what happened in a run.
type EventKind string

// The kinds of events of a run.
const (
	// Intent: an attempt is about to call the outside. It is written before the call.
	Intent EventKind = "intent"
	// Answered: the attempt gave an outcome.
	Answered EventKind = "answered"
	// Erred: the attempt gave an error, with its fate.
	Erred EventKind = "erred"
	// Skipped: the step's condition was false, or a step that it needs did not succeed.
	Skipped EventKind = "skipped"
	// Absent: it is sure that the attempt left no trace outside (the vendor was asked by its key, or By says so), so that it
	// may be repeated.
	Absent EventKind = "absent"
	// Asked: nobody could confirm the attempt's effect and people were asked whether it happened.
	Asked EventKind = "asked"
	// Aborted: By asked for the run to stop.
	Aborted EventKind = "aborted"
	// Turned: the run turned to its on_failure steps; State, Reason and Error say how it will end and why.
	Turned EventKind = "turned"
	// Over: the run ended; State, Reason and Error say how and why.
	Over EventKind = "over"
)

// Event is one line of a run's journal. Events are only ever added.
type Event struct {
	Run     string    `json:"run"`
	At      time.Time `json:"at"`
	Kind    EventKind `json:"kind"`
	Step    string    `json:"step,omitempty"`
	Action  string    `json:"action,omitempty"`
	Attempt int       `json:"attempt,omitempty"`
	// Key is the idempotency key of the step.
	Key     string             `json:"key,omitempty"`
	Outcome *playbooks.Outcome `json:"outcome,omitempty"`
	// Error is the sentence of an error, Fate and RetryAt what follows from it.
	Error   string         `json:"error,omitempty"`
	Fate    playbooks.Fate `json:"fate,omitempty"`
	RetryAt time.Time      `json:"retry_at,omitzero"`
	// State and Reason are set by Turned and Over; Reason by Skipped too.
	State  State  `json:"state,omitempty"`
	Reason Reason `json:"reason,omitempty"`
	// By is the person behind an Aborted, an Absent or an Answered that people decided; empty for the program itself.
	By string `json:"by,omitempty"`
	// ID makes adding idempotent: kind, step and attempt (and poll number for a repeated Pending answer).
	ID string `json:"id"`
}

// Query asks for runs, newest first. Empty fields do not narrow.
type Query struct {
	Incident string
	States   []State
	Limit    int
}
