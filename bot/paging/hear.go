package paging

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// Hear gives the entry that something a pager told adds to an incident. Its key is that of the telling, so that the same is told once;
// what the incident knows already adds nothing.
func Hear(now time.Time, in bot.Incident, n bot.PageNews) []bot.Entry {
	if in.ID == "" || in.ID != n.Incident || n.Page.ID == "" {
		return nil
	}
	page, kind := n.Page, n.Kind
	if kind == bot.PageSeen {
		if kind, page = seen(in.Page, n); kind == bot.PageSeen {
			return nil
		}
	}
	line := func(more string) []bot.Entry {
		return []bot.Entry{entry(now, in, n, bot.EntryPage, bot.PageChanged, bot.Page{}, said(n, kind)+more)}
	}
	switch {
	case n.Second:
		return second(now, in, n)
	case slices.Contains(in.Page.Former, page.ID):
		return line(" (of a page that became another one)")
	case older(page, in.Page):
		return line(", told late")
	case kind == bot.PageChanged && in.Page.ID != "" && in.Page.ID != page.ID:
		return line("")
	}
	page.Former = former(in.Page, page.ID)
	as := bot.EntryPage
	switch {
	case kind == bot.PageTaken && in.State != bot.Resolved:
		as = taken(in, n)
	case kind == bot.PageClosed && in.State != bot.Resolved && !page.At.Before(in.ReopenedAt):
		as = bot.EntryResolved
	case kind == bot.PageReopened && (in.State != bot.Resolved || !page.At.After(in.ResolvedAt)):
		kind = bot.PageOpened // it is open here, or was resolved here since: either way nothing opens again
		if page.Status == bot.PageAcknowledged && in.State != bot.Resolved {
			kind, as = bot.PageTaken, taken(in, n)
		}
	case kind == bot.PageMerged:
		page = bot.Page{ID: n.Into.ID, Number: n.Into.Number, URL: n.Into.URL, Former: former(in.Page, n.Page.ID)}
		if n.Page.ID != in.Page.ID {
			page.Former = append(page.Former, n.Page.ID)
		}
		page.Former = former(bot.Page{Former: page.Former, ID: in.Page.ID}, n.Into.ID)
	}
	return []bot.Entry{entry(now, in, n, as, kind, page, said(n, kind))}
}

// second is what becomes of an escalation: who takes it is on the incident, and everything else is worth a line only.
func second(now time.Time, in bot.Incident, n bot.PageNews) []bot.Entry {
	sentence := "its escalation: " + said(n, n.Kind)
	if n.Kind == bot.PageTaken && n.By != "" && in.State != bot.Resolved && n.Page.At.After(in.AcknowledgedAt) {
		return []bot.Entry{entry(now, in, n, bot.EntryAcknowledged, n.Kind, bot.Page{At: n.Page.At}, sentence)}
	}
	return []bot.Entry{entry(now, in, n, bot.EntryPage, bot.PageChanged, bot.Page{}, sentence)}
}

// seen makes of what asking found the event that was not heard of. Asking tells times in whole seconds, and of a page that nobody has
// taken only when anything of it changed last. PageSeen is given where nothing is new.
func seen(known bot.Page, n bot.PageNews) (bot.PageKind, bot.Page) {
	found := n.Page
	same := known.ID == found.ID
	if same && (known.Status == found.Status || found.At.Before(known.At.Truncate(time.Second))) {
		return bot.PageSeen, found
	}
	if !found.At.After(known.At) && !found.At.Before(known.At.Truncate(time.Second)) {
		found.At = known.At.Add(time.Microsecond) // the same second, and asked after it was told
	}
	switch {
	case found.Status == bot.PageResolved && n.Into.ID != "":
		return bot.PageMerged, found
	case found.Status == bot.PageResolved:
		return bot.PageClosed, found
	case same && known.Status == bot.PageResolved:
		return bot.PageReopened, found
	case found.Status == bot.PageAcknowledged:
		return bot.PageTaken, found
	case same && known.Status == bot.PageAcknowledged:
		return bot.PageDropped, found
	case found.Status == bot.PageTriggered:
		return bot.PageOpened, found
	default:
		return bot.PageSeen, found
	}
}

// older tells whether something newer is known. Of another page the newest word counts, and a page of which nothing was told yet has none.
func older(page, known bot.Page) bool {
	switch {
	case known.ID == "" || known.At.IsZero():
		return false
	case page.At.Equal(known.At):
		return page.ID == known.ID && page.Status.Rank() < known.Status.Rank()
	default:
		return page.At.Before(known.At)
	}
}

// former are the pages that this one was before, the newest of many.
func former(known bot.Page, next string) []string {
	out := slices.Clone(known.Former)
	if known.ID != "" && known.ID != next && !slices.Contains(out, known.ID) {
		out = append(out, known.ID)
	}
	return out[max(0, len(out)-mostFormer):]
}

const mostFormer = 20

// taken tells whether somebody else is on it than before. What a program acknowledges is our own word coming back.
func taken(in bot.Incident, n bot.PageNews) bot.EntryKind {
	if n.By == "" && !in.AcknowledgedAt.IsZero() || n.By != "" && n.By == in.AcknowledgedBy {
		return bot.EntryPage
	}
	return bot.EntryAcknowledged
}

// said is the event in words.
func said(n bot.PageNews, kind bot.PageKind) string {
	what := n.Said
	if what == "" {
		what = string(kind)
		if kind == bot.PageOpened {
			what = "page opened"
		}
	}
	where := " in " + n.Pager
	if n.Page.Number > 0 {
		where += " (#" + itoa(n.Page.Number) + ")"
	}
	if n.By != "" {
		return what + " by " + n.By + where
	}
	return what + where
}

func entry(
	now time.Time, in bot.Incident, n bot.PageNews, kind bot.EntryKind, what bot.PageKind, page bot.Page, sentence string,
) bot.Entry {
	actor := n.By
	if actor == "" {
		actor = n.Pager
	}
	key := strings.ToLower(n.Pager) + "/" + n.ID
	data, _ := json.Marshal(bot.PageWord{Kind: what, Page: page}) // strings and times: it can be encoded
	return bot.Entry{
		ID: bot.StableID("ent", now, in.ID, key), Incident: in.ID, At: now, Kind: kind, Key: key, Actor: actor, Sentence: sentence, Data: data,
	}
}
