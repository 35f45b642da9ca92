package desk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/command"
)

// The hours of a working day for which the end of the week is foretold.
const (
	morning   = 10
	afternoon = 16
)

// Home is what a person finds on a page of their own: what is open, what is left of the budgets, whether changes are welcome now and on
// Friday, and what waits for this person's answer.
func (d *Desk) Home(ctx context.Context, by bot.Person) (bot.Home, error) {
	status := command.FormOf(command.Status)
	if err := d.may(by, status, command.Command{Name: command.Status}); err != nil {
		return bot.Home{Sections: []bot.HomeSection{{Title: "Firebreak", Empty: bot.MessageOf(err)}}}, nil
	}
	open, err := d.unresolved(ctx)
	if err != nil {
		return bot.Home{}, err
	}
	stop, err := d.parts.Switch.Stopped(ctx)
	if err != nil {
		return bot.Home{}, err
	}
	asked, err := d.parts.Reader.Approvals(ctx, bot.ApprovalQuery{Open: true, Limit: 100})
	if err != nil {
		return bot.Home{}, err
	}
	windows, err := d.forecast(ctx)
	if err != nil {
		return bot.Home{}, err
	}
	budgets, err := d.objectives(command.Command{})
	if err != nil {
		return bot.Home{}, err
	}
	h := bot.Home{Link: d.parts.URL(), Sections: []bot.HomeSection{
		{Title: "Open incidents", Rows: d.incidentRows(open), Empty: "No incident is open."},
		{Title: "Error budgets", Rows: budgets.Rows, Empty: "No objective is set."},
		{Title: "Are changes welcome?", Rows: windows, Empty: "No service is configured."},
	}}
	if stop.On {
		h.Sections = slices.Insert(h.Sections, 0, bot.HomeSection{Title: "Stopped", Rows: []bot.Row{
			{Text: fmt.Sprintf("no action starts since %s, by %s: %s", d.clock(stop.At), stop.By, stop.Reason)},
		}})
	}
	for _, q := range asked {
		if _, named := by.Is(q.Of); named || len(q.Of) == 0 && by.Role.May(bot.Approver) {
			h.Approvals = append(h.Approvals, q)
		}
	}
	for _, form := range []bot.FormName{bot.DeclareForm, bot.NoteForm} {
		if d.May(form, by) == nil {
			h.Forms = append(h.Forms, form)
		}
	}
	return h, nil
}

// forecast tells whether changes are welcome now and at the end of the week.
func (d *Desk) forecast(ctx context.Context) ([]bot.Row, error) {
	now := d.parts.Now().In(d.zone())
	friday := now.AddDate(0, 0, (int(time.Friday)-int(now.Weekday())+7)%7)
	var rows []bot.Row
	for _, when := range []time.Time{
		now,
		time.Date(friday.Year(), friday.Month(), friday.Day(), morning, 0, 0, 0, now.Location()),
		time.Date(friday.Year(), friday.Month(), friday.Day(), afternoon, 0, 0, 0, now.Location()),
	} {
		label := "Now"
		switch {
		case when.Before(now):
			continue // it is later on Friday already
		case when.After(now):
			label = when.Format("Mon 2 Jan 15:04")
		}
		openings, err := d.parts.Calendar.Openings(ctx, "", when)
		if err != nil {
			return nil, err
		}
		for _, r := range d.windowRows(openings) {
			r.Label = label + ": changes"
			rows = append(rows, r)
		}
	}
	return rows, nil
}

func (d *Desk) zone() *time.Location {
	if d.parts.Zone == nil {
		return time.UTC
	}
	return d.parts.Zone
}
