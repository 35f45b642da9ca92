package pagerduty_test

import (
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/pagerdutyfake"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
)

// TestALostAnswerWakesNobodyTwice has PagerDuty take a page whose answer is lost, and the step try again after something has happened to the
// incident: the key of a page that was resolved meanwhile would wake people anew.
func TestALostAnswerWakesNobodyTwice(t *testing.T) {
	acknowledged := bot.Entry{Incident: "inc-1", Kind: bot.EntryAcknowledged, Actor: "omar", Key: "ack"}
	resolved := bot.Entry{Incident: "inc-1", Kind: bot.EntryResolved, Actor: "omar", Key: "resolved"}
	for _, c := range []struct {
		name      string
		meanwhile []bot.Entry
		said      string
		pages     int
		state     pagerdutyfake.State
	}{
		{"it was resolved", []bot.Entry{acknowledged, resolved}, "nobody was paged, the incident was resolved before", 1, pagerdutyfake.Resolved},
		{"somebody is on it", []bot.Entry{acknowledged}, "nobody was paged, omar was on it before", 1, pagerdutyfake.Acknowledged},
		{"nothing happened: the same key is the same page", nil, "paged with severity critical", 1, pagerdutyfake.Triggered},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t)
			o.lines.add(bot.Entry{Incident: "inc-1", At: o.now, Kind: bot.EntryOpened, Actor: bot.Self, Key: "opened"})
			page := byName(o.client.Actions())["pagerduty.page"].Handler
			o.Set(wire.Fault{Mode: wire.Lost, Match: "/v2/"})
			if _, err := page.Act(t.Context(), call("pagerduty.page", nil)); err == nil {
				t.Fatal("the answer is not lost")
			}
			o.Set(wire.Fault{})
			for look := time.NewTicker(time.Millisecond); len(o.Alerts()) == 0; <-look.C { // what is lost may be worked on still
			}
			for _, e := range c.meanwhile {
				o.now = o.now.Add(2 * time.Second)
				e.At = o.now
				o.lines.add(e)
				o.tell(t)
			}
			again := call("pagerduty.page", nil)
			again.Attempt = 2
			got, err := page.Act(t.Context(), again)
			if err != nil || !strings.Contains(got.Sentence, c.said) {
				t.Errorf("%q %v", got.Sentence, err)
			}
			if all := o.Alerts(); len(all) != c.pages || all[0].State != c.state {
				t.Errorf("%+v", all)
			}
		})
	}
}
