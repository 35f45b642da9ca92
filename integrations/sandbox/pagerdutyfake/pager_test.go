package pagerdutyfake_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"
	"go.uber.org/goleak"

	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/pagerdutyfake"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire/wiretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const key = "0123456789abcdef0123456789abcdef"

var now = time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)

func newPager(t *testing.T) (*pagerdutyfake.Pager, *pd.Client, *http.Client, string) {
	t.Helper()
	pager := pagerdutyfake.New(pagerdutyfake.Config{RoutingKeys: []string{key}, Now: func() time.Time { return now }})
	web := httptest.NewServer(http.StripPrefix("/pagerduty", pager))
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		web.Close()
	})
	plain := &http.Client{Transport: transport}
	client := pd.NewClient("", pd.WithV2EventsAPIEndpoint(web.URL+"/pagerduty"))
	client.HTTPClient = plain
	return pager, client, plain, web.URL + "/pagerduty"
}

func event(action, dedup string) *pd.V2Event {
	e := &pd.V2Event{RoutingKey: key, Action: action, DedupKey: dedup}
	if action == "trigger" {
		e.Payload = &pd.V2Payload{Summary: "it burns", Source: "firebreak", Severity: "critical"}
	}
	return e
}

func TestTheLifeOfADedupKey(t *testing.T) {
	pager, client, _, _ := newPager(t)
	send := func(action, dedup string) {
		t.Helper()
		if _, err := client.ManageEventWithContext(t.Context(), event(action, dedup)); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		what, action string
		alerts       int
		state        pagerdutyfake.State
		triggers     int
	}{
		{"a trigger opens an alert", "trigger", 1, pagerdutyfake.Triggered, 1},
		{"the same trigger joins it", "trigger", 1, pagerdutyfake.Triggered, 2},
		{"an acknowledge is taken", "acknowledge", 1, pagerdutyfake.Acknowledged, 2},
		{"a trigger while acknowledged joins too", "trigger", 1, pagerdutyfake.Acknowledged, 3},
		{"a resolve closes it", "resolve", 1, pagerdutyfake.Resolved, 3},
		{"a second resolve is dropped", "resolve", 1, pagerdutyfake.Resolved, 3},
		{"a trigger after the resolve opens a new one", "trigger", 2, pagerdutyfake.Triggered, 1},
	} {
		send(step.action, "inc-1")
		alerts := pager.Alerts()
		if len(alerts) != step.alerts {
			t.Fatalf("%s: %d alerts", step.what, len(alerts))
		}
		if last := alerts[len(alerts)-1]; last.State != step.state || last.Triggers != step.triggers {
			t.Errorf("%s: got %s with %d triggers", step.what, last.State, last.Triggers)
		}
	}
	if _, noops := pager.Counts(); noops != 1 {
		t.Errorf("%d events met no open alert, want 1", noops)
	}
	send("acknowledge", "never-opened")
	if len(pager.Alerts()) != 2 {
		t.Error("an acknowledge without an alert opened one")
	}
}

func TestAnEventWithoutADedupKeyGetsOne(t *testing.T) {
	_, client, _, _ := newPager(t)
	got, err := client.ManageEventWithContext(t.Context(), event("trigger", ""))
	if err != nil || len(got.DedupKey) != 32 || got.Status != "success" {
		t.Errorf("%+v %v", got, err)
	}
}

func TestWhatPagerDutyRefuses(t *testing.T) {
	for _, c := range []struct{ name, body, word string }{
		{"another key", `{"routing_key":"x","event_action":"resolve","dedup_key":"a"}`, "routing_key"},
		{"no summary", `{"routing_key":"` + key + `","event_action":"trigger","payload":{"source":"s","severity":"info"}}`, "summary"},
		{"a severity that is none", `{"routing_key":"` + key + `","event_action":"trigger","payload":{"summary":"s","source":"s","severity":"page"}}`, "severity"},
		{"an action that is none", `{"routing_key":"` + key + `","event_action":"open"}`, "event_action"},
		{"a resolve of nothing", `{"routing_key":"` + key + `","event_action":"resolve"}`, "dedup_key"},
		{"a field that nobody documents", `{"routing_key":"` + key + `","event_action":"resolve","dedup_key":"a","colour":"red"}`, "colour"},
		{"no JSON", `it burns`, "body"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pager, _, plain, base := newPager(t)
			resp, err := plain.Post(base+"/v2/enqueue", "application/json", strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != http.StatusBadRequest || len(pager.Alerts()) != 0 {
				t.Errorf("status %d, %d alerts", resp.StatusCode, len(pager.Alerts()))
			}
			if got := strings.Join(pager.Unexpected(), "\n"); !strings.Contains(got, c.word) {
				t.Errorf("remembered %q, want a word of %q", got, c.word)
			}
		})
	}
}

func TestAFaultHasItsVendorsFace(t *testing.T) {
	pager, client, _, _ := newPager(t)
	pager.Set(wire.Fault{Mode: wire.Limited, RetryAfter: 7, Calls: 1})
	_, err := client.ManageEventWithContext(t.Context(), event("trigger", "inc-1"))
	var refused pd.APIError
	if err == nil || (errors.As(err, &refused) && !refused.RateLimited()) {
		t.Errorf("429 gives %v", err)
	}
	pager.Set(wire.Fault{Mode: wire.Lost, Calls: 1})
	if _, err := client.ManageEventWithContext(t.Context(), event("trigger", "inc-1")); err == nil {
		t.Error("an answer that was lost came through")
	}
	if len(pager.Alerts()) != 1 {
		t.Error("the event whose answer was lost took no effect")
	}
	if _, err := client.ManageEventWithContext(t.Context(), event("trigger", "inc-1")); err != nil {
		t.Errorf("after the faults: %v", err)
	}
	if a := pager.Alerts(); len(a) != 1 || a[0].Triggers != 2 {
		t.Errorf("the repeated event should have joined: %+v", a)
	}
}

func TestWhatIsTakenSatisfiesPagerDutysDescription(t *testing.T) {
	description := integrationstest.Read(t, "contracts", "pagerduty", "events-v2-openapi.json")
	pager, client, plain, _ := newPager(t)
	plain.Transport = wiretest.NewJudge(t, description, "/pagerduty/v2", plain.Transport).Answers()
	for _, action := range []string{"trigger", "acknowledge", "resolve"} {
		if _, err := client.ManageEventWithContext(t.Context(), event(action, "inc-1")); err != nil {
			t.Errorf("%s: %v", action, err)
		}
	}
	if got := pager.Unexpected(); len(got) > 0 {
		t.Errorf("what the description allows is unexpected: %v", got)
	}
}
