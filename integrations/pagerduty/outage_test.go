package pagerduty_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/paging"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/pagerduty"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/pagerdutyfake"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire/wiretest"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// TestBothSidesAreAlikeAfterAnOutage has twenty incidents come and go, acknowledged and resolved here or there, while PagerDuty is out of
// reach for ten minutes in the middle, in each way of being so. Then each incident has one alert at most, and both sides say the same.
func TestBothSidesAreAlikeAfterAnOutage(t *testing.T) {
	for _, mode := range []wire.Mode{wire.Down, wire.Broken, wire.Never, wire.Lost, wire.Garbage, wire.Limited} {
		for _, asks := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, with a token %t", mode, asks), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { outage(t, mode, asks) })
			})
		}
	}
}

const incidents = 20

func outage(t *testing.T, mode wire.Mode, asks bool) {
	lines := &timelines{entries: map[string][]bot.Entry{}}
	deck, memory := cards{}, &memory{}
	var mu sync.Mutex // of what PagerDuty has not delivered yet
	var mail []pagerdutyfake.Webhook
	pager := pagerdutyfake.New(pagerdutyfake.Config{
		RoutingKeys: []string{officeKey}, Now: time.Now, Token: officeToken, WebhookSecret: "hook-secret", Limited: true,
		Services: map[string]pagerdutyfake.Service{officeKey: {ID: "PF9KMXH", Name: "Support", Policy: "PPOLICY", OnCall: []string{"Mara", "Jo"}}},
		Deliver: func(w pagerdutyfake.Webhook) {
			mu.Lock()
			defer mu.Unlock()
			mail = append(mail, w)
		},
	})
	config := pagerduty.Config{
		RoutingKey: secret.New(officeKey), EventsURL: "https://events.example", APIURL: "https://api.example",
		WebhookSecrets: []secret.Value{secret.New("hook-secret")},
	}
	if asks {
		config.APIToken, config.From = secret.New(officeToken), "bot@acme.example"
	}
	for i := range incidents {
		card := refusals()
		card.Incident = incidentID(i)
		deck[card.Incident] = card
	}
	client := pagerduty.New(config, pagerduty.Options{
		Cards: deck, Memory: memory, Incidents: lines, Transport: wiretest.Direct{Handler: pager},
		Services: []pagerduty.Service{{Name: "support-assistant", ID: "PF9KMXH"}},
	})
	defer client.Close()
	mirror := client.Mirror(pagerduty.MirrorOptions{
		Incidents: lines, Hear: lines.hear, Owed: func(in bot.Incident) string { return string(paging.Owed(in)) },
	})
	ctx, stop := context.WithCancel(t.Context())
	var background, stories sync.WaitGroup
	background.Go(func() { mirror.Run(ctx) })
	away := func() bool {
		at := time.Since(heardIn)
		return at > 6*time.Minute+30*time.Second && at < 16*time.Minute+30*time.Second
	}
	heardIn = time.Now()
	background.Go(func() { // PagerDuty delivers in order, and what it could not deliver later
		for tick := time.NewTicker(time.Second); ctx.Err() == nil; {
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
			mu.Lock()
			arrived := mail
			if away() {
				arrived = nil
			} else {
				mail = nil
			}
			mu.Unlock()
			for _, w := range arrived {
				d, err := client.Receive(w.Header, w.Body)
				if err != nil {
					t.Error(err)
					continue
				}
				told, err := client.Tell(ctx, d)
				if err == nil {
					err = lines.hear(ctx, told.Pages)
				}
				if err != nil {
					t.Error(err)
				}
				for _, n := range told.Pages {
					mirror.Update(ctx, n.Incident)
				}
			}
		}
	})
	background.Go(func() {
		<-time.After(6*time.Minute + 30*time.Second)
		pager.Set(wire.Fault{Mode: mode, RetryAfter: 30})
		<-time.After(10 * time.Minute)
		pager.Set(wire.Fault{})
	})
	for i := range incidents {
		stories.Go(func() { aStory(ctx, t, i, lines, mirror, pager, byName(client.Actions())) })
	}
	stories.Wait()
	<-time.After(3 * time.Minute)
	stop()
	background.Wait()

	standing := map[string][]pagerdutyfake.Alert{}
	for _, a := range pager.Alerts() {
		standing[a.DedupKey] = append(standing[a.DedupKey], a)
	}
	for i := range incidents {
		in, err := lines.Incident(t.Context(), incidentID(i))
		if err != nil {
			t.Fatal(err)
		}
		key := "firebreak/" + in.ID
		pages, second := standing[key], standing[key+"/escalation"]
		// Nobody can know of a page whose answer was lost and that somebody resolved there, while all further answers are lost, too.
		hidden := mode == wire.Lost && i%4 == 1
		if len(pages) > 1 && !hidden || len(second) > 1 {
			t.Errorf("%s has %d pages and %d escalations", in.ID, len(pages), len(second))
		}
		over := in.State == bot.Resolved
		switch {
		case !over && len(pages) == 0 && in.AcknowledgedAt.IsZero():
			t.Errorf("%s is open and nobody was woken", in.ID)
		case len(pages) == 0:
			continue // it was taken or over before anybody could be woken
		case over != (pages[0].State == pagerdutyfake.Resolved), !over && in.AcknowledgedAt.IsZero() != (pages[0].State == pagerdutyfake.Triggered):
			t.Errorf("%s is %s here, acknowledged at %s, and %s there", in.ID, in.State, in.AcknowledgedAt, pages[0].State)
		}
		if len(second) > 0 && over != (second[0].State == pagerdutyfake.Resolved) {
			t.Errorf("%s is %s here, its escalation %s", in.ID, in.State, second[0].State)
		}
		if escalates(i) && !over && len(second) == 0 {
			t.Errorf("%s was not escalated", in.ID)
		}
	}
	if got := pager.Unexpected(); len(got) > 0 {
		t.Error(got)
	}
	for key, refused := range pager.Refused() {
		t.Errorf("the limit of %s was met %d times", key, refused)
	}
}

