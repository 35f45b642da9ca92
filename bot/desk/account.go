package desk

import (
	"context"
	"fmt"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/report"
)

// Account is how things are, in the order in which somebody asks who was just woken.
func (d *Desk) Account(ctx context.Context) (bot.Account, error) {
	now := d.parts.Now()
	a := bot.Account{At: now.UTC(), Title: "No incident is open.", Link: d.parts.URL(), Blind: d.parts.Blind()}
	open, err := d.unresolved(ctx)
	if err != nil {
		return a, err
	}
	if a.Stop, err = d.parts.Switch.Stopped(ctx); err != nil {
		return a, err
	}
	if a.Approvals, err = d.parts.Reader.Approvals(ctx, bot.ApprovalQuery{Open: true, Limit: shown}); err != nil {
		return a, err
	}
	if a.Freezes, err = d.parts.Calendar.Freezes(ctx, bot.FreezeQuery{Since: now, Limit: shown}); err != nil {
		return a, err
	}
	if a.Windows, err = d.parts.Calendar.Openings(ctx, "", now); err != nil {
		return a, err
	}
	for _, b := range d.parts.Budgets() {
		if b.Blind == "" && b.Left <= 0 {
			a.Spent = append(a.Spent, b)
		}
	}
	a.Executing, a.Detail = d.parts.Executing()
	if len(open) > 0 {
		a.Title = fmt.Sprintf("%d %s not over.", len(open), plural(len(open), "incident is", "incidents are"))
	}
	for _, in := range open {
		a.Incidents = append(a.Incidents, d.short(in))
	}
	a.Rows = d.accountRows(a, open)
	return a, nil
}

func (d *Desk) short(in bot.Incident) bot.Unresolved {
	u := bot.Unresolved{
		ID: in.ID, Service: in.Service, Environment: in.Environment, Severity: in.Severity, State: in.State, Title: in.Title,
		OpenedAt: in.OpenedAt, AcknowledgedBy: in.AcknowledgedBy, Lead: in.Lead.Incident, URL: d.page(in.ID),
	}
	if in.Muted.Holds(d.parts.Now()) {
		u.Muted = in.Muted
	}
	if prime, found := in.Prime(); found {
		u.Suspect, u.Probability = prime.Change, prime.Probability
	}
	return u
}

// accountRows says it in words.
func (d *Desk) accountRows(a bot.Account, open []bot.Incident) []bot.Row {
	var rows []bot.Row
	if a.Stop.On {
		rows = append(rows, bot.Row{Label: "STOPPED", Text: fmt.Sprintf("no action starts since %s, by %s: %s", d.clock(a.Stop.At), a.Stop.By, a.Stop.Reason)})
	}
	rows = append(rows, d.incidentRows(open)...)
	for _, q := range a.Approvals {
		rows = append(rows, bot.Row{Label: "Waits for an answer", Text: fmt.Sprintf("%s (%s, until %s)", q.Question, q.ID, d.clock(q.Expires)), Link: d.page(q.Incident)})
	}
	for _, f := range a.Freezes {
		rows = append(rows, bot.Row{Label: "Freeze", Text: d.freezeText(f)})
	}
	rows = append(rows, d.windowRows(a.Windows)...)
	for _, b := range a.Spent {
		rows = append(rows, bot.Row{Label: "Budget spent", Text: b.Service + ": " + budgetText(b)})
	}
	for _, blind := range a.Blind {
		rows = append(rows, bot.Row{Label: "Cannot be seen", Text: blind})
	}
	if len(a.Blind) == 0 {
		rows = append(rows, bot.Row{Label: "Sight", Text: "all that is watched can be seen"})
	}
	label := "Works"
	if !a.Executing {
		label = "Waits"
	}
	return append(rows, bot.Row{Label: label, Text: a.Detail})
}

// windowRows tells once of services that are closed for the same reasons, and of all that are open in one line.
func (d *Desk) windowRows(openings []bot.Opening) []bot.Row {
	var order []string
	closed := map[string][]string{}
	for _, o := range openings {
		if o.Open {
			continue
		}
		text := "unwelcome"
		if !o.Until.IsZero() {
			text += " until " + d.clock(o.Until)
		}
		if why := sentences(o.Reasons); why != "" {
			text += ": " + why
		}
		if _, known := closed[text]; !known {
			order = append(order, text)
		}
		closed[text] = append(closed[text], o.Service)
	}
	var rows []bot.Row
	for i, text := range order {
		if i == shown {
			return append(rows, bot.Row{Label: "Changes", Text: fmt.Sprintf("unwelcome for %d more reasons; windows tells them", len(order)-i)})
		}
		rows = append(rows, bot.Row{Label: "Changes", Text: fmt.Sprintf("of %s are %s", d.few(closed[text], len(openings)), text)})
	}
	if len(order) == 0 && len(openings) > 0 {
		rows = append(rows, bot.Row{Label: "Changes", Text: "are welcome"})
	}
	return rows
}

// few names services, or says that it is all of them.
func (*Desk) few(services []string, all int) string {
	if len(services) == all && all > 1 {
		return "all services"
	}
	if len(services) > 5 {
		return fmt.Sprintf("%s and %d more services", strings.Join(services[:4], ", "), len(services)-4)
	}
	return strings.Join(services, ", ")
}

func sentences(reasons []bot.Reason) string {
	out := make([]string, 0, len(reasons))
	for _, r := range reasons {
		out = append(out, r.Sentence)
	}
	return strings.Join(out, "; ")
}

// likely says which change probably did it, where one did.
func likely(in bot.Incident) string {
	prime, found := in.Prime()
	if !found {
		return ""
	}
	return fmt.Sprintf("; likely %s %s (%.2f)", prime.Kind, report.ShortName(prime.Change, prime.Title), prime.Probability)
}
