package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
	"github.com/firebreak-dev/firebreak/playbooks"
)

func TestAnIncidentHasOneCard(t *testing.T) {
	h := newHouse(t)
	first, err := h.act.Act(t.Context(), cardCall())
	if err != nil {
		t.Fatal(err)
	}
	card := refusals()
	card.Headline = "refusals are back to normal"
	h.deck.set(card)
	h.restart(t) // another process, another run, the same incident
	other := cardCall()
	other.Run, other.Key = "run-2", "run-2/tell"
	second, err := h.act.Act(t.Context(), other)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"channel": "C0SUPPORT1", "ts": "1700000000.000001", "edited": false}
	if diff := cmp.Diff(want, first.Output); diff != "" {
		t.Error(diff)
	}
	want["edited"] = true
	if diff := cmp.Diff(want, second.Output); diff != "" {
		t.Error(diff)
	}
	if len(h.vendor.messages) != 1 || h.vendor.messages[0].edits != 1 || !strings.Contains(h.vendor.messages[0].text, "back to normal") {
		t.Errorf("%d messages, the first %+v", len(h.vendor.messages), h.vendor.messages[0])
	}
	if h.vendor.count("conversations.history") != 0 {
		t.Error("the channel was read without need")
	}
}

func TestACrashNeverDoublesACard(t *testing.T) {
	for _, tt := range []struct {
		name  string
		crash func(h *house)
	}{
		{"the answer got lost", func(h *house) { h.vendor.lose["chat.postMessage"] = 1 }},
		{"the place could not be written down", func(h *house) { h.memory.fail = 1 }},
		{"Slack stumbled after posting", func(h *house) {
			h.vendor.answers["chat.postMessage"] = []reply{word("fatal_error")}
			h.vendor.messages = append(h.vendor.messages, &post{
				channel: "C0SUPPORT1", ts: "1700000000.000009", metadata: map[string]any{
					"event_type": eventType, "event_payload": map[string]any{"key": "card/inc-1"},
				},
			})
		}},
	} {
		for _, how := range []string{"acting again", "verifying"} {
			t.Run(tt.name+", "+how, func(t *testing.T) {
				h := newHouse(t)
				tt.crash(h)
				_, err := h.act.Act(t.Context(), cardCall())
				if fate, _ := playbooks.FateOf(err); err != nil && fate != playbooks.Unknown {
					t.Fatalf("fate is %s: %v", fate, err)
				}
				h.restart(t)
				if how == "verifying" {
					if outcome, found, err := h.verify(t.Context(), cardCall()); !found || err != nil || outcome.Output["ts"] == "" {
						t.Fatalf("found %v, %v", found, err)
					}
				} else if outcome, err := h.act.Act(t.Context(), cardCall()); err != nil || outcome.Output["edited"] != true {
					t.Fatalf("%+v, %v", outcome, err)
				}
				if len(h.vendor.messages) != 1 {
					t.Errorf("%d cards", len(h.vendor.messages))
				}
				if p := h.memory.places["inc-1"]; p.TS == "" || p.Asked || p.Channel != "C0SUPPORT1" {
					t.Errorf("remembered %+v", p)
				}
			})
		}
	}
}

func TestWhatWasNotPostedIsPostedLater(t *testing.T) {
	h := newHouse(t)
	h.vendor.answers["chat.postMessage"] = []reply{{429, map[string]string{"Retry-After": "7"}, ""}}
	_, err := h.act.Act(t.Context(), cardCall())
	if fate, after := playbooks.FateOf(err); fate != playbooks.Transient || after != 7*time.Second {
		t.Fatalf("%s after %s: %v", fate, after, err)
	}
	if _, found, err := h.verify(t.Context(), cardCall()); found || err != nil {
		t.Errorf("verify finds what is not there: %v %v", found, err)
	}
	again := cardCall()
	again.Attempt = 2
	if _, err := h.act.Act(t.Context(), again); err == nil || h.vendor.count("chat.postMessage") != 1 {
		t.Errorf("%v: Slack asked for seven seconds, and was asked %d times", err, h.vendor.count("chat.postMessage"))
	}
	h.later = 7 * time.Second
	again.Attempt = 3
	if _, err := h.act.Act(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	if len(h.vendor.messages) != 1 {
		t.Errorf("%d cards", len(h.vendor.messages))
	}
	if n := h.vendor.count("conversations.history"); n != 1 { // the verification's
		t.Errorf("the channel was read %d times", n)
	}
}

func TestADeletedCardIsPostedAgainWhenAPlaybookAsks(t *testing.T) {
	h := newHouse(t)
	if _, err := h.act.Act(t.Context(), cardCall()); err != nil {
		t.Fatal(err)
	}
	h.vendor.messages = nil
	card := refusals()
	card.Headline = "worse"
	h.deck.set(card)
	outcome, err := h.act.Act(t.Context(), cardCall())
	if err != nil || outcome.Output["edited"] != false || len(h.vendor.messages) != 1 {
		t.Errorf("%+v, %v, %d messages", outcome, err, len(h.vendor.messages))
	}
}

var png = []byte("\x89PNG\r\n\x1a\n and so on")

func TestTheChartIsPartOfTheCard(t *testing.T) {
	h := newHouse(t)
	card := refusals()
	card.Chart, card.Alt = png, "refusal ratio rose from 1 % to 9 % at 14:02"
	h.deck.set(card)
	if _, err := h.act.Act(t.Context(), cardCall()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"F0000001": card.Alt}, h.vendor.files); diff != "" {
		t.Error(diff)
	}
	raw, _ := json.Marshal(h.vendor.messages[0].blocks)
	if !strings.Contains(string(raw), `"slack_file":{"id":"F0000001"}`) || !strings.Contains(string(raw), card.Alt) {
		t.Errorf("no chart in %s", raw)
	}
	card.Headline = "still burning"
	card.Chart = append(bytes.Clone(png), 1)
	h.deck.set(card)
	if _, err := h.act.Act(t.Context(), cardCall()); err != nil {
		t.Fatal(err)
	}
	if n := len(h.vendor.files); n != 1 {
		t.Errorf("%d uploads within the time that one chart is good for", n)
	}
	card.State = bot.Mitigated
	h.deck.set(card)
	if _, err := h.act.Act(t.Context(), cardCall()); err != nil {
		t.Fatal(err)
	}
	if n := len(h.vendor.files); n != 2 {
		t.Errorf("%d uploads; recovery is shown at once", n)
	}
}

