package github

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
	"github.com/firebreak-dev/firebreak/playbooks"
)

func dispatchCall(with map[string]any) playbooks.Call {
	return playbooks.Call{Action: "github.dispatch", Key: "k", With: with}
}

func TestAWorkflowIsStarted(t *testing.T) {
	v := newVendor(t)
	h := action(newClient(t, v, nil), "github.dispatch")
	for _, workflow := range []string{"rollback.yaml", "161335"} {
		outcome, err := h.Act(t.Context(), dispatchCall(map[string]any{
			"repository": "acme/assistants", "workflow": workflow, "ref": "main",
			"inputs": map[string]any{"version": int64(481), "dry": false, "why": "refusals"},
		}))
		if err != nil || outcome.Output["url"] != "https://ghe.example/acme/assistants/actions" {
			t.Errorf("%+v, %v", outcome, err)
		}
	}
	inputs := map[string]any{"version": "481", "dry": "false", "why": "refusals"}
	want := []map[string]any{
		{"workflow": "rollback.yaml", "ref": "main", "inputs": inputs}, {"workflow": "161335", "ref": "main", "inputs": inputs},
	}
	if diff := cmp.Diff(want, v.dispatched); diff != "" {
		t.Error(diff)
	}
	many := map[string]any{}
	for i := range 26 {
		many[fmt.Sprint("i", i)] = i
	}
	for name, with := range map[string]map[string]any{
		"a repository that is none":  {"repository": "../x", "workflow": "a.yaml", "ref": "main"},
		"a workflow that is a path":  {"repository": "a/b", "workflow": "../../x", "ref": "main"},
		"no ref":                     {"repository": "a/b", "workflow": "a.yaml"},
		"too many inputs":            {"repository": "a/b", "workflow": "a.yaml", "ref": "main", "inputs": many},
		"inputs that are too long":   {"repository": "a/b", "workflow": "a.yaml", "ref": "main", "inputs": map[string]any{"a": strings.Repeat("x", 65_536)}},
		"inputs that are no mapping": {"repository": "a/b", "workflow": "a.yaml", "ref": "main", "inputs": "x"},
	} {
		if _, err := h.Act(t.Context(), dispatchCall(with)); err == nil {
			t.Errorf("%s is sent", name)
		} else if fate, _ := playbooks.FateOf(err); fate != playbooks.Permanent {
			t.Errorf("%s: %s", name, fate)
		}
	}
}

// quiet are the statuses that merging takes for "not by us", which is told and no failure.
func quiet() map[int]playbooks.Fate {
	fates := map[int]playbooks.Fate{501: "", 505: ""}
	for s := 400; s < 500; s++ {
		fates[s] = ""
	}
	for s, f := range map[int]playbooks.Fate{
		405: playbooks.Permanent, 409: playbooks.Permanent, 408: playbooks.Transient, 425: playbooks.Transient, 429: playbooks.Transient,
	} {
		fates[s] = f
	}
	return fates
}

func TestExam(t *testing.T) {
	empty := func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/pulls") {
			_, _ = w.Write([]byte(`[]`))
			return true
		}
		return false
	}
	opened := func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/graphql") {
			_, _ = w.Write([]byte(`{"data":{"revertPullRequest":{"revertPullRequest":{"number":483,"url":"https://x/483","headRefOid":"b","state":"OPEN"}}}}`))
			return true
		}
		return empty(w, r)
	}
	config := Config{Token: apiToken, WebhookSecret: webhookSecret, AllowMerge: true}
	integrationstest.Exam(t, integrationstest.Subject{
		Config:  config,
		Secrets: []secret.Value{apiToken, webhookSecret},
		New: func(t *testing.T, e integrationstest.Env) []integrationstest.Op {
			t.Helper()
			c := config
			c.URL = e.URL
			client, err := New(c, Options{
				Changes: changes(), Registerer: e.Registerer, Logger: e.Logger, Tracer: e.Tracer,
				Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(client.Close)
			revert := func(ctx context.Context) error {
				_, err := action(client, "github.revert").Act(ctx, revertCall(nil))
				return err
			}
			return []integrationstest.Op{
				{Name: "look for a revert", Repeatable: true, Do: revert},
				{Name: "open a revert", Before: empty, Do: revert},
				{Name: "merge a revert", Before: opened, Do: revert, Fate: quiet()},
				{Name: "dispatch", Bodyless: true, Do: func(ctx context.Context) error {
					_, err := action(client, "github.dispatch").Act(ctx, dispatchCall(map[string]any{
						"repository": "acme/assistants", "workflow": "rollback.yaml", "ref": "main",
					}))
					return err
				}},
			}
		},
	})
}
