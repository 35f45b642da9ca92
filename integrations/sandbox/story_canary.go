package sandbox

import (
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/assistant"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/githubfake"
)

const canaryPull = 484

// canaryStory is about a canary that was declared at 5 % and serves two pods of five. The answers are as good as ever: only the share
// is wrong, and the objective is not touched.
func canaryStory() Scenario {
	return Scenario{
		Name: "canary-exposure", About: "a canary that was declared at 5 % of the requests gets 40 %",
		Truth: "prompt #484", Cause: causeOf(repoAssistants, canaryPull), cast: fivePods, vital: strangers(0.06),
		pulls: []githubfake.Pull{{
			Repository: repoAssistants, Number: canaryPull, Title: "Support prompt 12 as a canary at 5 %", Author: author, Branch: "support-canary",
			CreatedAt: Origin().Add(-3 * time.Hour), Files: []githubfake.File{
				{Path: "prompts/support/system.md", Status: "modified", Additions: 9, Deletions: 4},
				{Path: "services/support/canary.yaml", Status: "modified", Additions: 1, Deletions: 1, Before: "weight: 0\n", After: "weight: 40\n"},
			},
			Reviews: approved(Origin().Add(-2 * time.Hour)),
		}},
		wishes: wishes{detectors: watchDrift + `
  canary:
    - {service: support-assistant, label: prompt_version, exposure: 5%, requests: requests, signals: [refusal_ratio], severity: page}`},
		acts: canaryActs, ends: (*director).healed, deadline: 120 * time.Minute, approves: true,
		promises: []promise{opens(1, "page"), pages(1), cards(1), names(1), undone(), comesBack(), nothingTwice()},
	}
}

// fivePods are the usual services, with five pods of the assistant.
func fivePods() []assistant.Service {
	all := assistant.Services()
	for i := range all {
		if all[i].Name == Service {
			all[i].Pods = append(all[i].Pods, "support-assistant-7c9d-v6tqd:9464")
		}
	}
	return all
}

func canaryActs(d *director) []act {
	d.undo[d.scenario.Cause] = func(githubfake.Pull) {
		d.sandbox.world.Deploy(Service, usual().Version, normal(), d.now().Add(pickUp), rampUp)
	}
	d.onceOpen(15*time.Minute, func() { d.takeBackIfNobodyDid(repoAssistants, canaryPull, colleague) })
	return append(ordinary(d), d.lands(10*time.Minute, repoAssistants, canaryPull, colleague, func(p githubfake.Pull) {
		d.sandbox.world.DeployTo(Service, 2, p.MergeSHA[:7], normal(), d.now().Add(pickUp), pickUp)
	})...)
}

// lands merges a reviewed pull request and brings it to production two minutes later.
func (d *director) lands(at time.Duration, repo string, number int, by string, effect func(githubfake.Pull)) []act {
	return []act{
		{at, func() { d.land(repo, number, by, "reviewed") }},
		{at + pipeline, func() { d.deploy(repo, number, effect) }},
	}
}

// approved is a colleague's approval.
func approved(at time.Time) []githubfake.Review {
	return []githubfake.Review{{User: reviewer, State: "APPROVED", At: at}}
}
