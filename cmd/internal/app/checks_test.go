package app

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/githubfake"
)

const assistants = "acme/assistants"

// checked is a bot beside a stand-in of GitHub, whose webhooks it hears.
type checked struct {
	tb   testing.TB
	app  *App
	hub  *githubfake.Hub
	send chan githubfake.Delivery
}

// newChecked runs a bot whose section checks and what follows it is the given text. It lives by the clock; some pull requests were there before.
func newChecked(tb testing.TB, text string, clock Clock, before ...githubfake.Pull) *checked {
	tb.Helper()
	c := &checked{tb: tb, send: make(chan githubfake.Delivery, 10_000)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.hub.ServeHTTP(w, r) }))
	tb.Cleanup(server.Close)
	c.hub = githubfake.New(githubfake.Config{
		Base: server.URL, Token: "ghs_sandbox", WebhookSecret: "webhooks", Repositories: []string{assistants}, Now: clock.Now,
		Deliver: func(d githubfake.Delivery) { c.send <- d },
	})
	for _, p := range before {
		c.hub.Seed(p)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		tb.Fatal(err)
	}
	env := map[string]string{
		"KEY":    string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
		"SECRET": "webhooks",
	}
	config := fmt.Sprintf(`
services:
- name: support
  match: {service_name: support}
  repositories: [{name: acme/assistants, paths: ["prompts/**"]}]
  environments: [production]
  rollback: {prompt: github.revert}
github: {url: %q, webhook_secret: "${env:SECRET}", backfill: 0s, app: {id: %d, installation: 1, private_key: "${env:KEY}"}}
server: {listen: "127.0.0.1:0"}
store: {url: %q}
checks: {repositories: ["acme/*"], %s
`, server.URL, githubfake.AppID, "sqlite:"+filepath.Join(tb.TempDir(), "firebreak.db"), text)
	var parsed Config
	if faults := parsed.read("firebreak.yaml", []byte(config), ".", configs.MapEnv(env)); len(faults) > 0 {
		tb.Fatalf("%+v", faults)
	}
	ctx, stop := context.WithCancel(tb.Context())
	couriers := make(chan struct{})
	c.app = execute(tb, parsed, Options{Clock: clock})
	go func() {
		defer close(couriers)
		for {
			select {
			case <-ctx.Done():
				return
			case d := <-c.send:
				c.deliver(d)
			}
		}
	}()
	tb.Cleanup(func() { // before the bot ends: what is on its way is still taken
		stop()
		<-couriers
	})
	return c
}

// deliver sends a delivery as GitHub does.
func (c *checked) deliver(d githubfake.Delivery) {
	mac := hmac.New(sha256.New, []byte("webhooks"))
	mac.Write(d.Body)
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://"+c.app.Addr()+"/webhooks/github", bytes.NewReader(d.Body))
	if err != nil {
		c.tb.Error(err)
		return
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-GitHub-Event", d.Event)
	req.Header.Set("X-GitHub-Delivery", d.GUID)
	req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.tb.Errorf("%s was not taken: %v", d.About, err)
		return
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		c.tb.Errorf("%s was not taken: %s", d.About, resp.Status)
	}
}

// until waits for something that has to come.
func (c *checked) until(what string, holds func() bool) {
	c.tb.Helper()
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for deadline := time.After(90 * time.Second); !holds(); {
		select {
		case <-deadline:
			c.tb.Fatalf("%s never came; checks: %+v", what, c.hub.Checks())
		case <-look.C:
		}
	}
}

// on is the newest check of a commit.
func (c *checked) on(head string) (out githubfake.Check) {
	for _, k := range c.hub.Checks() {
		if k.HeadSHA == head && k.Name == "firebreak/risk" {
			out = k
		}
	}
	return out
}

// says waits until the check of a commit says so.
func (c *checked) says(head, conclusion string, words ...string) {
	c.tb.Helper()
	c.until(fmt.Sprintf("%s on %s saying %q", conclusion, head, words), func() bool {
		k := c.on(head)
		text := fmt.Sprint(k.Output["title"], k.Output["summary"], k.Output["text"])
		for _, w := range words {
			if !strings.Contains(text, w) {
				return false
			}
		}
		return k.Conclusion == conclusion
	})
}

func (c *checked) must(err error) {
	c.tb.Helper()
	if err != nil {
		c.tb.Fatal(err)
	}
}

