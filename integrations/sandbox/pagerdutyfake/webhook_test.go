package pagerdutyfake_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"

	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/pagerdutyfake"
)

// TestWebhooksInventNoField holds what is told of everything that people can do to PagerDuty's own samples.
func TestWebhooksInventNoField(t *testing.T) {
	var told []string
	pager := pagerdutyfake.New(pagerdutyfake.Config{
		RoutingKeys: []string{key}, Now: func() time.Time { return now }, WebhookSecret: "hook",
		Services: map[string]pagerdutyfake.Service{key: {ID: "PF9KMXH", Name: "API", Policy: "PUS0KTE", OnCall: []string{"Mara"}}},
		Deliver:  func(w pagerdutyfake.Webhook) { told = append(told, string(w.Body)) },
	})
	web := httptest.NewServer(pager)
	defer web.Close()
	client := pd.NewClient("", pd.WithV2EventsAPIEndpoint(web.URL))
	for _, dedup := range []string{"inc-1", "inc-2"} {
		if _, err := client.ManageEventWithContext(t.Context(), event("trigger", dedup)); err != nil {
			t.Fatal(err)
		}
	}
	for _, act := range []string{"acknowledge", "unacknowledge", "reassign", "prioritize", "resolve", "reopen", "merge"} {
		object := map[string]string{"reassign": "Jo", "prioritize": "P1", "merge": "inc-2"}[act]
		if err := pager.Do("inc-1", act, "Mara", object); err != nil {
			t.Fatal(err)
		}
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	if len(told) != 9 {
		t.Fatalf("%d events", len(told))
	}
	read := func(data []byte) (out map[string]any) {
		t.Helper()
		if err := json.Unmarshal(data, &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	envelope := read(integrationstest.Read(t, "contracts", "pagerduty", "webhooks-v3", "incident.priority_updated.json"))["event"].(map[string]any)
	types := string(integrationstest.Read(t, "contracts", "pagerduty", "webhooks-v3", "event-types.json"))
	envelope["data"] = read(integrationstest.Read(t, "contracts", "pagerduty", "webhooks-v3", "event-data-types.json"))["incident"]
	known := names("", envelope)
	for _, body := range told {
		e := read([]byte(body))["event"].(map[string]any)
		if !strings.Contains(types, `"`+e["event_type"].(string)+`"`) {
			t.Errorf("no event is called %s", e["event_type"])
		}
		for _, name := range names("", e) {
			// The samples have no merge; why it is resolved is told as the REST API tells it.
			if !slices.Contains(known, name) && !strings.HasPrefix(name, ".data.resolve_reason.") {
				t.Errorf("%s: PagerDuty has never been seen to send %s", e["event_type"], name)
			}
		}
	}
}

// names are the fields of a value, each with its way from the top.
func names(at string, value any) (out []string) {
	switch v := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			out = append(append(out, at+"."+name), names(at+"."+name, v[name])...)
		}
	case []any:
		for _, one := range v {
			out = append(out, names(at+"[]", one)...)
		}
	}
	return out
}
