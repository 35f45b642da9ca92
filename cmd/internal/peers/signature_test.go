package peers_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
)

// TestBoltAcceptsOurSignatures has Slack's own framework receive what our stand-in signs.
func TestBoltAcceptsOurSignatures(t *testing.T) {
	w := newWorkspace(t)
	bolt := start(t, "bolt_http.mjs", w.given())
	var at struct{ URL string }
	bolt.event(t, "listening", &at)
	line, err := w.Command("#incidents", "status", omar)
	if err != nil {
		t.Fatal(err)
	}
	body := string(line)
	commands := at.URL + "/slack/commands"

	t.Run("a command", func(t *testing.T) {
		status, said := request(t, http.MethodPost, commands, body, w.Sign(line, time.Now()))
		if status != http.StatusOK || !strings.Contains(said, "seen") {
			t.Fatalf("%d %s", status, said)
		}
		var c command
		bolt.event(t, "command", &c)
		if c.Payload.Text != "status" || c.Payload.UserID != omar.ID {
			t.Errorf("%+v", c)
		}
	})
	t.Run("a press", func(t *testing.T) {
		m := slackfake.Message{Channel: "C0ACME001", TS: "1700000000.000100", Text: "refusals at 7 %"}
		press, err := w.Press(m, slackfake.Button{ActionID: "approve", BlockID: "ask", Value: "apr-1", Text: "Approve"}, omar)
		if err != nil {
			t.Fatal(err)
		}
		if status, said := request(t, http.MethodPost, at.URL+"/slack/interactions", string(press), w.Sign(press, time.Now())); status != http.StatusOK {
			t.Fatalf("%d %s", status, said)
		}
		bolt.event(t, "press", nil)
	})
	t.Run("what is stale, forged or unsigned is refused by Slack's own check", func(t *testing.T) {
		for name, h := range map[string]http.Header{
			"stale":          w.Sign(line, time.Now().Add(-6*time.Minute)),
			"another body":   w.Sign([]byte("text=stop"), time.Now()),
			"another time":   header(w.Sign(line, time.Now()), "X-Slack-Request-Timestamp", "1"),
			"another scheme": header(w.Sign(line, time.Now()), "X-Slack-Signature", "v1=00"),
			"unsigned":       {"Content-Type": {"application/x-www-form-urlencoded"}},
		} {
			if status, said := request(t, http.MethodPost, commands, body, h); status != http.StatusUnauthorized {
				t.Errorf("%s: %d %s", name, status, said)
			}
		}
	})
}

// TestWeAcceptWhatSlackSigns holds the bot's endpoints to requests that are signed by the recipe of Slack's documentation and that
// Slack's own check has accepted.
func TestWeAcceptWhatSlackSigns(t *testing.T) {
	w := newWorkspace(t)
	t.Setenv("SLACK_TOKEN", botToken)
	t.Setenv("SLACK_SIGNING_SECRET", signingSecret)
	b := runBot(t, `
services:
  - {name: support-assistant, owner: team-support-ai, match: {service_name: support-assistant}}
slack:
  token: ${env:SLACK_TOKEN}
  signing_secret: ${env:SLACK_SIGNING_SECRET}
  channel: "#incidents"
  api_url: `+w.api, nil)
	slack := start(t, "sign.mjs", w.given())
	type signed struct {
		Headers map[string]string
		Valid   bool
	}
	post := func(t *testing.T, path, body string, s signed) int {
		t.Helper()
		h := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
		if strings.HasPrefix(body, "{") {
			h.Set("Content-Type", "application/json")
		}
		for name, value := range s.Headers {
			h.Set(name, value)
		}
		status, _ := request(t, http.MethodPost, b.url+path, body, h)
		return status
	}
	sign := func(t *testing.T, body string, at time.Time, secret any) (s signed) {
		t.Helper()
		slack.ask(t, "sign", map[string]any{"body": body, "at": at.Unix(), "secret": secret}, &s)
		return s
	}
	line, err := w.Command("#incidents", "declare support-assistant it answers in French", omar)
	if err != nil {
		t.Fatal(err)
	}
	press, err := w.Press(slackfake.Message{Channel: "C0ACME001", TS: "1.0"}, slackfake.Button{ActionID: "of_an_old_card", Value: "x"}, omar)
	if err != nil {
		t.Fatal(err)
	}
	for path, body := range map[string]string{
		"/slack/commands": string(line), "/slack/interactions": string(press), "/slack/events": `{"type": "url_verification", "challenge": "3eZbrw1aB10F"}`,
	} {
		t.Run(path, func(t *testing.T) {
			good := sign(t, body, time.Now(), nil)
			if status := post(t, path, body, good); status != http.StatusOK || !good.Valid {
				t.Errorf("valid: Slack says %v, we %d", good.Valid, status)
			}
			if status := post(t, path, body, good); status != http.StatusConflict {
				t.Errorf("replayed: %d", status)
			}
			stale := sign(t, body, time.Now().Add(-6*time.Minute), nil)
			if status := post(t, path, body, stale); status != http.StatusUnauthorized || stale.Valid {
				t.Errorf("stale: Slack says %v, we %d", stale.Valid, status)
			}
			forged := sign(t, body, time.Now(), "another secret")
			if status := post(t, path, body, forged); status != http.StatusUnauthorized || forged.Valid {
				t.Errorf("forged: Slack says %v, we %d", forged.Valid, status)
			}
			if status := post(t, path, body+"&x=1", sign(t, body, time.Now().Add(time.Second), nil)); status != http.StatusUnauthorized {
				t.Errorf("another body: %d", status)
			}
			// Slack's check looks back only; ours wants the time to fit both ways.
			early := sign(t, body, time.Now().Add(6*time.Minute), nil)
			if status := post(t, path, body, early); status != http.StatusUnauthorized || !early.Valid {
				t.Errorf("ahead of time: Slack says %v, we %d", early.Valid, status)
			}
		})
	}
	b.shows(t, "/api/v1/incidents", `"it answers in French"`)
	if n := strings.Count(b.get(t, "/api/v1/incidents"), `"opened_at"`); n != 1 {
		t.Errorf("there are %d incidents", n)
	}
	await(t, "an answer to the one who wrote", func() bool {
		for _, m := range w.Messages() {
			if m.Ephemeral == omar.ID {
				return true
			}
		}
		return false
	})
	w.sound(t)
}
