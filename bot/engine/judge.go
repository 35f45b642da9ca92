package engine

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/report"
)

// Judge keeps what a person says of a change of an incident, and ranks its suspects anew at once. The change is named by its ID, by
// "none" for none of the known ones, or by the end of the ID of a suspect, as "#482". Saying the same again changes nothing.
func (e *Engine) Judge(ctx context.Context, incident string, v bot.Verdict) (bot.Incident, error) {
	v.Change, v.By, v.Reason = strings.TrimSpace(v.Change), strings.TrimSpace(v.By), strings.TrimSpace(v.Reason)
	if err := v.Check(); err != nil {
		return bot.Incident{}, err
	}
	e.placing.Lock()
	defer e.placing.Unlock()
	in, err := e.parts.Timeline.Incident(ctx, incident)
	if err != nil {
		return in, err
	}
	if in.Service == bot.Self {
		return in, bot.Errorf(bot.Conflict, "this incident is about what Firebreak cannot see; no change is suspected of it")
	}
	c, err := e.named(ctx, in, v.Change)
	if err != nil {
		return in, err
	}
	v.Change, v.At = c.ID, e.parts.Now().UTC().Truncate(time.Microsecond)
	if known, judged := in.Verdict(v.Change); judged && known.Word == v.Word && known.By == v.By && known.Reason == v.Reason {
		return in, nil
	}
	added, err := e.parts.Timeline.Append(ctx, verdictEntry(in, v, []bot.Change{c}))
	if err != nil {
		return in, err
	}
	e.parts.Logger.InfoContext(ctx, "a suspect was judged", "incident", in.ID, "change", v.Change, "verdict", string(v.Word), "by", v.By, "via", v.Via)
	if e.open, err = e.unresolved(ctx); err != nil {
		return in, err
	}
	touched := newTouched()
	touched.add(in.Then(added...), added)
	e.follow(ctx, touched)
	return e.parts.Timeline.Incident(ctx, in.ID)
}

// named finds the change that somebody named.
func (e *Engine) named(ctx context.Context, in bot.Incident, name string) (bot.Change, error) {
	if name == bot.NoneOfThese {
		return bot.Change{ID: name}, nil
	}
	c, err := e.parts.Ledger.Change(ctx, name)
	if bot.CodeOf(err) != bot.NotFound {
		return c, err
	}
	var ids []string
	for _, s := range in.Ranking.Suspects {
		ids = append(ids, s.Change)
	}
	for _, x := range in.Ranking.Excluded {
		ids = append(ids, x.Change)
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return !strings.HasSuffix(id, "#"+strings.TrimPrefix(name, "#")) })
	switch len(ids) {
	case 0:
		return c, bot.Errorf(bot.NotFound, "there is no change %q in the ledger; firebreak suspects %s shows the suspects with their IDs", name, in.ID)
	case 1:
		return e.parts.Ledger.Change(ctx, ids[0])
	default:
		return c, bot.Errorf(bot.Invalid, "%q may be any of %s; write the whole ID", name, strings.Join(ids, ", "))
	}
}

// verdictEntry words a verdict for the timeline. Its key names the verdict that it follows, so that the same press twice is one, and a
// change of mind is another.
func verdictEntry(in bot.Incident, v bot.Verdict, changes []bot.Change) bot.Entry {
	last := in.QuietSince
	for _, have := range in.Verdicts {
		if have.At.After(last) {
			last = have.At
		}
	}
	said := v.Change + "\x00" + v.By
	if v.Personal() {
		said += "\x00" + v.Reason // that of an undoing tells how long ago it was
	}
	key := strings.Join([]string{"verdict", shortHash(said), string(v.Word), strconv.FormatInt(last.UnixMicro(), 10)}, "/")
	return bot.Entry{
		ID: bot.StableID("ent", v.At, in.ID, key), Incident: in.ID, At: v.At, Kind: bot.EntryVerdict, Key: key, Actor: v.By,
		Sentence: verdictSentence(v, changes), Data: mustJSON(v),
	}
}

func verdictSentence(v bot.Verdict, changes []bot.Change) string {
	name := v.Change
	for _, c := range changes {
		if c.ID == v.Change && c.Kind != "" {
			name = fmt.Sprintf("%s %s", c.Kind, report.ShortName(c.ID, c.Title))
		}
	}
	sentence := fmt.Sprintf("%s is %s by its rollback", name, v.Word)
	switch {
	case v.Change == bot.NoneOfThese:
		sentence = fmt.Sprintf("%s says that none of the known changes did it (%s)", v.By, v.Via)
	case v.Personal():
		sentence = fmt.Sprintf("%s %s %s (%s)", v.By, v.Word, name, v.Via)
	}
	if v.Reason != "" {
		sentence += ": " + v.Reason
	}
	return sentence
}
