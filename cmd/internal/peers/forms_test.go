package peers_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
)

// TestBoltShowsFormsInOurWorkspace has Slack's own framework open a form by a trigger, read what somebody wrote into it, refuse it at its
// field, hear shortcuts and emoji, and publish a page.
func TestBoltShowsFormsInOurWorkspace(t *testing.T) {
	w := newWorkspace(t, func(c *slackfake.Config) { c.TriggerLife = patience })
	bolt := start(t, "bolt_forms.mjs", w.given())
	bolt.event(t, "connected", nil)
	push := func(t *testing.T, body []byte, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		envelope, err := w.PushInteraction(body)
		if err != nil {
			t.Fatal(err)
		}
		await(t, "acknowledged", func() bool { n, _ := w.Acknowledged(envelope); return n == 1 })
		return envelope
	}
	var form slackfake.View
	t.Run("a form is opened by what somebody did, changed by its hash, and opened once only", func(t *testing.T) {
		if _, err := w.PushCommand("#incidents", "declare", omar, 1); err != nil {
			t.Fatal(err)
		}
		var opened struct{ View string }
		bolt.event(t, "opened", &opened)
		form = w.Views()[0]
		if form.ID != opened.View || form.User != omar.ID || form.Updates != 1 || !strings.Contains(string(form.View), "Declare it") {
			t.Errorf("%+v", form)
		}
		var refused struct{ Error string }
		bolt.event(t, "refused", &refused)
		if refused.Error != "exchanged_trigger_id" {
			t.Error(refused)
		}
	})
	t.Run("what was written comes with the form, and an error stands at its field", func(t *testing.T) {
		body, err := w.Submit(form, map[string]string{"title": "it", "severity": "page"}, omar)
		envelope := push(t, body, err)
		var said struct{ Title, Severity, Meta, User string }
		bolt.event(t, "submitted", &said)
		if said.Title != "it" || said.Severity != "page" || said.Meta != "inc-1" || said.User != omar.ID {
			t.Errorf("%+v", said)
		}
		_, answer := w.Acknowledged(envelope)
		if err := w.Answered(form, http.StatusOK, answer); err != nil {
			t.Errorf("%v: %s", err, answer)
		}
		if now := w.Views()[0]; now.Errors["title"] != "Say more" || now.Closed {
			t.Errorf("%+v", now)
		}
	})
	t.Run("a form that is taken closes", func(t *testing.T) {
		body, err := w.Submit(form, map[string]string{"title": "it answers in French", "severity": "page"}, omar)
		envelope := push(t, body, err)
		bolt.event(t, "submitted", nil)
		_, answer := w.Acknowledged(envelope)
		if string(answer) == "{}" || string(answer) == "null" {
			answer = nil // an acknowledgement without anything to say
		}
		if err := w.Answered(form, http.StatusOK, answer); err != nil || !w.Views()[0].Closed {
			t.Errorf("%v: %s, %+v", err, answer, w.Views()[0])
		}
	})
	t.Run("a form that is cancelled", func(t *testing.T) {
		body, err := w.CloseView(form, omar)
		push(t, body, err)
		bolt.event(t, "cancelled", nil)
	})
	t.Run("a shortcut on a message, and an emoji", func(t *testing.T) {
		m, err := w.Write("#incidents", "it started with the new prompt", "", omar)
		if err != nil {
			t.Fatal(err)
		}
		body, err := w.Shortcut("note", m, omar)
		push(t, body, err)
		var shortcut struct{ Kind, Message, Channel string }
		bolt.event(t, "shortcut", &shortcut)
		if shortcut.Kind != "message_action" || shortcut.Message != m.TS || shortcut.Channel != m.Channel {
			t.Errorf("%+v", shortcut)
		}
		body, err = w.React(m, "pushpin", omar)
		if err != nil {
			t.Fatal(err)
		}
		envelope, err := w.PushEvent(body, 1)
		if err != nil {
			t.Fatal(err)
		}
		var reaction struct {
			Emoji, User string
			Item        struct{ Type, Channel, TS string }
		}
		bolt.event(t, "reaction", &reaction)
		if reaction.Emoji != "pushpin" || reaction.User != omar.ID || reaction.Item.TS != m.TS || reaction.Item.Channel != m.Channel {
			t.Errorf("%+v", reaction)
		}
		await(t, "acknowledged", func() bool { n, _ := w.Acknowledged(envelope); return n == 1 })
	})
	t.Run("the app's page", func(t *testing.T) {
		body, err := w.OpenHome(omar)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.PushEvent(body, 1); err != nil {
			t.Fatal(err)
		}
		bolt.event(t, "home", nil)
		all := w.Views()
		home := all[len(all)-1]
		var blocks []json.RawMessage
		read(t, home.Blocks(), &blocks)
		if home.Type != "home" || home.User != omar.ID || len(blocks) != 1 {
			t.Errorf("%+v", home)
		}
	})
	bolt.ask(t, "stop", nil, nil)
	for _, odd := range w.Unexpected() {
		if !strings.Contains(odd, "exchanged_trigger_id") {
			t.Errorf("Slack's own framework did what our stand-in takes for a fault: %s", odd)
		}
	}
}
