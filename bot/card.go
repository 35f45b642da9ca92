package bot

import (
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// Card is what an incident looks like to a person, free of any vendor's mark-up. It is made once by bot/report and rendered by
// whoever shows it: Slack blocks, a PagerDuty page, the HTML page. All texts are data.
type Card struct {
	Incident string
	Service  string
	// Headline is one line of plain words: what is wrong, since when.
	Headline string
	Severity detectors.Severity
	State    State
	// Facts are short labelled values, in reading order: since, objective, budget, who is on it.
	Facts    []Fact
	Suspects []Suspect
	None     float64
	// Asked is the change of which people are asked whether it was it: the first suspect, empty once something is confirmed.
	Asked string
	// Doing are sentences about what the bot did and will do, newest last.
	Doing []string
	// Approvals are the open questions.
	Approvals []Approval
	// URL is the incident's page.
	URL string
	// Chart is a PNG, empty when there is nothing to draw. Alt says in words what it shows.
	Chart []byte
	Alt   string
	// Weighed and Log are for those who want to know more than a look takes in: how the suspects were weighed, and what happened. Either may be
	// without lines.
	Weighed, Log Passage
	// Updated is the time of the newest entry that the card shows.
	Updated time.Time
}

// Passage is a heading and its lines.
type Passage struct {
	Title string
	Lines []string
}

// Fact is a labelled value on a card.
type Fact struct{ Label, Value string }
