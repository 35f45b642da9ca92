package engine

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/report"
)

const (
	// maxAddress bounds an address that is hung on an incident.
	maxAddress = 1000
	// mostReferences bounds the addresses of one incident, and the incidents that it is linked with.
	mostReferences = 50
)

// Link relates an incident to another one, or hangs an address on it.
func (e *Engine) Link(ctx context.Context, incident, to, title, by, via string) (bot.Incident, error) {
	title, err := words("title", title, maxTitle, true)
	if err != nil {
		return bot.Incident{}, err
	}
	in, err := e.parts.Timeline.Incident(ctx, incident)
	switch {
	case err != nil:
		return in, err
	case by == "":
		return in, bot.Errorf(bot.Invalid, "say who links it")
	case to == "":
		return in, bot.Errorf(bot.Invalid, "say what it is linked with: an https address, or another incident")
	case strings.Contains(to, ":"):
		return e.refer(ctx, in, bot.Reference{URL: to, Title: title, By: by}, via)
	default:
		return e.relate(ctx, in, to, title, by, via)
	}
}

// refer hangs an address on an incident.
func (e *Engine) refer(ctx context.Context, in bot.Incident, r bot.Reference, via string) (bot.Incident, error) {
	switch n := utf8.RuneCountInString(r.URL); {
	case !strings.HasPrefix(strings.ToLower(r.URL), "https://") || report.WebAddress(r.URL) == "":
		return in, bot.Errorf(bot.Invalid, "only an address that begins with https:// and names its host is hung on an incident")
	case n > maxAddress:
		return in, bot.Errorf(bot.Invalid, "an address has at most %d characters; this one has %d", maxAddress, n)
	case len(in.References) >= mostReferences:
		return in, bot.Errorf(bot.Conflict, "%d addresses hang on the incident already; note what else there is", mostReferences)
	}
	said := r.URL
	if r.Title == "" {
		r.Title = r.URL
	} else {
		said = r.Title + " " + r.URL
	}
	r.At = e.now()
	entry := bot.Entry{
		ID: bot.NewID("ent", r.At), Incident: in.ID, At: r.At, Kind: bot.EntryReference, Actor: r.By,
		Key:      "reference/" + shortHash(r.URL+"\x00"+r.Title),
		Sentence: sentence("linked", r.By, via, said), Data: mustJSON(r),
	}
	if _, err := e.parts.Timeline.Append(ctx, entry); err != nil {
		return in, err
	}
	e.parts.Announcer.Update(ctx, in.ID)
	return e.parts.Timeline.Incident(ctx, in.ID)
}

// relate notes on two incidents that they belong together. What is linked already stays as it is.
func (e *Engine) relate(ctx context.Context, in bot.Incident, to, why, by, via string) (bot.Incident, error) {
	if to == in.ID {
		return in, bot.Errorf(bot.Invalid, "an incident is not linked with itself")
	}
	other, err := e.parts.Timeline.Incident(ctx, to)
	if err != nil {
		return in, err
	}
	switch {
	case linkedWith(in, other.ID) && linkedWith(other, in.ID):
		return in, nil
	case max(len(in.Linked), len(other.Linked)) >= mostReferences:
		return in, bot.Errorf(bot.Conflict, "one of the two is linked with %d incidents already", mostReferences)
	}
	why = sentence("linked", by, via, why)
	entries := []bot.Entry{e.linkEntry(in.ID, other, why), e.linkEntry(other.ID, in, why)}
	for i := range entries {
		entries[i].Actor = by
	}
	if _, err := e.parts.Timeline.Append(ctx, entries...); err != nil {
		return in, err
	}
	e.parts.Announcer.Update(ctx, in.ID)
	e.parts.Announcer.Update(ctx, other.ID)
	return e.parts.Timeline.Incident(ctx, in.ID)
}
