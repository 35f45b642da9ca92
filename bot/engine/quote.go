package engine

import (
	"context"
	"fmt"

	"github.com/firebreak-dev/firebreak/bot"
)

// maxLink bounds the address of a message.
const maxLink = 1000

// Quote puts a message that somebody wrote elsewhere on the timeline of an incident, because a person marked it. The same message is put
// there once, whoever marks it; fresh tells whether it was put there now.
func (e *Engine) Quote(ctx context.Context, incident string, q bot.Quote, by, via string) (in bot.Incident, fresh bool, err error) {
	text, err := words("note", q.Text, maxNote, false)
	if err != nil {
		return in, false, err
	}
	if in, err = e.parts.Timeline.Incident(ctx, incident); err != nil {
		return in, false, err
	}
	switch {
	case by == "":
		return in, false, bot.Errorf(bot.Invalid, "say who notes it")
	case q.Key == "" || len(q.Link) > maxLink:
		return in, false, bot.Errorf(bot.Invalid, "the message has no name, or its address is too long")
	}
	now := e.now()
	said := fmt.Sprintf("%s (%s): %s", by, via, text)
	if q.Author != "" && q.Author != by {
		said = fmt.Sprintf("%s (%s) notes what %s wrote: %s", by, via, q.Author, text)
	}
	if q.Link != "" {
		said += " (" + q.Link + ")"
	}
	added, err := e.parts.Timeline.Append(ctx, bot.Entry{
		ID: bot.NewID("ent", now), Incident: in.ID, At: now, Kind: bot.EntryNote, Actor: by, Key: "quote/" + shortHash(q.Key), Sentence: said,
		Data: mustJSON(map[string]string{"text": text, "via": via, "author": q.Author, "link": q.Link}),
	})
	if err != nil || len(added) == 0 {
		return in, false, err
	}
	e.parts.Announcer.Update(ctx, in.ID)
	in, err = e.parts.Timeline.Incident(ctx, in.ID)
	return in, true, err
}
