package sandbox

import (
	"time"
)

const registry = "prompt-registry"

// published is the guilty prompt, as its registry tells of it.
func published() record {
	return record{ID: "support-system-14", Source: registry, Kind: "prompt", Title: "prompt support-system 14 is live", Services: []string{Service}}
}

// lateWebhookStory is about a registry whose webhook comes five minutes after the incident was opened.
func lateWebhookStory() Scenario {
	return Scenario{
		Name: "late-webhook", About: "the guilty prompt is told of five minutes after the incident was opened, and the ranking changes",
		Truth: "prompt support-system 14", Cause: published().change(), wishes: wishes{sections: tellers, objectives: quickAnswers},
		acts: lateActs, ends: (*director).healedByItself, deadline: 120 * time.Minute,
		promises: []promise{
			opens(1, "page"), pages(1), cards(1),
			{"before the webhook something else is first", func(_ *director, s Summary) bool { return s.First.Change != s.Cause }},
			names(1), leftAlone(), comesBack(), nothingTwice(),
		},
	}
}

func lateActs(d *director) []act {
	d.onceOpen(5*time.Minute, func() {
		d.say("The webhook of the prompt registry comes at last.")
		r := published()
		r.EffectiveAt = d.marked("published")
		d.tell(r)
	})
	d.onceOpen(20*time.Minute, func() {
		d.say("The registry goes back to support-system 13.")
		d.tell(record{
			ID: "support-system-13", Source: registry, Kind: "prompt", Title: "prompt support-system 13 is live again", Services: []string{Service},
			EffectiveAt: d.now(), Reverts: d.scenario.Cause,
		})
		d.sandbox.world.Deploy(Service, "", normal(), d.now().Add(pickUp), rampUp)
	})
	return append(ordinary(d), act{12 * time.Minute, func() {
		d.say("The registry publishes support-system 14; its webhook is stuck.")
		d.mark("published")
		d.sandbox.world.Deploy(Service, "", strict(), d.now().Add(pickUp), rampUp)
	}}, act{15 * time.Minute, d.tellRefusals})
}
