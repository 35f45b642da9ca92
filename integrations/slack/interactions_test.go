package slack

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
)

var signedAt = time.Date(2026, 11, 20, 14, 12, 0, 0, time.UTC)

func sign(key secret.Value, at time.Time, body string) http.Header {
	stamp := fmt.Sprint(at.Unix())
	mac := hmac.New(sha256.New, []byte(key.Reveal()))
	_, _ = io.WriteString(mac, "v0:"+stamp+":"+body)
	return http.Header{
		"X-Slack-Request-Timestamp": {stamp}, "X-Slack-Signature": {"v0=" + hex.EncodeToString(mac.Sum(nil))},
		"Content-Type": {"application/x-www-form-urlencoded"},
	}
}

// office decides and acknowledges, and writes down what it did.
type office struct {
	mu      sync.Mutex
	done    []string
	updated []string
	refuse  error
	block   chan struct{}
	form    bot.Form // what commands could be asked for by
}

func (o *office) note(s string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.done = append(o.done, s)
}

func (o *office) Decide(ctx context.Context, approval string, d bot.Decision, by string) (bot.Approval, error) {
	if o.block != nil {
		select {
		case <-o.block:
		case <-ctx.Done():
			return bot.Approval{}, ctx.Err()
		}
	}
	o.note(fmt.Sprint(approval, " ", d, " by ", by))
	if o.refuse != nil {
		return bot.Approval{}, o.refuse
	}
	return bot.Approval{ID: approval, Incident: "inc-1"}, nil
}

func (o *office) Acknowledge(_ context.Context, incident, by string) error {
	o.note(incident + " acknowledged by " + by)
	return o.refuse
}

func (o *office) Judge(_ context.Context, incident string, v bot.Verdict) (bot.Incident, error) {
	o.note(fmt.Sprintf("%s: %s %s by %s via %s", incident, v.Change, v.Word, v.By, v.Via))
	return bot.Incident{}, o.refuse
}

func (o *office) Command(ctx context.Context, text, user string) bot.Answer {
	if o.block != nil {
		select {
		case <-o.block:
		case <-ctx.Done():
		}
	}
	o.note(user + " writes " + text)
	return bot.Answer{Title: "You wrote " + text, Rows: []bot.Row{{Label: "Incident", Text: "inc-1"}}, Link: "https://firebreak.example/incidents/inc-1", Incident: "inc-1", Form: o.form}
}

func (o *office) Update(_ context.Context, incident string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.updated = append(o.updated, incident)
	return nil
}

// desk is a handler with an office behind it, and a Slack that takes answers to presses.
type desk struct {
	*office
	handler  *Handler
	registry *prometheus.Registry
	told     []string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{office: &office{}, registry: prometheus.NewRegistry()}
	c := New(Config{Token: botToken, SigningSecret: signingSecret}, Options{
		Now: func() time.Time { return signedAt.Add(time.Minute) },
		Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			body, _ := io.ReadAll(r.Body)
			if r.Header.Get("Authorization") != "" {
				t.Error("the token is sent to a response URL")
			}
			d.mu.Lock()
			defer d.mu.Unlock()
			d.told = append(d.told, r.URL.String()+" "+string(body))
			w := httptest.NewRecorder()
			_, _ = io.WriteString(w, "ok")
			return w.Result(), nil
		}),
	})
	d.handler = c.Handler(HandlerOptions{Commander: d, Decider: d, Acknowledger: d, Judge: d, Updater: d, Registerer: d.registry})
	t.Cleanup(func() { _ = d.handler.Close(context.Background()) })
	return d
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func (d *desk) send(header http.Header, target, body string) int {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	r.Header = header
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w.Code
}

func pressed(action, value string) string {
	payload, _ := json.Marshal(map[string]any{
		"type": "block_actions", "user": map[string]any{"id": "U1", "name": "alice"},
		"response_url": "https://hooks.slack.com/actions/T1/2/3",
		"actions":      []any{map[string]any{"action_id": action, "value": value, "block_id": "b", "type": "button", "text": 7}},
	})
	return url.Values{"payload": {string(payload)}}.Encode()
}