// TestAFridayPullRequestFromItsOpeningToItsMerge is the first story of the product: a prompt at 16:50 on a Friday.
func TestAFridayPullRequestFromItsOpeningToItsMerge(t *testing.T) {
	clock := Clock{Origin: time.Date(2026, 11, 20, 15, 50, 0, 0, time.UTC), Started: time.Now(), Speed: 1}
	c := newChecked(t, `policy: {required: true, overrides: {by: [ben]}}}
windows: {zone: Europe/Berlin, deny: [{name: friday-afternoon, days: fri, from: "12:00"}, {name: weekend, days: sat-sun}]}
risk: {points: {out_of_window: 20}}`, clock)
	pull, err := c.hub.Open(githubfake.Pull{
		Repository: assistants, Title: "Be stricter", Author: "ana", Branch: "stricter",
		Files: []githubfake.File{{Path: "prompts/support/system.md", Status: "modified", Additions: 2, Deletions: 1}},
	})
	c.must(err)
	c.says(pull.HeadSHA, "action_required", "takes changes again from Mon 2026-11-23 00:00 CET", "nobody but its author has reviewed it", "github.revert")

	c.must(c.hub.Review(assistants, pull.Number, "ben", "APPROVED"))
	c.until("the review counts", func() bool {
		return !strings.Contains(fmt.Sprint(c.on(pull.HeadSHA).Output["summary"]), "nobody but its author")
	})
	c.must(c.hub.Say(assistants, pull.Number, "ana", "/firebreak override the demo is on Monday at eight"))
	c.says(pull.HeadSHA, "action_required", "Override asked for** by ana: the demo is on Monday at eight")
	c.must(c.hub.Press(assistants, pull.Number, "firebreak/risk", "override", "ben"))
	c.says(pull.HeadSHA, "success", "ben lets it land until Fri 2026-11-20 1")
	queued, err := c.hub.Queue(assistants, pull.Number)
	c.must(err)
	c.says(queued, "success", "ben lets it land")

	_, err = c.hub.Land(assistants, pull.Number, "ana")
	c.must(err)
	comment := func() string {
		for _, m := range c.hub.Comments() {
			if m.By == "" {
				return m.Body
			}
		}
		return ""
	}
	c.until("the pull request is told that it is watched", func() bool {
		return strings.Contains(comment(), "**Quiet so far.** support is watched until Sat 2026-11-21 1")
	})
	if n := len(c.hub.Comments()); n != 2 {
		t.Errorf("%d comments, want ana's and one of ours", n)
	}
	lines, err := c.app.db.AuditLog(t.Context(), 10)
	c.must(err)
	if len(lines) < 2 || lines[0].Action != "override.grant" || lines[0].Actor != "ben" || lines[1].Action != "override.ask" {
		t.Errorf("the audit has %+v", lines)
	}
}

func TestAWatchedChangeThatIsTakenBackIsTold(t *testing.T) {
	c := newChecked(t, `policy: {bake: {medium: 1h, high: 1h, critical: 1h}}}`, Clock{})
	file := []githubfake.File{{Path: "prompts/support/system.md", Status: "modified", Additions: 2}}
	pull, err := c.hub.Open(githubfake.Pull{Repository: assistants, Title: "Be stricter", Author: "ana", Files: file})
	c.must(err)
	c.until("a check", func() bool { return c.on(pull.HeadSHA).Conclusion != "" })
	_, err = c.hub.Land(assistants, pull.Number, "ana")
	c.must(err)
	says := func(words string) func() bool {
		return func() bool {
			for _, m := range c.hub.Comments() {
				if m.Number == pull.Number && strings.Contains(m.Body, words) {
					return true
				}
			}
			return false
		}
	}
	c.until("it is watched", says("**Quiet so far.**"))
	back, err := c.hub.Open(githubfake.Pull{
		Repository: assistants, Title: "Revert \"Be stricter\"", Body: fmt.Sprintf("Reverts %s#%d", assistants, pull.Number), Author: "ben", Files: file,
	})
	c.must(err)
	_, err = c.hub.Land(assistants, back.Number, "ben")
	c.must(err)
	c.until("it is told that it was taken back", says("**Taken back** by Revert"))
}

func TestAFreezeClosesAndOpensChecksByItself(t *testing.T) {
	c := newChecked(t, `policy: {required: true}}`, Clock{})
	pull, err := c.hub.Open(githubfake.Pull{
		Repository: assistants, Title: "Be stricter", Author: "ana", Reviews: []githubfake.Review{{User: "ben", State: "APPROVED", At: time.Now().Add(time.Minute)}},
		Files: []githubfake.File{{Path: "prompts/support/system.md", Status: "modified", Additions: 2}},
	})
	c.must(err)
	c.until("a check", func() bool { return c.on(pull.HeadSHA).Conclusion != "" })
	before := c.on(pull.HeadSHA).Conclusion
	freeze, err := c.app.engine.StartFreeze(t.Context(), bot.Freeze{Reason: "the launch", By: "ben", Via: "test"})
	c.must(err)
	c.until("the freeze closes it", func() bool {
		k := c.on(pull.HeadSHA)
		return k.Conclusion == "action_required" || k.Conclusion == "failure"
	})
	_, err = c.app.engine.EndFreeze(t.Context(), freeze.ID, "ben", "test", "over")
	c.must(err)
	c.says(pull.HeadSHA, before)
}

