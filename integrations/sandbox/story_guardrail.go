package sandbox

import (
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/githubfake"
)

const (
	guardrailPull = 488
	signaturePull = 487
)

// guardrailStory is about a guardrail that is tightened between two edits of the prompt.
func guardrailStory() Scenario {
	return Scenario{
		Name: "guardrail", About: "a guardrail is tightened between two edits of the prompt, and blocks what it should not",
		Truth: "guardrail #488", Cause: causeOf(repoAssistants, guardrailPull),
		pulls: []githubfake.Pull{
			greeting(),
			{
				Repository: repoAssistants, Number: signaturePull, Title: "Support prompt: sign with the team", Author: author, Branch: "signature",
				CreatedAt: Origin().Add(-4 * time.Hour), Reviews: approved(Origin().Add(-time.Hour)),
				Files: []githubfake.File{{Path: "prompts/support/signature.md", Status: "modified", Additions: 1, Deletions: 1}},
			},
			{
				Repository: repoAssistants, Number: guardrailPull, Title: "Support guardrail: no word about refunds", Author: colleague, Branch: "refund-rail",
				CreatedAt: Origin().Add(-2 * time.Hour), Reviews: approved(Origin().Add(-time.Hour)),
				Files: []githubfake.File{{Path: "services/support/guardrails/refunds.yaml", Status: "modified", Additions: 4, Deletions: 1}},
			},
		},
		wishes: wishes{signals: "  use: [otel-genai]\n  names: {refused: 'refusal|guardrail_blocked'}", objectives: quickAnswers}, acts: guardrailActs, ends: (*director).healedByItself, deadline: 120 * time.Minute, approves: true,
		promises: []promise{opens(1, "page"), cards(1), names(2), comesBack(), nothingTwice()},
	}
}

func guardrailActs(d *director) []act {
	blocking := normal()
	blocking.Blocked = 0.25
	d.undo[d.scenario.Cause] = func(githubfake.Pull) {
		d.sandbox.world.Deploy(Service, "", normal(), d.now().Add(pickUp), rampUp)
	}
	d.onceOpen(40*time.Minute, func() { d.takeBack(repoAssistants, guardrailPull, colleague) })
	acts := append(ordinary(d), d.lands(5*time.Minute, repoAssistants, greetingPull, author, nil)...)
	acts = append(acts, d.lands(10*time.Minute, repoAssistants, guardrailPull, colleague, func(githubfake.Pull) {
		d.sandbox.world.Deploy(Service, "", blocking, d.now().Add(pickUp), rampUp)
	})...)
	acts = append(acts, d.lands(14*time.Minute, repoAssistants, signaturePull, author, nil)...)
	return append(acts, act{16 * time.Minute, d.tellRefusals})
}
