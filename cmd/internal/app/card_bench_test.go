package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/assistant"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/promapi"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
)

// BenchmarkOpenedToCard measures how long it takes from an incident's opening to a card with its suspects and its chart: the whole bot on SQLite
// with two hours of history, eight changes of the service a quarter of an hour apart, one channel for each incident, stand-ins for Slack and
// Prometheus on loopback.
//
//	go test ./cmd/internal/app -run '^$' -bench OpenedToCard -benchtime 60x
func BenchmarkOpenedToCard(b *testing.B) {
	var text strings.Builder
	text.WriteString("services:\n")
	channels := make([]string, b.N)
	for i := range b.N {
		channels[i] = fmt.Sprintf("c-%d", i)
		fmt.Fprintf(&text, "- {name: service-%d, match: {service_name: service-%[1]d}, slack: \"#c-%[1]d\"}\n", i)
	}
	var workspace *slackfake.Workspace
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { workspace.ServeHTTP(w, r) }))
	b.Cleanup(server.Close)
	workspace = slackfake.New(slackfake.Config{Base: server.URL, Token: "xoxb-sandbox", SigningSecret: "signing", Channels: channels, Now: time.Now})
	prom := counting(b, b.N)
	fmt.Fprintf(&text, "signals: {use: [otel-genai]}\nwatch: {history: 3h}\nprometheus: {url: %q}\n", prom)
	fmt.Fprintf(&text, "slack: {token: \"${env:TOKEN}\", signing_secret: \"${env:SIGNING}\", api_url: %q}\n", server.URL+"/api/")
	dir := b.TempDir()
	const playbook = "name: tell\ndoc: Show it.\non: {incident: [opened]}\nsteps:\n- {id: tell, action: slack.post, with: {card: incident}}\n"
	if err := os.WriteFile(filepath.Join(dir, "tell.yaml"), []byte(playbook), 0o600); err != nil {
		b.Fatal(err)
	}
	fmt.Fprintf(&text, "playbooks: {files: [tell.yaml]}\nserver: {listen: \"127.0.0.1:0\"}\nstore: {url: %q}\n", "sqlite:"+filepath.Join(dir, "firebreak.db"))
	var config Config
	env := configs.MapEnv(map[string]string{"TOKEN": "xoxb-sandbox", "SIGNING": "signing"})
	if faults := config.read("firebreak.yaml", []byte(text.String()), dir, env); len(faults) > 0 {
		b.Fatalf("%+v", faults)
	}
	a := execute(b, config, Options{})
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	until(b, 2*time.Minute, func() string {
		if a.watch.Status().CaughtUp {
			return ""
		}
		return "the history is not read"
	})
	took := make([]time.Duration, 0, b.N)
	for i := range b.N {
		b.StopTimer()
		for n := range 8 {
			at := time.Now().Add(-time.Duration(3+15*n) * time.Minute)
			c := bot.Change{
				ID: fmt.Sprintf("x:%d-%d", i, n), Title: fmt.Sprintf("change %d, case %d;", n, i), Kind: bot.Prompt, Services: []string{fmt.Sprintf("service-%d", i)},
				MergedAt: at, EffectiveAt: at, Seen: at,
			}
			if err := a.engine.Record(b.Context(), c); err != nil {
				b.Fatal(err)
			}
		}
		b.StartTimer()
		began := time.Now()
		finding := burns(i, 0, detectors.Firing)
		finding.Signal = "refusal_ratio"
		if err := a.engine.Observe(b.Context(), []detectors.Finding{finding}); err != nil {
			b.Fatal(err)
		}
		for deadline := began.Add(time.Minute); !shows(workspace, fmt.Sprintf("case %d;", i), `"type":"image"`); <-look.C {
			if time.Now().After(deadline) {
				b.Fatalf("no card with suspects and a chart within a minute: %+v", workspace.Messages())
			}
		}
		took = append(took, time.Since(began))
	}
	figure(b, took, "incident opened to card with suspects and chart, %d incidents of eight changes each | at most 1 s | p50 %.0f ms, p99 %.0f ms")
}

// shows tells whether a card has all these words.
func shows(w *slackfake.Workspace, words ...string) bool {
	return slices.ContainsFunc(w.Messages(), func(m slackfake.Message) bool {
		return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(string(m.Blocks), word) })
	})
}

// counting serves a Prometheus that has counted the requests of so many services for two hours, and goes on; it gives its address.
func counting(b *testing.B, services int) string {
	b.Helper()
	const spacing = 15 * time.Second
	store := promapi.NewStore(80*time.Hour, func(time.Duration) time.Duration { return spacing })
	var refs []int
	for i := range services {
		for _, reason := range []string{"stop", "content_filter"} {
			refs = append(refs, store.Declare("gen_ai_client_operation_duration_seconds_count", []assistant.Label{
				{Name: "service_name", Value: fmt.Sprintf("service-%d", i)}, {Name: "gen_ai_response_finish_reasons", Value: reason},
			}))
		}
	}
	var mu sync.Mutex
	next, counted := time.Now().Add(-2*time.Hour).Truncate(spacing), 0.0
	scrape := func() {
		mu.Lock()
		defer mu.Unlock()
		for ; !next.After(time.Now()); next = next.Add(spacing) {
			counted++
			values := make([]assistant.Value, len(refs))
			for i, ref := range refs {
				values[i] = assistant.Value{Ref: ref, Value: counted * float64(150-149*(i%2))} // one in 151 is refused
			}
			store.Record(next, values)
		}
	}
	api := promapi.NewServer(store, time.Now, scrape)
	server := httptest.NewServer(api)
	b.Cleanup(func() { server.Close(); _ = api.Close() })
	return server.URL
}
