package suspect

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// suspect collects the reasons for and against one candidate, each with its log-odds against none of these.
func (c *inquiry) suspect(cand *candidate) bot.Suspect {
	change := cand.change
	reasons := slices.Concat(
		[]bot.Reason{c.prior(), c.lag(cand), c.scope(cand), c.kind(cand)}, c.crowd(cand), c.sliced(cand), c.climbed(cand), c.dose(cand), c.standing(cand), c.aftermath(cand),
	)
	service := cand.by
	if service == "" && len(change.Services) > 0 {
		service = change.Services[0]
	}
	return bot.Suspect{
		Change: change.ID, Kind: change.Kind, Title: change.Title, URL: change.URL, Author: change.Author, Service: service,
		Rollback: change.Rollback, At: cand.timing.at, Reasons: reasons,
	}
}

// standing is what is known of a change before any incident: where it went, how much of the traffic it reached, whether it still
// stood, how it landed.
func (c *inquiry) standing(cand *candidate) []bot.Reason {
	change := cand.change
	var out []bot.Reason
	if cand.elsewhere {
		out = append(out, bot.Reason{
			Code: "environment", Weight: c.weights.Environment,
			Sentence: fmt.Sprintf("went to %s, the incident is in %s", change.Environment, orElse(c.incident.Environment, "production")),
		})
	}
	if share := reached(change, c.onset.Latest); share > 0 && share < 1 {
		out = append(out, bot.Reason{
			Code: "exposure", Weight: c.weights.Exposure * math.Log(visible(share)),
			Sentence: fmt.Sprintf("reached only %s of the traffic", percent(share)),
		})
	}
	return append(append(out, c.undoing(cand)...), c.flags(change)...)
}

// reached is the largest share of the traffic that a change is known to have reached by a time: by the steps of its roll-out, or as it
// was declared.
func reached(c *bot.Change, by time.Time) float64 {
	most := 0.0
	for _, s := range c.Rollout {
		if !s.At.After(by) {
			most = math.Max(most, s.Share)
		}
	}
	if most == 0 {
		return c.Exposure
	}
	return most
}

// halfVisible is the share of traffic at which a change moves the whole half as readily as one that all of it meets: a part that
// fails altogether shows at a twentieth, one that gets a little worse does not. Judgement.
const halfVisible = .05

// prior spreads what one of the known changes has against none over the candidates, as their standing says: what speaks for one in
// general speaks against the others, and none of these must not pay for it.
func (c *inquiry) prior() bot.Reason {
	n := len(c.candidates)
	sentence := fmt.Sprintf("one of %d changes that came before it", n)
	if n == 1 {
		sentence = "the only change that is known before it began"
	}
	return bot.Reason{Code: "prior", Sentence: sentence, Weight: c.priorWeight()}
}

func (c *inquiry) priorWeight() float64 {
	return math.Log((1-c.weights.None)/c.weights.None/float64(len(c.candidates))) - c.meanStanding
}

func (c *inquiry) lag(cand *candidate) bot.Reason {
	ago := c.onset.At.Sub(cand.timing.at)
	var sentence string
	switch {
	case cand.timing.at.IsZero():
		sentence = "nobody knows when it happened"
	case cand.timing.at.After(c.onset.Latest):
		sentence = fmt.Sprintf("took effect %s after it had begun at the latest", span(cand.timing.at.Sub(c.onset.Latest)))
	case len(cand.timing.steps) > 0:
		step := c.clockwork.likeliest(c.clockwork.curve(cand.change.Kind), cand.timing.steps)
		sentence = fmt.Sprintf("reached %s of the traffic %s", shareWords(step.share), beforeIt(c.onset.At.Sub(step.at)))
	case cand.timing.guessed:
		sentence = fmt.Sprintf("merged %s before it began; when it took effect is not known", span(ago))
	default:
		sentence = "took effect " + beforeIt(ago)
	}
	sentence += cand.timing.doubt(cand.change.Source)
	return bot.Reason{Code: "lag", Sentence: sentence, Weight: math.Log(c.clockwork.ratio(cand.change.Kind, cand.timing))}
}

func (c *inquiry) scope(cand *candidate) bot.Reason {
	service := orElse(c.incident.Service, "the service")
	var sentence string
	switch cand.relation {
	case own:
		sentence = "changes " + service + " itself"
	case dependency:
		sentence = fmt.Sprintf("changes %s, which %s depends on", cand.by, service)
	case upstream:
		sentence = fmt.Sprintf("changes %s, which %s depends on through others", cand.by, service)
	case unknown:
		sentence = "which service it changes is not known"
	default:
		sentence = fmt.Sprintf("changes %s, which %s does not depend on", cand.by, service)
	}
	return bot.Reason{Code: "scope", Sentence: sentence, Weight: c.scopeWeight(cand)}
}

func (c *inquiry) scopeWeight(cand *candidate) float64 {
	if cand.relation == unknown {
		return math.Log(c.weights.Scope.Unknown)
	}
	return math.Log(c.placed(cand.relation))
}

