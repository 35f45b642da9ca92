package app

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
)

// chat is a bot that people in Slack write commands to.
type chat struct {
	app       *App
	workspace *slackfake.Workspace
	by        slackfake.User
}

func newChat(b *testing.B) *chat {
	b.Helper()
	c := &chat{by: slackfake.User{ID: "U0OMARAZI", Name: "omar"}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.workspace.ServeHTTP(w, r) }))
	b.Cleanup(server.Close)
	c.workspace = slackfake.New(slackfake.Config{Base: server.URL, Token: "xoxb-sandbox", SigningSecret: "signing", Channels: []string{"incidents"}, Now: time.Now})
	dir := b.TempDir()
	text := fmt.Sprintf(`
services:
- {name: support-assistant, match: {service_name: support-assistant}}
slack: {token: "${env:TOKEN}", signing_secret: "${env:SIGNING}", channel: "#incidents", api_url: %q}
server: {listen: "127.0.0.1:0"}
store: {url: %q}
`, server.URL+"/api/", "sqlite:"+filepath.Join(dir, "firebreak.db"))
	var config Config
	if faults := config.read("firebreak.yaml", []byte(text), dir, configs.MapEnv(map[string]string{"TOKEN": "xoxb-sandbox", "SIGNING": "signing"})); len(faults) > 0 {
		b.Fatalf("%+v", faults)
	}
	c.app = execute(b, config, Options{})
	return c
}

// write posts a slash command as Slack does, and gives how long it took until it was acknowledged.
func (c *chat) write(b *testing.B, line string) time.Duration {
	b.Helper()
	body, err := c.workspace.Command("incidents", line, c.by)
	if err != nil {
		b.Fatal(err)
	}
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, c.app.URL()+"/slack/commands", strings.NewReader(string(body)))
	if err != nil {
		b.Fatal(err)
	}
	r.Header = c.workspace.Sign(body, time.Now())
	began := time.Now()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	answer, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	took := time.Since(began)
	if resp.StatusCode != http.StatusOK || len(answer) > 0 {
		b.Fatalf("%d %s", resp.StatusCode, answer)
	}
	return took
}

// answered waits until so many answers have come in all.
func (c *chat) answered(b *testing.B, n int) {
	b.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for deadline := time.Now().Add(time.Minute); len(c.workspace.Messages()) < n; <-look.C {
		if time.Now().After(deadline) {
			b.Fatalf("%d answers within a minute, not %d", len(c.workspace.Messages()), n)
		}
	}
}

// mostAtWork is how many commands are worked on at once; more are told that it is too busy.
const mostAtWork = 32

// BenchmarkSlashCommand measures how soon Slack has the acknowledgement of a slash command while the database answers nobody, and how soon
// the person has the answer while all is well: the whole bot on SQLite, signed requests to its port, a stand-in for Slack on loopback.
//
//	go test ./cmd/internal/app -run '^$' -bench SlashCommand -benchtime 300x
func BenchmarkSlashCommand(b *testing.B) {
	b.Run("acknowledged while the database stands still", func(b *testing.B) {
		c := newChat(b)
		took := make([]time.Duration, 0, b.N)
		db := c.app.db.SQL()
		for len(took) < b.N {
			db.SetMaxOpenConns(1)
			held, err := db.Conn(b.Context()) // the only one: whoever asks the database waits
			if err != nil {
				b.Fatal(err)
			}
			before := len(took)
			for range min(mostAtWork, b.N-before) {
				took = append(took, c.write(b, fmt.Sprintf("incident x%06d", len(took))))
			}
			if n := len(c.workspace.Messages()); n != before {
				b.Fatalf("%d answers came from a database that stands still", n)
			}
			_ = held.Close()
			db.SetMaxOpenConns(8)
			c.answered(b, len(took))
		}
		figure(b, took, "slash command to its acknowledgement, database stalled, %d commands | p99 at most 500 ms | p50 %.1f ms, p99 %.1f ms")
	})
	b.Run("answered when all is well", func(b *testing.B) {
		c := newChat(b)
		took := make([]time.Duration, 0, b.N)
		for i := range b.N {
			began := time.Now()
			c.write(b, "status")
			c.answered(b, i+1)
			took = append(took, time.Since(began))
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[min(len(took)-1, len(took)*95/100)].Microseconds())/1000, "p95-ms")
		figure(b, took, "slash command to its answer, %d commands | p95 at most 1 s | p50 %.1f ms, p99 %.1f ms")
	})
}
