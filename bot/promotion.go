package bot

import (
	"strings"
	"time"
)

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

// Evaluated is what a release gate said of a revision.
type Evaluated struct {
	Repository string    `json:"repository"`
	Revision   string    `json:"revision"`
	Service    string    `json:"service,omitempty"`
	Policy     string    `json:"policy"`
	At         time.Time `json:"at"`
	// Answer is pass, inconclusive or fail.
	Answer   string `json:"answer"`
	Sentence string `json:"sentence"`
	// Measures are what was required, in words.
	Measures []EvaluatedMeasure `json:"measures,omitempty"`
	// By is who told of it.
	By string `json:"by,omitempty"`
}

// EvaluatedMeasure is one requirement of a gate and what came of it.
type EvaluatedMeasure struct {
	Metric   string `json:"metric"`
	Answer   string `json:"answer"`
	Sentence string `json:"sentence"`
}

// mostMeasures bounds the requirements of one evaluation.
const mostMeasures = 200

// Check tells what is wrong with an evaluation that somebody told of. Errors are Invalid and say what to write.
func (e Evaluated) Check(now time.Time) error {
	for name, text := range map[string]string{
		"repository": e.Repository, "revision": e.Revision, "service": e.Service, "policy": e.Policy, "by": e.By,
	} {
		if err := oneLine(name, text); err != nil {
			return err
		}
	}
	switch {
	case !strings.Contains(e.Repository, "/"):
		return Errorf(Invalid, "repository is owner/name, not %q", e.Repository)
	case len(e.Revision) < 7:
		return Errorf(Invalid, "revision is the commit that was evaluated, not %q", e.Revision)
	case e.Answer != Go && e.Answer != Hold && e.Answer != Back:
		return Errorf(Invalid, "answer is pass, inconclusive or fail, not %q", e.Answer)
	case e.At.IsZero() || e.At.After(now.Add(recordAhead)):
		return Errorf(Invalid, "at is when it was judged, and that is not in the future")
	case len(e.Measures) > mostMeasures:
		return Errorf(Invalid, "an evaluation may have %d measures at most", mostMeasures)
	}
	return nil
}
