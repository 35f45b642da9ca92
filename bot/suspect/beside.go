package suspect

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// together is within how much time incidents begin at the same time: detectors need minutes to be sure, and not the same ones for
// every service. Judgement.
const together = 10 * time.Minute

// least is the probability from which a first suspect links incidents.
const least = 0.3

// Beside tells whether two incidents may have one cause: they began at the same time in one environment, and something lies in the
// reach of both, be it one of the services itself or what both depend on.
func Beside(a, b bot.Incident, services map[string]bot.Service) bool {
	if !simultaneous(a, b) {
		return false
	}
	near := around(a.Service, services)
	for s := range around(b.Service, services) {
		if _, both := near[s]; both {
			return true
		}
	}
	return false
}

// simultaneous tells that two incidents of different services began at the same time in one environment.
func simultaneous(a, b bot.Incident) bool {
	if a.ID == b.ID || a.Service == b.Service || a.Service == bot.Self || b.Service == bot.Self || environmentOf(a) != environmentOf(b) {
		return false
	}
	return onsetOf(a).At.Sub(onsetOf(b).At).Abs() <= together
}

// Linked tells whether two incidents belong together, and why: the same change is suspected first, or they began at the same time and
// one service depends on the other.
func Linked(a, b bot.Incident, services map[string]bot.Service) (why string, linked bool) {
	if a.ID == b.ID || a.Service == bot.Self || b.Service == bot.Self {
		return "", false
	}
	if x, y := first(a.Ranking), first(b.Ranking); x.Change != "" && x.Change == y.Change && min(x.Probability, y.Probability) >= least {
		return fmt.Sprintf("the same change is suspected first: %s %s", x.Kind, short(x)), true
	}
	if !simultaneous(a, b) {
		return "", false
	}
	for _, pair := range [][2]bot.Incident{{a, b}, {b, a}} {
		if _, depends := around(pair[0].Service, services)[pair[1].Service]; depends {
			apart := onsetOf(a).At.Sub(onsetOf(b).At).Abs()
			return fmt.Sprintf("both began within %s, and %s depends on %s", span(max(apart, time.Minute)), pair[0].Service, pair[1].Service), true
		}
	}
	return "", false
}

func environmentOf(in bot.Incident) string {
	if e := canonical(in.Environment); e != "" {
		return e
	}
	return "production" // what nobody named is what users see
}

// neighbour is another service that was hit at the same time, with what it depends on.
type neighbour struct {
	service string
	near    neighbourhood
}

// neighbours are the services of the other incidents that may have the same cause.
func neighbours(in bot.Incident, others []bot.Incident, services map[string]bot.Service) []neighbour {
	var out []neighbour
	for _, other := range others {
		known := slices.ContainsFunc(out, func(n neighbour) bool { return n.service == other.Service })
		if !known && Beside(in, other, services) {
			out = append(out, neighbour{other.Service, around(other.Service, services)})
		}
	}
	slices.SortFunc(out, func(a, b neighbour) int { return strings.Compare(a.service, b.service) })
	return out
}

// crowd weighs a change by the other services that were hit at the same time: whether it reaches them too. An unseen cause upstream
// would reach them, so none of these is what it is held against.
func (c *inquiry) crowd(cand *candidate) []bot.Reason {
	if len(c.beside) == 0 || cand.relation >= unknown {
		return nil // what does not even reach this service is weighed by its scope
	}
	var reached, missed []string
	for _, n := range c.beside {
		if r, _ := n.near.relate(cand.change); r < unknown {
			reached = append(reached, n.service)
		} else {
			missed = append(missed, n.service)
		}
	}
	share := float64(len(reached)) / float64(len(c.beside))
	weight := share*c.weights.Together + (1-share)*c.weights.Apart
	switch {
	case len(missed) == 0:
		return []bot.Reason{{Code: "together", Weight: weight, Sentence: fmt.Sprintf("reaches %s too, hit at the same time", several(reached))}}
	case len(reached) == 0:
		return []bot.Reason{{Code: "apart", Weight: weight, Sentence: fmt.Sprintf("does not reach %s, hit at the same time", several(missed))}}
	default:
		sentence := fmt.Sprintf("of those hit at the same time it reaches %s, but not %s", several(reached), several(missed))
		return []bot.Reason{{Code: "together", Weight: weight, Sentence: sentence}}
	}
}

// several names a few services, and says how many more there are.
func several(names []string) string {
	const shown = 3
	if more := len(names) - shown; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), more)
	}
	return strings.Join(names, ", ")
}
