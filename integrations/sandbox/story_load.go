package sandbox

import (
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/githubfake"
)

// loadStory is about a campaign: three times the requests, and some of them run into their time limit.
func loadStory() Scenario {
	return Scenario{
		Name: "load-spike", About: "a campaign triples the requests and some run into their time limit; none of the changes of the last hour did it",
		Truth: "nothing of ours: a campaign", pulls: []githubfake.Pull{greeting()}, vital: failures(0.01, 0),
		wishes: wishes{objectives: usefulAnswers + "\n  - {name: answers, service: support-assistant, signal: errors, target: 99.9%, rules: [{long: 1h, short: 5m, factor: 14.4, severity: page}]}"},
		acts:   loadActs, ends: (*director).healedByItself, deadline: 150 * time.Minute,
		promises: []promise{opens(1, "page"), pages(1), cards(1), blamesNobody(), leftAlone(), comesBack(), nothingTwice()},
	}
}

func loadActs(d *director) []act {
	slow := normal()
	slow.Failed, slow.Latency, slow.FirstToken = 0.07, 3*slow.Latency, 4*slow.FirstToken
	acts := append(ordinary(d), d.lands(7*time.Minute, repoAssistants, greetingPull, author, nil)...)
	return append(acts,
		act{26 * time.Minute, func() {
			d.say("A campaign begins: three times the requests.")
			d.sandbox.world.Surge(Service, 3, d.now())
			d.sandbox.world.Deploy(Service, "", slow, d.now().Add(30*time.Second), time.Minute)
		}},
		act{48 * time.Minute, func() {
			d.say("The campaign is over.")
			d.sandbox.world.Surge(Service, 1, d.now())
			d.sandbox.world.Deploy(Service, "", normal(), d.now(), time.Minute)
		}},
	)
}