// heardIn is when the outage's story began, by the clock of the bubble.
var heardIn time.Time

func incidentID(i int) string     { return fmt.Sprintf("inc-%02d", i) }
func escalates(i int) bool        { return i%5 == 3 }
func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }

// aStory is what becomes of one incident.
func aStory(
	ctx context.Context, t *testing.T, i int, lines *timelines, mirror *pagerduty.Mirror, pager *pagerdutyfake.Pager, do map[string]playbooks.Bound,
) {
	id := incidentID(i)
	note := func(kind bot.EntryKind, by string) {
		lines.add(bot.Entry{Incident: id, At: time.Now(), Kind: kind, Actor: by, Key: string(kind)})
		mirror.Update(ctx, id)
	}
	act := func(action string) {
		call := playbooks.Call{Run: "run-" + id, Playbook: "p", Step: "s", Action: action, Key: "k" + id, Incident: id, Service: "support-assistant"}
		for pause := 2 * time.Second; call.Attempt < 5; pause *= 2 {
			call.Attempt++
			step, cancel := context.WithTimeout(ctx, 30*time.Second)
			_, err := do[action].Handler.Act(step, call)
			cancel()
			fate, after := playbooks.FateOf(err)
			if fate == playbooks.Permanent {
				t.Error(err)
			}
			if err == nil {
				return
			}
			<-time.After(max(after, pause))
		}
	}
	<-time.After(minutes(i))
	note(bot.EntryOpened, bot.Self)
	act("pagerduty.page")
	<-time.After(minutes(2))
	switch i % 4 {
	case 0:
		note(bot.EntryAcknowledged, "Omar")
	case 1:
		if err := pager.Do("firebreak/"+id, "acknowledge", "Mara", ""); err != nil && !strings.Contains(err.Error(), "no incident") {
			t.Error(err)
		}
	}
	if escalates(i) {
		act("pagerduty.escalate")
	}
	<-time.After(minutes(3))
	switch i % 4 {
	case 0, 2:
		note(bot.EntryResolved, bot.Self)
	case 1:
		if err := pager.Do("firebreak/"+id, "resolve", "Mara", ""); err != nil && !strings.Contains(err.Error(), "no incident") {
			t.Error(err)
		}
	}
}
