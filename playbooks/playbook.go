package playbooks

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Playbook is a playbook as it is written, before any check.
type Playbook struct {
	Name string `yaml:"name,required" json:"name" doc:"The playbook's name: small letters, digits and hyphens."`
	Doc  string `yaml:"doc" json:"doc,omitempty" doc:"What it is for, in a sentence."`
	On   On     `yaml:"on,required" json:"on" doc:"What starts it."`
	When string `yaml:"when" json:"when,omitempty" doc:"A CEL condition over the incident; without one the playbook always starts."`
	// Otherwise starts the playbook only where no other one starts.
	Otherwise bool          `yaml:"otherwise" json:"otherwise,omitempty" doc:"Start only when no other playbook starts."`
	Timeout   time.Duration `yaml:"timeout" json:"timeout,omitempty" doc:"The bound of the whole run, 1m to 7d; 2h unless said otherwise."`
	Steps     []StepSource  `yaml:"steps,required" json:"steps" doc:"What is done, one after the other unless needs says otherwise."`
	OnFailure []StepSource  `yaml:"on_failure" json:"on_failure,omitempty" doc:"What is done, in order, when a step failed."`
}

// On lists what starts a playbook.
type On struct {
	Incident []string `yaml:"incident,required" json:"incident" doc:"opened, worsened, reopened, suspects, recovered, resolved, blind."`
}

// StepSource is a step as it is written. Empty fields take the defaults that Compile documents.
type StepSource struct {
	ID     string         `yaml:"id" json:"id,omitempty" doc:"The step's name: small letters, digits and underscores. Required in steps."`
	Action string         `yaml:"action,required" json:"action" doc:"What the step calls, as pagerduty.page."`
	With   map[string]any `yaml:"with" json:"with,omitempty" doc:"The action's parameters; texts may hold ${ CEL }."`
	When   string         `yaml:"when" json:"when,omitempty" doc:"A CEL condition; false skips the step."`
	// Needs is nil where nothing is said: the step needs the one before it. An empty list needs nothing.
	Needs     []string      `yaml:"needs" json:"needs,omitempty" doc:"The steps that must be over first; [] begins at once."`
	Timeout   time.Duration `yaml:"timeout" json:"timeout,omitempty" doc:"The bound of one attempt, or of the whole wait."`
	Retry     RetrySource   `yaml:"retry" json:"retry,omitzero" doc:"How often a failed attempt is repeated."`
	OnError   string        `yaml:"on_error" json:"on_error,omitempty" doc:"fail, continue, end or escalate when it failed for good."`
	OnExpiry  string        `yaml:"on_expiry" json:"on_expiry,omitempty" doc:"The same when nobody answered in time."`
	OnDenied  string        `yaml:"on_denied" json:"on_denied,omitempty" doc:"The same when a person said no."`
	OnUnknown string        `yaml:"on_unknown" json:"on_unknown,omitempty" doc:"retry, verify or ask when nobody confirmed the effect."`
}

// RetrySource is how failed attempts are repeated, as written.
type RetrySource struct {
	Attempts int           `yaml:"attempts" json:"attempts,omitempty" doc:"How many attempts in all, 1 to 20."`
	Backoff  time.Duration `yaml:"backoff" json:"backoff,omitempty" doc:"The pause after the first attempt; it doubles."`
	Max      time.Duration `yaml:"max" json:"max,omitempty" doc:"The longest pause."`
}

// digest identifies a playbook by what it says, whatever its comments and spaces are: SHA-256 in hex.
func (p Playbook) digest() string {
	data, err := json.Marshal(p)
	if err != nil {
		// Only a value that YAML cannot write (NaN in a list) fails; the compiler refuses it where it stands.
		data = []byte(p.Name)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Triggers lists what can start a playbook.
func Triggers() []string {
	return []string{"opened", "worsened", "reopened", "suspects", "recovered", "resolved", "blind"}
}
