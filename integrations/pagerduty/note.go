package pagerduty

import (
	"fmt"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// The bounds of notes.
const (
	mostNotes    = 5
	maxNote      = 2500
	maxNoteLine  = 400
	mostSuspects = 3
)

// noteLine is a line of a note. A line with the same key was said before, whatever its numbers are now.
type noteLine struct{ key, text string }

// noteLines are what is to be said of a brief, in the order in which somebody who was just woken asks for it.
func noteLines(b bot.Brief) []noteLine {
	var out []noteLine
	add := func(key, format string, args ...any) {
		out = append(out, noteLine{key, line(fmt.Sprintf(format, args...), maxNoteLine)})
	}
	if b.Incident != "" {
		add("incident/"+b.Incident, "Firebreak's incident %s: %s", b.Incident, b.Headline)
	}
	suspects := b.Ranking.Suspects
	switch {
	case len(suspects) == 0:
		add("suspect/none", "Suspects: no known change came before it")
	case b.Ranking.None >= suspects[0].Probability:
		add("suspect/none", "Suspects: probably none of the known changes (%.0f %%)", b.Ranking.None*100)
	default:
		add("suspect/"+suspects[0].Change, "Prime suspect: %s", suspect(bot.Card{Suspects: suspects[:1]}))
	}
	for i, s := range suspects {
		if s.Probability >= .05 && i < mostSuspects && (i > 0 || b.Ranking.None >= s.Probability) {
			add("also/"+s.Change, "Also suspected: %s", suspect(bot.Card{Suspects: suspects[i : i+1]}))
		}
	}
	for _, c := range b.Risky {
		var why []string
		for _, f := range c.Flags {
			why = append(why, f.Sentence)
		}
		add("risky/"+c.ID, "Risky change of the last day: %s %s at %s (%s)", c.Kind, line(c.Title, 150), c.At().UTC().Format("Mon 15:04 UTC"), strings.Join(why, "; "))
	}
	for _, o := range b.Objectives {
		add("objective/"+o.Objective+"/"+o.State, "Objective %s: %s", o.Objective, o.Sentence)
	}
	if len(b.Playbooks) > 0 {
		add("playbook/"+strings.Join(b.Playbooks, ","), "Playbook: %s", strings.Join(b.Playbooks, ", "))
	}
	return out
}

// noteOf is the next note on a page, and what has been said then; empty when there is nothing new that is worth one. The first says
// all. A later one is written only when another change is suspected first, an incident was opened, or an objective's state changed;
// it says only what was not said.
func noteOf(b bot.Brief, said []string, notes int) (note string, now []string) {
	known := make(map[string]bool, len(said))
	for _, k := range said {
		known[k] = true
	}
	now = said
	var fresh []noteLine
	worth := notes == 0
	for _, l := range noteLines(b) {
		if known[l.key] {
			continue
		}
		fresh, now = append(fresh, l), append(now, l.key)
		what, _, _ := strings.Cut(l.key, "/")
		worth = worth || what == "suspect" || what == "incident" || what == "objective" || what == "risky"
	}
	if !worth || len(fresh) == 0 || notes >= mostNotes {
		return "", said
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s, %s", noteMark(notes+1), line(b.Service, 100), b.At.UTC().Format(time.RFC3339))
	for _, l := range fresh {
		if text.Len()+len(l.text) > maxNote {
			break
		}
		text.WriteString("\n• " + l.text)
	}
	if b.URL != "" {
		text.WriteString("\nChart and arithmetic: " + b.URL)
	}
	return text.String(), now
}

// noteMark begins our notes, by which one is found again whose answer was lost.
func noteMark(n int) string { return fmt.Sprintf("Firebreak (note %d) on", n) }
