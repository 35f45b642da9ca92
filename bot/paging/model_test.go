package paging_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/paging"
)

// pager is the other side: pages by the key that we give, as PagerDuty keeps them.
type pager struct {
	pages  []bot.Page
	said   []bot.PageNews // what it tells, in its order
	events int
}

func (p *pager) last() *bot.Page {
	if len(p.pages) == 0 {
		return nil
	}
	return &p.pages[len(p.pages)-1]
}

func (p *pager) say(at time.Time, kind bot.PageKind, by string, status bot.PageStatus) {
	p.events++
	page := p.last()
	page.Status, page.At = status, at
	p.said = append(p.said, bot.PageNews{ID: fmt.Sprint("evt-", p.events), Kind: kind, Pager: "PagerDuty", By: by, Page: *page, Incident: "inc-1"})
}

// take is the Events API: a trigger joins the open page or opens one, the others do nothing where none is open.
func (p *pager) take(at time.Time, verb string) {
	page := p.last()
	open := page != nil && page.Status != bot.PageResolved
	switch {
	case verb == "trigger" && !open:
		p.pages = append(p.pages, bot.Page{ID: fmt.Sprint("P", len(p.pages)+1)})
		p.say(at, bot.PageOpened, "", bot.PageTriggered)
	case verb == string(paging.Acknowledge) && open && page.Status == bot.PageTriggered:
		p.say(at, bot.PageTaken, "", bot.PageAcknowledged)
	case verb == string(paging.Resolve) && open:
		p.say(at, bot.PageClosed, "", bot.PageResolved)
	}
}

// person is what people do at the pager.
func (p *pager) person(at time.Time, what string) {
	page := p.last()
	if page == nil {
		return
	}
	switch {
	case what == "ack" && page.Status == bot.PageTriggered:
		p.say(at, bot.PageTaken, "Mara", bot.PageAcknowledged)
	case what == "drop" && page.Status == bot.PageAcknowledged:
		p.say(at, bot.PageDropped, "", bot.PageTriggered)
	case what == "resolve" && page.Status != bot.PageResolved:
		p.say(at, bot.PageClosed, "Mara", bot.PageResolved)
	case what == "reopen" && page.Status == bot.PageResolved:
		p.say(at, bot.PageReopened, "Mara", bot.PageTriggered)
	}
}

// look is what asking finds: whole seconds, and no word of how it came.
func (p *pager) look(asked int) (bot.PageNews, bool) {
	page := p.last()
	if page == nil {
		return bot.PageNews{}, false
	}
	found := *page
	found.At = found.At.Truncate(time.Second)
	return bot.PageNews{ID: fmt.Sprint("look-", asked), Kind: bot.PageSeen, Pager: "PagerDuty", Page: found, Incident: "inc-1"}, true
}

// side is ours: an incident that is what its timeline says.
type side struct {
	entries []bot.Entry
	in      bot.Incident
	sent    int
}

func (s *side) add(entries ...bot.Entry) {
	for _, e := range entries {
		if e.Key != "" && slices.ContainsFunc(s.entries, func(have bot.Entry) bool { return have.Key == e.Key }) {
			continue
		}
		s.entries = append(s.entries, e)
	}
	s.in = bot.FoldIncident(s.entries)
}

func (s *side) local(now time.Time, kind bot.EntryKind, by string) {
	s.add(bot.Entry{Incident: "inc-1", At: now, Kind: kind, Actor: by, Sentence: string(kind)})
}

