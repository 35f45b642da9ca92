package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/command"
	"github.com/firebreak-dev/firebreak/bot/report"
)

// change does what changes an incident, or opens one.
func (d *Desk) change(ctx context.Context, c command.Command, by bot.Person) (bot.Answer, error) {
	if c.Name == command.Declare {
		in, err := d.parts.Operator.Declare(ctx, bot.Declared{Service: c.Service, Title: c.Text, Severity: c.Severity, By: by.Name, Via: by.Via})
		return d.done(in, err, fmt.Sprintf("Declared: %s, %s", in.Service, in.Title))
	}
	in, err := d.meant(ctx, c.ID)
	if err != nil {
		return bot.Answer{}, err
	}
	switch c.Name {
	case command.Ack:
		err := d.parts.Operator.Acknowledge(ctx, in.ID, by.Name)
		return d.done(in, err, fmt.Sprintf("%s is on it: %s", by.Name, in.Title))
	case command.Resolve:
		after, err := d.parts.Operator.Resolve(ctx, in.ID, by.Name, by.Via, c.Text)
		return d.done(after, err, "Resolved: "+in.Title)
	case command.Note:
		after, err := d.parts.Operator.Note(ctx, in.ID, by.Name, by.Via, c.Text)
		return d.done(after, err, "Noted on the timeline.")
	case command.Mute:
		after, err := d.parts.Operator.Mute(ctx, in.ID, c.Lasts, by.Name, by.Via, c.Text)
		title := "Not muted any more: what waits begins at the next look."
		if c.Lasts > 0 {
			title = fmt.Sprintf("Muted until %s: nothing more is started for it. What has begun goes on.", d.clock(after.Muted.Until))
		}
		return d.done(after, err, title)
	default:
		return bot.Answer{}, bot.Errorf(bot.Internal, "nobody carries %q out", c.Name)
	}
}

// done is the answer to something that was done to an incident.
func (d *Desk) done(in bot.Incident, err error, title string) (bot.Answer, error) {
	if err != nil {
		return bot.Answer{}, err
	}
	return bot.Answer{Title: title, Rows: []bot.Row{{Label: "Incident", Text: in.ID}}, Link: d.page(in.ID), Incident: in.ID}, nil
}

// decide answers a playbook. Who is asked by name may answer whatever the role; where nobody is, an approver may.
func (d *Desk) decide(ctx context.Context, c command.Command, by bot.Person) (bot.Answer, error) {
	decision := bot.Approved
	if c.Name == command.Deny {
		decision = bot.Denied
	}
	a, err := d.Decide(ctx, c.ID, decision, by)
	if err != nil {
		return bot.Answer{}, err
	}
	return bot.Answer{
		Title: fmt.Sprintf("%s by %s", decision, a.By), Rows: []bot.Row{{Label: "Question", Text: a.Question}}, Link: d.page(a.Incident), Incident: a.Incident,
	}, nil
}

// Decide answers an approval for a person who pressed a button or wrote a command.
func (d *Desk) Decide(ctx context.Context, id string, decision bot.Decision, by bot.Person) (bot.Approval, error) {
	asked, err := d.parts.Reader.Approvals(ctx, bot.ApprovalQuery{Open: true, Limit: 1000})
	if err != nil {
		return bot.Approval{}, err
	}
	i := slices.IndexFunc(asked, func(a bot.Approval) bool { return a.ID == id })
	name := by.Name
	if i >= 0 { // an answered one is told so by the operator
		as, named := by.Is(asked[i].Of)
		switch {
		case named:
			name = as
		case len(asked[i].Of) == 0 && !by.Role.May(bot.Approver):
			return asked[i], d.forbidden(by, bot.Approver, "approve")
		}
	}
	return d.parts.Operator.Decide(ctx, id, decision, name, by.Via)
}

func (d *Desk) freeze(ctx context.Context, c command.Command, by bot.Person) (bot.Answer, error) {
	if c.Name == command.FreezeStart {
		f := bot.Freeze{Reason: c.Text, By: by.Name, Via: by.Via}
		if c.Lasts > 0 {
			f.To = d.parts.Now().Add(c.Lasts)
		}
		f, err := d.parts.Calendar.StartFreeze(ctx, f)
		if err != nil {
			return bot.Answer{}, err
		}
		return bot.Answer{Title: "Frozen: changes are unwelcome.", Rows: []bot.Row{{Label: "Freeze", Text: d.freezeText(f)}}}, nil
	}
	id, err := d.meantFreeze(ctx, c.ID)
	if err != nil {
		return bot.Answer{}, err
	}
	f, err := d.parts.Calendar.EndFreeze(ctx, id, by.Name, by.Via, c.Text)
	if err != nil {
		return bot.Answer{}, err
	}
	return bot.Answer{Title: "The freeze is over.", Rows: []bot.Row{{Label: "Freeze", Text: d.freezeText(f)}}}, nil
}

