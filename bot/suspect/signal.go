package suspect

import (
	"slices"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

// Class is a family of signals that the same inputs move.
type Class string

// The classes of signals. Other is what the name of a signal does not tell.
const (
	Refusals  Class = "refusals"
	Cost      Class = "cost"
	Latency   Class = "latency"
	Grounding Class = "grounding" // retrieval hits, recall, context
	Quality   Class = "quality"   // task success, scores of evaluations
	Errors    Class = "errors"
	Other     Class = "other"
)

// Classes lists every class.
func Classes() []Class { return []Class{Refusals, Cost, Latency, Grounding, Quality, Errors, Other} }

// ClassOf tells the class of a signal by its name, as "refusal_ratio". The first family that has a word in the name wins.
func ClassOf(signal string) Class {
	name := strings.ToLower(signal)
	for _, family := range []struct {
		class Class
		words []string
	}{
		{Refusals, []string{"refus", "content_filter", "blocked", "guardrail", "moderat"}},
		{Cost, []string{"cost", "spend", "usd", "dollar", "token_usage", "tokens"}},
		{Latency, []string{"latency", "duration", "time_to_first", "ttft", "per_output_token", "seconds", "p95", "p99"}},
		{Grounding, []string{"hit_ratio", "retriev", "recall", "context", "grounded", "citation"}},
		{Errors, []string{"error", "5xx", "availab", "timeout", "unavailable", "failed_requests"}},
		{Quality, []string{"success", "quality", "score", "useful", "satisf", "correct", "accept", "thumbs", "eval", "win_rate"}},
	} {
		if slices.ContainsFunc(family.words, func(w string) bool { return strings.Contains(name, w) }) {
			return family.class
		}
	}
	return Other
}

// classesOf lists the classes of the signals that moved: those of every finding that is no mere information, else that of the
// incident's own signal.
func classesOf(in bot.Incident) []Class {
	var out []Class
	for _, f := range in.Findings {
		if f.Verdict == detectors.Firing && f.Severity.Rank() <= detectors.Info.Rank() {
			continue
		}
		if c := ClassOf(f.Signal); !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		out = []Class{ClassOf(in.Signal)}
	}
	slices.Sort(out)
	return out
}

// phrase is the class in words.
func (c Class) phrase() string {
	switch c {
	case Grounding:
		return "retrieval hits"
	case Quality:
		return "answer quality"
	case Other:
		return "this signal"
	default:
		return string(c)
	}
}
