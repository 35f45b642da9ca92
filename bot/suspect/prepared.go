package suspect

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// Prepared is an incident made ready to be judged again and again by other weights, as learning does: what does not depend on them is
// found out once, and no sentence is made. It is for one goroutine at a time.
type Prepared struct {
	inquiry *inquiry
	at      map[string]int
	// ratios are how well the time of each candidate fits, by lags.
	lags   map[bot.Kind]Lag
	ratios []float64
}

// Prepare looks at everything but the weights. Of these only the horizon and the time of a deployment count: they stay what they are
// here.
func Prepare(now time.Time, in bot.Incident, changes []bot.Change, services map[string]bot.Service, w Weights) *Prepared {
	p := &Prepared{inquiry: open(now, in, changes, services, w.WithDefaults()), at: map[string]int{}}
	for i, cand := range p.inquiry.candidates {
		p.at[cand.change.ID] = i
	}
	return p
}

// Judge gives the probability of a change by weights of which no field is missing, or, where the name is empty, that of none of these,
// and the probability of what is likeliest. A change that is no candidate has none. It says what Rank says.
func (p *Prepared) Judge(w Weights, change string) (probability, best float64) {
	probabilities := softmax(append(p.scores(w), 0))
	best = slices.Max(probabilities)
	i, candidate := p.at[change]
	switch {
	case change == "":
		return probabilities[len(probabilities)-1], best
	case candidate:
		return probabilities[i], best
	default:
		return 0, best
	}
}

// scores are the log-odds of the candidates against none of these.
func (p *Prepared) scores(w Weights) []float64 {
	c := p.inquiry
	c.weights = w
	c.rows = c.affinities()
	for i := range c.candidates {
		cand := &c.candidates[i]
		cand.kind, cand.affinity = c.affinity(cand.change)
	}
	c.scopes, c.usual = w.Scope.among(c.near), usualOf(c.candidates)
	c.meanStanding = c.averageStanding()
	p.time(w)
	out := make([]float64, len(c.candidates), len(c.candidates)+1)
	for i := range c.candidates {
		cand := &c.candidates[i]
		out[i] = c.priorWeight() + math.Log(p.ratios[i]) + c.rest(cand)
	}
	return out
}

// time asks how well the times fit, where the lags are others than before.
func (p *Prepared) time(w Weights) {
	if p.ratios != nil && maps.Equal(p.lags, w.Lags) {
		return
	}
	p.lags = maps.Clone(w.Lags)
	c := p.inquiry
	c.clockwork.lags = curves(w.Lags)
	p.ratios = make([]float64, len(c.candidates))
	for i := range c.candidates {
		p.ratios[i] = c.clockwork.ratio(c.candidates[i].change.Kind, c.candidates[i].timing)
	}
}
