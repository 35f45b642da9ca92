package desk

import (
	"context"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/command"
)

// formOf is the command that a form stands for.
func formOf(name bot.FormName) string {
	switch name {
	case bot.RollbackForm:
		return command.RollbackStart
	case bot.MuteForm:
		return command.Mute
	case bot.DeclareForm:
		return command.Declare
	case bot.NoteForm:
		return command.Note
	default:
		return string(name)
	}
}

// May tells whether a person may fill in a form, and who could. What would be taken back may be looked at by whoever may look.
func (d *Desk) May(form bot.FormName, by bot.Person) error {
	f := command.FormOf(formOf(form))
	if form == bot.RollbackForm {
		f = command.FormOf(command.Rollback)
	}
	return d.may(by, f, command.Command{Name: f.Name})
}

// Fill carries out a form that a person filled in, as the command that it stands for.
func (d *Desk) Fill(ctx context.Context, f bot.Filled, by bot.Person) (bot.Answer, error) {
	c := command.Command{
		Name: formOf(f.Name), ID: f.Incident, Change: f.Change, Playbook: f.Playbook, Service: f.Service, Severity: f.Severity, Lasts: f.Lasts, Text: f.Text,
	}
	if f.Name == bot.MuteForm {
		c.Off = f.Lasts == 0
	}
	if f.Quote.Key == "" {
		return d.carry(ctx, c, by)
	}
	return d.carried(ctx, c, by, func() (bot.Answer, error) { return d.quote(ctx, c.ID, f.Quote, by) })
}

// quote puts what somebody said on the timeline of an incident, once. Without an incident, the only one that is open is meant.
func (d *Desk) quote(ctx context.Context, id string, q bot.Quote, by bot.Person) (bot.Answer, error) {
	in, err := d.meant(ctx, id)
	if err != nil {
		return bot.Answer{}, err
	}
	after, fresh, err := d.parts.Operator.Quote(ctx, in.ID, q, by.Name, by.Via)
	title := "Noted on the timeline."
	if !fresh {
		title = "It stands on the timeline already."
	}
	return d.done(after, err, title)
}

// Unresolved are the incidents that are not over, newest first, for somebody to choose from.
func (d *Desk) Unresolved(ctx context.Context) ([]bot.Incident, error) { return d.unresolved(ctx) }

// wanted is the answer to a command that was only begun: how it is written, and the form that asks for the rest.
func (d *Desk) wanted(ctx context.Context, line string, by bot.Person, err error) bot.Answer {
	a := refusal(err)
	c, begun := command.Begun(line)
	if !begun {
		return a
	}
	form := command.FormOf(c.Name)
	if err := d.may(by, form, c); err != nil {
		d.note(ctx, by, form.Name, c, "refused: "+bot.MessageOf(err))
		return refusal(err)
	}
	a.Form = bot.Form{Name: bot.FormName(c.Name)}
	if c.Name == command.Declare {
		a.Form.Service = c.Service
		return a
	}
	if in, err := d.meant(ctx, c.ID); err == nil {
		a.Form.Incident = in.ID
	} else if c.ID != "" {
		return refusal(err)
	}
	return a
}

// detail is what the audit log keeps of a command besides its target.
func detail(c command.Command) string {
	return strings.TrimSpace(c.Change + " " + c.Text)
}
