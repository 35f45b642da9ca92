package sandbox

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/githubfake"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/pagerdutyfake"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
)

// Summary is how a story ended, counted on the vendors' side.
type Summary struct {
	Scenario string `json:"scenario"`
	// Seconds is how long the story took on the wall clock.
	Seconds  float64  `json:"seconds"`
	Incident Incident `json:"incident"`
	// Incidents counts all that the bot opened.
	Incidents int `json:"incidents"`
	// Truth says in a few words what really did it.
	Truth string `json:"truth"`
	// Cause is the change that the story knows to be guilty; empty when no change is.
	Cause    string    `json:"cause"`
	Suspects []Suspect `json:"suspects"`
	// CauseRank is the place of the cause among the suspects, from 1; 0 when it is not among them.
	CauseRank int `json:"cause_rank"`
	// First is what the bot held of the cause when the incident had been opened, Last what it holds at the end.
	First Named `json:"first"`
	Last  Named `json:"last"`
	// Pages are alerts opened at PagerDuty, escalations included.
	Pages int `json:"pages"`
	// Cards are messages in Slack that are an incident's card, CardEdits how often they were edited.
	Cards     int `json:"cards"`
	CardEdits int `json:"card_edits"`
	// Approvals are presses of an approve button that the bot accepted.
	Approvals int `json:"approvals"`
	// Rollback is how far the cause's revert came: "none", "opened", "merged" or "deployed".
	Rollback string `json:"rollback"`
	// Recovered tells that the service really answers as before: measured where the requests are, not in the bot.
	Recovered bool `json:"recovered"`
	// Duplicates are effects that took place twice: a second card of an incident, a second revert of a change, a second alert
	// open under the same words, a second press of the same button.
	Duplicates int `json:"duplicates"`
	// Promises are what must have come of this story.
	Promises []Promise `json:"promises"`
}

// Incident is what the bot's API says of the story's incident.
type Incident struct {
	ID       string `json:"id"`
	State    string `json:"state"`
	Severity string `json:"severity"`
}

// Suspect is one of the incident's suspects.
type Suspect struct {
	Change      string  `json:"change"`
	Probability float64 `json:"probability"`
}

// How far a rollback came.
const (
	RollbackNone     = "none"
	RollbackOpened   = "opened"
	RollbackMerged   = "merged"
	RollbackDeployed = "deployed"
)

// cardsOf returns the cards of the known incidents: messages in a channel, not in a thread, with blocks, that are of the incident by their
// metadata or lead to it.
func cardsOf(messages []slackfake.Message, incidents []seenIncident) (cards []slackfake.Message, doubled int) {
	per := map[string]int{}
	for _, m := range messages {
		if m.Thread != "" || m.Ephemeral != "" || len(m.Blocks) == 0 {
			continue
		}
		for _, in := range incidents {
			if in.ID != "" && (incidentOf(m) == in.ID || bytes.Contains(m.Blocks, []byte(in.ID))) {
				cards = append(cards, m)
				if per[in.ID]++; per[in.ID] > 1 {
					doubled++
				}
				break
			}
		}
	}
	return cards, doubled
}

// incidentOf is the incident that a message says to be of.
func incidentOf(m slackfake.Message) string {
	var metadata struct {
		EventPayload struct {
			Incident string `json:"incident"`
		} `json:"event_payload"`
	}
	if json.Unmarshal(m.Metadata, &metadata) != nil {
		return ""
	}
	return metadata.EventPayload.Incident
}

// doubledAlerts counts alerts that were opened while another of the same summary, under another key, was open: the same thing
// told to people twice.
func doubledAlerts(alerts []pagerdutyfake.Alert) int {
	doubled := 0
	for i, a := range alerts {
		for _, b := range alerts[:i] {
			if a.Summary == b.Summary && a.DedupKey != b.DedupKey && (b.ResolvedAt.IsZero() || b.ResolvedAt.After(a.OpenedAt)) {
				doubled++
				break
			}
		}
	}
	return doubled
}

// rollbackOf tells how far the revert of a change came.
func rollbackOf(pulls []githubfake.Pull, deployments []githubfake.Deployment, cause string) string {
	state := RollbackNone
	for _, p := range pulls {
		if p.Reverts == 0 || (githubfake.Pull{Repository: p.Repository, Number: p.Reverts}).ID() != cause {
			continue
		}
		switch {
		case deployed(deployments, p):
			return RollbackDeployed
		case p.Merged():
			state = RollbackMerged
		case state == RollbackNone:
			state = RollbackOpened
		}
	}
	return state
}

func deployed(deployments []githubfake.Deployment, p githubfake.Pull) bool {
	return p.Merged() && slices.ContainsFunc(deployments, func(d githubfake.Deployment) bool {
		return d.SHA == p.MergeSHA && slices.ContainsFunc(d.Statuses, func(s githubfake.Status) bool { return s.State == "success" })
	})
}

// main picks the story's incident among those that the bot knows: of the story's service, the worst, the oldest of these.
func mainIncident(incidents []seenIncident, service string) (seenIncident, bool) {
	rank := func(in seenIncident) int { return slices.Index([]string{"", "info", "ticket", "page"}, in.Severity) }
	var best seenIncident
	for _, in := range incidents {
		if in.Service != service {
			continue
		}
		better := best.ID == "" || rank(in) > rank(best) || (rank(in) == rank(best) && in.OpenedAt.Before(best.OpenedAt))
		if better {
			best = in
		}
	}
	return best, best.ID != ""
}
