package peers_test

import (
	"context"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/slack"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// places keeps where cards stand.
type places struct {
	mu    sync.Mutex
	known map[string]slack.Place
}

func (p *places) Remember(_ context.Context, incident string, at slack.Place) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known[incident] = at
	return nil
}

func (p *places) Recall(_ context.Context, incident string) (slack.Place, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, found := p.known[incident]
	return at, found, nil
}

// cards deals the one card that there is.
type cards struct{ card bot.Card }

func (c *cards) Card(context.Context, string) (bot.Card, error) { return c.card, nil }

// withoutEpilogue ends multipart forms at their end. slack-go writes the closing line twice; RFC 2046 has readers ignore what follows the
// first, and Slack does, but Node.js, which reads for emulate, refuses such a form.
type withoutEpilogue struct{ next http.RoundTripper }

func (w withoutEpilogue) RoundTrip(r *http.Request) (*http.Response, error) {
	kind, of, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return w.next.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	last := "\r\n--" + of["boundary"] + "--\r\n"
	form, _, _ := strings.Cut(string(body), last)
	r = r.Clone(r.Context())
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(form+last)), int64(len(form+last))
	return w.next.RoundTrip(r)
}

// emulatedSlack is emulate's workspace. It looks a channel up by "incidents" where Slack takes "#incidents" as well.
func emulatedSlack(t *testing.T) *emulated {
	t.Helper()
	return emulate(t, "slack", botToken, map[string]any{
		"slack": map[string]any{
			"team": map[string]any{"name": "Acme", "domain": "acme"},
			"users": []any{
				map[string]any{"name": "firebreak", "real_name": "Firebreak", "email": "firebreak@acme.example"},
				map[string]any{"name": "omar", "real_name": "Omar Azizi", "email": omar.Email},
			},
			"channels": []any{map[string]any{"name": "incidents"}},
			"tokens": []any{map[string]any{"token": botToken, "user": "firebreak", "scopes": []string{
				"chat:write", "files:write", "files:read", "channels:history", "channels:read", "users:read", "users:read.email",
			}}},
			"strict_scopes": true,
		},
	})
}

// said are the messages of a channel, newest first.
func (e *emulated) said(channel string) (all messages) {
	e.call(http.MethodPost, "/api/conversations.history", map[string]any{"channel": channel}, &all)
	return all
}

// channel is the ID of a channel.
func (e *emulated) channel(name string) string {
	e.t.Helper()
	var list struct{ Channels []struct{ ID, Name string } }
	e.call(http.MethodPost, "/api/conversations.list", map[string]any{}, &list)
	for _, c := range list.Channels {
		if c.Name == name {
			return c.ID
		}
	}
	e.t.Fatalf("no channel %q in %+v", name, list)
	return ""
}

