package digest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/report"
)

// unresolved are the incidents that are not over.
func (m maker) unresolved() []bot.Incident {
	return keep(m.Incidents, func(in bot.Incident) bool { return in.State != bot.Resolved })
}

// ended are those that were resolved since From.
func (m maker) ended() []bot.Incident {
	return keep(m.Incidents, func(in bot.Incident) bool { return in.State == bot.Resolved && in.ResolvedAt.After(m.From) })
}

// openRows tell of incidents that are not over: what is wrong, who is on it, what probably did it.
func (m maker) openRows() []bot.Row {
	open := bot.Folded(m.unresolved())
	rows := make([]bot.Row, 0, len(open))
	for _, in := range open {
		text := fmt.Sprintf("%s, %s, since %s", orElse(short(in.Title), "no title"), in.State, m.clock(in.OpenedAt))
		switch {
		case in.AcknowledgedBy != "":
			text += ", " + short(in.AcknowledgedBy) + " is on it"
		case in.State == bot.Open:
			text += ", nobody is on it"
		}
		if in.Muted.Holds(m.Now) {
			text += fmt.Sprintf(", muted until %s by %s (%s)", m.clock(in.Muted.Until), short(in.Muted.By), short(in.Muted.Reason))
		}
		if in.Blind != "" {
			text += ", cannot be seen"
		}
		text += in.WithIt() + "; " + blame(in) + " (" + in.ID + ")"
		rows = append(rows, bot.Row{Label: strings.ToUpper(string(in.Severity)) + " " + in.Service, Text: text, Link: m.page(in.ID)})
	}
	return bounded(rows)
}

// blame says what did it, as far as that is known.
func blame(in bot.Incident) string {
	if in.Cause != "" {
		for _, s := range in.Ranking.Suspects {
			if s.Change == in.Cause {
				return "caused by " + name(s)
			}
		}
		return "caused by " + short(report.ShortName(in.Cause, ""))
	}
	if v, judged := in.Verdict(bot.NoneOfThese); judged && v.Word == bot.Confirmed {
		return "none of the known changes did it"
	}
	if in.Lead.Incident != "" {
		return "follows that of " + in.Lead.Service + " (" + in.Lead.Incident + ")"
	}
	if prime, found := in.Prime(); found {
		return fmt.Sprintf("likely %s (%.2f)", name(prime), prime.Probability)
	}
	return "no likely cause"
}

func name(s bot.Suspect) string {
	return strings.TrimSpace(string(s.Kind) + " " + short(report.ShortName(s.Change, s.Title)))
}

// endedRows tell of incidents that came and went: how long, and what did it.
func (m maker) endedRows() []bot.Row {
	ended := m.ended()
	rows := make([]bot.Row, 0, len(ended))
	for _, in := range ended {
		rows = append(rows, bot.Row{
			Label: in.Service, Link: m.page(in.ID),
			Text: fmt.Sprintf("%s, %s long until %s; %s (%s)", orElse(short(in.Title), "no title"), report.Span(lasted(in)), m.clock(in.ResolvedAt), blame(in), in.ID),
		})
	}
	return bounded(rows)
}

// waitRows tell what waits for a person, or holds something up: the kill switch, questions, freezes, overrides, changes that are watched.
func (m maker) waitRows() []bot.Row {
	var rows []bot.Row
	if m.Stop.On {
		rows = append(rows, bot.Row{Label: "STOPPED", Text: fmt.Sprintf("no action starts since %s, by %s: %s", m.clock(m.Stop.At), short(m.Stop.By), short(m.Stop.Reason))})
	}
	for _, a := range m.Approvals {
		if a.Decision != "" || !a.Expires.IsZero() && !m.Now.Before(a.Expires) {
			continue
		}
		rows = append(rows, bot.Row{Label: "Question", Text: fmt.Sprintf("%s (%s, until %s)", short(a.Question), a.ID, m.clock(a.Expires)), Link: m.page(a.Incident)})
	}
	for _, f := range m.Freezes {
		if f.Over(m.Now) {
			continue
		}
		until := "until it is ended"
		if end := f.End(); !end.IsZero() {
			until = "until " + m.clock(end)
		}
		if f.From.After(m.Now) {
			until = "from " + m.clock(f.From) + " " + until
		}
		rows = append(rows, bot.Row{Label: "Freeze", Text: fmt.Sprintf("%s, %s: %s (by %s)", orElse(list(f.Services), "all services"), until, short(f.Reason), short(f.By))})
	}
	for _, w := range m.Pulls {
		if w.Override != "" && w.BakesUntil.IsZero() {
			rows = append(rows, bot.Row{Label: "Override", Text: fmt.Sprintf("%s may land in spite of its check until %s, by %s", pull(w), m.clock(w.OverrideUntil), short(w.Override)), Link: w.URL})
		}
	}
	return bounded(append(rows, m.bakeRows()...))
}

// bakeRows tell of changes that landed and are watched.
func (m maker) bakeRows() []bot.Row {
	var rows []bot.Row
	for _, w := range m.Pulls {
		if w.BakesUntil.After(m.Now) {
			rows = append(rows, bot.Row{Label: "Watched", Text: fmt.Sprintf("%s landed and is watched until %s", pull(w), m.clock(w.BakesUntil)), Link: w.URL})
		}
	}
	return rows
}

// pull names a pull request.
func pull(w bot.Waiting) string {
	return fmt.Sprintf("%s#%d %s", w.Repository, w.Number, short(w.Title))
}

// riskyRows tell of changes that had something against them when they landed, newest first.
func (m maker) riskyRows() []bot.Row {
	var rows []bot.Row
	for _, c := range m.Changes {
		if len(c.Flags) == 0 {
			continue
		}
		rows = append(rows, bot.Row{
			Label: string(c.Kind), Link: c.URL,
			Text: fmt.Sprintf("%s, %s, %s: %s", orElse(short(c.Title), c.ID), orElse(list(c.Services), "no service"), m.clock(c.At()), sentences(c.Flags, 3)),
		})
	}
	return bounded(rows)
}

// lowBudget is what of a budget has to be left for nobody to be told.
const lowBudget = .25

// budgetRows tell of objectives of whose budget little is left, the least first. What cannot be told is told where all is.
func (m maker) budgetRows() []bot.Row {
	low := keep(m.Budgets, func(b bot.Budget) bool { return b.Blind == "" && b.Left < lowBudget })
	slices.SortStableFunc(low, func(a, b bot.Budget) int { return cmp.Compare(a.Left, b.Left) })
	rows := make([]bot.Row, 0, len(low))
	for _, b := range low {
		left := share(b.Left) + " of the budget is left"
		if b.Left < 0 {
			left = "the budget is overspent by " + share(-b.Left)
		}
		label := b.Service
		if b.Environment != "" {
			label += " (" + b.Environment + ")"
		}
		rows = append(rows, bot.Row{Label: label, Text: fmt.Sprintf("%s, %s over %g days: %s", b.Objective, share(b.Target), b.Days, left)})
	}
	return bounded(rows)
}

func (m maker) blindRows() []bot.Row {
	rows := make([]bot.Row, 0, len(m.Blind))
	for _, what := range m.Blind {
		rows = append(rows, bot.Row{Text: short(what)})
	}
	return bounded(rows)
}