func (d *Desk) meantFreeze(ctx context.Context, id string) (string, error) {
	if id != "" {
		return id, nil
	}
	all, err := d.parts.Calendar.Freezes(ctx, bot.FreezeQuery{Since: d.parts.Now(), Limit: shown})
	switch {
	case err != nil:
		return "", err
	case len(all) == 0:
		return "", bot.Errorf(bot.NotFound, "no freeze holds that somebody started")
	case len(all) == 1:
		return all[0].ID, nil
	}
	ids := make([]string, 0, len(all))
	for _, f := range all {
		ids = append(ids, fmt.Sprintf("%s (%s)", f.ID, f.Reason))
	}
	return "", bot.Errorf(bot.Invalid, "%d freezes hold; name one: %s", len(all), strings.Join(ids, ", "))
}

func (d *Desk) freezeText(f bot.Freeze) string {
	until := "until it is ended"
	if end := f.End(); !end.IsZero() {
		until = "until " + d.clock(end)
	}
	services := "all services"
	if len(f.Services) > 0 {
		services = strings.Join(f.Services, ", ")
	}
	return fmt.Sprintf("%s, %s: %s (by %s, %s)", services, until, f.Reason, f.By, f.ID)
}

func (d *Desk) playbook(ctx context.Context, c command.Command, by bot.Person) (bot.Answer, error) {
	var in bot.Incident
	if c.ID != "" || c.Name == command.PlaybookRun {
		var err error
		if in, err = d.meant(ctx, c.ID); err != nil {
			return bot.Answer{}, err
		}
	}
	if c.Name == command.PlaybookRun {
		err := d.parts.Playbooks.Run(ctx, c.Playbook, in.ID, by.Name, by.Via)
		return d.done(in, err, fmt.Sprintf("Playbook %s begins: %s", c.Playbook, in.Title))
	}
	lines, err := d.parts.Playbooks.Outline(ctx, c.Playbook, in.ID)
	if err != nil {
		return bot.Answer{}, err
	}
	a := bot.Answer{Title: "Playbook " + c.Playbook + " would"}
	for i, line := range lines {
		a.Rows = append(a.Rows, bot.Row{Label: fmt.Sprintf("%d.", i+1), Text: line})
	}
	return a, nil
}

func (d *Desk) stop(ctx context.Context, c command.Command, by bot.Person) (bot.Answer, error) {
	before, err := d.parts.Switch.Stopped(ctx)
	if err != nil {
		return bot.Answer{}, err
	}
	after, err := d.parts.Switch.Stop(ctx, bot.Stop{On: c.Name == command.Stop, By: by.Name, Via: by.Via, Reason: c.Text})
	if err != nil {
		return bot.Answer{}, err
	}
	switch {
	case after.On:
		return bot.Answer{Title: "Stopped: no action starts until it is lifted. Pages and messages still go out.", Rows: []bot.Row{{Label: "Why", Text: after.Reason}}}, nil
	case !before.On:
		return bot.Answer{Title: "It was not stopped; actions start as ever."}, nil
	default:
		return bot.Answer{Title: fmt.Sprintf("Lifted: actions start again. It was stopped for %s by %s.", report.Span(max(d.parts.Now().Sub(before.At), 0)), before.By)}, nil
	}
}

// Acknowledge is the button of that name.
func (d *Desk) Acknowledge(ctx context.Context, incident string, by bot.Person) error {
	return d.pressed(ctx, by, command.Ack, incident, "", func() error { return d.parts.Operator.Acknowledge(ctx, incident, by.Name) })
}

// Judge is the buttons that say whether a change was it.
func (d *Desk) Judge(ctx context.Context, incident string, v bot.Verdict, by bot.Person) (in bot.Incident, err error) {
	v.By, v.Via = by.Name, by.Via
	err = d.pressed(ctx, by, "suspects "+string(v.Word), incident, v.Change, func() error {
		in, err = d.parts.Operator.Judge(ctx, incident, v)
		return err
	})
	return in, err
}

// Press answers an approval by a button.
func (d *Desk) Press(ctx context.Context, id string, decision bot.Decision, by bot.Person) (a bot.Approval, err error) {
	name := command.Approve
	if decision == bot.Denied {
		name = command.Deny
	}
	if !by.Role.May(bot.Viewer) {
		err = d.forbidden(by, bot.Approver, name)
	} else {
		a, err = d.Decide(ctx, id, decision, by)
	}
	d.written(ctx, by, name, id, "", err)
	return a, err
}

// pressed does what a responder may do by a button.
func (d *Desk) pressed(ctx context.Context, by bot.Person, name, target, detail string, do func() error) error {
	var err error
	if by.Role.May(bot.Responder) {
		err = do()
	} else {
		err = d.forbidden(by, bot.Responder, name)
	}
	d.written(ctx, by, name, target, detail, err)
	return err
}

// written writes into the audit log what came of a button.
func (d *Desk) written(ctx context.Context, by bot.Person, name, target, detail string, err error) {
	if err != nil {
		detail = strings.TrimSpace(detail + " refused: " + bot.MessageOf(err))
	}
	d.note(ctx, by, name, command.Command{ID: target}, detail)
}
