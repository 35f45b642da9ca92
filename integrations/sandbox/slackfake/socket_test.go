package slackfake_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
)

// TestSlackGosSocketModeUnderstandsTheWorkspace drives the stand-in with the real client library.
func TestSlackGosSocketModeUnderstandsTheWorkspace(t *testing.T) {
	var handler http.Handler
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	defer web.Close()
	w := slackfake.New(slackfake.Config{Base: web.URL, Token: token, AppToken: "xapp-1", SigningSecret: signing, Channels: []string{"incidents"}, Now: time.Now})
	handler = w
	own := &http.Transport{}
	defer own.CloseIdleConnections()
	client := socketmode.New(slack.New(token, slack.OptionAppLevelToken("xapp-1"), slack.OptionAPIURL(web.URL+"/api/"), slack.OptionHTTPClient(&http.Client{Transport: own})),
		socketmode.OptionDialer(&websocket.Dialer{}))
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- client.RunContext(ctx) }()
	defer func() {
		stop()
		w.Cut()
		<-over
	}()
	var id string
	for event := range client.Events {
		switch event.Type {
		case socketmode.EventTypeHello:
			var err error
			if id, err = w.PushCommand("incidents", "status <b>", omar, 1); err != nil {
				t.Fatal(err)
			}
		case socketmode.EventTypeSlashCommand:
			c, ok := event.Data.(slack.SlashCommand)
			if !ok || c.Text != "status &lt;b&gt;" || c.UserID != omar.ID || c.Command != "/firebreak" || c.ResponseURL == "" || event.Request.EnvelopeID != id {
				t.Errorf("%+v", event.Data)
			}
			if err := client.AckCtx(ctx, id, map[string]string{"text": "ok"}); err != nil {
				t.Fatal(err)
			}
			for n := 0; n == 0; n, _ = w.Acknowledged(id) {
				<-time.After(time.Millisecond)
			}
			_, payload := w.Acknowledged(id)
			if string(payload) != `{"text":"ok"}` {
				t.Errorf("acknowledged with %s", payload)
			}
			return
		case socketmode.EventTypeConnecting, socketmode.EventTypeConnected:
		default:
			t.Fatalf("%s: %+v", event.Type, event.Data)
		}
	}
}

func TestSocketsAreForTheAppsTokenAndTicketsForOneUse(t *testing.T) {
	d := newDesk(t, nil)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.base+"/api/apps.connections.open", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token) // the bot's is no app's
	resp, err := d.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var said struct{ Error string }
	if err := json.NewDecoder(resp.Body).Decode(&said); err != nil || said.Error != "invalid_auth" {
		t.Errorf("%+v, %v", said, err)
	}
	resp, err = d.http.Get(d.base + "/socket/t1")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("an unknown ticket: %d", resp.StatusCode)
	}
}