// TestOurSlackClientOnEmulate has our client live in a workspace that we did not build, with no more scopes than our manual asks for.
func TestOurSlackClientOnEmulate(t *testing.T) {
	vendor := emulatedSlack(t)
	id := vendor.channel("incidents")
	deck := &cards{bot.Card{
		Incident: "inc-1", Service: "support-assistant", Severity: "page", State: bot.Open, Headline: "refusals at 7 % since 14:02",
		Chart: []byte("\x89PNG\r\n\x1a\n and then pixels"), Alt: "refusals rise at 14:02", URL: "https://firebreak.example/i/1",
	}}
	newClient := func(t *testing.T, memory slack.Memory) (*slack.Client, playbooks.Handler) {
		t.Helper()
		c := slack.New(slack.Config{
			Token: secret.New(botToken), SigningSecret: secret.New(signingSecret), Channel: "incidents", APIURL: vendor.url + "/api/",
		}, slack.Options{
			Cards: deck, Memory: memory, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Transport: withoutEpilogue{http.DefaultTransport},
		})
		t.Cleanup(c.Close)
		return c, c.Actions()[0].Handler
	}
	memory := &places{known: map[string]slack.Place{}}
	client, post := newClient(t, memory)
	call := func(with map[string]any, attempt int) playbooks.Call {
		return playbooks.Call{
			Run: "run-1", Step: "tell", Action: "slack.post", Attempt: attempt, Key: "run-1/tell", With: with, Incident: "inc-1", Service: "support-assistant",
		}
	}
	act := func(t *testing.T, handler playbooks.Handler, c playbooks.Call) playbooks.Outcome {
		t.Helper()
		outcome, err := handler.Act(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		return outcome
	}
	t.Run("the card is posted with its chart", func(t *testing.T) {
		act(t, post, call(map[string]any{"card": "incident"}, 1))
		all := vendor.said(id)
		if len(all.Messages) != 1 || !strings.Contains(all.Messages[0].Text, "refusals at 7 %") {
			t.Fatalf("%+v", all)
		}
		at := memory.known["inc-1"]
		if at.Channel != id || at.TS != all.Messages[0].TS || at.Chart == "" {
			t.Fatalf("%+v", at)
		}
		var file struct {
			File struct {
				Name string
				Size int
			}
		}
		vendor.call(http.MethodPost, "/api/files.info", map[string]any{"file": at.Chart}, &file)
		if file.File.Size != len(deck.card.Chart) || !strings.HasSuffix(file.File.Name, ".png") {
			t.Errorf("%+v", file)
		}
		// The words for the picture are not looked at: emulate reads alt_text, Slack's documentation says alt_txt.
	})
	t.Run("the card is edited in place", func(t *testing.T) {
		deck.card.State, deck.card.Headline = bot.Resolved, "resolved after 31 minutes"
		if outcome := act(t, post, call(map[string]any{"card": "incident"}, 1)); outcome.Output["edited"] != true {
			t.Errorf("%+v", outcome)
		}
		all := vendor.said(id)
		if len(all.Messages) != 1 || !strings.Contains(all.Messages[0].Text, "resolved after 31 minutes") || all.Messages[0].Edited == nil {
			t.Errorf("%+v", all)
		}
	})
	t.Run("after a crash the card is found by its key, and not posted again", func(t *testing.T) {
		forgot := &places{known: map[string]slack.Place{"inc-1": {Channel: "incidents", Asked: true}}}
		_, again := newClient(t, forgot)
		outcome, found, err := again.(playbooks.Verifier).Verify(t.Context(), call(map[string]any{"card": "incident"}, 2))
		if err != nil || !found {
			t.Fatalf("%+v %v %v", outcome, found, err)
		}
		act(t, again, call(map[string]any{"card": "incident"}, 2))
		if all := vendor.said(id); len(all.Messages) != 1 || forgot.known["inc-1"].TS != all.Messages[0].TS {
			t.Errorf("%+v, remembered %+v", all, forgot.known)
		}
	})
	t.Run("a text is said once", func(t *testing.T) {
		for attempt := range 2 {
			act(t, post, call(map[string]any{"text": "two people look at <this> & that"}, attempt+1))
		}
		all := vendor.said(id)
		if len(all.Messages) != 2 || all.Messages[0].Text != "two people look at &lt;this&gt; &amp; that" {
			t.Errorf("%+v", all)
		}
	})
	t.Run("a channel that is none is told", func(t *testing.T) {
		_, err := client.Say(t.Context(), "nowhere", "key", "x")
		if fate, _ := playbooks.FateOf(err); fate != playbooks.Permanent || !strings.Contains(err.Error(), "channel_not_found") {
			t.Errorf("%v", err)
		}
	})
	t.Run("another token is told", func(t *testing.T) {
		stranger := slack.New(slack.Config{Token: secret.New("xoxb-other"), APIURL: vendor.url + "/api/"}, slack.Options{Cards: deck, Memory: memory})
		t.Cleanup(stranger.Close)
		_, err := stranger.Say(t.Context(), "incidents", "key", "x")
		if fate, _ := playbooks.FateOf(err); fate != playbooks.Permanent {
			t.Errorf("%v", err)
		}
	})
}
