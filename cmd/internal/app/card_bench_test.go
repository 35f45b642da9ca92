package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
)

// BenchmarkOpenedToCard measures how long it takes from an incident's opening to its suspects on the card: the whole bot on SQLite, eight changes
// of the service a quarter of an hour apart, one channel for each incident, a stand-in for Slack on loopback.
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
	p := &paging{app: a}
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
		p.observe(b, i)
		for deadline := began.Add(time.Minute); !shows(workspace, fmt.Sprintf("case %d;", i)); <-look.C {
			if time.Now().After(deadline) {
				b.Fatalf("no suspects on the card within a minute: %+v", workspace.Messages())
			}
		}
		took = append(took, time.Since(began))
	}
	figure(b, took, "incident opened to suspects on the card, %d incidents of eight changes each | at most 1 s | p50 %.0f ms, p99 %.0f ms")
}

// shows tells whether a card names a change.
func shows(w *slackfake.Workspace, words string) bool {
	for _, m := range w.Messages() {
		if strings.Contains(string(m.Blocks), words) {
			return true
		}
	}
	return false
}
