package sandbox

import (
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/githubfake"
)

const (
	undonePull = 470
	revertPull = 489
)

// guiltyRevertStory is about a revert that brings an old fault back.
func guiltyRevertStory() Scenario {
	cause := causeOf(repoAssistants, revertPull)
	return Scenario{
		Name: "guilty-revert", About: "the revert of an older prompt change brings its old fault back",
		Truth: "the revert #489", Cause: cause, wishes: wishes{objectives: quickAnswers},
		pulls: []githubfake.Pull{
			{
				Repository: repoAssistants, Number: revertPull, Title: `Revert "Support prompt: answer questions about refunds"`, Author: author,
				Body: "Reverts acme/assistants#470", Branch: "revert-470-refunds", Reverts: undonePull, CreatedAt: Origin().Add(-time.Hour),
				Files: []githubfake.File{{
					Path: "prompts/support/system.md", Status: "modified", Additions: 2, Deletions: 6,
					Before: "---\nname: support-system\nversion: 11\n---\nHelp the customer, also with refunds.\n",
					After:  "---\nname: support-system\nversion: 10\n---\nHelp the customer, but not with refunds.\n",
				}},
			},
			{
				Repository: repoAssistants, Number: signaturePull, Title: "Support: longer time limit", Author: colleague, Branch: "time-limit",
				CreatedAt: Origin().Add(-4 * time.Hour), Reviews: approved(Origin().Add(-time.Hour)),
				Files: []githubfake.File{{Path: "services/support/service.yaml", Status: "modified", Additions: 1, Deletions: 1}},
			},
		},
		acts: guiltyRevertActs, ends: (*director).healed, deadline: 150 * time.Minute, approves: true,
		promises: []promise{opens(1, "page"), pages(1), cards(1), names(1), undone(), comesBack(), nothingTwice()},
	}
}

func guiltyRevertActs(d *director) []act {
	d.undo[causeOf(repoAssistants, undonePull)] = d.rollOut(overcautious()) // the pipeline brings every revert out by itself
	d.undo[d.scenario.Cause] = d.rollOut(normal())
	d.onceOpen(15*time.Minute, func() { d.takeBackIfNobodyDid(repoAssistants, revertPull, colleague) })
	acts := append(ordinary(d), d.lands(9*time.Minute, repoAssistants, signaturePull, colleague, nil)...)
	return append(acts,
		act{10 * time.Minute, func() { d.land(repoAssistants, revertPull, author, "by its author, without a review") }},
		act{15 * time.Minute, d.tellRefusals},
	)
}
