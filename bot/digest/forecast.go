package digest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
)

// forecast tells what is about to land late in the week, and when it may.
func (m maker) forecast(d *bot.Digest) {
	ready, rest := m.risky()
	open := m.unresolved()
	told := add(d, "Risky, and ready to land", m.pullRows(ready))
	told = add(d, "Risky, and open", m.pullRows(rest)) || told
	told = add(d, "Landed, and watched", m.bakeRows()) || told
	told = add(d, "Bears on it", m.bearing(open)) || told
	add(d, "When changes are welcome", m.windowRows(false))
	d.Empty = !told
	d.Title = fmt.Sprintf("The end of the week, as of %s: %s", m.day(), m.inShort(len(ready)+len(rest)))
}

func (m maker) inShort(risky int) string {
	open := 0
	for _, w := range m.Pulls {
		if w.BakesUntil.IsZero() {
			open++
		}
	}
	if open == 0 {
		return "no pull request is open"
	}
	return fmt.Sprintf("%s open, %d of them risky", count(open, "pull request"), risky)
}

// risky are the open pull requests of high or critical risk, the riskiest first: those that may land any moment, and the rest.
func (m maker) risky() (ready, rest []bot.Waiting) {
	for _, w := range m.Pulls {
		if !w.BakesUntil.IsZero() || rank(w.Level) < rank(bot.High) {
			continue
		}
		if !w.Draft && (w.Approved || w.Queued || w.Override != "") {
			ready = append(ready, w)
		} else {
			rest = append(rest, w)
		}
	}
	byRisk := func(a, b bot.Waiting) int {
		return cmp.Or(cmp.Compare(rank(b.Level), rank(a.Level)), cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Number, b.Number))
	}
	slices.SortStableFunc(ready, byRisk)
	slices.SortStableFunc(rest, byRisk)
	return ready, rest
}

// rank orders levels; one that is not known comes first.
func rank(l bot.Level) int {
	return slices.Index([]bot.Level{bot.Low, bot.Medium, bot.High, bot.Critical}, l)
}

func (m maker) pullRows(pulls []bot.Waiting) []bot.Row {
	rows := make([]bot.Row, 0, len(pulls))
	for _, w := range pulls {
		var state []string
		for _, s := range []struct {
			is   bool
			word string
		}{{w.Queued, "in the merge queue"}, {w.Approved, "approved"}, {w.Draft, "a draft"}, {w.Override != "", "overridden by " + short(w.Override)}} {
			if s.is {
				state = append(state, s.word)
			}
		}
		text := fmt.Sprintf("%s (%s)", pull(w), orElse(list(w.Services), "no service"))
		if len(state) > 0 {
			text += ", " + strings.Join(state, ", ")
		}
		if why := reasons(w.Reasons); why != "" {
			text += ": " + why
		}
		rows = append(rows, bot.Row{Label: string(w.Level), Text: text, Link: w.URL})
	}
	return bounded(rows)
}

func reasons(of []string) string {
	out := make([]string, 0, 3)
	for _, r := range of[:min(3, len(of))] {
		out = append(out, short(r))
	}
	return strings.Join(out, "; ")
}

// bearing is what makes landing anything riskier than usual: incidents, spent budgets, freezes that come, and the kill switch.
func (m maker) bearing(open []bot.Incident) []bot.Row {
	var rows []bot.Row
	if m.Stop.On {
		rows = append(rows, bot.Row{Label: "STOPPED", Text: "no action starts, so nothing is rolled back: " + short(m.Stop.Reason)})
	}
	for _, in := range open {
		rows = append(rows, bot.Row{Label: "Incident", Text: fmt.Sprintf("%s: %s (%s)", in.Service, orElse(short(in.Title), "no title"), in.ID), Link: m.page(in.ID)})
	}
	for _, r := range m.budgetRows() {
		rows = append(rows, bot.Row{Label: "Budget", Text: strings.TrimSpace(r.Label + ": " + r.Text)})
	}
	for _, f := range m.Freezes {
		if !f.Over(m.Now) {
			rows = append(rows, bot.Row{Label: "Freeze", Text: fmt.Sprintf("%s from %s: %s", orElse(list(f.Services), "all services"), m.clock(f.From), short(f.Reason))})
		}
	}
	return bounded(rows)
}
