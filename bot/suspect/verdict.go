package suspect

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// sure is the probability of what a person confirmed. People err, and say so later: it is never one. Judgement.
const sure = 0.99

// cleared says of a change that a person has cleared it, and who.
func (c *inquiry) cleared(change string) (bot.Reason, bool) {
	v, judged := c.incident.Verdict(change)
	if !judged || v.Word != bot.Cleared || !v.Personal() {
		return bot.Reason{}, false
	}
	return bot.Reason{Code: "cleared", Sentence: because("cleared by "+v.By, v)}, true
}

// confirmed tells whether a person has confirmed a change: then it is a suspect whatever its times say.
func (c *inquiry) confirmed(change string) (bot.Verdict, bool) {
	v, judged := c.incident.Verdict(change)
	return v, judged && v.Word == bot.Confirmed && v.Personal()
}

func because(sentence string, v bot.Verdict) string {
	if v.Reason != "" {
		return sentence + ": " + v.Reason
	}
	return sentence
}

// decide moves the scores to what a person has confirmed, and gives the reasons that say so, by change. Their weight is what is missing to be
// sure, so that a sum stays the logarithm of a probability over that of none; where the rules were surer by themselves it is nothing.
func (c *inquiry) decide(scores []float64) (said func(change string) []bot.Reason) {
	for i := range c.candidates {
		id := c.candidates[i].change.ID
		v, confirmed := c.confirmed(id)
		if !confirmed {
			continue
		}
		others := append([]float64{0}, scores...)
		others[i+1] = math.Inf(-1)
		weight := math.Max(0, logSum(others)+math.Log(sure/(1-sure))-scores[i])
		scores[i] += weight
		return func(change string) []bot.Reason {
			if change != id {
				return nil
			}
			return []bot.Reason{{Code: "confirmed", Sentence: because("confirmed by "+v.By, v), Weight: weight}}
		}
	}
	v, confirmed := c.confirmed(bot.NoneOfThese)
	if !confirmed {
		return func(string) []bot.Reason { return nil }
	}
	weight := math.Max(0, logSum(scores)+math.Log(sure/(1-sure)))
	for i := range scores {
		scores[i] -= weight
	}
	sentence := because(v.By+" says that none of the known changes did it", v)
	return func(string) []bot.Reason {
		return []bot.Reason{{Code: "none_confirmed", Sentence: sentence, Weight: -weight}}
	}
}

// logSum is the logarithm of the sum of the exponentials.
func logSum(scores []float64) float64 {
	top := slices.Max(scores)
	sum := 0.0
	for _, s := range scores {
		sum += math.Exp(s - top)
	}
	return top + math.Log(sum)
}

// Aftermath gives the verdicts that follow from what was undone: of a change after whose undoing the signals came back and held, that it
// did it, and of one that was undone while they stayed bad, that it did not. They are evidence, weighed by Rank as cured and uncured;
// a person may overrule them. Of several that were undone before the signals came back, the last one tells nothing of the others, and
// no one is confirmed.
func Aftermath(now time.Time, in bot.Incident, changes []bot.Change) []bot.Verdict {
	c := inquiry{now: now, incident: in, onset: onsetOf(in)}
	held := in.State == bot.Mitigated || in.State == bot.Resolved
	var cured, uncured []bot.Verdict
	known := once(changes)
	undone := undoings(known)
	for _, guilty := range known {
		u, there := undone[guilty.ID]
		if !there || timingOf(guilty).at.After(c.onset.Latest) {
			continue
		}
		v := bot.Verdict{Change: guilty.ID, By: bot.Self, Via: bot.ByRollback, At: now}
		switch came, after := c.came(u.at); {
		case came == stayed && u.maybe:
		case came == back && held:
			v.Word, v.Reason = bot.Confirmed, fmt.Sprintf("the signals came back %s after it was undone (%s)", span(after), u.by)
			cured = append(cured, v)
		case came == stayed && !held:
			v.Word, v.Reason = bot.Cleared, fmt.Sprintf("was undone %s ago, and the signals stay bad (%s)", span(after), u.by)
			uncured = append(uncured, v)
		}
	}
	if len(cured) > 1 {
		cured = nil
	}
	return append(cured, uncured...)
}

// sequel is what the signals did after an undoing.
type sequel int

const (
	untold sequel = iota
	back
	stayed
)

// came tells what the signals did after an undoing, and how long it took or has taken. What was undone while it may already have begun
// says nothing either way.
func (c *inquiry) came(undone time.Time) (sequel, time.Duration) {
	if undone.IsZero() || undone.After(c.now) || undone.Before(c.onset.Latest) {
		return untold, 0
	}
	switch quiet := c.incident.QuietSince; {
	case !quiet.IsZero() && quiet.After(undone) && quiet.Sub(undone) <= patience:
		return back, quiet.Sub(undone)
	case quiet.IsZero() && c.incident.Blind == "" && c.now.Sub(undone) > patience:
		return stayed, c.now.Sub(undone)
	default:
		return untold, 0
	}
}
