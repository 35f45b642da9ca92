package learn

import (
	"math"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/suspect"
	"github.com/firebreak-dev/firebreak/bot/suspect/cases"
)

// Case is an incident with what caused it.
type Case struct {
	ID       string
	At       time.Time // when its suspects were ranked first
	Incident bot.Incident
	Changes  []bot.Change
	Services map[string]bot.Service
	// Truth is the guilty change, empty where none of the known ones is.
	Truth string
}

// Of makes a case of an incident that somebody judged, with the changes of the time before it; false where nobody said what it
// was. What was known only afterwards is taken off.
func Of(in bot.Incident, changes []bot.Change, services map[string]bot.Service) (Case, bool) {
	truth, known := Truth(in)
	if !known {
		return Case{}, false
	}
	before := bot.Incident{
		ID: in.ID, Service: in.Service, Environment: in.Environment, Title: in.Title, Severity: in.Severity, State: bot.Open,
		Signal: in.Signal, Detector: in.Detector, Onset: in.Onset, OnsetSignal: in.OnsetSignal, OpenedAt: in.OpenedAt, Findings: in.Findings,
	}
	return Case{ID: in.ID, At: in.OpenedAt, Incident: before, Changes: changes, Services: services, Truth: truth}, true
}

// Truth is the change that is held to have caused an incident, empty for none of the known ones; false where nothing is confirmed.
func Truth(in bot.Incident) (change string, known bool) {
	for _, v := range in.Verdicts {
		if v.Word != bot.Confirmed {
			continue
		}
		if v.Change == bot.NoneOfThese {
			return "", true
		}
		return v.Change, true
	}
	return "", false
}

// FromFile takes over a case of a file.
func FromFile(c cases.Case) Case {
	return Case{ID: c.ID, At: c.OpenedAt, Incident: c.Incident(), Changes: c.Changes(), Services: c.Services(), Truth: c.Truth}
}

// leastLikely is the least probability that the truth is given: a truth that was excluded costs much, but not everything.
const leastLikely = 1e-6

// outcome is what a table of weights says of a case.
type outcome struct {
	loss  float64 // minus the logarithm of the probability of the truth
	first bool    // the truth is likelier than all else
}

// judge asks what a table says of a case that was prepared.
func (c Case) judge(prepared *suspect.Prepared, w suspect.Weights) outcome {
	p, best := prepared.Judge(w, c.Truth)
	return outcome{loss: -math.Log(math.Min(1, math.Max(p, leastLikely))), first: p >= best}
}

func (c Case) prepare(w suspect.Weights) *suspect.Prepared {
	return suspect.Prepare(c.At, c.Incident, c.Changes, c.Services, w)
}
