package sandbox

import (
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/assistant"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/githubfake"
)

// The names of the story's things.
const (
	Service        = "support-assistant"
	repoAssistants = "acme/assistants"
	repoSearch     = "acme/search-copilot"
	production     = "production"
	author         = "lena-hartmann"
	colleague      = "jonas-weber"
	reviewer       = "mira-castell"
	deployer       = "acme-deploy[bot]"
	promptPull     = 482
	retrievalPull  = 479
	searchPull     = 131
)

// onCall is who presses buttons.
const (
	onCallID   = "U0OMARAZI"
	onCallName = "omar"
)

// Origin is when most stories begin: a Friday, 16:40 in Berlin.
func Origin() time.Time { return time.Date(2026, 11, 20, 15, 40, 0, 0, time.UTC) }

// usualPulls are the pull requests that are open when a story begins.
func usualPulls(origin time.Time) []githubfake.Pull {
	return []githubfake.Pull{
		{
			Repository: repoSearch, Number: searchPull, Title: "Cache the tokenizer between requests", Author: colleague,
			Branch: "cache-tokenizer", CreatedAt: origin.Add(-26 * time.Hour),
			Files: []githubfake.File{
				{Path: "internal/tokens/cache.go", Status: "added", Additions: 92},
				{Path: "internal/tokens/encode.go", Status: "modified", Additions: 14, Deletions: 9},
			},
			Reviews: []githubfake.Review{{User: reviewer, State: "APPROVED", At: origin.Add(-2 * time.Hour)}},
		},
		{
			Repository: repoAssistants, Number: retrievalPull, Title: "Support: fetch 8 passages instead of 6", Author: colleague,
			Branch: "support-top-k", CreatedAt: origin.Add(-5 * time.Hour),
			Files: []githubfake.File{{
				Path: "services/support/retrieval.yaml", Status: "modified", Additions: 1, Deletions: 1,
				Before: "index_version: 2026-11-13\ntop_k: 6\n", After: "index_version: 2026-11-13\ntop_k: 8\n",
			}},
			Reviews: []githubfake.Review{{User: reviewer, State: "APPROVED", At: origin.Add(-time.Hour)}},
		},
	}
}

// refundPull is the pull request of the first story.
func refundPull() githubfake.Pull {
	return githubfake.Pull{
		Repository: repoAssistants, Number: promptPull, Title: "Support prompt: never promise a refund", Author: author,
		Branch: "refund-wording",
		Files: []githubfake.File{{
			Path: "prompts/support/system.md", Status: "modified", Additions: 11, Deletions: 3,
			Before: "---\nname: support-system\nversion: 11\n---\nHelp the customer.\n",
			After:  "---\nname: support-system\nversion: 12\n---\nHelp the customer, and never promise a refund.\n",
		}},
	}
}

// normal is how the story's service answers on a good day; overcautious is the same after the prompt of #482.
func normal() assistant.Behaviour { return usual().Normal }

// usual is the story's service on a good day.
func usual() assistant.Service {
	for _, s := range assistant.Services() {
		if s.Name == Service {
			return s
		}
	}
	return assistant.Service{}
}

func overcautious() assistant.Behaviour {
	b := normal()
	b.Refused = 0.0865
	b.InputTokens += 140
	return b
}

// drifted is the same prompt on the provider's new model.
func drifted() assistant.Behaviour {
	b := normal()
	b.Refused, b.ResponseModel = 0.079, "gpt-4o-mini-2026-11-19"
	b.Latency = b.Latency * 9 / 10
	return b
}

// ordinary is what happens on any Friday: a reviewed change of a neighbour, a reviewed change of our own.
func ordinary(d *director) []act {
	return []act{
		{45 * time.Second, d.hello},
		{time.Minute, func() { d.land(repoSearch, searchPull, reviewer, "reviewed") }},
		{2 * time.Minute, func() { d.deploy(repoSearch, searchPull, d.renameSearch) }},
		{4 * time.Minute, func() { d.land(repoAssistants, retrievalPull, colleague, "reviewed") }},
		{5 * time.Minute, func() { d.deploy(repoAssistants, retrievalPull, nil) }},
	}
}

func fridayPromptStory() Scenario {
	return Scenario{
		Name: "friday-prompt", About: "a prompt is merged on Friday at 16:50, unreviewed, and the assistant begins to refuse",
		Truth: "prompt #482", Cause: causeOf(repoAssistants, promptPull), acts: fridayPrompt,
		wishes: wishes{app: true, sections: "checks:\n  repositories: [acme/assistants]\n"}, ends: (*director).healed,
		deadline: 150 * time.Minute, approves: true,
		promises: []promise{opens(1, "page"), pages(1), cards(1), names(1), undone(), comesBack(), nothingTwice()},
	}
}

func quietStory() Scenario {
	return Scenario{
		Name: "quiet", About: "an ordinary Friday: merges, a rollout, and nothing that anybody must hear of", Truth: "nothing happened",
		acts: quiet, ends: func(*director) bool { return false }, deadline: 40 * time.Minute, approves: true,
		promises: []promise{opens(0, ""), pages(0), cards(0), comesBack(), nothingTwice()},
	}
}

func vendorDriftStory() Scenario {
	return Scenario{
		Name: "vendor-drift", About: "the provider swaps the model behind the same name; no change of ours is guilty",
		Truth: "the provider's new model", vendor: "drift:" + Service + "/", acts: vendorDrift, ends: (*director).healedByItself,
		deadline: 150 * time.Minute,
		promises: []promise{opens(1, "page"), pages(1), cards(1), names(1), comesBack(), nothingTwice()},
	}
}

// causeOf is the name of the change that a pull request is.
func causeOf(repo string, number int) string {
	return githubfake.Pull{Repository: repo, Number: number}.ID()
}

func fridayPrompt(d *director) []act {
	d.undo[causeOf(repoAssistants, promptPull)] = d.rollOut(normal())
	return append(ordinary(d),
		act{7 * time.Minute, func() { d.open(refundPull()) }},
		act{10 * time.Minute, func() { d.land(repoAssistants, promptPull, author, "by its author, without a review") }},
		act{11 * time.Minute, func() { d.deploy(repoAssistants, promptPull, d.rollOut(overcautious())) }},
		act{15 * time.Minute, d.tellRefusals},
	)
}

func quiet(d *director) []act {
	return append(ordinary(d), act{25 * time.Minute, d.tellRefusals})
}

func vendorDrift(d *director) []act {
	return append(ordinary(d),
		act{12 * time.Minute, func() {
			d.say("The provider now answers with another model behind the same name. Nobody here changed anything.")
			d.sandbox.world.Deploy(Service, "", drifted(), d.now(), 2*time.Minute)
		}},
		act{16 * time.Minute, d.tellRefusals},
		act{45 * time.Minute, func() {
			d.say("The provider takes its new model back.")
			d.sandbox.world.Deploy(Service, "", normal(), d.now(), 2*time.Minute)
		}},
	)
}
