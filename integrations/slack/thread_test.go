package slack

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
	faults "github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire/wiretest"
)

func logOf(n, long int) bot.Card {
	card := refusals()
	card.Weighed = bot.Passage{Title: "How the suspects were weighed", Lines: []string{"0.91 prompt #482 Shorter answers", "+2.2 took effect 5 min before it began", "0.05 none of these"}}
	card.Log.Title = "What happened"
	for i := range n {
		card.Log.Lines = append(card.Log.Lines, fmt.Sprintf("16:%02d UTC line %d %s", i%60, i, strings.Repeat("x", long)))
	}
	return card
}

func TestAThreadIsAFewMessages(t *testing.T) {
	for _, tt := range []struct {
		name    string
		card    bot.Card
		parts   int
		ends    string
		skipped string
	}{
		{"nothing happened and nothing was weighed", refusals(), 0, "", ""},
		{"a short log", logOf(3, 10), 2, "line 2 " + strings.Repeat("x", 10), ""},
		{"a log of several messages", logOf(60, 100), 4, "line 59 " + strings.Repeat("x", 100), ""},
		{"a log that is too long", logOf(500, 100), 5, "line 499 " + strings.Repeat("x", 100), "(408 more lines before these are on the incident's page)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n, last := 0, ""
			for _, text := range threadOf(tt.card) {
				if utf8.RuneCountInString(text) > maxSection {
					t.Errorf("a message of %d characters", utf8.RuneCountInString(text))
				}
				if text != "" {
					n, last = n+1, text
				}
			}
			if n != tt.parts || !strings.HasSuffix(last, tt.ends) || !strings.Contains(last, tt.skipped) {
				t.Errorf("%d messages, the last one:\n%s", n, last)
			}
		})
	}
}

func TestWhatComesLaterLeavesEarlierMessagesOfAThreadAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(rapid.StringN(0, 900, 3600), 1, 60).Draw(t, "lines")
		n := rapid.IntRange(0, len(lines)-1).Draw(t, "then")
		before, after := paginate(lines[:n]), paginate(lines)
		for i := 0; i+1 < len(before); i++ {
			if strings.Join(before[i], "\n") != strings.Join(after[i], "\n") {
				t.Fatalf("message %d was moved", i)
			}
		}
	})
}

// inThreads runs an announcer on a workspace within a bubble of time, and gives the messages of the incident's thread.
func inThreads(t *testing.T, tell func(*slackfake.Workspace, func(bot.Card)), check func([]slackfake.Message)) {
	synctest.Test(t, func(t *testing.T) {
		workspace := slackfake.New(slackfake.Config{
			Base: "https://slack.example", Token: botToken.Reveal(), Channels: []string{"incidents"}, Now: time.Now, Limited: true,
		})
		cards := &deck{cards: map[string]bot.Card{}}
		c := New(Config{Token: botToken, SigningSecret: signingSecret, Channel: "#incidents", APIURL: "https://slack.example/api/"}, Options{
			Cards: cards, Memory: &memory{places: map[string]Place{}}, Transport: wiretest.Direct{Handler: workspace},
		})
		defer c.Close()
		a := c.Announcer()
		ctx, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { _ = a.Run(ctx) })
		call := cardCall()
		cards.set(logOf(0, 0))
		if _, err := c.Actions()[0].Handler.Act(ctx, call); err != nil {
			t.Error(err)
		}
		tell(workspace, func(card bot.Card) {
			card.Incident = call.Incident
			cards.set(card)
			if err := a.Update(ctx, call.Incident); err != nil {
				t.Error(err)
			}
			<-time.After(3 * time.Minute)
		})
		stop()
		all.Wait()
		var replies []slackfake.Message
		for _, m := range workspace.Messages() {
			if m.Thread != "" {
				replies = append(replies, m)
			}
		}
		check(replies)
		for _, odd := range workspace.Unexpected() {
			t.Error(odd)
		}
	})
}

func TestTheLogIsEditedAndNotSaidAgain(t *testing.T) {
	inThreads(t, func(_ *slackfake.Workspace, show func(bot.Card)) {
		for n := range 10 {
			show(logOf(n+1, 20))
		}
	}, func(replies []slackfake.Message) {
		if len(replies) != 2 || !strings.HasPrefix(replies[0].Text, "How the suspects") || !strings.Contains(replies[1].Text, "line 9") {
			t.Errorf("%d messages: %+v", len(replies), replies)
		}
	})
}

func TestAReplyWhoseAnswerWasLostIsNotPostedTwice(t *testing.T) {
	inThreads(t, func(w *slackfake.Workspace, show func(bot.Card)) {
		w.Set(faults.Fault{Mode: faults.Lost, Match: "chat.postMessage", Calls: 1})
		show(logOf(3, 20))
		show(logOf(4, 20))
	}, func(replies []slackfake.Message) {
		if len(replies) != 2 {
			t.Errorf("%d messages: %+v", len(replies), replies)
		}
	})
}

// takeAway deletes a message.
func takeAway(t *testing.T, w *slackfake.Workspace, m slackfake.Message) {
	form := url.Values{"channel": {m.Channel}, "ts": {m.TS}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://slack.example/api/chat.delete", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+botToken.Reveal())
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := wiretest.Direct{Handler: w}.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
}

func TestAReplyThatSomebodyDeletedStaysAway(t *testing.T) {
	inThreads(t, func(w *slackfake.Workspace, show func(bot.Card)) {
		show(logOf(3, 20))
		for _, m := range w.Messages() {
			if m.Thread != "" {
				takeAway(t, w, m)
				break
			}
		}
		card := logOf(4, 20)
		card.Weighed.Lines = append(card.Weighed.Lines, "excluded: late")
		show(card)
	}, func(replies []slackfake.Message) {
		if len(replies) != 1 || !strings.Contains(replies[0].Text, "line 3") {
			t.Errorf("%d messages: %+v", len(replies), replies)
		}
	})
}

func TestThreadsGiveWayToCards(t *testing.T) {
	var waiting threads
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for i := range 40 {
		waiting.owe(fmt.Sprintf("inc-%02d", i), now)
	}
	rounds := 0
	for at := now; at.Before(now.Add(time.Minute)); at = at.Add(time.Second) {
		if incident, _ := waiting.next(at); incident != "" {
			rounds++
			waiting.owe(incident, at) // it changes all the time
		}
	}
	if rounds != 12 {
		t.Errorf("%d rounds in a minute: one every five seconds leaves Slack's limit to the cards", rounds)
	}
}
