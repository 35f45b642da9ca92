package desk

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/command"
	"github.com/firebreak-dev/firebreak/bot/report"
)

// Teller makes what is told to many at once: digests, and what is known of an incident when it is over.
type Teller interface {
	// Digest is what a digest of a kind would say at a moment, of all services or of one; a zero moment is now.
	Digest(ctx context.Context, kind, service string, at time.Time) (bot.Digest, error)
	Postmortem(ctx context.Context, incident string) (bot.Postmortem, error)
}

// Linker hangs on an incident what belongs to it.
type Linker interface {
	// Link takes an https address, or the ID of another incident.
	Link(ctx context.Context, incident, to, title, by, via string) (bot.Incident, error)
}

// status is how things are.
func (d *Desk) status(ctx context.Context) (bot.Answer, error) {
	a, err := d.Account(ctx)
	return bot.Answer{Title: a.Title, Rows: a.Rows, Link: a.Link}, err
}

// link hangs an address on an incident, or relates it to another one, which may be named by the end of its ID.
func (d *Desk) link(ctx context.Context, c command.Command, by bot.Person) (bot.Answer, error) {
	in, err := d.meant(ctx, c.ID)
	if err != nil {
		return bot.Answer{}, err
	}
	to, title := c.To, "Linked: the address stands on the timeline and on the card."
	if !strings.Contains(to, "://") {
		other, err := d.meant(ctx, to)
		if err != nil {
			return bot.Answer{}, err
		}
		to, title = other.ID, fmt.Sprintf("Linked: %s and %s belong together.", in.ID, other.ID)
	}
	in, err = d.parts.Operator.Link(ctx, in.ID, to, c.Text, by.Name, by.Via)
	return d.done(in, err, title)
}

// digest tells what a digest would say now. In an answer each row has its section's title before it, where it has no word of its own.
func (d *Desk) digest(ctx context.Context, kind, service string) (bot.Answer, error) {
	made, err := d.parts.Teller.Digest(ctx, kind, service, time.Time{})
	if err != nil {
		return bot.Answer{}, err
	}
	a := bot.Answer{Title: made.Title, Link: made.Link}
	for _, s := range made.Sections {
		a.Rows = append(a.Rows, bot.Row{Label: s.Title + ":"})
		a.Rows = append(a.Rows, s.Rows...)
	}
	return a, nil
}

// postmortem is the short form; the page has the document.
func (d *Desk) postmortem(ctx context.Context, c command.Command) (bot.Answer, error) {
	in, err := d.meant(ctx, c.ID)
	if err != nil {
		return bot.Answer{}, err
	}
	p, err := d.parts.Teller.Postmortem(ctx, in.ID)
	if err != nil {
		return bot.Answer{}, err
	}
	a := bot.Answer{Title: p.Title, Link: p.URL}
	for _, s := range []struct{ label, name string }{
		{"Seen after", "detected"}, {"Acknowledged after", "acknowledged"}, {"Signals back after", "signals_back"}, {"Resolved after", "resolved"},
	} {
		if seconds, known := p.Seconds[s.name]; known {
			a.Rows = append(a.Rows, bot.Row{Label: s.label, Text: report.Span(time.Duration(seconds * float64(time.Second)))})
		}
	}
	for _, list := range []struct {
		label string
		rows  []string
	}{{"Impact", p.Impact}, {"Not known", p.Unknown}, {"Question", p.Questions}} {
		for _, text := range list.rows {
			a.Rows = append(a.Rows, bot.Row{Label: list.label, Text: text})
		}
	}
	if p.URL != "" {
		a.Rows = append(a.Rows, bot.Row{Label: "Document", Text: "as Markdown", Link: p.URL + "/report.md"})
	}
	return a, nil
}