func (d *desk) press(t *testing.T, action, value string) {
	t.Helper()
	body := pressed(action, value)
	if code := d.send(sign(signingSecret, signedAt, body), "/slack/interactions", body); code != http.StatusOK {
		t.Fatalf("answered %d", code)
	}
	if err := d.handler.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestButtonsReachThoseWhoDecide(t *testing.T) {
	for _, tt := range []struct{ action, value, want, updated string }{
		{actionApprove, "apr-1", "apr-1 approved by U1", "inc-1"},
		{actionDeny, "apr-1", "apr-1 denied by U1", "inc-1"},
		{actionAcknowledge, "inc-7", "inc-7 acknowledged by U1", "inc-7"},
		{actionConfirm, "inc-7 github:acme/a#482", "inc-7: github:acme/a#482 confirmed by U1 via slack", "inc-7"},
		{actionClear, "inc-7 script:what a name", "inc-7: script:what a name cleared by U1 via slack", "inc-7"},
	} {
		d := newDesk(t)
		d.press(t, tt.action, tt.value)
		if diff := cmp.Diff([][]string{{tt.want}, {tt.updated}, nil}, [][]string{d.done, d.updated, d.told}); diff != "" {
			t.Errorf("%s: %s", tt.action, diff)
		}
	}
	d := newDesk(t)
	d.press(t, actionOpen, "inc-1")
	if len(d.done) > 0 {
		t.Errorf("opening a page did %v", d.done)
	}
}

func TestARefusalIsToldToTheOneWhoPressed(t *testing.T) {
	d := newDesk(t)
	d.refuse = bot.Errorf(bot.Forbidden, "only team-support <ai> may decide this").Because(fmt.Errorf("internal detail"))
	d.press(t, actionApprove, "apr-1")
	want := []string{`https://hooks.slack.com/actions/T1/2/3 {"replace_original":false,"response_type":"ephemeral",` +
		`"text":"only team-support \u0026lt;ai\u0026gt; may decide this"}`}
	if diff := cmp.Diff(want, d.told); diff != "" {
		t.Error(diff)
	}
	if n := testutil.ToFloat64(d.handler.presses.WithLabelValues("refused")); n != 1 {
		t.Errorf("%v refusals counted", n)
	}
}

func TestAnswersGoToSlackAndNowhereElse(t *testing.T) {
	slackCom := &Handler{responseHost: responseHosts("https://slack.com/api/")}
	gov := &Handler{responseHost: responseHosts("https://slack-gov.com/api/")}
	local := &Handler{responseHost: responseHosts("http://127.0.0.1:9999/api/")}
	for _, tt := range []struct {
		h    *Handler
		to   string
		want bool
	}{
		{slackCom, "https://hooks.slack.com/actions/T/1/2", true},
		{slackCom, "https://slack.com/x", true},
		{slackCom, "http://hooks.slack.com/actions", false},
		{slackCom, "https://hooks.slack.com.evil.example/", false},
		{slackCom, "https://user@hooks.slack.com/", false},
		{slackCom, "https://169.254.169.254/latest", false},
		{slackCom, "", false},
		{gov, "https://hooks.slack-gov.com/x", true},
		{gov, "https://hooks.slack.com/x", false},
		{local, "http://127.0.0.1:9999/response/1", true},
		{local, "http://127.0.0.1:9998/response/1", false},
	} {
		if got := tt.h.mayAnswer(tt.to); got != tt.want {
			t.Errorf("%s with %v: %v", tt.to, tt.h.responseHost, got)
		}
	}
}

func TestOnlyWhatSlackSignedIsHeard(t *testing.T) {
	body := pressed(actionApprove, "apr-1")
	now := signedAt.Add(time.Minute)
	tampered := strings.Replace(body, "apr-1", "apr-2", 1)
	for _, tt := range []struct {
		name   string
		header http.Header
		target string
		body   string
		want   int
	}{
		{"an unsigned press", http.Header{}, "/", body, 401},
		{"a press signed with another secret", sign(secret.New("other"), signedAt, body), "/", body, 401},
		{"a tampered body", sign(signingSecret, signedAt, body), "/", tampered, 401},
		{"a press of long ago", sign(signingSecret, now.Add(-5*time.Minute-time.Second), body), "/", body, 401},
		{"a press of the future", sign(signingSecret, now.Add(5*time.Minute+time.Second), body), "/", body, 401},
		{"a signature without its version", http.Header{
			"X-Slack-Request-Timestamp": {fmt.Sprint(signedAt.Unix())},
			"X-Slack-Signature":         {strings.TrimPrefix(sign(signingSecret, signedAt, body).Get("X-Slack-Signature"), "v0=")},
		}, "/", body, 401},
		{"a payload smuggled in the query", sign(signingSecret, signedAt, "x=1"), "/?" + body, "x=1", 400},
		{"a signed body that is no form", sign(signingSecret, signedAt, "payload=%zz"), "/", "payload=%zz", 400},
		{"a body that is too large", sign(signingSecret, signedAt, strings.Repeat("x", maxInteraction+1)), "/", strings.Repeat("x", maxInteraction+1), 413},
		{"Slack's own certificate check", sign(signingSecret, signedAt, "ssl_check=1"), "/", "ssl_check=1", 200},
		{"a press at the edge of the window", sign(signingSecret, now.Add(-5*time.Minute), "ssl_check=1"), "/", "ssl_check=1", 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t)
			if got := d.send(tt.header, tt.target, tt.body); got != tt.want {
				t.Errorf("answered %d, want %d", got, tt.want)
			}
			_ = d.handler.Close(t.Context())
			if len(d.done) > 0 {
				t.Errorf("it did %v", d.done)
			}
		})
	}
	t.Run("a replay", func(t *testing.T) {
		d := newDesk(t)
		header := sign(signingSecret, signedAt, body)
		if first, second := d.send(header, "/", body), d.send(header, "/", body); first != 200 || second != 409 {
			t.Errorf("answered %d and %d", first, second)
		}
		header.Set("X-Slack-Signature", strings.ToUpper(header.Get("X-Slack-Signature")))
		if d.send(header, "/", body) == 200 {
			t.Error("a replay with another spelling of the signature is heard")
		}
		_ = d.handler.Close(t.Context())
		if len(d.done) != 1 {
			t.Errorf("it did %v", d.done)
		}
	})
	t.Run("nothing but POST", func(t *testing.T) {
		w := httptest.NewRecorder()
		newDesk(t).handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		if w.Code != http.StatusMethodNotAllowed {
			t.Error(w.Code)
		}
	})
}