func TestAChartWithManyWordsIsStillUploaded(t *testing.T) {
	h := newHouse(t)
	card := refusals()
	card.Chart, card.Alt = png, strings.Repeat("é", 1500)
	h.deck.set(card)
	if _, err := h.act.Act(t.Context(), cardCall()); err != nil {
		t.Fatal(err)
	}
	if raw, _ := json.Marshal(h.vendor.messages[0].blocks); !strings.Contains(string(raw), card.Alt) {
		t.Errorf("a block takes more words than a file, and they are not all there: %s", raw)
	}
}

func TestAnAppThatMayNotSeePrivateChannelsStillFindsItsCard(t *testing.T) {
	h := newHouse(t)
	if _, err := h.act.Act(t.Context(), cardCall()); err != nil {
		t.Fatal(err)
	}
	h.memory.places["inc-1"] = Place{Channel: "#support-ai", Asked: true}
	h.restart(t)
	h.vendor.answers["conversations.list"] = []reply{word("missing_scope")} // of private channels, without groups:read
	if outcome, found, err := h.verify(t.Context(), cardCall()); !found || err != nil {
		t.Errorf("%+v %v %v", outcome, found, err)
	}
}

func TestACardDoesNotWaitForItsChart(t *testing.T) {
	withChart := func(h *house) {
		card := refusals()
		card.Chart, card.Alt = png, "a chart"
		h.deck.set(card)
	}
	t.Run("an upload that fails leaves the chart out", func(t *testing.T) {
		h := newHouse(t)
		withChart(h)
		h.vendor.answers["files.getUploadURLExternal"] = []reply{word("missing_scope")}
		if _, err := h.act.Act(t.Context(), cardCall()); err != nil {
			t.Fatal(err)
		}
		if raw, _ := json.Marshal(h.vendor.messages[0].blocks); strings.Contains(string(raw), "slack_file") {
			t.Errorf("a chart from nowhere: %s", raw)
		}
	})
	t.Run("a picture that Slack has not finished with is brought by an edit", func(t *testing.T) {
		h := newHouse(t)
		withChart(h)
		h.vendor.answers["chat.postMessage"] = []reply{word("invalid_blocks")}
		if _, err := h.act.Act(t.Context(), cardCall()); err != nil {
			t.Fatal(err)
		}
		if _, err := h.act.Act(t.Context(), cardCall()); err != nil {
			t.Fatal(err)
		}
		if raw, _ := json.Marshal(h.vendor.messages[0].blocks); len(h.vendor.messages) != 1 || !strings.Contains(string(raw), "slack_file") {
			t.Errorf("%d messages, no chart: %s", len(h.vendor.messages), raw)
		}
	})
}

