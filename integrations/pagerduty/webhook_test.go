package pagerduty_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
	"github.com/firebreak-dev/firebreak/integrations/pagerduty"
)

// memory is what the store remembers.
type memory struct {
	mu    sync.Mutex
	facts map[string][]byte
	err   error
}

func (m *memory) Remember(_ context.Context, space, key string, value []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.facts == nil {
		m.facts = map[string][]byte{}
	}
	m.facts[space+"/"+key] = slices.Clone(value)
	return m.err
}

func (m *memory) Recall(_ context.Context, space, key string) ([]byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, found := m.facts[space+"/"+key]
	return value, found, m.err
}

const vectorSecret = "lDQHScfUeXUKaQRNF+8XIiDKZ7XX3itBAYzwU0TARw8lJqRnkKl2iB1anSb0Z+IK"

var heardAt = time.Date(2026, 11, 20, 14, 10, 0, 0, time.UTC)

func listening(t *testing.T, secrets ...string) *pagerduty.Client {
	t.Helper()
	var all []secret.Value
	for _, s := range secrets {
		all = append(all, secret.New(s))
	}
	c := pagerduty.New(pagerduty.Config{WebhookSecrets: all}, pagerduty.Options{
		Memory: &memory{}, Now: func() time.Time { return heardAt },
		Services: []pagerduty.Service{{Name: "support-assistant", ID: "PF9KMXH"}, {Name: "search", Title: "Search Service"}},
	})
	t.Cleanup(c.Close)
	return c
}

func signed(key string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(body)
	return "v1=" + hex.EncodeToString(mac.Sum(nil))
}

func TestWhoseWebhookItIs(t *testing.T) {
	body := integrationstest.Read(t, "contracts", "pagerduty", "webhooks-v3", "signed-example.body.json")
	const published = "v1=0c0b9495b893a39e70d1fea2fe11fbe0a825f88b9f67846f6cc07dd2bc5476cd"
	c := listening(t, "the-old-one", vectorSecret)
	for _, tt := range []struct {
		name   string
		header []string
		taken  bool
	}{
		{"the published vector", []string{published}, true},
		{"a rotated secret", []string{signed("the-old-one", body)}, true},
		{"one of two", []string{signed("unknown", body) + "," + published}, true},
		{"one of two with a space", []string{signed("unknown", body) + ", " + published}, true},
		{"two headers", []string{signed("unknown", body), published}, true},
		{"beside another version", []string{"v2=00ff, " + published}, true},
		{"somebody else's", []string{signed("unknown", body)}, false},
		{"an empty secret's", []string{signed("", body)}, false},
		{"another version only", []string{strings.Replace(published, "v1", "v0", 1)}, false},
		{"no hexadecimal digits", []string{"v1=zz"}, false},
		{"nothing behind v1", []string{"v1="}, false},
		{"too many to look at", []string{strings.Repeat("v1=00,", 50) + published}, false},
		{"no header", nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := c.Receive(http.Header{"X-Pagerduty-Signature": tt.header}, body)
			if tt.taken && (err != nil || d.ID != "01BWDWL3NYY7LUFPZCC28QUCMK" || d.Event != "incident.priority_updated") {
				t.Errorf("%+v, %v", d, err)
			}
			if !tt.taken && bot.CodeOf(err) != bot.Unauthorized {
				t.Errorf("got %v, want unauthorized", err)
			}
		})
	}
	if _, err := c.Receive(http.Header{"X-Pagerduty-Signature": {published}}, append(body, ' ')); bot.CodeOf(err) != bot.Unauthorized {
		t.Errorf("a changed body: %v", err)
	}
}

func TestWhatIsSignedIsTakenWhateverItIs(t *testing.T) {
	c := listening(t, "s")
	for _, body := range []string{"", "not JSON", "[]", `{"event":null}`, `{"event":{"id":5,"event_type":{}}}`, `{"event":{"event_type":"incident.triggered"}}`} {
		d, err := c.Receive(http.Header{"X-Pagerduty-Signature": {signed("s", []byte(body))}}, []byte(body))
		if err != nil || d.ID == "" || d.Event == "" {
			t.Errorf("%q: %+v %v", body, d, err)
		}
		if told, err := c.Tell(t.Context(), d); err == nil && len(told.Pages) > 0 {
			t.Errorf("%q told %+v", body, told)
		}
	}
}

