package sandbox

import (
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/assistant"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/githubfake"
)

const (
	greetingPull = 486
	flagID       = "ev-2207"
)

// greeting is an innocent change of the assistant's prompt.
func greeting() githubfake.Pull {
	return githubfake.Pull{
		Repository: repoAssistants, Number: greetingPull, Title: "Support prompt: greet by name", Author: author, Branch: "greet-by-name",
		CreatedAt: Origin().Add(-4 * time.Hour), Reviews: approved(Origin().Add(-time.Hour)),
		Files: []githubfake.File{{Path: "prompts/support/greeting.md", Status: "modified", Additions: 2, Deletions: 1}},
	}
}

// flagStory is about a flag that nobody reviews and no repository knows, switched while two harmless merges go out.
func flagStory() Scenario {
	return Scenario{
		Name: "flag-flip", About: "a flag is switched without a pull request while two harmless merges go out",
		Truth: "the flag support-strict-policy", Cause: "flags:openfeature/" + flagID, pulls: []githubfake.Pull{greeting()},
		wishes: wishes{sections: tellers, objectives: quickAnswers}, acts: flagActs, ends: (*director).healedByItself, deadline: 150 * time.Minute, approves: true,
		promises: []promise{opens(1, "page"), cards(1), names(2), comesBack(), nothingTwice()},
	}
}

// strict is how the assistant answers when it takes a quarter of the questions for none of its business.
func strict() assistant.Behaviour {
	b := normal()
	b.Refused = 0.25
	return b
}

func flagActs(d *director) []act {
	d.onceOpen(40*time.Minute, func() {
		d.say("The flag support-strict-policy is switched off again.")
		d.flip("ev-2231", "support-strict-policy", d.now())
		d.sandbox.world.Deploy(Service, "", normal(), d.now().Add(10*time.Second), 10*time.Second)
	})
	acts := []act{{45 * time.Second, d.hello}}
	acts = append(acts, d.lands(2*time.Minute, repoSearch, searchPull, reviewer, d.renameSearch)...)
	acts = append(acts, d.lands(10*time.Minute, repoAssistants, retrievalPull, colleague, nil)...)
	acts = append(acts, d.lands(10*time.Minute+20*time.Second, repoAssistants, greetingPull, author, nil)...)
	return append(acts,
		act{12*time.Minute + 30*time.Second, func() {
			d.say("The flag support-strict-policy is switched on.")
			d.flip(flagID, "support-strict-policy", d.now())
			d.sandbox.world.Deploy(Service, "", strict(), d.now().Add(10*time.Second), 10*time.Second)
		}},
		act{15 * time.Minute, d.tellRefusals},
	)
}
