package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/command"
	"github.com/firebreak-dev/firebreak/bot/report"
)

func plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// incidentRows are a line for each, the first few.
func (d *Desk) incidentRows(incidents []bot.Incident) []bot.Row {
	var rows []bot.Row
	incidents = bot.Folded(incidents)
	for i, in := range incidents {
		if i == shown {
			return append(rows, bot.Row{Text: fmt.Sprintf("and %d more", len(incidents)-i), Link: d.parts.URL()})
		}
		text := fmt.Sprintf("%s, %s, since %s (%s)", in.State, orElse(in.Title, "no title"), d.clock(in.OpenedAt), in.ID)
		if in.AcknowledgedBy != "" {
			text += ", " + in.AcknowledgedBy + " is on it"
		}
		if in.Muted.Holds(d.parts.Now()) {
			text += fmt.Sprintf(", muted until %s by %s", d.clock(in.Muted.Until), in.Muted.By)
		}
		text += in.WithIt() + likely(in)
		rows = append(rows, bot.Row{Label: strings.TrimSpace(strings.ToUpper(string(in.Severity)) + " " + in.Service), Text: text, Link: d.page(in.ID)})
	}
	return rows
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// incident shows one, or lists the open ones.
func (d *Desk) incident(ctx context.Context, c command.Command) (bot.Answer, error) {
	if c.ID == "" {
		open, err := d.unresolved(ctx)
		if err != nil {
			return bot.Answer{}, err
		}
		title := "No incident is open."
		if len(open) > 0 {
			title = fmt.Sprintf("%d %s not over", len(open), plural(len(open), "incident is", "incidents are"))
		}
		return bot.Answer{Title: title, Rows: d.incidentRows(open), Link: d.parts.URL()}, nil
	}
	in, err := d.meant(ctx, c.ID)
	if err != nil {
		return bot.Answer{}, err
	}
	card, err := d.parts.Operator.Card(ctx, in.ID)
	if err != nil {
		return bot.Answer{}, err
	}
	a := bot.Answer{Title: card.Headline, Link: card.URL}
	a.Rows = append(a.Rows, bot.Row{Label: "State", Text: string(card.State) + ", " + in.ID})
	for _, f := range card.Facts {
		a.Rows = append(a.Rows, bot.Row{Label: f.Label, Text: f.Value})
	}
	a.Rows = append(a.Rows, suspectRows(in, 3)...)
	for _, s := range card.Doing {
		a.Rows = append(a.Rows, bot.Row{Text: s})
	}
	return a, nil
}

// suspects tells what may have done it, with reasons.
func (d *Desk) suspects(ctx context.Context, c command.Command) (bot.Answer, error) {
	in, err := d.meant(ctx, c.ID)
	if err != nil {
		return bot.Answer{}, err
	}
	a := bot.Answer{Title: fmt.Sprintf("%s: %s, since %s", in.Service, orElse(in.Title, in.ID), d.clock(in.OpenedAt)), Link: d.page(in.ID)}
	if in.Ranking.At.IsZero() {
		a.Rows = append(a.Rows, bot.Row{Text: "Suspects are not ranked yet."})
		return a, nil
	}
	a.Rows = suspectRows(in, 5)
	for _, s := range in.Ranking.Suspects[:min(3, len(in.Ranking.Suspects))] {
		for _, r := range s.Reasons[:min(2, len(s.Reasons))] {
			a.Rows = append(a.Rows, bot.Row{Label: report.ShortName(s.Change, s.Title), Text: fmt.Sprintf("%s (%+.1f)", r.Sentence, r.Weight)})
		}
	}
	return a, nil
}

func suspectRows(in bot.Incident, most int) []bot.Row {
	r := in.Ranking
	if r.At.IsZero() {
		return nil
	}
	var rows []bot.Row
	for _, s := range r.Suspects[:min(most, len(r.Suspects))] {
		text := fmt.Sprintf("%s %s", s.Kind, s.Title)
		if s.Author != "" {
			text += " by " + s.Author
		}
		if v, judged := in.Verdict(s.Change); judged {
			text += fmt.Sprintf(" (%s by %s)", v.Word, v.By)
		}
		rows = append(rows, bot.Row{Label: fmt.Sprintf("%.0f %%", 100*s.Probability), Text: text, Link: s.URL})
	}
	return append(rows, bot.Row{Label: fmt.Sprintf("%.0f %%", 100*r.None), Text: "none of these"})
}

// changesSince is how far back changes are told unless said otherwise.
const changesSince = 24 * time.Hour

func (d *Desk) changes(ctx context.Context, c command.Command) (bot.Answer, error) {
	if c.Lasts == 0 {
		c.Lasts = changesSince
	}
	now := d.parts.Now()
	changes, err := d.parts.Reader.Changes(ctx, bot.ChangeQuery{Service: c.Service, From: now.Add(-c.Lasts), To: now, Limit: 1000})
	if err != nil {
		return bot.Answer{}, err
	}
	of := "all services"
	if c.Service != "" {
		of = c.Service
	}
	risky := 0
	for _, change := range changes {
		if len(change.Flags) > 0 {
			risky++
		}
	}
	a := bot.Answer{Title: fmt.Sprintf("%d %s of %s in the last %s, %d risky", len(changes), plural(len(changes), "change", "changes"), of, report.Span(c.Lasts), risky), Link: d.parts.URL()}
	for i, change := range changes {
		if i == shown {
			a.Rows = append(a.Rows, bot.Row{Text: fmt.Sprintf("and %d more", len(changes)-i)})
			break
		}
		text := fmt.Sprintf("%s, %s, %s", change.Title, orElse(strings.Join(change.Services, ", "), "no service"), d.clock(change.At()))
		why := make([]string, 0, len(change.Flags))
		for _, f := range change.Flags {
			why = append(why, f.Sentence)
		}
		if len(why) > 0 {
			text += "; risky: " + strings.Join(why, "; ")
		}
		a.Rows = append(a.Rows, bot.Row{Label: string(change.Kind), Text: text, Link: change.URL})
	}
	return a, nil
}

func (d *Desk) windows(ctx context.Context, c command.Command) (bot.Answer, error) {
	openings, err := d.parts.Calendar.Openings(ctx, c.Service, d.parts.Now())
	if err != nil {
		return bot.Answer{}, err
	}
	a := bot.Answer{Title: "May we change things now?"}
	for i, o := range openings {
		if i == 2*shown {
			a.Rows = append(a.Rows, bot.Row{Text: fmt.Sprintf("and %d more services", len(openings)-i)})
			break
		}
		word, until := "yes", ""
		if !o.Open {
			word = "no"
		}
		if !o.Until.IsZero() {
			until = ", until " + d.clock(o.Until)
		}
		text := word + until
		why := make([]string, 0, len(o.Reasons))
		for _, r := range o.Reasons {
			why = append(why, r.Sentence)
		}
		if len(why) > 0 {
			text += ": " + strings.Join(why, "; ")
		}
		if len(o.Unseen) > 0 {
			text += " (not looked at: " + strings.Join(o.Unseen, "; ") + ")"
		}
		a.Rows = append(a.Rows, bot.Row{Label: o.Service, Text: text})
	}
	return a, nil
}

// objectives tells what is promised and what is left of it, the least first.
func (d *Desk) objectives(c command.Command) (bot.Answer, error) {
	budgets := slices.DeleteFunc(slices.Clone(d.parts.Budgets()), func(b bot.Budget) bool { return c.Service != "" && b.Service != c.Service })
	if len(budgets) == 0 && c.Service != "" {
		return bot.Answer{}, bot.Errorf(bot.NotFound, "nothing is promised of %q; slo lists all objectives", c.Service)
	}
	slices.SortStableFunc(budgets, func(a, b bot.Budget) int {
		switch {
		case (a.Blind == "") != (b.Blind == ""):
			if a.Blind != "" {
				return 1
			}
			return -1
		case a.Left < b.Left:
			return -1
		case a.Left > b.Left:
			return 1
		default:
			return 0
		}
	})
	a := bot.Answer{Title: fmt.Sprintf("%d %s", len(budgets), plural(len(budgets), "objective", "objectives"))}
	for i, b := range budgets {
		if i == 2*shown {
			a.Rows = append(a.Rows, bot.Row{Text: fmt.Sprintf("and %d more", len(budgets)-i)})
			break
		}
		a.Rows = append(a.Rows, bot.Row{Label: b.Service, Text: budgetText(b)})
	}
	return a, nil
}

func budgetText(b bot.Budget) string {
	name := b.Objective
	if b.Environment != "" {
		name += " (" + b.Environment + ")"
	}
	promise := fmt.Sprintf("%s: %s over %d days", name, report.Number(b.Target, "ratio"), int(b.Days))
	switch {
	case b.Blind != "":
		return promise + "; what is left cannot be told: " + b.Blind
	case b.Left < 0:
		return promise + fmt.Sprintf("; the budget is overspent by %s", report.Number(-b.Left, "ratio"))
	default:
		return promise + fmt.Sprintf("; %s of the budget is left", report.Number(b.Left, "ratio"))
	}
}

func (d *Desk) risk(ctx context.Context, c command.Command) (bot.Answer, error) {
	j, err := d.parts.Landing.Landing(ctx, c.Repository, c.Number)
	if err != nil {
		return bot.Answer{}, err
	}
	a := bot.Answer{Title: fmt.Sprintf("Landing %s#%d now: %s risk", c.Repository, c.Number, j.Level), Link: j.URL}
	a.Rows = append(a.Rows, bot.Row{Label: "What", Text: fmt.Sprintf("%s (%s)", j.Title, orElse(strings.Join(j.Services, ", "), "no service"))})
	for _, r := range j.Reasons {
		a.Rows = append(a.Rows, bot.Row{Label: fmt.Sprintf("%+.1f", r.Weight), Text: r.Sentence})
		if r.Lower != "" && r.Weight > 0 {
			a.Rows = append(a.Rows, bot.Row{Text: "→ " + r.Lower})
		}
	}
	if len(j.Unknown) > 0 {
		a.Rows = append(a.Rows, bot.Row{Label: "Not looked at", Text: strings.Join(j.Unknown, ", ")})
	}
	return a, nil
}

// oncall tells who is asked when something goes wrong.
func (d *Desk) oncall(ctx context.Context, c command.Command) (bot.Answer, error) {
	duties, err := d.parts.Rota.OnCall(ctx, c.Service)
	if err != nil {
		return bot.Answer{}, err
	}
	a := bot.Answer{Title: "Who is on call"}
	for i, duty := range duties {
		if i == 2*shown {
			a.Rows = append(a.Rows, bot.Row{Text: fmt.Sprintf("and %d more services", len(duties)-i)})
			break
		}
		a.Rows = append(a.Rows, bot.Row{Label: duty.Service, Text: duty.Sentence(d.clock)})
	}
	return a, nil
}
