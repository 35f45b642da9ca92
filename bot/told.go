package bot

import "github.com/firebreak-dev/firebreak/detectors"

// Told is what a delivery said.
type Told struct {
	Changes     []Change
	Deployments []Deployment
	// Findings are what somebody else's watch saw, as an alert that fires or went quiet.
	Findings []detectors.Finding
	// Pulls is what happened to open pull requests, Protected are deployments that wait for our answer.
	Pulls     []PullNews
	Protected []Protected
	// Evaluations are what release gates said of revisions.
	Evaluations []Evaluated
	// Pages are what a pager said of its incidents, ours and others.
	Pages []PageNews
	// Incomplete says what the source could not find out now, such as a change's paths; empty when nothing is missing. Telling the
	// same delivery again later completes it.
	Incomplete string
	// Unused says why a delivery that could be read told nothing although it was meant to, as an event of an unknown type; its body is
	// kept. It is empty for what is known to tell nothing.
	Unused string
}
