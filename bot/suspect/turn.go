package suspect

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

const (
	// swing is how far the probability of the first suspect has to move for people to be told.
	swing = 0.2
	// faint is the probability below which it does not matter who is first.
	faint = 0.2
)

// Turn says in a sentence what is different in a ranking of an incident, and why: another first suspect, or the same one that is likelier
// or less likely by a fifth. It is empty where that is not worth a word. Changes are those that were ranked after.
func Turn(before, after bot.Ranking, in bot.Incident, changes []bot.Change) string {
	if before.At.IsZero() {
		return ""
	}
	was, is := first(before), first(after)
	var what string
	switch {
	case math.Max(was.Probability, is.Probability) < faint:
		return ""
	case is.Change == "":
		what = fmt.Sprintf("no suspect is left, before %s at %s", short(was), percent(was.Probability))
	case was.Change == "":
		what = fmt.Sprintf("first suspect %s at %s, before there was none", short(is), percent(is.Probability))
	case was.Change != is.Change:
		what = fmt.Sprintf("new first suspect %s at %s, before %s at %s", short(is), percent(is.Probability), short(was), percent(was.Probability))
	case math.Abs(was.Probability-is.Probability) >= swing:
		what = fmt.Sprintf("first suspect %s at %s now, before at %s", short(is), percent(is.Probability), percent(was.Probability))
	default:
		return ""
	}
	for _, why := range []string{
		judgedSince(before, after, in), heardOf(before, is, in, changes), dropped(after, was), tookEffect(before, is), weighedAnew(before, after, was, is),
	} {
		if why != "" {
			return what + ": " + why
		}
	}
	return what
}

// first is the first suspect, the zero one where there is none.
func first(r bot.Ranking) bot.Suspect {
	if len(r.Suspects) == 0 {
		return bot.Suspect{}
	}
	return r.Suspects[0]
}

// find is a suspect of a ranking.
func find(r bot.Ranking, change string) (bot.Suspect, bool) {
	for _, s := range r.Suspects {
		if s.Change == change {
			return s, true
		}
	}
	return bot.Suspect{}, false
}

// short is what people call a change: its number where it has one, else its title.
func short(s bot.Suspect) string {
	if i := strings.LastIndexByte(s.Change, '#'); i >= 0 && i+1 < len(s.Change) {
		return s.Change[i:]
	}
	if s.Title == "" {
		return s.Change
	}
	title := []rune(s.Title)
	return string(title[:min(len(title), 60)])
}

func clock(t time.Time) string { return t.UTC().Format("15:04 UTC") }

// judgedSince tells of the newest verdict that came between.
func judgedSince(before, after bot.Ranking, in bot.Incident) string {
	var newest bot.Verdict
	for _, v := range in.Verdicts {
		if v.At.After(before.At) && v.At.After(newest.At) {
			newest = v
		}
	}
	s, known := find(after, newest.Change)
	if !known {
		s, known = find(before, newest.Change)
	}
	if !known {
		s = bot.Suspect{Change: newest.Change}
	}
	switch {
	case newest.Change == "":
		return ""
	case newest.Change == bot.NoneOfThese:
		return newest.By + " says that none of the known changes did it"
	case newest.Personal():
		return fmt.Sprintf("%s was %s by %s", short(s), newest.Word, newest.By)
	default:
		return short(s) + ": " + newest.Reason
	}
}

// heardOf tells that the first suspect was not known before.
func heardOf(before bot.Ranking, is bot.Suspect, in bot.Incident, changes []bot.Change) string {
	for _, c := range changes {
		if c.ID != is.Change || !c.Seen.After(before.At) {
			continue
		}
		if c.Seen.After(in.OpenedAt) {
			return fmt.Sprintf("%s was heard of at %s, after the incident opened", short(is), clock(c.Seen))
		}
		return fmt.Sprintf("%s was heard of at %s", short(is), clock(c.Seen))
	}
	return ""
}

// dropped tells that the former first suspect cannot have done it.
func dropped(after bot.Ranking, was bot.Suspect) string {
	for _, e := range after.Excluded {
		if e.Change == was.Change {
			return short(was) + " " + e.Why.Sentence
		}
	}
	return ""
}

// tookEffect tells that the time of the first suspect is another one now.
func tookEffect(before bot.Ranking, is bot.Suspect) string {
	if known, there := find(before, is.Change); there && !known.At.Equal(is.At) {
		return fmt.Sprintf("%s is now known to have taken effect at %s", short(is), clock(is.At))
	}
	return ""
}

// weighedAnew tells the reason whose weight moved most, of the first suspect, or of the former one where that was not listed before.
func weighedAnew(before, after bot.Ranking, was, is bot.Suspect) string {
	old, there := find(before, is.Change)
	now := is
	if !there {
		old = was
		if now, there = find(after, was.Change); !there {
			return ""
		}
	}
	weights := map[string]float64{}
	for _, r := range old.Reasons {
		weights[r.Code] = r.Weight
	}
	var most bot.Reason
	moved := 0.0
	for _, r := range now.Reasons {
		if by := math.Abs(r.Weight - weights[r.Code]); by > moved {
			most, moved = r, by
		}
	}
	switch most.Code {
	case "":
		return ""
	case "lag":
		return fmt.Sprintf("when it began is known better; %s %s", short(now), most.Sentence)
	case "prior":
		return "more is known of the changes before it"
	case "scope", "environment", "exposure", "reverted", "replaced", "uncured", "together", "apart":
		return short(now) + " " + most.Sentence // these begin with a verb
	default:
		return most.Sentence
	}
}
