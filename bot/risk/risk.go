package risk

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// Assess weighs landing a change now. The calendar's reasons are those of its verdict for now; open are the incidents that are
// not resolved; services are all services by name. The weights must have their defaults (Weights.WithDefaults).
func Assess(
	now time.Time, c bot.Change, calendar []bot.Reason, open []bot.Incident, services map[string]bot.Service, w Weights,
) bot.Assessment {
	return assess(now, c, calendar, nil, open, services, w)
}

func assess(
	now time.Time, c bot.Change, calendar, extra []bot.Reason, open []bot.Incident, services map[string]bot.Service, w Weights,
) bot.Assessment {
	reasons := slices.Concat(
		circumstances(calendar), people(c), wayBack(c), incidents(c, open, services), mixture(c), fanOut(c, services), revert(c), extra,
	)
	out := bot.Assessment{Change: c.ID, At: now, Reasons: weigh(reasons, w)}
	for _, r := range out.Reasons {
		out.Score += r.Weight
	}
	out.Score = max(0, out.Score)
	out.Level = w.level(out.Score)
	return out
}

// Flags are what made a change risky when it landed: late on a Friday, out of window, unreviewed, merged by its own author,
// without a way back. The calendar's reasons are those of its verdict at the merge.
func Flags(c bot.Change, calendar []bot.Reason, w Weights) []bot.Reason {
	out := weigh(slices.Concat(circumstances(calendar), people(c), wayBack(c)), w)
	for i := range out {
		out[i].Lower = "" // it has landed
	}
	return out
}

// weigh gives reasons their points, drops those that weigh nothing unless they are told anyway, joins those with the same code and
// puts the heaviest first.
func weigh(reasons []bot.Reason, w Weights) []bot.Reason {
	out := make([]bot.Reason, 0, len(reasons))
	for _, r := range reasons {
		times := r.Weight // how often it counts; zero means once
		if times == 0 {
			times = 1
		}
		r.Weight = math.Round(100*times*w.Points[r.Code]) / 100 // so that sums of parts are what people add up
		if r.Weight == 0 && !toldAnyway(r.Code) {
			continue
		}
		if i := slices.IndexFunc(out, func(have bot.Reason) bool { return have.Code == r.Code }); i >= 0 {
			out[i].Sentence += "; " + r.Sentence
			continue
		}
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b bot.Reason) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Code, b.Code))
	})
	return out
}

// circumstances keeps of the calendar's reasons the words; their weight is decided here.
func circumstances(calendar []bot.Reason) []bot.Reason {
	out := slices.Clone(calendar)
	for i := range out {
		out[i].Weight = 0
	}
	return out
}

// people is about changes with an author; what a vendor changes, nobody could have reviewed.
func people(c bot.Change) []bot.Reason {
	if c.Author == "" {
		return nil
	}
	var out []bot.Reason
	others := slices.DeleteFunc(slices.Clone(c.Reviewers), func(who string) bool { return strings.EqualFold(who, c.Author) })
	if len(others) == 0 {
		out = append(out, bot.Reason{
			Code: Unreviewed, Sentence: "nobody but its author has reviewed it", Lower: "have it reviewed by somebody else",
		})
	}
	if strings.EqualFold(c.Author, c.MergedBy) {
		out = append(out, bot.Reason{
			Code: SelfMerged, Sentence: c.Author + " merged it without anybody else", Lower: "let somebody else merge it",
		})
	}
	return out
}

// wayBack is about changes of a known service only: what nobody owns has no rollback to miss.
func wayBack(c bot.Change) []bot.Reason {
	if c.Rollback != "" || len(c.Services) == 0 {
		return nil
	}
	return []bot.Reason{{
		Code:     NoRollback,
		Sentence: fmt.Sprintf("there is no rollback for a change of kind %s to %s", c.Kind, strings.Join(c.Services, ", ")),
		Lower:    fmt.Sprintf("give %s a rollback for %s", c.Services[0], c.Kind),
	}}
}

