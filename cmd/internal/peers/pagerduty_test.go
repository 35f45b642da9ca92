package peers_test

import (
	"encoding/json"
	"encoding/pem"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/pagerdutyfake"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
)

const (
	routingKey = "0123456789abcdef0123456789abcdef"
	restToken  = "y_NbAkKc66ryYTWUXYEu"
)

// answered is what PagerDuty's client makes of an answer.
type answered struct {
	Status int
	Data   json.RawMessage
	More   bool
}

// event is what the Events API answers.
type event struct {
	Status   string
	Message  string
	DedupKey string `json:"dedup_key"`
	Errors   []string
}

// newPager is our PagerDuty behind TLS, since its client knows no other way, and the client.
func newPager(t *testing.T) (*pagerdutyfake.Pager, *peer) {
	t.Helper()
	pager := pagerdutyfake.New(pagerdutyfake.Config{
		RoutingKeys: []string{routingKey}, Now: time.Now, Token: restToken,
		Services: map[string]pagerdutyfake.Service{routingKey: {ID: "PSUPPORT", Name: "Support AI", Policy: "PPOLICY", OnCall: []string{"ANA", "LENA"}}},
	})
	server := httptest.NewTLSServer(pager)
	t.Cleanup(server.Close)
	authority := filepath.Join(t.TempDir(), "authority.pem")
	write(t, authority, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	given := map[string]any{"server": strings.TrimPrefix(server.URL, "https://"), "token": restToken}
	return pager, start(t, "pagerduty.mjs", given, "NODE_EXTRA_CA_CERTS="+authority)
}

// TestPagerDutysClientPages has PagerDuty's own client tell our stand-in of events: the life of an alert, changes, and what is refused.
func TestPagerDutysClientPages(t *testing.T) {
	pager, client := newPager(t)
	tell := func(t *testing.T, call string, args map[string]any, status int) (e event) {
		t.Helper()
		var a answered
		client.ask(t, call, args, &a)
		read(t, a.Data, &e)
		if a.Status != status {
			t.Errorf("%s: %d %s, want %d", call, a.Status, a.Data, status)
		}
		return e
	}
	of := func(key string) map[string]any {
		e := map[string]any{"routing_key": routingKey, "payload": map[string]any{
			"summary": "refusals at 7 %", "source": "support-assistant", "severity": "critical", "component": "assistant", "custom_details": map[string]any{"since": "14:02"},
		}, "client": "Firebreak", "client_url": "https://firebreak.example/i/1", "links": []any{map[string]any{"href": "https://firebreak.example/i/1", "text": "the incident"}}}
		if key != "" {
			e["dedup_key"] = key
		}
		return e
	}
	t.Run("trigger, again, acknowledge, resolve, and anew", func(t *testing.T) {
		if e := tell(t, "trigger", of("inc-1"), 202); e.Status != "success" || e.DedupKey != "inc-1" {
			t.Errorf("%+v", e)
		}
		tell(t, "trigger", of("inc-1"), 202)
		tell(t, "acknowledge", map[string]any{"routing_key": routingKey, "dedup_key": "inc-1"}, 202)
		if all := pager.Alerts(); len(all) != 1 || all[0].State != pagerdutyfake.Acknowledged || all[0].Triggers != 2 || all[0].Summary != "refusals at 7 %" {
			t.Errorf("%+v", all)
		}
		tell(t, "resolve", map[string]any{"routing_key": routingKey, "dedup_key": "inc-1"}, 202)
		tell(t, "trigger", of("inc-1"), 202)
		if all := pager.Alerts(); len(all) != 2 || all[0].State != pagerdutyfake.Resolved || all[1].State != pagerdutyfake.Triggered {
			t.Errorf("%+v", all)
		}
	})
	t.Run("without a key one is made", func(t *testing.T) {
		if e := tell(t, "trigger", of(""), 202); e.DedupKey == "" {
			t.Errorf("%+v", e)
		}
	})
	t.Run("a change", func(t *testing.T) {
		tell(t, "change", map[string]any{"routing_key": routingKey, "payload": map[string]any{
			"summary": "a stricter prompt", "source": "acme/assistants", "timestamp": "2026-11-20T14:00:00Z", "custom_details": map[string]any{"kind": "prompt"},
		}, "links": []any{map[string]any{"href": "https://github.com/acme/assistants/pull/1", "text": "#1"}}}, 202)
		if all := pager.Changes(); len(all) != 1 || all[0].Summary != "a stricter prompt" || len(all[0].Links) != 1 {
			t.Errorf("%+v", all)
		}
	})
	if odd := pager.Unexpected(); len(odd) > 0 {
		t.Errorf("PagerDuty's own client did what our stand-in takes for a fault: %q", odd)
	}
	t.Run("what is invalid is refused with PagerDuty's words", func(t *testing.T) {
		bad := of("inc-2")
		bad["payload"] = map[string]any{"summary": "x", "source": "y", "severity": "awful"}
		if e := tell(t, "trigger", bad, 400); e.Status != "invalid event" || len(e.Errors) != 1 || !strings.Contains(e.Errors[0], "severity") {
			t.Errorf("%+v", e)
		}
		other := of("inc-2")
		other["routing_key"] = "none"
		tell(t, "trigger", other, 400)
		tell(t, "acknowledge", map[string]any{"routing_key": routingKey}, 400)
	})
	t.Run("a limit is waited out", func(t *testing.T) {
		pager.Set(wire.Fault{Mode: wire.Limited, RetryAfter: 1, Calls: 2})
		tell(t, "trigger", of("inc-3"), 202)
		if _, faulty := pager.Calls(); faulty != 2 {
			t.Errorf("%d limits were met", faulty)
		}
	})
}

// TestPagerDutysClientReadsIncidents has PagerDuty's own client read and write what the bot reads and writes over the REST API.
func TestPagerDutysClientReadsIncidents(t *testing.T) {
	pager, client := newPager(t)
	raised := pager.Raise(routingKey, "refusals at 7 %", "inc-1")
	ask := func(t *testing.T, call, endpoint string, data, into any) answered {
		t.Helper()
		var a answered
		client.ask(t, call, map[string]any{"endpoint": endpoint, "data": data}, &a)
		if a.Status >= 300 {
			t.Fatalf("%s %s: %d %s", call, endpoint, a.Status, a.Data)
		}
		read(t, a.Data, into)
		return a
	}
	t.Run("the incident, found by its key, with its alerts", func(t *testing.T) {
		var list struct {
			Incidents []struct {
				ID, Status, Title string
				Key               string `json:"incident_key"`
				Service           struct{ ID string }
			}
		}
		a := ask(t, "get", "/incidents", map[string]any{"incident_key": "inc-1"}, &list)
		if len(list.Incidents) != 1 || list.Incidents[0].ID != raised.ID || list.Incidents[0].Status != "triggered" || list.Incidents[0].Service.ID != "PSUPPORT" || a.More {
			t.Errorf("%+v, more: %v", list, a.More)
		}
		ask(t, "get", "/incidents/"+raised.ID, nil, nil)
		var alerts struct {
			Alerts []struct {
				Key string `json:"alert_key"`
			}
		}
		ask(t, "get", "/incidents/"+raised.ID+"/alerts", nil, &alerts)
		if len(alerts.Alerts) != 1 || alerts.Alerts[0].Key != "inc-1" {
			t.Errorf("%+v", alerts)
		}
	})
	t.Run("every page of a list", func(t *testing.T) {
		var a answered
		client.ask(t, "all", map[string]any{"endpoint": "/incidents"}, &a)
		var pages []struct{ Incidents []struct{ ID string } }
		read(t, a.Data, &pages)
		if len(pages) != 1 || len(pages[0].Incidents) != 1 {
			t.Errorf("%s", a.Data)
		}
	})
	t.Run("a note is written and read", func(t *testing.T) {
		ask(t, "post", "/incidents/"+raised.ID+"/notes", map[string]any{"note": map[string]any{"content": "suspect: #482"}}, nil)
		var notes struct{ Notes []struct{ Content string } }
		ask(t, "get", "/incidents/"+raised.ID+"/notes", nil, &notes)
		if len(notes.Notes) != 1 || notes.Notes[0].Content != "suspect: #482" {
			t.Errorf("%+v", notes)
		}
	})
	t.Run("who is on call, and the services", func(t *testing.T) {
		var on struct {
			OnCalls []struct {
				Level int `json:"escalation_level"`
				User  struct{ ID string }
			}
		}
		ask(t, "get", "/oncalls", map[string]any{"escalation_policy_ids[]": []string{"PPOLICY"}}, &on)
		if len(on.OnCalls) != 2 || on.OnCalls[0].User.ID != "PUANA" || on.OnCalls[1].Level != 2 {
			t.Errorf("%+v", on)
		}
		var services struct{ Services []struct{ ID string } }
		ask(t, "get", "/services", map[string]any{"query": "support"}, &services)
		if len(services.Services) != 1 || services.Services[0].ID != "PSUPPORT" {
			t.Errorf("%+v", services)
		}
	})
	t.Run("the next level is asked", func(t *testing.T) {
		ask(t, "put", "/incidents/"+raised.ID, map[string]any{"incident": map[string]any{"type": "incident_reference", "escalation_level": 2}}, nil)
		if now := pager.Incidents(); len(now) != 1 || !slices.Equal(now[0].Assigned, []string{"LENA"}) {
			t.Errorf("%+v", now)
		}
	})
	if odd := pager.Unexpected(); len(odd) > 0 {
		t.Errorf("PagerDuty's own client did what our stand-in takes for a fault: %q", odd)
	}
	t.Run("what is not there is refused with PagerDuty's words", func(t *testing.T) {
		var a answered
		client.ask(t, "get", map[string]any{"endpoint": "/incidents/PNONE"}, &a)
		var said struct {
			Error struct {
				Code    int
				Message string
			}
		}
		read(t, a.Data, &said)
		if a.Status != 404 || said.Error.Code != 2100 || said.Error.Message != "Not Found" {
			t.Errorf("%d %s", a.Status, a.Data)
		}
	})
}