func TestADeploymentWaitsForTheEndOfAFreeze(t *testing.T) {
	c := newChecked(t, `policy: {required: true}}`, Clock{})
	freeze, err := c.app.engine.StartFreeze(t.Context(), bot.Freeze{Reason: "the launch", By: "ben", Via: "test"})
	c.must(err)
	_, err = c.hub.Protect(assistants, "production", "abcdef0123")
	c.must(err)
	c.until("a word why it waits", func() bool {
		told := c.hub.Answers()
		return len(told) == 1 && told[0].State == "" && strings.Contains(told[0].Comment, "the launch")
	})
	_, err = c.app.engine.EndFreeze(t.Context(), freeze.ID, "ben", "test", "over")
	c.must(err)
	c.until("a word that only what cannot be seen is left", func() bool {
		told := c.hub.Answers()
		return len(told) == 2 && told[1].State == "" && !strings.Contains(told[1].Comment, "the launch")
	})
}

func TestAPullRequestThatWasOpenBeforeCarriesACheckToo(t *testing.T) {
	c := newChecked(t, `policy: {required: true}}`, Clock{}, githubfake.Pull{
		Repository: assistants, Number: 7, Title: "Be stricter", Author: "ana", HeadSHA: strings.Repeat("7", 40),
		Files: []githubfake.File{{Path: "prompts/system.md", Status: "modified", Additions: 2}},
	})
	c.until("a check", func() bool { return c.on(strings.Repeat("7", 40)).Conclusion != "" })
}

func TestAGatesVerdictStandsOnTheCommitAndWeighs(t *testing.T) {
	c := newChecked(t, `policy: {required: true}}`, Clock{})
	pull, err := c.hub.Open(githubfake.Pull{
		Repository: assistants, Title: "Be stricter", Author: "ana", Files: []githubfake.File{{Path: "prompts/system.md", Status: "modified", Additions: 2}},
	})
	c.must(err)
	c.until("a check", func() bool { return c.on(pull.HeadSHA).Conclusion != "" })
	c.must(NewClient(c.app.URL(), "").TellEvaluation(t.Context(), Evaluated{
		Repository: assistants, Revision: pull.HeadSHA, Policy: "support-prompts", At: time.Now(), Answer: bot.Back, Sentence: "1 of 3 requirements is not met",
	}))
	c.says(pull.HeadSHA, "failure", "the evaluation of the prompt failed")
	c.until("the gate's own check", func() bool {
		for _, k := range c.hub.Checks() {
			if k.Name == "firebreak/gate" && k.HeadSHA == pull.HeadSHA {
				return k.Conclusion == "failure" && k.Output["title"] == "1 of 3 requirements is not met"
			}
		}
		return false
	})
}

// BenchmarkPushToCheck measures how long it takes from a push to the check on the wire: the whole bot on SQLite, a stand-in for GitHub on
// loopback.
//
//	go test ./cmd/internal/app -run '^$' -bench PushToCheck -benchtime 60x
func BenchmarkPushToCheck(b *testing.B) {
	c := newChecked(b, `policy: {required: true}}`, Clock{})
	pull, err := c.hub.Open(githubfake.Pull{
		Repository: assistants, Title: "Be stricter", Author: "ana", Files: []githubfake.File{{Path: "prompts/system.md", Status: "modified", Additions: 2}},
	})
	c.must(err)
	c.until("the first check", func() bool { return c.on(pull.HeadSHA).Conclusion != "" })
	took := make([]time.Duration, 0, b.N)
	b.ResetTimer()
	for i := range b.N {
		b.StopTimer()
		c.until("a second has passed since the last", func() bool { return c.app.landing.to.Idle() })
		b.StartTimer()
		head := fmt.Sprintf("%040x", i+1)
		began := time.Now()
		c.must(c.hub.Push(assistants, pull.Number, head, nil))
		c.until("the check", func() bool { return c.on(head).Conclusion != "" })
		took = append(took, time.Since(began))
	}
	figure(b, took, "push to check on the wire, %d pushes | p95 at most 1 s | p50 %.0f ms, p99 %.0f ms")
}
