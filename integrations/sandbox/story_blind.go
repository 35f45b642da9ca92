package sandbox

import (
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
)

// blindStory is the first story, but Prometheus fails in the middle of it, for ten minutes.
func blindStory() Scenario {
	s := fridayPromptStory()
	s.Name, s.About = "blind", "the first story again, and Prometheus answers errors for ten minutes in the middle of it"
	s.wishes.objectives, s.wishes.playbooks = quickAnswers, "prompt-regression, generic, blind, closing"
	s.deadline = 180 * time.Minute
	s.acts = func(d *director) []act {
		d.onceOpen(2*time.Minute, func() {
			d.say("Prometheus answers errors.")
			d.mark("dark")
			_ = d.sandbox.Fault("prometheus", wire.Fault{Mode: wire.Broken})
		})
		d.onceOpen(12*time.Minute, func() {
			d.say("Prometheus answers again.")
			d.mark("light")
			_ = d.sandbox.Fault("prometheus", wire.Fault{Mode: wire.Healthy})
		})
		return fridayPrompt(d)
	}
	s.promises = []promise{
		{"what did it is a page", func(_ *director, s Summary) bool { return s.Incident.Severity == "page" }},
		{"that it sees nothing is told on the timeline", func(d *director, _ Summary) bool { return d.happened("blind", "dark", "light") }},
		{"it does not say recovered while it sees nothing", func(d *director, _ Summary) bool {
			return !d.happened("recovered", "dark", "light") && !d.happened("resolved", "dark", "light")
		}},
		{"it says recovered when it sees again", func(d *director, _ Summary) bool { return d.happened("recovered", "light", "") }},
		pages(2), cards(2), names(1), undone(), comesBack(), nothingTwice(),
	}
	return s
}

// happened tells that the timeline of the story's incident has an entry of a kind between two marks; no mark is no bound.
func (d *director) happened(kind, from, to string) bool {
	after, before := d.marked(from), d.marked(to)
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.ContainsFunc(d.entries, func(e seenEntry) bool {
		return e.Kind == kind && e.At.After(after) && (before.IsZero() || e.At.Before(before))
	})
}
