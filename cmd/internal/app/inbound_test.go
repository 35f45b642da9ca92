package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/configs"
)

// listening is a bot without eyes: a ledger, and alerts of somebody else.
const listening = `
services:
  - name: support-assistant
    owner: team-support-ai
    match: {service_name: support-assistant}
server: {listen: "127.0.0.1:0"}
store: {url: "sqlite:%s"}
watch: {interval: 1s}
incidents: {recovered_after: 1s, resolved_after: 1s}
alertmanager: {token: "${env:TOKEN}"}
argo: {token: "${env:TOKEN}"}
events:
  mappings:
    - name: corpus
      sign: token
      secret: ${env:TOKEN}
      when: body.event == "indexed"
      change: {id: "${body.run}", kind: retrieval, title: "corpus ${body.corpus} indexed", services: [support-assistant]}
classify:
  rules: [{paths: ["x/**"], kind: prompt}]
`

// listeningBot is a running bot and its address.
type listeningBot struct {
	t   *testing.T
	url string
}

func listen(t *testing.T) listeningBot {
	t.Helper()
	var config Config
	text := fmt.Sprintf(listening, filepath.Join(t.TempDir(), "firebreak.db"))
	faults := config.read("firebreak.yaml", []byte(text), t.TempDir(), configs.MapEnv(map[string]string{"TOKEN": "a-token-that-nobody-guesses"}))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	a, err := New(t.Context(), config, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return listeningBot{t, "http://" + a.Addr()}
}

// post sends JSON with the token and returns the status.
func (b listeningBot) post(path, body string) int {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer a-token-that-nobody-guesses")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

func (b listeningBot) get(path string) string {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.url+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

// wait asks until the answer holds a text.
func (b listeningBot) wait(path, want string) {
	b.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	late := time.After(time.Minute)
	for got := ""; ; got = b.get(path) {
		if strings.Contains(got, want) {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			b.t.Fatalf("%s never held %s:\n%s", path, want, got)
		}
	}
}

func TestAnAlertOfSomebodyElseIsAnIncidentWithSuspects(t *testing.T) {
	b := listen(t)
	if status := b.post("/webhooks/events/corpus", `{"event": "indexed", "run": 7, "corpus": "faq"}`); status != http.StatusAccepted {
		t.Fatal(status)
	}
	b.wait("/api/v1/changes?service=support-assistant", `"corpus:7"`)

	alert := func(status string, at time.Time) string {
		text, err := json.Marshal(map[string]any{"version": "4", "groupKey": "{}", "status": status, "alerts": []any{map[string]any{
			"status": status, "fingerprint": "f1", "labels": map[string]string{"alertname": "Refusals", "service": "support-assistant", "severity": "critical"},
			"annotations": map[string]string{"summary": "refusals at 7 %"}, "startsAt": at, "endsAt": time.Time{},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	began := time.Now()
	for range 2 { // Alertmanager repeats itself
		if status := b.post("/webhooks/alertmanager", alert("firing", began)); status != http.StatusAccepted {
			t.Fatal(status)
		}
	}
	b.wait("/api/v1/incidents", `"title": "refusals at 7 %"`)
	b.wait("/api/v1/incidents", `"change": "corpus:7"`)
	b.wait("/metrics", `firebreak_webhook_deliveries_total{result="duplicate",source="alertmanager"} 1`)

	// Resolved it goes quiet, and the incident ends although nobody here watches the signal.
	if status := b.post("/webhooks/alertmanager", alert("resolved", began)); status != http.StatusAccepted {
		t.Fatal(status)
	}
	b.wait("/api/v1/incidents", `"state": "resolved"`)
	if n := strings.Count(b.get("/api/v1/incidents"), `"opened_at"`); n != 1 {
		t.Errorf("there are %d incidents", n)
	}
}

func TestWhatIsMadeNothingOfIsCountedAndKept(t *testing.T) {
	b := listen(t)
	b.post("/webhooks/events/corpus", `{"event": "deleted"}`)
	b.post("/webhooks/events/corpus", `{"event": "indexed"}`)
	b.post("/webhooks/argo", `{"kind": "workflow"}`)
	b.wait("/metrics", `firebreak_deliveries_worked_total{result="unused",source="events/corpus"} 1`)
	b.wait("/metrics", `firebreak_deliveries_worked_total{result="undecodable",source="events/corpus"} 1`)
	b.wait("/metrics", `firebreak_deliveries_worked_total{result="unused",source="argo"} 1`)
	if status := b.post("/webhooks/flagger", `{}`); status != http.StatusNotFound {
		t.Errorf("a source that is not configured is answered with %d", status)
	}
}
