package gate

import (
	"fmt"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

// Circumstances are what is known when a roll-out asks whether it may go on.
type Circumstances struct {
	// Service is what is rolled out; Environment narrows it to one, empty means all.
	Service, Environment string
	// Closed are the calendar's reasons against changes now; empty while the window is open.
	Closed []bot.Reason
	// Incidents are those that are not resolved, Findings the newest of each key.
	Incidents []bot.Incident
	Findings  []detectors.Finding
	// Watched tells that signals of the service are watched at all, Blind why they cannot be seen now.
	Watched bool
	Blind   detectors.Blindness
}

// The weights of reasons: going back outweighs holding.
const (
	hold = 1
	back = 2
)

// Promote tells whether a new version may get more of the traffic. Trouble of the service that is open and not over, and a canary
// that is worse, ask to go back. A closed window asks to hold: it is no reason to undo what was begun. Whatever cannot be seen asks to
// hold too.
func Promote(now time.Time, c Circumstances) bot.Promotion {
	p := bot.Promotion{Service: c.Service, Environment: c.Environment, At: now, Answer: bot.Go, Reasons: []bot.Reason{}}
	for _, r := range c.Closed {
		r.Weight = hold
		p.Reasons = append(p.Reasons, r)
	}
	for _, in := range c.Incidents {
		if in.Service == c.Service && c.here(in.Environment) && in.State != bot.Resolved {
			p.Reasons = append(p.Reasons, incidentReason(in))
		}
	}
	for _, f := range c.Findings {
		switch {
		case f.Service != c.Service:
		case f.Detector == "canary" && c.here(f.Environment):
			p.Reasons = append(p.Reasons, canaryReasons(f)...)
		case f.Detector == "parity" && f.Verdict == detectors.Firing:
			// What differs between environments is told before a promotion, and decides nothing: it is what is being promoted.
			p.Reasons = append(p.Reasons, bot.Reason{Code: "parity", Sentence: f.Title})
		}
	}
	switch {
	case !c.Watched:
		p.Reasons = append(p.Reasons, bot.Reason{Code: "unwatched", Weight: hold, Sentence: "no signal of " + c.Service + " is watched, so nobody can say that it is well"})
	case c.Blind != detectors.Sighted:
		p.Reasons = append(p.Reasons, bot.Reason{Code: "blind", Weight: hold, Sentence: fmt.Sprintf("%s cannot be seen now (%s)", c.Service, c.Blind)})
	}
	slices.SortStableFunc(p.Reasons, func(a, b bot.Reason) int { return int(b.Weight - a.Weight) })
	p.Sentence = "nothing speaks against it"
	if len(p.Reasons) > 0 && p.Reasons[0].Weight > 0 {
		p.Sentence, p.Answer = p.Reasons[0].Sentence, bot.Hold
		if p.Reasons[0].Weight >= back {
			p.Answer = bot.Back
		}
	}
	return p
}

func (c Circumstances) here(environment string) bool {
	return c.Environment == "" || environment == "" || environment == c.Environment
}

// incidentReason asks to go back while an incident burns, and to hold while it is blind or has only just recovered.
func incidentReason(in bot.Incident) bot.Reason {
	r := bot.Reason{Code: "incident", Weight: back, Sentence: fmt.Sprintf("%s has an open incident: %s (%s)", in.Service, in.Title, in.ID)}
	switch {
	case in.Blind != detectors.Sighted:
		r.Weight, r.Sentence = hold, fmt.Sprintf("%s has an incident that cannot be seen now: %s (%s)", in.Service, in.Title, in.ID)
	case in.State == bot.Mitigated:
		r.Weight, r.Sentence = hold, fmt.Sprintf("%s has only just recovered from %s (%s)", in.Service, in.Title, in.ID)
	}
	return r
}

func canaryReasons(f detectors.Finding) []bot.Reason {
	switch f.Verdict {
	case detectors.Firing:
		return []bot.Reason{{Code: "canary", Weight: back, Sentence: f.Title}}
	case detectors.Blind:
		return []bot.Reason{{Code: "canary_inconclusive", Weight: hold, Sentence: f.Title}}
	case detectors.Quiet:
	}
	return nil
}