func readJSON(t *testing.T, into any, elements ...string) {
	t.Helper()
	if err := json.Unmarshal(integrationstest.Read(t, elements...), into); err != nil {
		t.Fatal(err)
	}
}

// envelope is an event with the data of a documented type.
func envelope(t *testing.T, id, kind string, data json.RawMessage) []byte {
	t.Helper()
	body, err := json.Marshal(map[string]any{"event": map[string]any{
		"id": id, "event_type": kind, "resource_type": "incident", "occurred_at": "2026-11-20T14:05:00.250Z",
		"agent": map[string]string{"id": "PLH1HKV", "type": "user_reference", "summary": "Mara"}, "client": nil, "data": data,
	}})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestEveryDocumentedEventIsTaken(t *testing.T) {
	var types []struct {
		Event string `json:"event_type"`
		Data  string `json:"data_type"`
	}
	var shapes map[string]json.RawMessage
	readJSON(t, &types, "contracts", "pagerduty", "webhooks-v3", "event-types.json")
	readJSON(t, &shapes, "contracts", "pagerduty", "webhooks-v3", "event-data-types.json")
	c := listening(t, "s")
	told := map[string]string{}
	for _, kind := range types {
		body := envelope(t, "evt-"+kind.Event, kind.Event, shapes[kind.Data])
		d, err := c.Receive(http.Header{"X-Pagerduty-Signature": {signed("s", body)}}, body)
		if err != nil {
			t.Fatalf("%s: %v", kind.Event, err)
		}
		said, err := c.Tell(t.Context(), d)
		if err != nil {
			t.Errorf("%s: %v", kind.Event, err)
		}
		if strings.Contains(said.Unused, "not known") {
			t.Errorf("%s: %s", kind.Event, said.Unused)
		}
		for _, n := range said.Pages {
			told[kind.Event] = strings.TrimSpace(string(n.Kind) + " " + n.Said)
		}
	}
	want := map[string]string{
		"incident.acknowledged": "acknowledged", "incident.triggered": "triggered", "incident.unacknowledged": "unacknowledged",
		"incident.resolved": "resolved", "incident.reopened": "reopened",
		"incident.reassigned":       "changed reassigned to User 123",
		"incident.escalated":        "changed escalated to User 123",
		"incident.delegated":        "changed handed to the escalation policy Default",
		"incident.priority_updated": "changed priority is now P1",
		"incident.service_updated":  "changed moved to the service API Service",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
	if len(types) < 30 {
		t.Errorf("only %d types", len(types))
	}
}

// data is the documented incident with fields of our own.
func data(t *testing.T, change map[string]any) json.RawMessage {
	t.Helper()
	var shapes map[string]json.RawMessage
	readJSON(t, &shapes, "contracts", "pagerduty", "webhooks-v3", "event-data-types.json")
	var in map[string]any
	if err := json.Unmarshal(shapes["incident"], &in); err != nil {
		t.Fatal(err)
	}
	maps.Copy(in, change)
	out, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func tell(t *testing.T, c *pagerduty.Client, kind string, change map[string]any) bot.Told {
	t.Helper()
	body := envelope(t, "evt-1", kind, data(t, change))
	told, err := c.Tell(t.Context(), bot.Delivery{ID: "evt-1", Source: "pagerduty", Event: kind, Body: body, ReceivedAt: heardAt})
	if err != nil {
		t.Fatal(err)
	}
	return told
}

func TestWhoseIncidentItIs(t *testing.T) {
	c := listening(t, "s")
	said := tell(t, c, "incident.acknowledged", map[string]any{"incident_key": "firebreak/inc-1", "status": "acknowledged"}).Pages
	want := []bot.PageNews{{
		ID: "evt-1", Kind: bot.PageTaken, Pager: "PagerDuty", By: "Mara", Title: "A little bump in the road", Incident: "inc-1", Service: "support-assistant",
		Page: bot.Page{
			ID: "PGR0VU2", Number: 2, URL: "https://acme.pagerduty.com/incidents/PGR0VU2", Status: bot.PageAcknowledged,
			At: time.Date(2026, 11, 20, 14, 5, 0, 250e6, time.UTC), Urgency: "high", Priority: "P1", Assigned: []string{"User 123"},
		},
	}}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}

	// From then on its ID is enough, and after it was merged so is that of the other one.
	if said := tell(t, c, "incident.resolved", map[string]any{
		"incident_key": nil, "status": "resolved",
		"resolve_reason": map[string]any{"type": "merge_resolve_reason", "incident": map[string]string{"id": "PINTO", "summary": "#1 All is down"}},
	}).Pages; len(said) != 1 || said[0].Incident != "inc-1" || said[0].Kind != bot.PageMerged || said[0].Into.ID != "PINTO" || said[0].Said != "merged into #1 All is down" {
		t.Errorf("merged: %+v", said)
	}
	if said := tell(t, c, "incident.acknowledged", map[string]any{"id": "PINTO", "incident_key": "others"}).Pages; len(said) != 1 || said[0].Incident != "inc-1" {
		t.Errorf("of the other one: %+v", said)
	}

	// The escalation is told apart; others' incidents are told by their service, and those of unknown services not at all.
	if said := tell(t, c, "incident.acknowledged", map[string]any{"id": "P2", "incident_key": "firebreak/inc-1/escalation"}).Pages; len(said) != 1 || !said[0].Second {
		t.Errorf("the escalation: %+v", said)
	}
	if said := tell(t, c, "incident.triggered", map[string]any{"id": "P3"}).Pages; len(said) != 1 || said[0].Incident != "" || said[0].Service != "support-assistant" {
		t.Errorf("others: %+v", said)
	}
	byName := map[string]any{"id": "P4", "service": map[string]string{"id": "PXX", "summary": "search service"}}
	if said := tell(t, c, "incident.triggered", byName).Pages; len(said) != 1 || said[0].Service != "search" {
		t.Errorf("by name: %+v", said)
	}
	unknown := tell(t, c, "incident.triggered", map[string]any{"id": "P5", "service": nil})
	if len(unknown.Pages) > 0 || unknown.Unused == "" {
		t.Errorf("unknown: %+v", unknown)
	}
	strange := tell(t, c, "incident.teleported", nil)
	if len(strange.Pages) > 0 || !strings.Contains(strange.Unused, "not known") {
		t.Errorf("strange: %+v", strange)
	}
}

func TestWhatMemoryCannotTellIsToldAgain(t *testing.T) {
	m := &memory{err: context.DeadlineExceeded}
	c := pagerduty.New(pagerduty.Config{WebhookSecrets: []secret.Value{secret.New("s")}}, pagerduty.Options{Memory: m})
	defer c.Close()
	body := envelope(t, "evt-1", "incident.triggered", data(t, nil))
	if _, err := c.Tell(t.Context(), bot.Delivery{ID: "evt-1", Body: body}); bot.CodeOf(err) != bot.Unavailable {
		t.Errorf("got %v, want unavailable: the delivery must wait", err)
	}
}

func FuzzTell(f *testing.F) {
	c := pagerduty.New(pagerduty.Config{WebhookSecrets: []secret.Value{secret.New("s")}}, pagerduty.Options{
		Services: []pagerduty.Service{{Name: "support", ID: "P1"}},
	})
	f.Add(`{"event":{"id":"e","event_type":"incident.triggered","data":{"id":"P","service":{"id":"P1"},"assignees":[null]}}}`)
	f.Add(`{"event":{"event_type":"incident.responder.added","data":{"incident":{"id":1}}}}`)
	f.Fuzz(func(t *testing.T, body string) {
		told, err := c.Tell(context.Background(), bot.Delivery{ID: "e", Body: []byte(body)})
		if err != nil {
			return
		}
		for _, n := range told.Pages {
			if n.Page.ID == "" || len(n.Title) > 2000 || strings.ContainsAny(n.Title+n.Said, "\n\x00") {
				t.Errorf("%+v", n)
			}
		}
	})
}
