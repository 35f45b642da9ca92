package undo

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/report"
	"github.com/firebreak-dev/firebreak/bot/suspect"
)

// shown is how many changes are named one by one.
const shown = 3

// doubtful is the probability below which it is said that a change is not the likely cause.
const doubtful = 0.5

// Against says why a change must not be taken back, or nothing: it was done before, and what came of that is known or still open.
func Against(in bot.Incident, change string, others []bot.Change) string {
	if v, judged := in.Verdict(change); judged && v.Word == bot.Cleared && !v.Personal() {
		return "it was tried, and it did not help: it " + cmp.Or(v.Reason, "was undone, and the signals stayed bad")
	}
	if by, undone := suspect.Undone(others)[change]; undone {
		return "it is undone already, by " + by
	}
	return ""
}

func inOrder(changes []bot.Change) []bot.Change {
	return slices.SortedStableFunc(slices.Values(changes), func(a, b bot.Change) int { return a.At().Compare(b.At()) })
}

// Consequences tells in sentences what taking a change back would do: what is undone, what lands with it, where it may fail.
func Consequences(now time.Time, in bot.Incident, s bot.Suspect, change bot.Change, others []bot.Change) []string {
	out := []string{undoes(now, in, s, change)}
	if s.Probability < doubtful {
		out = append(out, fmt.Sprintf("It is not the likely cause: %.0f %%, against %.0f %% for none of the known changes", 100*s.Probability, 100*in.Ranking.None))
	}
	if v, judged := in.Verdict(s.Change); judged && v.Personal() && v.Word == bot.Cleared {
		out = append(out, v.By+" said that it was not this change")
	}
	if also := without(change.Services, in.Service); len(also) > 0 {
		out = append(out, "It is taken back for "+strings.Join(also, ", ")+" too")
	}
	return append(out, company(change, others)...)
}

func undoes(now time.Time, in bot.Incident, s bot.Suspect, change bot.Change) string {
	text := fmt.Sprintf("Undoes %s %s", cmp.Or(string(s.Kind), "the change"), report.ShortName(s.Change, s.Title))
	if s.Author != "" {
		text += " by " + s.Author
	}
	at := s.At
	if at.IsZero() {
		at = change.At()
	}
	if at.IsZero() {
		return text
	}
	since := report.Span(max(now.Sub(at), 0)) + " ago"
	if onset := in.Onset.At; !onset.IsZero() && onset.After(at) {
		since += ", " + report.Span(onset.Sub(at)) + " before it began"
	}
	if change.EffectiveAt.IsZero() {
		return text + ", merged " + since + "; when it took effect nobody told"
	}
	return text + ", in effect since " + since
}

// company are the changes of the same branch that come along or stand in the way.
func company(change bot.Change, others []bot.Change) []string {
	if change.Repository == "" {
		return nil
	}
	var along, overlap []string
	for _, c := range inOrder(others) {
		if c.ID == change.ID || c.Repository != change.Repository || c.Branch != change.Branch || c.MergedAt.IsZero() {
			continue
		}
		name := report.ShortName(c.ID, c.Title)
		if c.EffectiveAt.IsZero() && !change.EffectiveAt.IsZero() {
			along = append(along, name)
		}
		if c.MergedAt.After(change.MergedAt) && slices.ContainsFunc(c.Paths, func(p string) bool { return slices.Contains(change.Paths, p) }) {
			overlap = append(overlap, name)
		}
	}
	var out []string
	if len(along) > 0 {
		out = append(out, "With it goes out what is merged in "+change.Repository+" and not in effect yet: "+list(along))
	}
	if len(overlap) > 0 {
		out = append(out, "Later changes touch the same files, so that it may not apply: "+list(overlap))
	}
	return out
}

func list(names []string) string {
	if len(names) > shown {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
	}
	return strings.Join(names, ", ")
}

func without(all []string, one string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == one })
}
