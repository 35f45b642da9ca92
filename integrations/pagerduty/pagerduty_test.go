package pagerduty_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
	"github.com/firebreak-dev/firebreak/integrations/pagerduty"
	"github.com/firebreak-dev/firebreak/playbooks"
)

var (
	routingKey = secret.New("e93facc04764012d7bfb002500d5d1a6")
	supportKey = secret.New("737ea619db564d41bd9824063e1f6b08")
	apiToken   = secret.New("y_NbAkKc66ryYTWUXYEx")
	hookSecret = secret.New("nVmLHScfUeXUKaQRNF8XIiDKZ7XX3itB")
)

func TestAPageSaysWhatPeopleNeedAtNight(t *testing.T) {
	v := newVendor(t, true)
	outcome, err := v.client(t, cards{"inc-1": refusals()})["pagerduty.page"].Handler.Act(t.Context(), call("pagerduty.page", nil))
	if err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{{
		"routing_key": supportKey.Reveal(), "event_action": "trigger", "dedup_key": "firebreak/inc-1",
		"client": "Firebreak", "client_url": "https://firebreak.example/incidents/inc-1",
		"links": []any{map[string]any{"href": "https://firebreak.example/incidents/inc-1", "text": "Incident inc-1"}},
		"payload": map[string]any{
			"summary":  "support-assistant: refusals burn the budget 22 times too fast since 14:02",
			"source":   "support-assistant",
			"severity": "critical", "component": "support-assistant", "group": "firebreak", "class": "page",
			"timestamp": "2026-11-20T14:10:00Z",
			"custom_details": map[string]any{
				"What":  "refusals burn the budget 22 times too fast since 14:02",
				"Since": "14:02 UTC (8 minutes)",
				"Prime suspect": "82 % Stricter refusals <script> by alice " +
					"(it took effect 4 minutes before; it is this service's own)",
				"What Firebreak does":    "paged; asked for approval to revert",
				"Waiting for a decision": "Revert acme/assistants#482?",
				"Incident page":          "https://firebreak.example/incidents/inc-1",
			},
		},
	}}
	if diff := cmp.Diff(want, v.events); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{"dedup_key": "firebreak/inc-1", "status": "success"}, outcome.Output); diff != "" {
		t.Error(diff)
	}
}

