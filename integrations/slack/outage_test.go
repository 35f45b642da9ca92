package slack

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
	faults "github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire/wiretest"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// TestCardsCatchUpAfterAnOutage has twenty incidents come and go while Slack is away for ten minutes in the middle, in each way of being
// away. Then every incident has one card, which says how it stands; what was in between is not told.
func TestCardsCatchUpAfterAnOutage(t *testing.T) {
	for _, mode := range []faults.Mode{faults.Down, faults.Broken, faults.Never, faults.Lost, faults.Garbage, faults.Limited} {
		t.Run(string(mode), func(t *testing.T) { synctest.Test(t, func(t *testing.T) { outage(t, mode) }) })
	}
}

// incidents is how many incidents there are, a minute apart; each has changed so often in the end.
const (
	incidents = 20
	changes   = 20
)

func outage(t *testing.T, mode faults.Mode) {
	workspace := slackfake.New(slackfake.Config{
		Base: "https://slack.example", Token: botToken.Reveal(), Channels: []string{"incidents"}, Now: time.Now, Limited: true,
	})
	cards := &deck{cards: map[string]bot.Card{}}
	c := New(Config{Token: botToken, SigningSecret: signingSecret, Channel: "#incidents", APIURL: "https://slack.example/api/"}, Options{
		Cards: cards, Memory: &memory{places: map[string]Place{}}, Transport: wiretest.Direct{Handler: workspace},
	})
	defer c.Close()
	post := c.Actions()[0].Handler
	a := c.Announcer()
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { _ = a.Run(ctx) })

	all.Go(func() {
		<-time.After(6*time.Minute + 30*time.Second)
		workspace.Set(faults.Fault{Mode: mode, RetryAfter: 30})
		<-time.After(10 * time.Minute)
		workspace.Set(faults.Fault{})
	})
	var told sync.WaitGroup
	for i := range incidents {
		told.Go(func() {
			<-time.After(time.Duration(i) * time.Minute)
			id := fmt.Sprintf("inc-%02d", i)
			show := func(n int) {
				card := refusals()
				card.Incident, card.Headline = id, fmt.Sprintf("%s, change %d of %d", id, n, changes)
				cards.set(card)
				if err := a.Update(ctx, id); err != nil {
					t.Error(err)
				}
			}
			show(0)
			told.Go(func() { postAsARunDoes(ctx, t, post, id) })
			for n := range changes {
				<-time.After(20 * time.Second)
				show(n + 1)
			}
		})
	}
	told.Wait()
	<-time.After(5 * time.Minute)
	if err := a.Flush(ctx); err != nil {
		t.Error(err)
	}
	stop()
	all.Wait()

	standing := map[string]int{}
	for _, m := range workspace.Messages() {
		_, id, _ := strings.Cut(m.Text, ": ")
		id, _, _ = strings.Cut(id, ",")
		standing[id]++
		if !strings.Contains(m.Text, fmt.Sprintf("change %d of %d", changes, changes)) {
			t.Errorf("a card stands as it was: %s", m.Text)
		}
		if m.Edits > changes && mode != faults.Lost { // there an edit takes effect whose answer is lost
			t.Errorf("%s was edited %d times", id, m.Edits)
		}
	}
	for i := range incidents {
		if id := fmt.Sprintf("inc-%02d", i); standing[id] != 1 {
			t.Errorf("%s has %d cards", id, standing[id])
		}
	}
	if got := workspace.Unexpected(); len(got) > 0 {
		t.Error(got)
	}
	for key, refused := range workspace.Refused() {
		t.Errorf("the limit of %s was met %d times", key, refused)
	}
}

// postAsARunDoes tries five times within half a minute and then gives up.
func postAsARunDoes(ctx context.Context, t *testing.T, post playbooks.Handler, incident string) {
	call := cardCall()
	call.Incident, call.Service = incident, "another"
	for pause := 2 * time.Second; call.Attempt <= 5; call.Attempt++ {
		step, cancel := context.WithTimeout(ctx, 30*time.Second)
		_, err := post.Act(step, call)
		cancel()
		fate, after := playbooks.FateOf(err)

		if fate == playbooks.Permanent {
			t.Error(err)
		}
		if err == nil || fate == playbooks.Permanent {
			return
		}
		<-time.After(max(after, pause))
		pause *= 2
	}
}