// TestBothSidesEndAlike has people act on both sides while words in both directions are lost, doubled and reordered. When it is quiet and
// the pager has been asked, both sides say the same, and nothing more is sent.
func TestBothSidesEndAlike(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		now := time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)
		skew := time.Duration(rapid.IntRange(-3, 3).Draw(rt, "skew of our clock, in steps")) * 400 * time.Millisecond
		p, s := &pager{}, &side{}
		out := []string{"trigger"}
		heard := 0
		var onTheWay []bot.PageNews
		ours := func() time.Time { return now.Add(skew) }
		s.local(ours(), bot.EntryOpened, bot.Self)
		tell := func() {
			if verb := paging.Owed(s.in); verb != paging.Nothing {
				out = append(out, string(verb))
				s.sent++
			}
		}
		collect := func() {
			onTheWay, heard = append(onTheWay, p.said[heard:]...), len(p.said)
		}
		steps := map[string]func(){
			"a word of ours arrives": func() {
				if len(out) > 0 {
					i := rapid.IntRange(0, len(out)-1).Draw(rt, "which")
					p.take(now, out[i])
					if !rapid.Bool().Draw(rt, "doubled") {
						out = slices.Delete(out, i, i+1)
					}
				}
			},
			"a word of theirs arrives": func() {
				if collect(); len(onTheWay) > 0 {
					i := rapid.IntRange(0, len(onTheWay)-1).Draw(rt, "which")
					s.add(paging.Hear(ours(), s.in, onTheWay[i])...)
					if !rapid.Bool().Draw(rt, "doubled") {
						onTheWay = slices.Delete(onTheWay, i, i+1)
					}
					tell()
				}
			},
			"a word of theirs is lost": func() {
				if collect(); len(onTheWay) > 0 {
					onTheWay = onTheWay[1:]
				}
			},
			"they ack":     func() { p.person(now, "ack") },
			"they drop":    func() { p.person(now, "drop") },
			"they resolve": func() { p.person(now, "resolve") },
			"they reopen":  func() { p.person(now, "reopen") },
			"we ack": func() {
				if s.in.State != bot.Resolved && s.in.AcknowledgedAt.IsZero() {
					s.local(ours(), bot.EntryAcknowledged, "Omar")
					tell()
				}
			},
			"we resolve": func() {
				if s.in.State != bot.Resolved {
					s.local(ours(), bot.EntryResolved, bot.Self)
					tell()
				}
			},
			"it recovers and fires again": func() {
				if s.in.State != bot.Resolved {
					s.local(ours(), bot.EntryRecovered, bot.Self)
					s.local(ours(), bot.EntryReopened, bot.Self)
					out = append(out, "trigger")
				}
			},
		}
		names := make([]string, 0, len(steps))
		for name := range steps {
			names = append(names, name)
		}
		slices.Sort(names)
		for range rapid.IntRange(0, 40).Draw(rt, "steps") {
			now = now.Add(400 * time.Millisecond)
			steps[rapid.SampledFrom(names).Draw(rt, "step")]()
		}

		// It is quiet: what is on the way arrives, the pager is asked, and asked again.
		for round := range 6 {
			before := s.sent
			for _, verb := range out {
				now = now.Add(400 * time.Millisecond)
				p.take(now, verb)
			}
			out = nil
			collect()
			for _, n := range onTheWay {
				s.add(paging.Hear(ours(), s.in, n)...)
			}
			onTheWay = nil
			now = now.Add(time.Minute)
			if n, found := p.look(round); found {
				s.add(paging.Hear(ours(), s.in, n)...)
			}
			tell()
			if round >= 4 && s.sent != before {
				rt.Fatalf("round %d still sends %v: %+v\npager: %+v", round, out, s.in.Page, p.pages)
			}
		}
		page := p.last()
		if page.Status == bot.PageResolved && page.At.Truncate(time.Second).Before(s.in.ReopenedAt) && s.in.ReopenedAt.Sub(page.At) < 2*time.Second {
			return // it fired again within the error of the clocks, or the second that asking tells: it stays open here, the safe side
		}
		if (s.in.State == bot.Resolved) != (page.Status == bot.PageResolved) {
			rt.Fatalf("ours is %s, the page %+v\nknown: %+v", s.in.State, *page, s.in.Page)
		}
		if page.Status != bot.PageResolved && (page.Status == bot.PageAcknowledged) == s.in.AcknowledgedAt.IsZero() {
			rt.Fatalf("ours is acknowledged at %s, the page %+v\nknown: %+v", s.in.AcknowledgedAt, *page, s.in.Page)
		}
	})
}
