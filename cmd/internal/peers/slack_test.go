package peers_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
)

const (
	botToken      = "xoxb-peers"
	appToken      = "xapp-peers"
	signingSecret = "8f742231b10e8888abcd99yyyzzz85a5"
)

var omar = slackfake.User{ID: "U0OMARAZI", Name: "omar", RealName: "Omar Azizi", Email: "omar@acme.example"}

// workspace is our Slack, as the scripts reach it.
type workspace struct {
	*slackfake.Workspace
	api string
}

func newWorkspace(t *testing.T, change ...func(*slackfake.Config)) workspace {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	base := "http://" + server.Listener.Addr().String()
	config := slackfake.Config{
		Base: base, Token: botToken, AppToken: appToken, SigningSecret: signingSecret, Now: time.Now,
		Channels: []string{"incidents", "support-ai"}, Users: []slackfake.User{omar}, Groups: map[string][]string{"S0ONCALL": {omar.ID}},
	}
	for _, to := range change {
		to(&config)
	}
	w := slackfake.New(config)
	server.Config.Handler = w
	server.Start()
	t.Cleanup(func() {
		w.Cut()
		server.CloseClientConnections()
		server.Close()
	})
	return workspace{w, base + "/api/"}
}

// sound fails where a client did something that Slack would refuse.
func (w workspace) sound(t *testing.T) {
	t.Helper()
	if odd := w.Unexpected(); len(odd) > 0 {
		t.Errorf("Slack's own client did what our stand-in takes for a fault: %q", odd)
	}
}

// given is what scripts are told of the workspace.
func (w workspace) given() map[string]any {
	return map[string]any{"api": w.api, "token": botToken, "app_token": appToken, "signing_secret": signingSecret}
}

// card is a message with a button, as arguments of chat.postMessage.
func card(channel string) map[string]any {
	return map[string]any{
		"channel": channel, "text": "refusals at 7 %",
		"blocks": []any{
			map[string]any{"type": "section", "text": map[string]any{"type": "mrkdwn", "text": "*refusals at 7 %*"}},
			map[string]any{"type": "actions", "block_id": "ask", "elements": []any{map[string]any{
				"type": "button", "action_id": "approve", "value": "apr-1", "text": map[string]any{"type": "plain_text", "text": "Approve"},
			}}},
		},
		"metadata": map[string]any{"event_type": "card", "event_payload": map[string]any{"key": "card/inc-1"}},
	}
}

// posted is what chat.postMessage answers.
type posted struct {
	OK      bool   `json:"ok"`
	Channel string `json:"channel"`
	TS      string `json:"ts"`
	Message struct {
		Text     string          `json:"text"`
		ThreadTS string          `json:"thread_ts"`
		Metadata json.RawMessage `json:"metadata"`
	} `json:"message"`
}

// newest is the last message of a workspace.
func (w workspace) newest(t *testing.T) slackfake.Message {
	t.Helper()
	all := w.Messages()
	if len(all) == 0 {
		t.Fatal("nothing was posted")
	}
	return all[len(all)-1]
}

// header is a copy with one value changed.
func header(h http.Header, name, value string) http.Header {
	h = h.Clone()
	h.Set(name, value)
	return h
}
