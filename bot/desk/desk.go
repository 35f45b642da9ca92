package desk

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/command"
)

// Parts are what a Desk stands on. All are needed.
type Parts struct {
	Reader    Reader
	Operator  Operator
	Playbooks Playbooks
	Rollbacks Rollbacks
	Calendar  Calendar
	Landing   Landing
	Rota      Rota
	Switch    Switch
	Audit     Audit
	Teller    Teller
	// Executing tells whether this process is the one that watches and runs playbooks, and in words what it does.
	Executing func() (bool, string)
	// Budgets tells the objectives with what is left of their budgets; Blind what cannot be seen, in words.
	Budgets func() []bot.Budget
	Blind   func() []string
	// Who names those who may do what the role is for, in words.
	Who func(least bot.Role) string
	// URL gives the address of the pages, Zone is the zone in which times are told.
	URL    func() string
	Zone   *time.Location
	Now    func() time.Time
	Logger *slog.Logger
}

// Desk serves people. It is safe for concurrent use.
type Desk struct{ parts Parts }

// New makes a desk.
func New(p Parts) *Desk { return &Desk{parts: p} }

// Do carries out a line of a person. What goes wrong is an answer, too: the person shall know.
func (d *Desk) Do(ctx context.Context, line string, by bot.Person) bot.Answer {
	c, err := command.Parse(line)
	if err != nil {
		return d.wanted(ctx, line, by, err)
	}
	a, err := d.carry(ctx, c, by)
	if err != nil {
		return refusal(err)
	}
	return a
}

// carry carries out a command of a person who may.
func (d *Desk) carry(ctx context.Context, c command.Command, by bot.Person) (bot.Answer, error) {
	return d.carried(ctx, c, by, func() (bot.Answer, error) { return d.do(ctx, c, by) })
}

// carried looks whether the person may, has it done, and writes down what came of it.
func (d *Desk) carried(ctx context.Context, c command.Command, by bot.Person, do func() (bot.Answer, error)) (bot.Answer, error) {
	form := command.FormOf(c.Name)
	if err := d.may(by, form, c); err != nil {
		d.note(ctx, by, form.Name, c, "refused: "+bot.MessageOf(err))
		return bot.Answer{}, err
	}
	answer, err := do()
	said := detail(c)
	if err != nil {
		d.parts.Logger.WarnContext(ctx, "a command was refused", "command", c.Name, "by", by.Name, "error", err)
		said = "refused: " + bot.MessageOf(err)
	}
	if form.Role.Rank() > bot.Viewer.Rank() {
		d.note(ctx, by, form.Name, c, said)
	}
	return answer, err
}

// may tells whether the person's role is enough. Answers to playbooks may be open to somebody by name: that is looked at later.
func (d *Desk) may(by bot.Person, form command.Form, c command.Command) error {
	if by.Role.May(form.Role) || (by.Role.May(bot.Viewer) && (c.Name == command.Approve || c.Name == command.Deny)) {
		return nil
	}
	return d.forbidden(by, form.Role, form.Name)
}

func (d *Desk) forbidden(by bot.Person, least bot.Role, what string) error {
	have := "nobody here"
	if by.Role.Rank() > 0 {
		have = article(string(by.Role))
	}
	sentence := fmt.Sprintf("%s is %s, and %q is for %ss", by.Name, have, what, least)
	if who := d.parts.Who(least); who != "" {
		sentence += "; who could: " + who
	}
	if by.Doubt != "" {
		sentence += " (" + by.Doubt + ")"
	}
	return bot.Errorf(bot.Forbidden, "%s", sentence)
}

func article(word string) string {
	if strings.ContainsRune("aeiou", rune(word[0])) {
		return "an " + word
	}
	return "a " + word
}

func refusal(err error) bot.Answer { return bot.Answer{Title: bot.MessageOf(err), Refused: true} }

// note writes into the audit log. That it cannot be written is no reason not to do what was asked for at night.
func (d *Desk) note(ctx context.Context, by bot.Person, name string, c command.Command, detail string) {
	target := c.ID
	for _, t := range []string{c.Service, c.Repository} {
		if target == "" {
			target = t
		}
	}
	if c.Playbook != "" {
		target = strings.TrimSpace(c.Playbook + " " + target)
	}
	err := d.parts.Audit.Note(ctx, d.parts.Now(), by.Name, by.Via+"."+strings.ReplaceAll(name, " ", "."), target, detail)
	if err != nil {
		d.parts.Logger.ErrorContext(ctx, "who asked for what could not be written down", "command", name, "by", by.Name, "error", err)
	}
}

func (d *Desk) do(ctx context.Context, c command.Command, by bot.Person) (bot.Answer, error) {
	switch c.Name {
	case command.Help:
		return help(by), nil
	case command.Status:
		return d.status(ctx)
	case command.Incident:
		return d.incident(ctx, c)
	case command.Suspects:
		return d.suspects(ctx, c)
	case command.Changes:
		return d.changes(ctx, c)
	case command.Windows:
		return d.windows(ctx, c)
	case command.OnCall:
		return d.oncall(ctx, c)
	case command.SLO:
		return d.objectives(c)
	case command.Risk:
		return d.risk(ctx, c)
	case command.FreezeStart, command.FreezeEnd:
		return d.freeze(ctx, c, by)
	case command.Approve, command.Deny:
		return d.decide(ctx, c, by)
	case command.PlaybookPlan, command.PlaybookRun:
		return d.playbook(ctx, c, by)
	case command.Rollback:
		return d.rollbacks(ctx, c)
	case command.RollbackStart:
		return d.rollback(ctx, c, by)
	case command.Handover:
		return d.digest(ctx, command.Handover, c.Service)
	case command.Digest:
		return d.digest(ctx, c.Kind, c.Service)
	case command.Postmortem:
		return d.postmortem(ctx, c)
	case command.Link:
		return d.link(ctx, c, by)
	case command.Stop, command.StopLift:
		return d.stop(ctx, c, by)
	default:
		return d.change(ctx, c, by)
	}
}

// help lists what this person may ask for.
func help(by bot.Person) bot.Answer {
	a := bot.Answer{Title: "What you can ask for"}
	for _, f := range command.Forms() {
		if by.Role.May(f.Role) {
			a.Rows = append(a.Rows, bot.Row{Label: f.Usage, Text: f.What})
		}
	}
	return a
}

// clock tells a time of today, or of another day.
func (d *Desk) clock(t time.Time) string {
	zone := d.parts.Zone
	if zone == nil {
		zone = time.UTC
	}
	t, now := t.In(zone), d.parts.Now().In(zone)
	if t.Year() == now.Year() && t.YearDay() == now.YearDay() {
		return t.Format("15:04 MST")
	}
	return t.Format("Mon 2 Jan 15:04 MST")
}

// page is the address of an incident's page.
func (d *Desk) page(incident string) string {
	if home := d.parts.URL(); home != "" {
		return strings.TrimRight(home, "/") + "/incidents/" + incident
	}
	return ""
}
