package slack

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// memory keeps places; fail makes the next writes fail.
type memory struct {
	mu     sync.Mutex
	places map[string]Place
	fail   int
}

func (m *memory) Remember(_ context.Context, incident string, p Place) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail > 0 && p.TS != "" {
		m.fail--
		return fmt.Errorf("disk full")
	}
	m.places[incident] = p
	return nil
}

func (m *memory) Recall(_ context.Context, incident string) (Place, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.places[incident]
	return p, ok, nil
}

// deck deals cards.
type deck struct {
	mu    sync.Mutex
	cards map[string]bot.Card
}

func (d *deck) Card(_ context.Context, incident string) (bot.Card, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, ok := d.cards[incident]
	if !ok {
		return bot.Card{}, bot.Errorf(bot.NotFound, "no incident %s", incident)
	}
	return c, nil
}

func (d *deck) set(c bot.Card) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cards[c.Incident] = c
}

// house is a client with all that it needs.
type house struct {
	// later is by how much the client's clock is ahead.
	later  time.Duration
	vendor *vendor
	memory *memory
	deck   *deck
	client *Client
	act    playbooks.Handler
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{vendor: newVendor(t), memory: &memory{places: map[string]Place{}}, deck: &deck{cards: map[string]bot.Card{}}}
	h.deck.set(refusals())
	h.restart(t)
	return h
}

// restart makes the client anew over the same memory and the same Slack, as after a crash.
func (h *house) restart(t *testing.T) {
	t.Helper()
	h.client = New(Config{
		Token: botToken, SigningSecret: signingSecret, Channel: "#incidents", APIURL: "https://slack.example/api/",
	}, Options{
		Cards: h.deck, Memory: h.memory, Transport: h.vendor, Now: func() time.Time { return time.Now().Add(h.later) },
		Channel: func(service string) string {
			if service == "support-assistant" {
				return "#support-ai"
			}
			return ""
		},
	})
	t.Cleanup(h.client.Close)
	h.act = h.client.Actions()[0].Handler
}

func (h *house) verify(ctx context.Context, call playbooks.Call) (playbooks.Outcome, bool, error) {
	return h.act.(playbooks.Verifier).Verify(ctx, call)
}

func cardCall() playbooks.Call {
	return playbooks.Call{
		Run: "run-1", Playbook: "p", Step: "tell", Action: "slack.post", Attempt: 1, Key: "run-1/tell",
		With: map[string]any{"card": "incident"}, Incident: "inc-1", Service: "support-assistant",
	}
}

func textCall(text string) playbooks.Call {
	c := cardCall()
	c.With = map[string]any{"text": text}
	return c
}

func refusals() bot.Card {
	return bot.Card{
		Incident: "inc-1", Service: "support-assistant", Severity: "page", State: bot.Open,
		Headline: "refusals burn the budget 22 times too fast since 14:02",
		Facts:    []bot.Fact{{Label: "Since", Value: "14:02 UTC (8 minutes)"}, {Label: "Objective", Value: "useful answers 99 % over 30d"}},
		Suspects: []bot.Suspect{
			{
				Change: "github:acme/assistants#482", Kind: bot.Prompt, Title: "Be <b>stricter</b> & *bold* <!channel>", Author: "alice",
				URL: "https://github.com/acme/assistants/pull/482", Probability: 0.82, Rollback: "github.revert",
				Reasons: []bot.Reason{
					{Code: "kind", Sentence: "a prompt can do this", Weight: 0.4},
					{Code: "lag", Sentence: "it took effect 4 minutes before", Weight: 2.1},
					{Code: "same", Sentence: "it is this service's own", Weight: 1.3},
				},
			},
			{Change: "github:acme/rag#7", Kind: bot.Retrieval, Title: "Reindex", Probability: 0.004},
		},
		None:  0.176,
		Asked: "github:acme/assistants#482",
		Doing: []string{"paged the owner", "asked for approval to revert"},
		Approvals: []bot.Approval{{
			ID: "apr-1", Incident: "inc-1", Question: "Revert acme/assistants#482 (Be <b>stricter</b>)?",
			Expires: time.Date(2026, 11, 20, 14, 20, 0, 0, time.UTC),
		}},
		URL: "https://firebreak.example/incidents/inc-1",
	}
}
