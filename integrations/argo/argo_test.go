package argo_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/argo"
	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
)

var (
	noon  = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	token = secret.New("a-token-that-nobody-guesses")
)

func receiver() *argo.Receiver {
	return argo.New(argo.Config{Token: token}, func() time.Time { return noon })
}

func bearer(t string) http.Header {
	return http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + t}}
}

func told(t *testing.T, body string) bot.Told {
	t.Helper()
	d, err := receiver().Receive(bearer(token.Reveal()), []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	out, err := receiver().Tell(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const synced = `{"kind": "application", "name": "support", "namespace": "argocd", "environment": "production", "repository": "https://github.com/acme/assistants.git",
	"revision": "4f2a", "phase": "Succeeded", "started_at": "2026-11-20T11:57:00Z", "finished_at": "2026-11-20T11:58:00Z", "url": "https://argocd.example.com/applications/support"}`

func TestASyncIsADeploymentOfItsRevision(t *testing.T) {
	got := told(t, strings.Replace(synced, `"phase"`, `"inputs": {"model:chat": "gpt-5", "team": "x"}, "phase"`, 1))
	want := bot.Deployment{
		Source: "argo", Repository: "acme/assistants", Revision: "4f2a", Environment: "production", At: noon.Add(-2 * time.Minute),
		Succeeded: true, URL: "https://argocd.example.com/applications/support",
		Inputs: []bot.Input{{Kind: bot.Model, Name: "chat", New: "gpt-5"}},
	}
	if len(got.Deployments) != 1 || !reflect.DeepEqual(got.Deployments[0], want) || len(got.Changes) != 0 {
		t.Errorf("%+v", got)
	}
	if failed := told(t, strings.Replace(synced, "Succeeded", "Failed", 1)); failed.Deployments[0].Succeeded {
		t.Error("a failed sync took effect")
	}
}

func TestASyncOfAChartIsAChange(t *testing.T) {
	got := told(t, strings.Replace(synced, `"revision": "4f2a"`, `"chart": "vllm", "revision": "0.9.1", "change_kind": "model"`, 1))
	if len(got.Changes) != 1 {
		t.Fatalf("%+v", got)
	}
	c := got.Changes[0]
	if c.ID != "argo:application/argocd/support/0.9.1" || c.Kind != bot.Model || c.Title != "application support synced to vllm 0.9.1" || c.Services[0] != "support" {
		t.Errorf("%+v", c)
	}
}

func TestARolloutIsOneChangeWhoseExposureGrows(t *testing.T) {
	step := func(rest string) bot.Change {
		return told(t, `{"kind": "rollout", "name": "support", "namespace": "prod", "hash": "6d5f", "images": ["acme/support:v12"]`+rest+`}`).Changes[0]
	}
	begun, twenty, done := step(`, "trigger": "updated"`), step(`, "trigger": "step", "weight": 20`), step(`, "trigger": "completed", "phase": "Healthy"`)
	if begun.ID != "argo:rollout/prod/support/6d5f" || twenty.ID != begun.ID || done.ID != begun.ID {
		t.Errorf("%s, %s, %s", begun.ID, twenty.ID, done.ID)
	}
	if !begun.EffectiveAt.Equal(noon) || !twenty.EffectiveAt.IsZero() || twenty.Exposure != .2 || done.Exposure != 1 {
		t.Errorf("%+v\n%+v\n%+v", begun, twenty, done)
	}
	if pinned := step(`, "trigger": "updated", "inputs": {"model:chat": "gpt-5"}`); len(pinned.Inputs) != 1 {
		t.Errorf("%+v", pinned)
	}
	aborted := step(`, "aborted": true, "message": "analysis failed", "inputs": {"model:chat": "gpt-5"}`)
	if len(aborted.Inputs) > 0 || aborted.Reverts != begun.ID || aborted.ID == begun.ID || aborted.Title != "rollout support aborted: analysis failed" {
		t.Errorf("%+v", aborted)
	}
}

func TestOddNotifications(t *testing.T) {
	if out := told(t, `{"kind": "workflow", "name": "x"}`); out.Unused == "" {
		t.Errorf("%+v", out)
	}
	if out := told(t, `{"kind": "application", "name": "x", "started_at": "soon"}`); out.Unused == "" {
		t.Errorf("%+v", out)
	}
	for name, body := range map[string]string{"no JSON": "hello", "no name": `{"kind": "rollout"}`, "no hash": `{"kind": "rollout", "name": "x"}`} {
		d, err := receiver().Receive(bearer(token.Reveal()), []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if out, err := receiver().Tell(t.Context(), d); bot.CodeOf(err) != bot.Invalid {
			t.Errorf("%s told %+v, %v", name, out, err)
		}
	}
	for name, header := range map[string]http.Header{"no token": {"Content-Type": {"application/json"}}, "a wrong token": bearer("wrong")} {
		if _, err := receiver().Receive(header, []byte(synced)); bot.CodeOf(err) != bot.Unauthorized {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := receiver().Receive(http.Header{"Authorization": bearer(token.Reveal())["Authorization"]}, []byte(synced)); bot.CodeOf(err) != bot.Invalid {
		t.Errorf("without a content type: %v", err)
	}
}

func TestRepositoriesOfAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"https://github.com/acme/assistants.git":     "acme/assistants",
		"https://github.com/acme/assistants":         "acme/assistants",
		"git@github.com:acme/assistants.git":         "acme/assistants",
		"ssh://git@github.com/acme/assistants.git":   "acme/assistants",
		"https://gitlab.example.com/a/b/c.git":       "",
		"https://charts.example.com":                 "",
		"oci://registry.example.com/acme/assistants": "",
		"": "",
	} {
		if got := argo.Repository(address); got != want {
			t.Errorf("%s is %q, want %q", address, got, want)
		}
	}
}

func TestSecretsAreMasked(t *testing.T) {
	integrationstest.Exam(t, integrationstest.Subject{
		Config: argo.Config{Token: token}, Secrets: []secret.Value{token},
		New: func(*testing.T, integrationstest.Env) []integrationstest.Op { return nil }, // it sends nothing
	})
}

func FuzzTell(f *testing.F) {
	f.Add([]byte(synced))
	f.Add([]byte(`{"kind": "rollout", "name": "x", "hash": "y", "weight": 1e300}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		out, _ := receiver().Tell(t.Context(), bot.Delivery{Body: body, ReceivedAt: noon})
		for _, c := range out.Changes {
			if c.ID == "" || c.Title == "" || c.Exposure < 0 || c.Exposure > 1 {
				t.Errorf("%+v", c)
			}
		}
	})
}
