package suspect

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// Bounds of what a ranking lists. A ranking is stored with every change of it, so it must stay small among thousands of candidates.
const (
	keepSuspects = 20
	keepExcluded = 50
)

// Rank gives the probability that each change caused the incident, likeliest first, and that none did. Services is the service map
// by name; one that is missing is taken to depend on nothing. Now bounds what is known of what happened since.
//
// Suspects, Rest and None sum to one; Rest stands for the candidates behind the twentieth. Of the excluded changes the fifty nearest to
// the onset are listed.
func Rank(
	now time.Time, in bot.Incident, changes []bot.Change, services map[string]bot.Service, w Weights,
) bot.Ranking {
	return RankBeside(now, in, nil, changes, services, w)
}

// RankBeside ranks as Rank does where other incidents are open: that other services were hit at the same time speaks for changes that
// reach them too.
func RankBeside(
	now time.Time, in bot.Incident, others []bot.Incident, changes []bot.Change, services map[string]bot.Service, w Weights,
) bot.Ranking {
	w = w.WithDefaults()
	c := open(now, in, changes, services, w)
	c.beside = neighbours(in, others, services)
	ranking := bot.Ranking{At: now, Excluded: c.excluded, Skews: listed(c.skews)}
	if len(c.candidates) == 0 {
		ranking.None = 1
		sentence := "no change is known that took effect before it began"
		switch {
		case len(changes) == 0:
			sentence = "no change is known in the time before it began"
		case slices.ContainsFunc(c.excluded, func(e bot.Exclusion) bool { return e.Why.Code == "cleared" }):
			sentence = "every change that is known before it began was cleared"
		}
		ranking.NoneReasons = []bot.Reason{{Code: "no_candidates", Sentence: sentence}}
		return ranking
	}
	scores := make([]float64, 0, len(c.candidates)+1)
	for i := range c.candidates {
		scores = append(scores, c.score(&c.candidates[i]))
	}
	said := c.decide(scores)
	probabilities := softmax(append(scores, 0)) // none is the measure of all: its own log-odds are zero
	ranking.None = probabilities[len(c.candidates)]
	order := c.order(probabilities)
	for _, i := range order[:min(len(order), keepSuspects)] {
		s := c.suspect(&c.candidates[i])
		s.Reasons, s.Probability = append(s.Reasons, said(s.Change)...), probabilities[i]
		ranking.Suspects = append(ranking.Suspects, s)
	}
	for _, i := range order[len(ranking.Suspects):] {
		ranking.Rest += probabilities[i]
		ranking.RestCount++
	}
	ranking.NoneReasons = c.noneReasons(ranking)
	return ranking
}

// order is that of the candidates: by probability, then the newer first, then by ID, so that it never depends on the input's. Only those
// that are listed get their sentences made.
func (c *inquiry) order(probabilities []float64) []int {
	order := make([]int, len(c.candidates))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := &c.candidates[i], &c.candidates[j]
		return cmp.Or(cmp.Compare(probabilities[j], probabilities[i]), b.timing.at.Compare(a.timing.at), cmp.Compare(a.change.ID, b.change.ID))
	})
	return order
}

// score is the sum of the reasons of a candidate: its log-odds against none of these.
func (c *inquiry) score(cand *candidate) float64 {
	return c.priorWeight() + math.Log(c.clockwork.ratio(cand.change.Kind, cand.timing)) + c.rest(cand)
}

// rest is the score but for the prior and the lag.
func (c *inquiry) rest(cand *candidate) float64 {
	sum := c.scopeWeight(cand) + c.kindWeight(cand) + cand.stood
	for _, reasons := range [][]bot.Reason{c.crowd(cand), c.sliced(cand), c.climbed(cand), c.dose(cand), c.aftermath(cand)} {
		sum += total(reasons)
	}
	return sum
}

// total adds the reasons of a suspect up to its log-odds against none of these.
func total(reasons []bot.Reason) float64 {
	sum := 0.0
	for _, r := range reasons {
		sum += r.Weight
	}
	return sum
}

// softmax turns log-odds into probabilities that sum to one.
func softmax(scores []float64) []float64 {
	top := slices.Max(scores)
	out := make([]float64, len(scores))
	sum := 0.0
	for i, s := range scores {
		out[i] = math.Exp(s - top)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// noneReasons says what speaks for none of the known changes.
func (c *inquiry) noneReasons(r bot.Ranking) []bot.Reason {
	reasons := []bot.Reason{{
		Code: "prior", Sentence: fmt.Sprintf("%.0f %% of incidents have no known change behind them", 100*c.weights.None),
	}}
	best := r.Suspects[0]
	if r.None > best.Probability {
		sentence := "no candidate fits well: the best one is " + percent(best.Probability) + " likely"
		reasons = append(reasons, bot.Reason{Code: "no_fit", Sentence: sentence})
		if !slices.Contains(c.classes, Errors) && !slices.Contains(c.classes, Other) {
			reasons = append(reasons, bot.Reason{Code: "unseen", Sentence: "a vendor that changed its model under the same name would look like this, and so would other questions than usual"})
		}
	}
	return reasons
}

func percent(p float64) string {
	switch {
	case p < 0.005:
		return "less than 1 %"
	case p > 0.995:
		return "more than 99 %"
	default:
		return fmt.Sprintf("%.0f %%", 100*p)
	}
}