// incidents looks for trouble that is not over, at the touched services and at those that they depend on. What takes a change back does
// not have to wait for it: it may be what ends it.
func incidents(c bot.Change, open []bot.Incident, services map[string]bot.Service) []bot.Reason {
	if c.Reverts != "" {
		return nil
	}
	var out []bot.Reason
	needed := dependencies(c.Services, services)
	for _, in := range open {
		if in.State == bot.Resolved || elsewhere(c, in) {
			continue
		}
		switch {
		case slices.Contains(c.Services, in.Service):
			out = append(out, bot.Reason{
				Code: OpenIncident, Sentence: fmt.Sprintf("%s has the open incident %s: %s", in.Service, in.ID, in.Title),
				Lower: "wait until " + in.ID + " is resolved",
			})
		case slices.Contains(needed, in.Service):
			out = append(out, bot.Reason{
				Code: DependencyIncident, Sentence: fmt.Sprintf("%s, which it depends on, has the open incident %s", in.Service, in.ID),
				Lower: "wait until " + in.ID + " is resolved",
			})
		}
	}
	return out
}

func elsewhere(c bot.Change, in bot.Incident) bool {
	return c.Environment != "" && in.Environment != "" && c.Environment != in.Environment
}

// dependencies are all services that the named ones need, directly or not, without themselves.
func dependencies(names []string, services map[string]bot.Service) []string {
	return closure(names, func(name string) []string { return services[name].DependsOn })
}

// dependents are all services that need one of the named ones, directly or not, without themselves.
func dependents(names []string, services map[string]bot.Service) []string {
	return closure(names, func(name string) []string {
		var out []string
		for _, s := range services {
			if slices.Contains(s.DependsOn, name) {
				out = append(out, s.Name)
			}
		}
		return out
	})
}

// closure follows edges from the named services; what it finds is sorted. Circles end.
func closure(names []string, edges func(string) []string) []string {
	seen := map[string]bool{}
	for _, name := range names {
		seen[name] = true
	}
	var out []string
	for queue := slices.Clone(names); len(queue) > 0; queue = queue[1:] {
		for _, next := range edges(queue[0]) {
			if !seen[next] {
				seen[next] = true
				out = append(out, next)
				queue = append(queue, next)
			}
		}
	}
	slices.Sort(out)
	return out
}

// kindsMost bounds how often several kinds count: past three, one more makes it no worse.
const kindsMost = 2

func mixture(c bot.Change) []bot.Reason {
	var out []bot.Reason
	if n := len(c.Kinds); n > 1 {
		words := make([]string, 0, n)
		for _, k := range c.Kinds {
			words = append(words, string(k))
		}
		out = append(out, bot.Reason{
			Code: SeveralKinds, Weight: float64(min(n-1, kindsMost)), Sentence: fmt.Sprintf("it changes %d kinds of things at once: %s", n, strings.Join(words, ", ")),
			Lower: "split it, one kind each",
		})
	}
	if slices.Contains(c.Kinds, bot.Prompt) && slices.Contains(c.Kinds, bot.Evaluation) {
		out = append(out, bot.Reason{
			Code: PromptAndEvaluation, Sentence: "the prompt changes together with the evaluation that should judge it",
			Lower: "land the evaluation first and let it judge the prompt",
		})
	}
	return out
}

func fanOut(c bot.Change, services map[string]bot.Service) []bot.Reason {
	reached := slices.Concat(c.Services, dependents(c.Services, services))
	if len(reached) < 2 {
		return nil
	}
	return []bot.Reason{{
		Code: FanOut, Weight: float64(min(len(reached)-1, fanOutMost)),
		Sentence: fmt.Sprintf("%d services feel it: %s", len(reached), strings.Join(reached, ", ")),
		Lower:    "expose it to one service or to a share of the traffic first",
	}}
}

func revert(c bot.Change) []bot.Reason {
	if c.Reverts == "" {
		return nil
	}
	return []bot.Reason{{Code: Revert, Sentence: "it takes back " + c.Reverts}}
}
