package pagerduty_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"go.uber.org/goleak"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
	"github.com/firebreak-dev/firebreak/integrations/pagerduty"
	"github.com/firebreak-dev/firebreak/playbooks"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type cards map[string]bot.Card

func (c cards) Card(_ context.Context, incident string) (bot.Card, error) {
	card, ok := c[incident]
	if !ok {
		return bot.Card{}, bot.Errorf(bot.NotFound, "no incident %s", incident)
	}
	return card, nil
}

func refusals() bot.Card {
	return bot.Card{
		Incident: "inc-1", Service: "support-assistant", Severity: detectors.Page, State: bot.Open,
		Headline: "refusals burn the budget 22 times too fast since 14:02",
		Facts:    []bot.Fact{{Label: "Objective", Value: "useful answers 99 %"}, {Label: "Since", Value: "14:02 UTC (8 minutes)"}},
		Suspects: []bot.Suspect{{
			Change: "github:acme/assistants#482", Kind: bot.Prompt, Title: "Stricter refusals <script>", Author: "alice", Probability: 0.82,
			Reasons: []bot.Reason{
				{Code: "kind", Sentence: "a prompt can do this", Weight: 0.4},
				{Code: "lag", Sentence: "it took effect 4 minutes before", Weight: 2.1},
				{Code: "same", Sentence: "it is this service's own", Weight: 1.3},
			},
		}},
		None:      0.1,
		Doing:     []string{"paged", "asked for approval to revert"},
		Approvals: []bot.Approval{{ID: "apr-1", Question: "Revert acme/assistants#482?"}},
		URL:       "https://firebreak.example/incidents/inc-1",
		Updated:   time.Date(2026, 11, 20, 14, 10, 0, 0, time.UTC),
	}
}

// vendor is an Events API that checks every event against PagerDuty's own description and folds alerts by dedup key.
type vendor struct {
	t      *testing.T
	server *httptest.Server
	router func(*http.Request) error
	events []map[string]any
	// answers are given instead of 202, in order; one that is left over fails the test.
	answers []answer
}

type answer struct {
	status int
	header map[string]string
	body   string
}

func newVendor(t *testing.T, strict bool) *vendor {
	t.Helper()
	v := &vendor{t: t, router: func(*http.Request) error { return nil }}
	if strict {
		v.router = described(t)
	}
	v.server = httptest.NewServer(v)
	t.Cleanup(func() {
		v.server.Close()
		if len(v.answers) > 0 {
			t.Errorf("%d answers were not asked for", len(v.answers))
		}
	})
	return v
}

func described(t *testing.T) func(*http.Request) error {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(integrationstest.Read(t, "contracts", "pagerduty", "events-v2-openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers = openapi3.Servers{{URL: "/v2"}}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return func(r *http.Request) error {
		route, params, err := router.FindRoute(r)
		if err != nil {
			return fmt.Errorf("%s %s: %w", r.Method, r.URL, err)
		}
		return openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
			Request: r, Route: route, PathParams: params,
			Options: &openapi3filter.Options{ExcludeReadOnlyValidations: true, MultiError: true},
		})
	}
}

func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	if err := v.router(r); err != nil {
		v.t.Errorf("PagerDuty's description refuses the request: %v\n%s", err, body)
	}
	if len(body) > 512<<10 {
		v.t.Errorf("an event of %d bytes is larger than the 512 KB that PagerDuty takes", len(body))
	}
	var event map[string]any
	if err := json.Unmarshal(body, &event); err != nil {
		v.t.Error(err)
	}
	v.events = append(v.events, event)
	a := answer{status: 202, body: fmt.Sprintf(`{"status":"success","message":"Event processed","dedup_key":%q}`, event["dedup_key"])}
	if len(v.answers) > 0 {
		a, v.answers = v.answers[0], v.answers[1:]
	}
	w.Header().Set("Content-Type", "application/json")
	for k, val := range a.header {
		w.Header().Set(k, val)
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

func (v *vendor) client(t *testing.T, all cards) map[string]playbooks.Bound {
	t.Helper()
	c := pagerduty.New(pagerduty.Config{
		RoutingKey: routingKey, RoutingKeys: map[string]secret.Value{"support-assistant": supportKey}, EventsURL: v.server.URL,
	}, pagerduty.Options{Cards: all})
	t.Cleanup(c.Close)
	return byName(c.Actions())
}

func byName(actions []playbooks.Bound) map[string]playbooks.Bound {
	out := map[string]playbooks.Bound{}
	for _, a := range actions {
		out[a.Name] = a
	}
	return out
}

func call(action string, with map[string]any) playbooks.Call {
	return playbooks.Call{
		Run: "run-1", Playbook: "prompt-regression", Step: "page", Action: action, Attempt: 1, Key: "run-1/page", With: with,
		Incident: "inc-1", Service: "support-assistant",
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// patched is the description of the REST API as PagerDuty really is, by the known contradictions to its own examples.
func patched(t *testing.T) []byte {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(integrationstest.Read(t, "contracts", "pagerduty", "rest-openapi.trimmed.json"), &doc); err != nil {
		t.Fatal(err)
	}
	components := doc["components"].(map[string]any)
	schemas := components["schemas"].(map[string]any)
	schemas["CustomFieldsEditableFieldValue"] = map[string]any{}
	// A value is described as an object that holds one; its own examples send the bare one. Others point to the readings by their number.
	value := schemas["CustomFieldsFieldValue"].(map[string]any)["properties"].(map[string]any)["value"].(map[string]any)
	readings := value["oneOf"].([]any)
	for i := range readings {
		readings[i] = map[string]any{"not": map[string]any{}}
	}
	readings[0] = map[string]any{}
	// Its own words say that these may be null: of somebody who is always on call, and whom no schedule names.
	onCall := schemas["Oncall"].(map[string]any)["properties"].(map[string]any)
	for _, name := range []string{"start", "end", "schedule"} {
		onCall[name].(map[string]any)["nullable"] = true
	}
	// include[]=users, which it describes, gives whole users, which its answer does not say.
	onCall["user"] = map[string]any{"anyOf": []any{onCall["user"], map[string]any{"$ref": "#/components/schemas/User"}}}
	out, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
