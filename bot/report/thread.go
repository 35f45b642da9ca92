package report

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
)

// The bounds of what stands below a card.
const (
	threadSuspects = 3
	threadExcluded = 5
	threadLine     = 500
	threadLog      = 500
)

// weighed tells how the first suspects were weighed: every reason with its log-odds, as the page has them.
func weighed(v View) bot.Passage {
	r := v.Incident.Ranking
	s := bot.Passage{Title: "How the suspects were weighed"}
	if r.At.IsZero() {
		return bot.Passage{}
	}
	for _, suspect := range r.Suspects[:min(len(r.Suspects), threadSuspects)] {
		if suspect.Probability < leastSuspect && len(s.Lines) > 0 {
			break
		}
		sum := v.sum(suspect)
		s.Lines = append(s.Lines, fmt.Sprintf("%.2f %s", sum.Probability, strings.TrimSpace(sum.Name+" "+cut(sum.Title, 100))))
		for _, t := range sum.Terms {
			s.Lines = append(s.Lines, fmt.Sprintf("%+.1f %s", t.Weight, cut(oneLine(t.Sentence), 200)))
		}
	}
	s.Lines = append(s.Lines, fmt.Sprintf("%.2f none of these", r.None))
	for _, t := range r.NoneReasons {
		s.Lines = append(s.Lines, cut(oneLine(t.Sentence), 200))
	}
	for i, e := range r.Excluded {
		if i == threadExcluded {
			s.Lines = append(s.Lines, fmt.Sprintf("%d more are excluded", len(r.Excluded)-i))
			break
		}
		s.Lines = append(s.Lines, "excluded: "+cut(orElse(oneLine(e.Title), e.Change), 100)+": "+cut(oneLine(e.Why.Sentence), 200))
	}
	return s
}

// logged is what happened, oldest first, but for what the card says by itself: newer numbers of the same findings, and rankings that say
// the same.
func logged(v View) bot.Passage {
	s := bot.Passage{Title: "What happened"}
	for _, e := range v.Entries {
		if routine(e) {
			continue
		}
		line := v.clock(e.At) + " " + oneLine(e.Sentence)
		if e.Actor != bot.Self && e.Kind == bot.EntryNote {
			line = fmt.Sprintf("%s %s: %s", v.clock(e.At), oneLine(e.Actor), oneLine(e.Sentence))
		}
		s.Lines = append(s.Lines, cut(line, threadLine))
		if len(s.Lines) == threadLog {
			break
		}
	}
	return s
}

// routine tells of entries that nobody has to read twice.
func routine(e bot.Entry) bool {
	switch e.Kind {
	case bot.EntrySuspects:
		var r struct {
			Changed string `json:"changed"`
		}
		return json.Unmarshal(e.Data, &r) != nil || r.Changed == ""
	case bot.EntryFinding:
		return true
	case bot.EntryStep:
		return skipped(e)
	default:
		return false
	}
}