// placed is how much likelier a guilty change lies there than an ordinary one. Nearer is always likelier: where a team hardly ever touches
// what it depends on, a change of it is telling, but less so than one of the service itself.
func (c *inquiry) placed(r relation) float64 {
	nearest := c.scopes[own] / c.usual.scopes[own]
	return math.Min(c.scopes[r]/c.usual.scopes[r], nearest*atMost(r))
}

// atMost bounds what a place farther away says by what the service itself says. Judgement.
func atMost(r relation) float64 {
	return Scope{Own: 1, Dependency: 0.7, Upstream: 0.4, Unrelated: 0.1}.of(r)
}

func (c *inquiry) kind(cand *candidate) bot.Reason {
	how := "sometimes"
	switch {
	case cand.affinity >= readily:
		how = "readily"
	case cand.affinity < hardlyEver:
		how = "hardly ever"
	case cand.affinity < notOften:
		how = "seldom"
	}
	moved := make([]string, 0, len(c.classes))
	for _, class := range c.classes {
		moved = append(moved, class.phrase())
	}
	sentence := fmt.Sprintf("%s changes %s move %s", cand.kind, how, strings.Join(moved, " and "))
	return bot.Reason{Code: "kind", Sentence: sentence, Weight: c.kindWeight(cand)}
}

func (c *inquiry) kindWeight(cand *candidate) float64 {
	return math.Log(cand.affinity / c.usual.kind(cand.kind))
}

// The words for how often a kind is behind something, by its share of the causes.
const (
	readily    = .1
	notOften   = .03
	hardlyEver = .01
)

// undoing weighs what is known of reverts when it began: that it is one, that it was replaced or undone before.
func (c *inquiry) undoing(cand *candidate) []bot.Reason {
	var out []bot.Reason
	add := func(code string, weight float64, format string, args ...any) {
		out = append(out, bot.Reason{Code: code, Weight: weight, Sentence: fmt.Sprintf(format, args...)})
	}
	if cand.change.Reverts != "" {
		add("revert", c.weights.Revert, "undoes an earlier change: it brings back what worked before")
	}
	if cand.replaced != nil {
		add("replaced", c.weights.Replaced, "the same files were changed again before it began (%s)", cand.replaced.change.ID)
	}
	if cand.undone == nil || cand.undone.maybe {
		return out
	}
	if undone := cand.undone.at; !undone.IsZero() && undone.Before(c.onset.Earliest) {
		add("reverted", c.weights.Reverted, "was undone %s before it began (%s)", span(c.onset.At.Sub(undone)), cand.undone.by)
	}
	return out
}

// patience is how long the signals may take to come back after an undoing before their not coming back counts: a rollout, and the
// short windows of the detectors.
const patience = 30 * time.Minute

// aftermath weighs whether the signals came back after the change was undone.
func (c *inquiry) aftermath(cand *candidate) []bot.Reason {
	if cand.undone == nil {
		return nil
	}
	switch came, after := c.came(cand.undone.at); {
	case came == back:
		sentence := fmt.Sprintf("the signals came back %s after it was undone (%s)", span(after), cand.undone.by)
		return []bot.Reason{{Code: "cured", Weight: c.weights.Cured, Sentence: sentence}}
	case came == stayed && !cand.undone.maybe:
		sentence := fmt.Sprintf("was undone %s ago, and the signals stay bad (%s)", span(after), cand.undone.by)
		return []bot.Reason{{Code: "uncured", Weight: c.weights.Uncured, Sentence: sentence}}
	default:
		return nil
	}
}

// flags adds what made the change risky when it landed. All of them together are bounded: they are scaled down where they would
// exceed the bound, so that the sum that is shown stays the sum that counts.
func (c *inquiry) flags(change *bot.Change) []bot.Reason {
	var out []bot.Reason
	sum := 0.0
	for _, f := range change.Flags {
		if weight := c.weights.Flags[f.Code]; weight != 0 {
			out = append(out, bot.Reason{Code: f.Code, Sentence: f.Sentence, Weight: weight})
			sum += weight
		}
	}
	if most := c.weights.FlagsAtMost; math.Abs(sum) > most {
		for i := range out {
			out[i].Weight *= most / math.Abs(sum)
		}
	}
	return out
}

// beforeIt says how long before it began something happened, or after the likeliest moment of that.
func beforeIt(ago time.Duration) string {
	if ago < 0 {
		return span(-ago) + " after the likeliest onset, but within its interval"
	}
	return span(ago) + " before it began"
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// span is a duration in plain words, rounded to what matters.
func span(d time.Duration) string {
	switch {
	case d < 90*time.Second:
		return fmt.Sprintf("%d s", int(d.Round(time.Second).Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Round(time.Hour).Hours()))
	default:
		return fmt.Sprintf("%d days", int((d+12*time.Hour)/(24*time.Hour)))
	}
}
