package desk

import (
	"context"
	"fmt"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/command"
	"github.com/firebreak-dev/firebreak/bot/report"
)

// shownPaths is how many ways back are told in full, shownRefused how many changes that have none.
const (
	shownPaths   = 3
	shownRefused = 5
)

// rollbacks tells what could be taken back, what would come of it, and how to begin it.
func (d *Desk) rollbacks(ctx context.Context, c command.Command) (bot.Answer, error) {
	in, err := d.meant(ctx, c.ID)
	if err != nil {
		return bot.Answer{}, err
	}
	all, err := d.parts.Rollbacks.Rollbacks(ctx, in.ID)
	if err != nil {
		return bot.Answer{}, err
	}
	if c.Change != "" {
		chosen, err := all.Of(c.Change)
		if err != nil {
			return bot.Answer{}, err
		}
		all.Possible = []bot.Rollback{chosen}
	}
	a := bot.Answer{Title: fmt.Sprintf("Nothing of it can be taken back: %s, %s", in.Service, orElse(in.Title, in.ID)), Link: d.page(in.ID)}
	if len(all.Possible) > 0 {
		a.Title = fmt.Sprintf("What can be taken back: %s, %s", in.Service, orElse(in.Title, in.ID))
	}
	for _, held := range all.Held {
		a.Rows = append(a.Rows, bot.Row{Label: "Not now", Text: held})
	}
	for i, p := range all.Possible[:min(shownPaths, len(all.Possible))] {
		a.Rows = append(a.Rows, pathRows(p, i == 0)...)
	}
	if more := len(all.Possible) - shownPaths; more > 0 {
		a.Rows = append(a.Rows, bot.Row{Text: fmt.Sprintf("and %d more", more)})
	}
	for _, r := range all.Refused[:min(shownRefused, len(all.Refused))] {
		a.Rows = append(a.Rows, bot.Row{Label: "Not " + report.ShortName(r.Change, r.Title), Text: r.Why})
	}
	a.Form = bot.Form{Name: bot.RollbackForm, Incident: in.ID}
	if len(all.Possible) > 0 {
		a.Rows = append(a.Rows, bot.Row{Label: "To begin", Text: strings.TrimSpace(fmt.Sprintf("rollback start %s %s", in.ID, all.Possible[0].Change))})
	}
	return a, nil
}

// pathRows tell a way back; only the first is told step by step.
func pathRows(p bot.Rollback, whole bool) []bot.Row {
	rows := []bot.Row{{
		Label: fmt.Sprintf("%.0f %%", 100*p.Probability), Link: p.URL,
		Text: fmt.Sprintf("%s %s, by playbook %s", p.Kind, report.ShortName(p.Change, p.Title), p.Playbook),
	}}
	for _, ask := range p.Asks {
		rows = append(rows, bot.Row{Label: "First", Text: ask})
	}
	for _, s := range p.Consequences {
		rows = append(rows, bot.Row{Text: s})
	}
	if whole {
		rows = append(rows, bot.Row{Label: "Steps", Text: strings.Join(p.Steps, "; ")})
	}
	return rows
}

// rollback has a playbook take a change back.
func (d *Desk) rollback(ctx context.Context, c command.Command, by bot.Person) (bot.Answer, error) {
	in, err := d.meant(ctx, c.ID)
	if err != nil {
		return bot.Answer{}, err
	}
	r, err := d.parts.Rollbacks.Rollback(ctx, in.ID, c.Change, c.Playbook, by.Name, by.Via)
	a, err := d.done(in, err, fmt.Sprintf("Playbook %s begins to take %s back", r.Playbook, report.ShortName(r.Change, r.Title)))
	for _, ask := range r.Asks {
		a.Rows = append(a.Rows, bot.Row{Label: "First", Text: ask})
	}
	return a, err
}

// Rollbacks tells what could be taken back; that the person may not begin it is one of the reasons why none can begin.
func (d *Desk) Rollbacks(ctx context.Context, incident string, by bot.Person) (bot.Rollbacks, error) {
	look, begin := command.FormOf(command.Rollback), command.FormOf(command.RollbackStart)
	if err := d.may(by, look, command.Command{Name: look.Name}); err != nil {
		return bot.Rollbacks{}, err
	}
	in, err := d.meant(ctx, incident)
	if err != nil {
		return bot.Rollbacks{}, err
	}
	all, err := d.parts.Rollbacks.Rollbacks(ctx, in.ID)
	if err != nil {
		return all, err
	}
	if err := d.may(by, begin, command.Command{Name: begin.Name}); err != nil {
		all.Held = append(all.Held, bot.MessageOf(err))
	}
	return all, nil
}