func TestATextIsDataAndSaidOnce(t *testing.T) {
	h := newHouse(t)
	call := textCall("look at <!channel> & <https://evil.example|this>")
	if _, err := h.act.Act(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	m := h.vendor.messages[0]
	if want := "look at &lt;!channel&gt; &amp; &lt;https://evil.example|this&gt;"; m.text != want {
		t.Errorf("text is %q, want %q", m.text, want)
	}
	if diff := cmp.Diff(map[string]any{"event_type": eventType, "event_payload": map[string]any{"key": "run-1/tell"}}, m.metadata); diff != "" {
		t.Error(diff)
	}
	call.Attempt = 2
	h.restart(t)
	if _, err := h.act.Act(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	if _, found, err := h.verify(t.Context(), call); !found || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
	if len(h.vendor.messages) != 1 {
		t.Errorf("said %d times", len(h.vendor.messages))
	}
	other := textCall("something else")
	other.Key = "run-1/other"
	if _, found, err := h.verify(t.Context(), other); found || err != nil {
		t.Errorf("found what was not said: %v, %v", found, err)
	}
}

func TestWhatCannotBePostedIsRefused(t *testing.T) {
	for name, with := range map[string]map[string]any{
		"neither a card nor a text": {},
		"both":                      {"card": "incident", "text": "x"},
		"another card":              {"card": "weekly"},
		"a channel that is none":    {"text": "x", "channel": "#a b"},
	} {
		h := newHouse(t)
		call := cardCall()
		call.With = with
		_, err := h.act.Act(t.Context(), call)
		if fate, _ := playbooks.FateOf(err); fate != playbooks.Permanent {
			t.Errorf("%s: %s %v", name, fate, err)
		}
	}
}

func TestSlacksWordsHaveTheirFates(t *testing.T) {
	for said, want := range map[string]playbooks.Fate{
		"channel_not_found": playbooks.Permanent, "not_in_channel": playbooks.Permanent, "invalid_auth": playbooks.Permanent,
		"msg_blocks_too_long": playbooks.Permanent, "some_new_word": playbooks.Permanent,
		"rate_limited": playbooks.Transient, "ratelimited": playbooks.Transient, "service_unavailable": playbooks.Transient,
		"internal_error": playbooks.Unknown, "fatal_error": playbooks.Unknown,
	} {
		h := newHouse(t)
		h.vendor.answers["chat.postMessage"] = []reply{word(said)}
		_, err := h.act.Act(t.Context(), textCall("hello"))
		if fate, _ := playbooks.FateOf(err); fate != want || !strings.Contains(err.Error(), said) {
			t.Errorf("%s: %s %v, want %s", said, fate, err, want)
		}
	}
	h := newHouse(t)
	h.vendor.answers["chat.postMessage"] = []reply{{200, nil, `{}`}}
	if _, err := h.act.Act(t.Context(), textCall("hello")); err == nil {
		t.Error("an answer that names no message is taken for success")
	}
}

func TestExam(t *testing.T) {
	config := Config{Token: botToken, SigningSecret: signingSecret, Channel: "#incidents"}
	noCard := map[int]playbooks.Fate{}
	integrationstest.Exam(t, integrationstest.Subject{
		Config:  config,
		Secrets: []secret.Value{botToken, signingSecret},
		New: func(t *testing.T, e integrationstest.Env) []integrationstest.Op {
			t.Helper()
			c, mem, cards := config, &memory{places: map[string]Place{}}, &deck{cards: map[string]bot.Card{}}
			cards.set(refusals())
			c.APIURL = e.URL + "/api"
			client := New(c, Options{Cards: cards, Memory: mem, Registerer: e.Registerer, Logger: e.Logger, Tracer: e.Tracer})
			t.Cleanup(client.Close)
			act := client.Actions()[0].Handler
			do := func(call playbooks.Call) func(context.Context) error {
				return func(ctx context.Context) error {
					_, err := act.Act(ctx, call)
					return err
				}
			}
			return []integrationstest.Op{
				{Name: "post a card", Do: do(cardCall()), Fate: noCard},
				{Name: "post a text", Do: do(textCall("hello"))},
				{Name: "edit a card", Repeatable: true, Do: func(ctx context.Context) error {
					mem.places["inc-1"] = Place{Channel: "C0SUPPORT1", TS: "1.1"}
					return do(cardCall())(ctx)
				}},
				{Name: "look for a card", Repeatable: true, Do: func(ctx context.Context) error {
					mem.places["inc-1"] = Place{Channel: "C0SUPPORT1", Asked: true}
					_, _, err := act.(playbooks.Verifier).Verify(ctx, cardCall())
					return err
				}},
			}
		},
	})
}

func TestConfigTellsAllItsFaults(t *testing.T) {
	r := diag.New()
	Config{Token: botToken, Channel: "a b", APIURL: "slack.com", Timeout: -1}.Check(r)
	Config{Channel: "#x"}.Check(r)
	var got []string
	for _, f := range r.Faults() {
		got = append(got, f.Path+": "+f.Code)
	}
	want := []string{
		"signing_secret: missing-secret", "channel: bad-channel", "api_url: bad-url", "timeout: bad-duration", "token: missing-secret",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

var _ http.RoundTripper = (*vendor)(nil)

func TestChannelsHaveAnIDOrAName(t *testing.T) {
	for channel, good := range map[string]bool{
		"C0123456789": true, "#incidents": true, "incidents": true, "#störung-2_a.b": true, "事故": true, strings.Repeat("ä", 80): true,
		"": false, "#": false, "##a": false, "a b": false, "a\x00": false, "a\xff": false, strings.Repeat("ä", 81): false,
	} {
		if channelShape(channel) != good {
			t.Errorf("%q: %v", channel, !good)
		}
	}
}
