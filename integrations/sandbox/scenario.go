package sandbox

import (
	"fmt"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/assistant"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/githubfake"
)

// Scenario is a story.
type Scenario struct {
	Name string
	// About says in a line what happens.
	About string
	// Truth says in a few words what really did it.
	Truth string
	// Cause is the guilty change, empty when no change of ours is.
	Cause string

	// vendor is how the name of a change begins that the bot makes of what a vendor did; it is the truth where one is set.
	vendor string
	// service is the one that the story happens to.
	service string
	// begins is when the story begins, speed how many times faster than life it is told when nobody says otherwise.
	begins time.Time
	speed  float64
	// cast are the simulated services; nil stands for the usual ones.
	cast func() []assistant.Service
	// pulls are pull requests that are open when the story begins, beside the usual ones.
	pulls []githubfake.Pull
	// wishes are what the configuration has besides.
	wishes wishes
	// vital tells how the service is.
	vital vital
	// acts are what happens by itself, at times after the beginning.
	acts func(*director) []act
	// ends tells that there is nothing more to wait for.
	ends func(*director) bool
	// deadline ends the story anyway.
	deadline time.Duration
	// approves tells whether the person on call presses an approve button.
	approves bool
	// promises are what must have come of it.
	promises []promise
}

// act is one thing that happens by itself.
type act struct {
	at time.Duration
	do func()
}

// Scenarios lists every story; the first is the default.
func Scenarios() []Scenario {
	stories := []Scenario{
		fridayPromptStory(), quietStory(), vendorDriftStory(), canaryStory(), corpusStory(), blindStory(), lowTrafficStory(),
		gatewayStory(), flagStory(), guardrailStory(), guiltyRevertStory(), loadStory(), lateWebhookStory(),
	}
	for i := range stories {
		stories[i] = stories[i].withDefaults()
	}
	return stories
}

func (s Scenario) withDefaults() Scenario {
	if s.service == "" {
		s.service = Service
	}
	if s.begins.IsZero() {
		s.begins = Origin()
	}
	if s.speed == 0 {
		s.speed = DefaultSpeed
	}
	if s.vital.of == nil {
		s.vital = refusals()
	}
	return s
}

// guilty tells whether a change is what did it.
func (s Scenario) guilty(change string) bool {
	return change != "" && (change == s.Cause || (s.vendor != "" && strings.HasPrefix(change, s.vendor)))
}

// innocent tells that nothing that the bot could name did it.
func (s Scenario) innocent() bool { return s.Cause == "" && s.vendor == "" }

// ScenarioNames lists the names of all stories.
func ScenarioNames() []string {
	stories := Scenarios()
	names := make([]string, 0, len(stories))
	for _, s := range stories {
		names = append(names, s.Name)
	}
	return names
}

// scenarioOf finds a story; the empty name is the first.
func scenarioOf(name string) (Scenario, error) {
	all := Scenarios()
	if name == "" {
		return all[0], nil
	}
	for _, s := range all {
		if s.Name == name {
			return s, nil
		}
	}
	return Scenario{}, fmt.Errorf("unknown scenario %q; known are %s", name, strings.Join(ScenarioNames(), ", "))
}
