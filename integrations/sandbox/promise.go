package sandbox

import (
	"fmt"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/githubfake"
)

// Promise is something that must have come of a story, and whether it did.
type Promise struct {
	Sentence string `json:"sentence"`
	Kept     bool   `json:"kept"`
}

// promise is a promise before its story is told.
type promise struct {
	sentence string
	kept     func(*director, Summary) bool
}

func (d *director) judged(s Summary) []Promise {
	out := make([]Promise, 0, len(d.scenario.promises))
	for _, p := range d.scenario.promises {
		out = append(out, Promise{Sentence: p.sentence, Kept: p.kept(d, s)})
	}
	return out
}

func opens(incidents int, severity string) promise {
	sentence := "no incident is opened"
	if incidents > 0 {
		sentence = fmt.Sprintf("%s opened, and what it happened to is a %s", counted(incidents, "incident is", "incidents are"), severity)
	}
	return promise{sentence, func(_ *director, s Summary) bool { return s.Incidents == incidents && s.Incident.Severity == severity }}
}

func pages(n int) promise {
	return promise{counted(n, "page", "pages"), func(_ *director, s Summary) bool { return s.Pages == n }}
}

func cards(n int) promise {
	return promise{counted(n, "card", "cards"), func(_ *director, s Summary) bool { return s.Cards == n }}
}

func counted(n int, one, many string) string {
	switch n {
	case 0:
		return "no " + one
	case 1:
		return "one " + one
	default:
		return fmt.Sprintf("%d %s", n, many)
	}
}

// names promises that the truth is named among the first of what is held possible, at the end of the story.
func names(among int) promise {
	return promise{"what did it is named " + []string{"", "first", "among the first two", "among the first three"}[among], func(_ *director, s Summary) bool {
		return s.Last.TruthRank > 0 && s.Last.TruthRank <= among
	}}
}

// blamesNobody promises that no change is held to be guilty when none is.
func blamesNobody() promise {
	return promise{"no change is named with one half or more", func(_ *director, s Summary) bool {
		return s.First.Probability < 0.5 && s.Last.Probability < 0.5
	}}
}

func undone() promise {
	return promise{"the change is undone", func(_ *director, s Summary) bool { return s.Rollback == RollbackDeployed }}
}

func leftAlone() promise {
	return promise{"nothing is undone by the bot", func(d *director, _ Summary) bool {
		for _, p := range d.sandbox.hub.Pulls() {
			if p.Reverts > 0 && p.Author == githubfake.BotLogin {
				return false
			}
		}
		return true
	}}
}

func comesBack() promise {
	return promise{"the service answers as before", func(_ *director, s Summary) bool { return s.Recovered }}
}

func nothingTwice() promise {
	return promise{"nothing is done twice", func(_ *director, s Summary) bool { return s.Duplicates == 0 }}
}
