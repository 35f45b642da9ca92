package peers_test

import (
	"encoding/json"
	"testing"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
)

// command is what Bolt tells of a slash command.
type command struct {
	Payload struct {
		Command     string `json:"command"`
		Text        string `json:"text"`
		UserID      string `json:"user_id"`
		ChannelName string `json:"channel_name"`
		ResponseURL string `json:"response_url"`
		TriggerID   string `json:"trigger_id"`
	}
	Retry  *int
	Reason string
	Bot    string
	Team   string
}

// TestBoltHearsOurSocket has Slack's own framework connect to our stand-in in Socket Mode: what Bolt understands, acknowledges and
// survives is Slack's protocol.
func TestBoltHearsOurSocket(t *testing.T) {
	w := newWorkspace(t)
	bolt := start(t, "bolt_socket.mjs", w.given())
	bolt.event(t, "connected", nil)
	if n := w.Sockets(); n != 1 {
		t.Fatalf("%d sockets are open", n)
	}
	send := func(t *testing.T, text string, times int) (envelope string) {
		t.Helper()
		envelope, err := w.PushCommand("#incidents", text, omar, times)
		if err != nil {
			t.Fatal(err)
		}
		return envelope
	}
	acknowledged := func(t *testing.T, envelope string, times int) {
		t.Helper()
		await(t, "acknowledged", func() bool { n, _ := w.Acknowledged(envelope); return n == times })
	}

	t.Run("a slash command is understood, acknowledged with a payload, and answered", func(t *testing.T) {
		envelope := send(t, "declare it answers in <French> & shouts", 1)
		var c command
		bolt.event(t, "command", &c)
		p := c.Payload
		if p.Command != "/firebreak" || p.Text != "declare it answers in &lt;French&gt; &amp; shouts" || p.UserID != omar.ID || p.ChannelName != "incidents" || p.TriggerID == "" ||
			c.Bot != slackfake.BotID || c.Team != slackfake.TeamID || c.Retry != nil {
			t.Errorf("%+v", c)
		}
		acknowledged(t, envelope, 1)
		_, said := w.Acknowledged(envelope)
		var ack struct{ Text string }
		if err := json.Unmarshal(said, &ack); err != nil || ack.Text != "seen" {
			t.Errorf("the acknowledgement says %s", said)
		}
		await(t, "an answer to the one who wrote", func() bool {
			all := w.Messages()
			return len(all) > 0 && all[len(all)-1].Ephemeral == omar.ID
		})
	})
	t.Run("the press of a button is understood, acknowledged, and its message replaced", func(t *testing.T) {
		var at posted
		bolt.ask(t, "chat.postMessage", card("#incidents"), &at)
		m, _ := w.Message(at.Channel, at.TS)
		envelope, err := w.PushPress(m, slackfake.Buttons(m)[0], omar)
		if err != nil {
			t.Fatal(err)
		}
		var press struct {
			Action             struct{ Action_ID, Block_ID, Value, Type string }
			User, Channel      struct{ ID string }
			Message, Container map[string]any
		}
		bolt.event(t, "press", &press)
		if press.Action.Action_ID != "approve" || press.Action.Block_ID != "ask" || press.Action.Value != "apr-1" || press.User.ID != omar.ID ||
			press.Channel.ID != at.Channel || press.Message["ts"] != at.TS || press.Container["message_ts"] != at.TS {
			t.Errorf("%+v", press)
		}
		acknowledged(t, envelope, 1)
		await(t, "the message replaced", func() bool {
			now, _ := w.Message(at.Channel, at.TS)
			return now.Edits == 1 && now.Text == "Approved by <@"+omar.ID+">"
		})
	})
	t.Run("an envelope that comes twice is acknowledged twice", func(t *testing.T) {
		envelope := send(t, "status", 2)
		for range 2 {
			bolt.event(t, "command", nil)
		}
		acknowledged(t, envelope, 2)
	})
	t.Run("Slack wants a fresh socket: Bolt opens one, and gets what it did not acknowledge, named as a retry", func(t *testing.T) {
		envelope := send(t, "hold once", 1)
		bolt.event(t, "command", nil)
		w.Refresh()
		bolt.event(t, "closed", nil)
		bolt.event(t, "connected", nil)
		var again command
		bolt.event(t, "command", &again)
		if again.Payload.Text != "hold once" || again.Retry == nil || *again.Retry != 1 || again.Reason != "timeout" {
			t.Errorf("%+v", again)
		}
		acknowledged(t, envelope, 1)
	})
	t.Run("a socket that is cut is opened anew", func(t *testing.T) {
		w.Cut()
		bolt.event(t, "closed", nil)
		bolt.event(t, "connected", nil)
		acknowledged(t, send(t, "status", 1), 1)
	})
	t.Run("Bolt leaves", func(t *testing.T) {
		bolt.ask(t, "stop", nil, nil)
		await(t, "no socket", func() bool { return w.Sockets() == 0 })
	})
	w.sound(t)
}

func TestBoltIsRefusedWithAWrongToken(t *testing.T) {
	w := newWorkspace(t)
	given := w.given()
	given["app_token"] = "xapp-of-another-app"
	bolt := start(t, "bolt_refused.mjs", given)
	var end struct{ Error string }
	bolt.event(t, "refused", &end)
	if end.Error != "invalid_auth" {
		t.Errorf("Bolt ended with %q", end.Error)
	}
}
