package playbooks

import "time"

// Plan is a checked playbook in the form that runs: every default filled in, every expression known to compile. It is stored
// with the run, so its JSON form is read by later versions of the program.
type Plan struct {
	Name string `json:"name"`
	// Digest identifies the text it was made from (SHA-256, hex).
	Digest string `json:"digest"`
	// On lists what starts it: "opened", "worsened", "reopened", "suspects", "recovered", "resolved", "blind".
	On []string `json:"on"`
	// When is a CEL condition over the scope; empty means always.
	When string `json:"when,omitempty"`
	// Otherwise starts it only where no other plan starts.
	Otherwise bool `json:"otherwise,omitempty"`
	// Timeout bounds the whole run.
	Timeout time.Duration `json:"timeout"`
	Steps   []Step        `json:"steps"`
	// OnFailure runs, in order, when a step failed and nothing said that the run goes on.
	OnFailure []Step `json:"on_failure,omitempty"`
}

// Step is one call of a plan.
type Step struct {
	ID     string `json:"id"`
	Action string `json:"action"`
	// With holds the parameters as written: strings may hold ${ CEL }.
	With map[string]any `json:"with,omitempty"`
	// When is a CEL condition; false skips the step, and a skipped step counts as done for those that need it.
	When string `json:"when,omitempty"`
	// Needs are the steps that must be over first; the compiler fills in the one before where the text names none.
	Needs []string `json:"needs,omitempty"`
	// Timeout bounds one attempt of an action that answers at once, and the whole wait of one that waits.
	Timeout time.Duration `json:"timeout"`
	Retry   Retry         `json:"retry"`
	// OnError, OnExpiry, OnDenied say what the run does then: "fail" (run on_failure, end), "continue", "end" (end quietly as
	// succeeded) or "escalate" (as fail, and the reason is that nobody decided).
	OnError  string `json:"on_error"`
	OnExpiry string `json:"on_expiry"`
	OnDenied string `json:"on_denied"`
	// OnUnknown says what happens to an attempt whose effect nobody confirmed: "retry", "verify" or "ask".
	OnUnknown string `json:"on_unknown"`
}

// Retry is how often and how far apart failed attempts are repeated. A vendor's hint to wait longer wins.
type Retry struct {
	// Attempts counts the first one too.
	Attempts int `json:"attempts"`
	// Backoff is the pause after the first attempt; it doubles up to Max.
	Backoff time.Duration `json:"backoff"`
	Max     time.Duration `json:"max"`
}
