package sandbox

import (
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/assistant"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/githubfake"
)

// The tool that is seldom asked.
const (
	contractTool  = "contract-tool"
	repoContracts = "acme/contract-tool"
	storePull     = 12
	wordingPull   = 11
)

// lowTrafficStory is about a tool that is asked 37 times a day and fails nine times of ten.
func lowTrafficStory() Scenario {
	begins := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	return Scenario{
		Name: "low-traffic", About: "an internal tool with 37 requests a day fails nine times of ten: a ticket, and nobody is woken",
		Truth: "code #12", Cause: causeOf(repoContracts, storePull), service: contractTool, begins: begins, speed: 450,
		cast: withContractTool, vital: failures(0.5, 6*time.Hour),
		pulls: []githubfake.Pull{
			{
				Repository: repoContracts, Number: wordingPull, Title: "Shorter wording of the summary", Author: author, Branch: "shorter",
				CreatedAt: begins.Add(-24 * time.Hour), Reviews: approved(begins.Add(-2 * time.Hour)),
				Files: []githubfake.File{{Path: "prompts/summary.md", Status: "modified", Additions: 3, Deletions: 8}},
			},
			{
				Repository: repoContracts, Number: storePull, Title: "Read contracts by the new client of the store", Author: colleague, Branch: "store-client",
				CreatedAt: begins.Add(-20 * time.Hour), Reviews: approved(begins.Add(-time.Hour)),
				Files: []githubfake.File{
					{Path: "internal/store/client.go", Status: "modified", Additions: 120, Deletions: 88},
					{Path: "internal/store/retry.go", Status: "removed", Deletions: 61},
				},
			},
		},
		wishes: wishes{
			services: `  - name: contract-tool
    owner: team-legal-ai
    match: {service_name: contract-tool}
    repositories:
      - {name: acme/contract-tool}
    environments: [production]
`,
			objectives: usefulAnswers + "\n  - {name: contracts-answered, service: contract-tool, signal: errors, target: 95%, period: 30d}",
		},
		acts: lowTrafficActs, ends: func(d *director) bool { return d.toldFor(10 * time.Minute) }, deadline: 9 * time.Hour,
		promises: []promise{opens(1, "ticket"), pages(0), cards(1), names(2), nothingTwice()},
	}
}

// withContractTool are the usual services and a tool with 37 requests on a working day.
func withContractTool() []assistant.Service {
	const meanOfDay = 0.8 // of the day's wave
	tool := assistant.Service{
		Name: contractTool, Environment: production, Provider: "openai", RequestModel: "gpt-4o-mini", Pods: []string{"contract-tool-6d5c-pl4rx:9464"},
		Rate: 37 / (24 * time.Hour).Seconds() / meanOfDay, Version: "c5d2a10", Normal: normal(),
	}
	return append(assistant.Services(), tool)
}

func lowTrafficActs(d *director) []act {
	failing := normal()
	failing.Failed = 0.9
	acts := []act{{45 * time.Second, func() { d.say("It is a working day. %s is asked now and then.", contractTool) }}}
	acts = append(acts, ordinary(d)[1:]...)
	acts = append(acts, d.lands(15*time.Minute, repoContracts, wordingPull, reviewer, nil)...)
	return append(acts, d.lands(40*time.Minute, repoContracts, storePull, reviewer, func(githubfake.Pull) {
		d.sandbox.world.Deploy(contractTool, "", failing, d.now(), 0)
	})...)
}

// toldFor tells that the story's incident has been open for a while.
func (d *director) toldFor(while time.Duration) bool {
	in, ok := d.incident()
	return ok && d.now().Sub(in.OpenedAt) >= while
}