func TestEveryActionSatisfiesPagerDutysDescription(t *testing.T) {
	for _, tt := range []struct {
		name, action string
		with         map[string]any
		keys, verbs  []string
	}{
		{"a page", "pagerduty.page", nil, []string{"firebreak/inc-1"}, []string{"trigger"}},
		{"a page of another severity", "pagerduty.page", map[string]any{"severity": "warning"}, []string{"firebreak/inc-1"}, []string{"trigger"}},
		{
			"resolving takes the escalation back too", "pagerduty.resolve", nil,
			[]string{"firebreak/inc-1", "firebreak/inc-1/escalation"},
			[]string{"resolve", "resolve"},
		},
		{
			"acknowledging", "pagerduty.resolve",
			map[string]any{"as": "acknowledge"},
			[]string{"firebreak/inc-1", "firebreak/inc-1/escalation"},
			[]string{"acknowledge", "acknowledge"},
		},
		{
			"an escalation is an alert of its own", "pagerduty.escalate",
			map[string]any{"reason": "the revert failed"},
			[]string{"firebreak/inc-1/escalation"},
			[]string{"trigger"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := newVendor(t, true)
			if _, err := v.client(t, cards{"inc-1": refusals()})[tt.action].Handler.Act(t.Context(), call(tt.action, tt.with)); err != nil {
				t.Fatal(err)
			}
			var keys, verbs []string
			for _, e := range v.events {
				keys, verbs = append(keys, e["dedup_key"].(string)), append(verbs, e["event_action"].(string))
				if e["routing_key"] != supportKey.Reveal() {
					t.Error("the events of one incident must use one routing key")
				}
			}
			if diff := cmp.Diff([][]string{tt.keys, tt.verbs}, [][]string{keys, verbs}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnEscalationSaysWhy(t *testing.T) {
	for reason, want := range map[string]string{
		"the revert failed": "the revert failed",
		"":                  "nobody decided in time, or a step of the playbook prompt-regression failed",
	} {
		v := newVendor(t, true)
		act := v.client(t, cards{"inc-1": refusals()})["pagerduty.escalate"].Handler
		if _, err := act.Act(t.Context(), call("pagerduty.escalate", map[string]any{"reason": reason})); err != nil {
			t.Fatal(err)
		}
		payload := v.events[0]["payload"].(map[string]any)
		if got := payload["custom_details"].(map[string]any)["Why you are woken again"]; got != want {
			t.Errorf("why: %q, want %q", got, want)
		}
		if payload["severity"] != "critical" || !strings.HasPrefix(payload["summary"].(string), "Escalated: ") {
			t.Errorf("not an escalation: %v", payload)
		}
	}
}

func TestWhatBecomesOfAnEvent(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer answer
		fate   playbooks.Fate
		after  time.Duration
		says   string
	}{
		{
			"an invalid event is never repeated, and PagerDuty's words are kept",
			answer{400, nil, `{"status":"invalid event","message":"Event object is invalid","errors":["Length of 'routing_key' is incorrect"]}`},
			playbooks.Permanent, 0, "invalid event: Event object is invalid: Length of 'routing_key' is incorrect",
		},
		{"too many with a hint", answer{429, map[string]string{"ratelimit-reset": "17"}, `{}`}, playbooks.Transient, 17 * time.Second, "429"},
		{"too many with another hint", answer{429, map[string]string{"Retry-After": "4"}, ``}, playbooks.Transient, 4 * time.Second, "429"},
		{"too many without a hint", answer{429, nil, `{"error":{"message":"Rate Limit Exceeded"}}`}, playbooks.Transient, 0, "Rate Limit Exceeded"},
		{"a server error is repeated, for the dedup key makes it safe", answer{500, nil, `oops`}, playbooks.Transient, 0, "500"},
		{"garbage is repeated too", answer{202, nil, `<html>`}, playbooks.Transient, 0, "unreadable"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := newVendor(t, true)
			v.answers = []answer{tt.answer}
			_, err := v.client(t, cards{"inc-1": refusals()})["pagerduty.page"].Handler.Act(t.Context(), call("pagerduty.page", nil))
			fate, after := playbooks.FateOf(err)
			if err == nil || fate != tt.fate || after != tt.after || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v (%s after %s), want %s after %s with %q", err, fate, after, tt.fate, tt.after, tt.says)
			}
		})
	}
}

func TestVerifyingIsSendingAgain(t *testing.T) {
	v := newVendor(t, true)
	verifier := v.client(t, cards{"inc-1": refusals()})["pagerduty.page"].Handler.(playbooks.Verifier)
	if _, found, err := verifier.Verify(t.Context(), call("pagerduty.page", nil)); !found || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
	v.answers = []answer{{status: 500}}
	if _, found, err := verifier.Verify(t.Context(), call("pagerduty.page", nil)); found || err == nil {
		t.Errorf("a failed look claims found %v, %v", found, err)
	}
}

func TestNothingIsSentOfWhatCannotBeRead(t *testing.T) {
	v := newVendor(t, false)
	actions := v.client(t, cards{})
	_, err := actions["pagerduty.page"].Handler.Act(t.Context(), call("pagerduty.page", nil))
	if fate, _ := playbooks.FateOf(err); fate != playbooks.Permanent || bot.CodeOf(err) != bot.NotFound {
		t.Errorf("an unknown incident: %s %v", fate, err)
	}
	c := pagerduty.New(pagerduty.Config{EventsURL: v.server.URL}, pagerduty.Options{Cards: cards{"inc-1": refusals()}})
	_, err = byName(c.Actions())["pagerduty.page"].Handler.Act(t.Context(), call("pagerduty.page", nil))
	if fate, _ := playbooks.FateOf(err); fate != playbooks.Permanent || !strings.Contains(err.Error(), "no routing key") {
		t.Errorf("a service without a key: %s %v", fate, err)
	}
	if len(v.events) > 0 {
		t.Errorf("%d events were sent", len(v.events))
	}
}

func TestAnyCardMakesAnEventThatPagerDutyTakes(t *testing.T) {
	v := newVendor(t, true)
	rapid.Check(t, func(rt *rapid.T) {
		all := cards{}
		actions := v.client(t, all) // a new one each time, or its rate limit would make the test slow
		card := refusals()
		card.Headline = rapid.StringN(0, 3000, -1).Draw(rt, "headline")
		card.Severity = rapid.SampledFrom([]detectors.Severity{"", detectors.Info, detectors.Ticket, detectors.Page}).Draw(rt, "severity")
		card.Suspects[0].Title = rapid.String().Draw(rt, "title")
		card.Doing = rapid.SliceOfN(rapid.String(), 0, 5).Draw(rt, "doing")
		id := rapid.StringMatching(`[a-z0-9/-]{1,400}`).Draw(rt, "incident")
		all[id] = card
		v.events = nil
		k := call("pagerduty.page", nil)
		k.Incident = id
		if _, err := actions["pagerduty.page"].Handler.Act(context.Background(), k); err != nil {
			rt.Fatal(err)
		}
		e := v.events[0]
		summary := e["payload"].(map[string]any)["summary"].(string)
		if n := utf8.RuneCountInString(summary); n == 0 || n > 1024 || strings.ContainsAny(summary, "\n\r\x00") {
			rt.Fatalf("summary of %d characters: %q", n, summary)
		}
		if n := len(e["dedup_key"].(string)); n > 255 {
			rt.Fatalf("dedup key of %d characters", n)
		}
	})
}

func TestExam(t *testing.T) {
	integrationstest.Exam(t, integrationstest.Subject{
		Config: pagerduty.Config{
			RoutingKey: routingKey, RoutingKeys: map[string]secret.Value{"support-assistant": supportKey}, APIToken: apiToken,
			WebhookSecrets: []secret.Value{hookSecret},
		},
		Secrets: []secret.Value{routingKey, supportKey, apiToken, hookSecret},
		New: func(t *testing.T, e integrationstest.Env) []integrationstest.Op {
			t.Helper()
			c := pagerduty.New(pagerduty.Config{
				RoutingKey: routingKey, RoutingKeys: map[string]secret.Value{"support-assistant": supportKey}, EventsURL: e.URL,
				APIURL: e.URL, APIToken: apiToken, From: "bot@acme.example", WebhookSecrets: []secret.Value{hookSecret},
			}, pagerduty.Options{Cards: cards{"inc-1": refusals()}, Registerer: e.Registerer, Tracer: e.Tracer})
			t.Cleanup(c.Close)
			var ops []integrationstest.Op
			for _, a := range c.Actions() {
				if a.Name == "pagerduty.add_responders" {
					ops = append(ops, helping(a))
					continue
				}
				ops = append(ops, integrationstest.Op{Name: a.Name, Repeatable: true, Do: func(ctx context.Context) error {
					_, err := a.Handler.Act(ctx, call(a.Name, nil))
					return err
				}})
			}
			return ops
		},
	})
}

// helping asks somebody to help; what comes before is answered as PagerDuty does.
func helping(a playbooks.Bound) integrationstest.Op {
	return integrationstest.Op{
		Name: a.Name,
		Do: func(ctx context.Context) error {
			_, err := a.Handler.Act(ctx, call(a.Name, map[string]any{"users": []any{"mara@acme.example"}}))
			return err
		},
		Before: func(w http.ResponseWriter, r *http.Request) bool {
			answer := map[string]string{
				"/incidents": `{"incidents":[{"id":"P1","status":"triggered","created_at":"2026-11-20T14:00:00Z"}]}`,
				"/users":     `{"users":[{"id":"PU","email":"` + r.URL.Query().Get("query") + `"}]}`,
			}[r.URL.Path]
			if r.Method != http.MethodGet || answer == "" {
				return false
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, answer)
			return true
		},
	}
}

func TestConfigTellsAllItsFaults(t *testing.T) {
	r := diag.New()
	pagerduty.Config{
		Region: "uk", EventsURL: "events.pagerduty.com", Timeout: -1, RoutingKeys: map[string]secret.Value{"a": {}},
	}.Check(r.At("pagerduty"))
	var got []string
	for _, f := range r.Faults() {
		got = append(got, f.Path+": "+f.Code)
	}
	want := []string{
		"pagerduty.region: unknown-region", "pagerduty.events_url: bad-url", "pagerduty.timeout: bad-duration",
		"pagerduty.routing_keys.a: missing-secret",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	r = diag.New()
	pagerduty.Config{RoutingKey: routingKey, Region: "eu"}.Check(r)
	if r.Len() != 0 {
		t.Error(r.Faults())
	}
	if u := (pagerduty.Config{Region: "eu"}).WithDefaults().EventsURL; u != "https://events.eu.pagerduty.com" {
		t.Errorf("the EU region is %s", u)
	}
}

func TestATimeoutIsRepeatedUnderTheSameKey(t *testing.T) {
	c := pagerduty.New(pagerduty.Config{RoutingKey: routingKey, EventsURL: "http://pagerduty.example"}, pagerduty.Options{
		Cards: cards{"inc-1": refusals()},
		Transport: transport(func(*http.Request) (*http.Response, error) {
			return nil, &url.Error{Op: "Post", URL: "http://pagerduty.example?k=" + routingKey.Reveal(), Err: context.DeadlineExceeded}
		}),
	})
	_, err := byName(c.Actions())["pagerduty.page"].Handler.Act(t.Context(), call("pagerduty.page", nil))
	if fate, _ := playbooks.FateOf(err); fate != playbooks.Transient || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%s %v", fate, err)
	}
}
