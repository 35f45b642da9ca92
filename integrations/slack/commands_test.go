package slack

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
)

// written is the body of a slash command, with the fields of Slack's own sample.
func written(tb testing.TB, text string) string {
	tb.Helper()
	var sample map[string]any
	if err := json.Unmarshal(integrationstest.Read(tb, "contracts", "slack", "app-backend-samples", "SlashCommandPayload.json"), &sample); err != nil {
		tb.Fatal(err)
	}
	form := url.Values{}
	for field := range sample {
		form.Set(field, "x")
	}
	for field, value := range map[string]string{
		"command": "/firebreak", "text": text, "user_id": "U1", "response_url": "https://hooks.slack.com/commands/T1/2/3",
	} {
		if _, known := sample[field]; !known {
			tb.Fatalf("Slack's sample has no %s", field)
		}
		form.Set(field, value)
	}
	return form.Encode()
}

func (d *desk) write(header http.Header, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/slack/commands", strings.NewReader(body))
	r.Header = header
	w := httptest.NewRecorder()
	d.handler.Commands().ServeHTTP(w, r)
	return w
}

func TestACommandIsAcknowledgedCarriedOutAndAnswered(t *testing.T) {
	d := newDesk(t)
	body := written(t, "note 95xer a &lt;b&gt; &amp;amp; c")
	w := d.write(sign(signingSecret, signedAt, body), body)
	if w.Code != http.StatusOK || w.Body.Len() != 0 {
		t.Errorf("answered %d %q", w.Code, w.Body)
	}
	if err := d.handler.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"U1 writes note 95xer a <b> &amp; c"}, {"inc-1"}}, [][]string{d.done, d.updated}); diff != "" {
		t.Error(diff)
	}
	if len(d.told) != 1 || !strings.HasPrefix(d.told[0], "https://hooks.slack.com/commands/T1/2/3 ") ||
		!strings.Contains(d.told[0], `"response_type":"ephemeral"`) || !strings.Contains(d.told[0], `"url":"https://firebreak.example/incidents/inc-1"`) {
		t.Errorf("told %q", d.told)
	}
	if n := testutil.ToFloat64(d.handler.commands.WithLabelValues("accepted")); n != 1 {
		t.Errorf("%v accepted", n)
	}
}

func TestOnlyCommandsThatSlackSignedAreHeard(t *testing.T) {
	body := written(t, "stop now")
	now := signedAt.Add(time.Minute)
	for name, q := range map[string]struct {
		header http.Header
		body   string
		want   int
	}{
		"an unsigned one":                   {http.Header{}, body, 401},
		"one signed with another secret":    {sign(secret.New("other"), signedAt, body), body, 401},
		"one whose text was changed":        {sign(signingSecret, signedAt, body), strings.Replace(body, "stop", "help", 1), 401},
		"one of six minutes ago":            {sign(signingSecret, now.Add(-6*time.Minute), body), body, 401},
		"one of a clock six minutes ahead":  {sign(signingSecret, now.Add(6*time.Minute), body), body, 401},
		"one that is no command":            {sign(signingSecret, signedAt, "a=b"), "a=b", 400},
		"Slack looking whether we are here": {sign(signingSecret, signedAt, "ssl_check=1"), "ssl_check=1", 200},
	} {
		d := newDesk(t)
		if w := d.write(q.header, q.body); w.Code != q.want {
			t.Errorf("%s: %d", name, w.Code)
		}
		_ = d.handler.Close(t.Context())
		if len(d.done) != 0 {
			t.Errorf("%s did %q", name, d.done)
		}
	}
	d := newDesk(t)
	d.write(sign(signingSecret, signedAt, body), body)
	if w := d.write(sign(signingSecret, signedAt, body), body); w.Code != http.StatusConflict {
		t.Errorf("a replay: %d", w.Code)
	}
	_ = d.handler.Close(t.Context())
	if len(d.done) != 1 {
		t.Errorf("done %q", d.done)
	}
}

// TestTheAcknowledgementWaitsForNobody has the work stand still, as with a database that does not answer.
func TestTheAcknowledgementWaitsForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.block = make(chan struct{})
		begun := time.Now()
		for i := range maxWorking + 1 {
			body := written(t, "status "+strings.Repeat("x", i))
			w := d.write(sign(signingSecret, signedAt, body), body)
			if full := i == maxWorking; w.Code != http.StatusOK || strings.Contains(w.Body.String(), "too busy") != full {
				t.Errorf("command %d: %d %q", i, w.Code, w.Body)
			}
		}
		if waited := time.Since(begun); waited != 0 {
			t.Errorf("it took %s", waited)
		}
		close(d.block)
		if err := d.handler.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if len(d.done) != maxWorking {
			t.Errorf("%d done", len(d.done))
		}
	})
}

func TestAnAnswerIsSentAgainWhenSlackIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		tries := 0
		c := New(Config{Token: botToken, SigningSecret: signingSecret}, Options{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			tries++
			if tries < 3 {
				return nil, io.ErrUnexpectedEOF
			}
			return httptest.NewRecorder().Result(), nil
		})})
		d.handler.rest = c.rest
		if err := d.handler.respond(t.Context(), "https://hooks.slack.com/commands/T/1/2", message{text: "x"}); err != nil || tries != 3 {
			t.Errorf("%v after %d tries", err, tries)
		}
	})
}

func TestAnswersKeepWithinSlacksLimits(t *testing.T) {
	evil := "<!channel> *b* `c` \u202egnp <https://x|y> @here & " + strings.Repeat("🦊", 500)
	a := bot.Answer{Title: strings.Repeat(evil, 10), Link: "https://firebreak.example/"}
	for range 200 {
		a.Rows = append(a.Rows, bot.Row{Label: evil, Text: evil, Link: "https://example.org/" + strings.Repeat("x", 500)}, bot.Row{})
	}
	for _, answer := range []bot.Answer{{}, {Title: "x"}, a} {
		m := renderAnswer(answer)
		data, err := json.Marshal(m.blocks)
		if err != nil {
			t.Fatal(err)
		}
		var blocks []any
		if err := json.Unmarshal(data, &blocks); err != nil {
			t.Fatal(err)
		}
		k := &kit{limits: readLimits(t)}
		k.message(blocks)
		k.unique(blocks)
		if len(k.faults) > 0 {
			t.Error(k.faults)
		}
		if strings.Contains(m.text, "<!") || strings.Contains(string(data), "mrkdwn") {
			t.Errorf("text from outside may be mark-up: %s", m.text)
		}
	}
}
