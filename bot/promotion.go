package bot

import "time"

// The answers to whether something may go on. Hold means that nobody can say yes now, and nothing speaks for going back.
const (
	Go   = "pass"
	Hold = "inconclusive"
	Back = "fail"
)

// Promotion is the answer to whether a new version of a service may get more of the traffic now.
type Promotion struct {
	Service     string    `json:"service"`
	Environment string    `json:"environment,omitempty"`
	At          time.Time `json:"at"`
	// Answer is pass, inconclusive or fail.
	Answer   string `json:"answer"`
	Sentence string `json:"sentence"`
	// Reasons are what speaks against going on; their weight is 2 for what asks to go back, 1 for what asks to hold, and 0 for
	// what is only told.
	Reasons []Reason `json:"reasons"`
}