func TestAnAnswerDoesNotWaitForTheDecision(t *testing.T) {
	d := newDesk(t)
	d.block = make(chan struct{})
	for i := range maxWorking + 1 {
		body := pressed(actionApprove, fmt.Sprint("apr-", i))
		want := http.StatusOK
		if i == maxWorking {
			want = http.StatusServiceUnavailable // it is bounded, and says so
		}
		if code := d.send(sign(signingSecret, signedAt, body), "/", body); code != want {
			t.Fatalf("press %d is answered %d, want %d", i, code, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.handler.Close(ctx); err == nil {
		t.Error("closing says nothing of what it broke off")
	}
	body := pressed(actionApprove, "apr-late")
	if code := d.send(sign(signingSecret, signedAt, body), "/", body); code != http.StatusServiceUnavailable {
		t.Errorf("after closing a press is answered %d", code)
	}
}

func TestSlacksPublishedSignatureIsUnderstood(t *testing.T) {
	var vectors []struct {
		Scheme, Secret, Body string
		Headers              map[string]string
	}
	if err := json.Unmarshal(integrationstest.Read(t, "contracts", "signatures", "vectors.json"), &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		if v.Scheme != "slack-v0" {
			continue
		}
		header := http.Header{}
		for name, value := range v.Headers {
			header.Set(name, value)
		}
		p := proof{secret: secret.New(v.Secret), seen: map[string]time.Time{}}
		if err := p.check(header, []byte(v.Body), time.Unix(1531420618, 0)); err != nil {
			t.Error(err)
		}
		if err := p.check(header, []byte(v.Body), time.Unix(1531420618+301, 0)); err == nil {
			t.Error("a signature of 2018 is taken today")
		}
		return
	}
	t.Fatal("no vector of Slack's")
}

func TestSlacksOwnSampleIsRead(t *testing.T) {
	sample := integrationstest.Read(t, "contracts", "slack", "app-backend-samples", "BlockActionPayload.json")
	i, err := parseInteraction([]byte(url.Values{"payload": {string(sample)}}.Encode()))
	if err != nil || i.Type != "block_actions" || len(i.Actions) != 0 { // the sample has no user
		t.Errorf("%+v, %v", i, err)
	}
}

func TestForgottenSignaturesMakeRoom(t *testing.T) {
	p := proof{secret: signingSecret, seen: map[string]time.Time{}}
	for i := range maxSeen {
		if err := p.first(fmt.Sprint(i), signedAt); err != nil {
			t.Fatal(i, err)
		}
	}
	if err := p.first("one more", signedAt); err == nil {
		t.Error("signatures are kept without bound")
	}
	if err := p.first("later", signedAt.Add(11*time.Minute)); err != nil || len(p.seen) != 1 {
		t.Errorf("%v, %d kept", err, len(p.seen))
	}
}

func FuzzInteraction(f *testing.F) {
	f.Add(pressed(actionApprove, "apr-1"))
	f.Add("payload=%7B%7D")
	f.Add("payload=null&payload=1")
	f.Add("ssl_check=1")
	f.Add(`payload={"type":"block_actions","user":{"id":"U"},"actions":[{"value":1},null,7]}`)
	f.Fuzz(func(t *testing.T, body string) {
		i, err := parseInteraction([]byte(body))
		if err != nil && len(i.Actions) > 0 {
			t.Error("a refused body has actions")
		}
		if len(i.Actions) > maxPressed || (len(i.Actions) > 0 && i.User.ID == "") {
			t.Errorf("%+v", i)
		}
		d := newDesk(t)
		if code := d.send(http.Header{"X-Slack-Signature": {"v0=" + body}, "X-Slack-Request-Timestamp": {body}}, "/", body); code < 400 {
			t.Errorf("an unproven body is answered %d", code)
		}
	})
}
