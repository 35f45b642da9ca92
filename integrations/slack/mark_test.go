package slack

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
)

// react marks a message, and hands the event over.
func (l *lobby) react(t testing.TB, m slackfake.Message, emoji string, by slackfake.User) {
	t.Helper()
	body, err := l.slack.React(m, emoji, by)
	if status, answer := l.post(t, l.handler.Events(), body, err); status != http.StatusOK || len(answer) > 0 {
		t.Fatalf("%d %s", status, answer)
	}
}

func (l *lobby) write(t testing.TB, text, thread string) slackfake.Message {
	t.Helper()
	m, err := l.slack.Write("support-ai", text, thread, slackfake.User{ID: "U0JO"})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// events waits until so many events came to something.
func (l *lobby) events(t testing.TB, result string, n float64) {
	t.Helper()
	ready(t, func() []float64 { return []float64{testutil.ToFloat64(l.handler.events.WithLabelValues(result))} }, func(have float64) bool { return have == n })
}

func TestAMarkedMessageGoesOntoTheTimelineOfItsThread(t *testing.T) {
	l := newLobby(t, time.Minute)
	m := l.write(t, "the <https://x.example/a|vendor> says &lt;it is them&gt;, <@U0ANA> <!channel>", l.card(t).TS)
	l.react(t, m, "pushpin::skin-tone-3", ana)
	got := ready(t, l.did, func(bot.Filled) bool { return true })
	want := bot.Filled{
		Form: bot.Form{Name: bot.NoteForm, Incident: "inc-1"}, Text: "the vendor (https://x.example/a) says <it is them>, @U0ANA @channel",
		Quote: bot.Quote{
			Key: "slack/" + m.Channel + "/" + m.TS, Text: "the vendor (https://x.example/a) says <it is them>, @U0ANA @channel", Author: "jo",
			Link: l.base + "/archives/" + m.Channel + "/p" + strings.ReplaceAll(m.TS, ".", ""),
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	l.events(t, "accepted", 1)
}

func TestWhatIsNotToBeNotedIsNot(t *testing.T) {
	l := newLobby(t, time.Minute)
	card := l.card(t)
	l.react(t, l.write(t, "x", card.TS), "eyes", ana) // another emoji
	l.react(t, card, "pushpin", ana)                  // our own words
	l.events(t, "ignored", 2)
	l.react(t, l.write(t, "not in a thread", ""), "pushpin", ana) // two incidents are open
	l.message(t, `use the shortcut "Add to timeline"`)
	l.react(t, l.write(t, "x", card.TS), "pushpin", eve)
	if m := l.message(t, "who could: ana"); m.Ephemeral != eve.ID {
		t.Errorf("everybody reads it: %+v", m)
	}
	l.react(t, l.write(t, " \u200b ", card.TS), "pushpin", ana)
	l.message(t, "has no text")
	l.react(t, slackfake.Message{Channel: card.Channel, TS: "1600000000.000001"}, "pushpin", ana)
	l.message(t, "the message could not be read")
	l.events(t, "refused", 4)
	if len(l.did()) != 0 {
		t.Errorf("%+v", l.did())
	}
}

func TestInAChannelOfItsOwnItIsPlainWhichIncidentIsMeant(t *testing.T) {
	l := newLobby(t, time.Minute)
	marked, named := l.write(t, "marked", ""), l.write(t, "named", "")
	l.mu.Lock()
	l.rooms = map[string]string{marked.Channel: "inc-2"}
	l.mu.Unlock()
	l.react(t, marked, "pushpin", ana)
	ready(t, l.did, func(f bot.Filled) bool { return f.Incident == "inc-2" && f.Text == "marked" })
	body, err := l.slack.Shortcut(shortcutNote, named, ana)
	l.post(t, l.handler, body, err)
	ready(t, l.did, func(f bot.Filled) bool { return f.Incident == "inc-2" && f.Text == "named" })
	if len(l.slack.Views()) != 0 {
		t.Error("it is asked all the same")
	}
}

func TestAnEventIsWorkedOnce(t *testing.T) {
	l := newLobby(t, time.Minute)
	body, err := l.slack.React(l.write(t, "look", l.card(t).TS), "pushpin", ana)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 { // Slack signs each of its tries anew
		r := httptest.NewRequest(http.MethodPost, "/slack/events", strings.NewReader(string(body)))
		r.Header = l.slack.Sign(body, time.Now().Add(-time.Duration(i)*time.Second))
		w := httptest.NewRecorder()
		if l.handler.Events().ServeHTTP(w, r); w.Code != http.StatusOK {
			t.Fatal(w.Code)
		}
	}
	l.events(t, "replayed", 2)
	l.events(t, "accepted", 1)
	if len(l.did()) != 1 {
		t.Errorf("%+v", l.did())
	}
	challenge := []byte(`{"type":"url_verification","token":"x","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}`)
	if status, answer := l.post(t, l.handler.Events(), challenge, nil); status != http.StatusOK || string(answer) != "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P" {
		t.Errorf("%d %s", status, answer)
	}
}

func TestTheShortcutNotesAMessageOrAsksWhere(t *testing.T) {
	l := newLobby(t, time.Minute)
	inThread := l.write(t, "the vendor is told", l.card(t).TS)
	body, err := l.slack.Shortcut(shortcutNote, inThread, ana)
	l.post(t, l.handler, body, err)
	ready(t, l.did, func(f bot.Filled) bool { return f.Incident == "inc-1" && f.Quote.Text == "the vendor is told" })
	l.message(t, "Done: note") // told to the one who did it

	elsewhere := l.write(t, strings.Repeat("🦊", 4000), "")
	body, err = l.slack.Shortcut(shortcutNote, elsewhere, ana)
	l.post(t, l.handler, body, err)
	v := l.view(t, "Which incident?")
	l.submit(t, v, ana, map[string]string{fieldIncident: "inc-2"})
	got := l.did()[1]
	if got.Incident != "inc-2" || got.Quote.Key != "slack/"+elsewhere.Channel+"/"+elsewhere.TS || len([]rune(got.Text)) != maxQuoted || !strings.HasSuffix(got.Text, "…") {
		t.Errorf("%+v", got)
	}
	body, err = l.slack.Shortcut(shortcutNote, elsewhere, eve)
	l.post(t, l.handler, body, err)
	l.message(t, "who could: ana")
}
