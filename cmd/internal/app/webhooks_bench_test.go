package app

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/configs"
)

// The load of BenchmarkWebhooks: so many deliveries a second, of which one in ten comes twice and one in twenty is forged.
const (
	webhooksASecond = 500
	oneInTwice      = 10
	oneInForged     = 20
)

// BenchmarkWebhooks sends webhooks at a steady rate, each at its time whether or not those before were answered, and measures from that time to
// the answer: a delivery is answered when it is stored. The bot works them off meanwhile, on SQLite. Then it counts: nothing lost, nothing
// doubled, what is forged refused.
//
//	go test ./cmd/internal/app -run '^$' -bench Webhooks -benchtime 30000x
func BenchmarkWebhooks(b *testing.B) {
	file := filepath.Join(b.TempDir(), "firebreak.db")
	config := fmt.Sprintf("services:\n- {name: support, match: {service_name: support}, repositories: [{name: acme/assistants}]}\n"+
		"github: {webhook_secret: \"${env:SECRET}\"}\nserver: {listen: \"127.0.0.1:0\"}\nstore: {url: %q}\n", "sqlite:"+file)
	var parsed Config
	if faults := parsed.read("firebreak.yaml", []byte(config), ".", configs.MapEnv(map[string]string{"SECRET": "webhooks"})); len(faults) > 0 {
		b.Fatalf("%+v", faults)
	}
	a := execute(b, parsed, Options{})
	load := newLoad(b, a)
	b.ResetTimer()
	load.send()
	b.StopTimer()
	genuine := load.genuine()
	wait, cancel := context.WithTimeout(b.Context(), 2*time.Minute)
	defer cancel()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for kept := 0; kept < genuine && wait.Err() == nil; <-look.C {
		kept = load.kept()
	}
	if kept := load.kept(); kept != genuine {
		b.Errorf("%d of %d changes are in the ledger", kept, genuine)
	}
	answered := load.answers
	if lost := load.failed.Load(); lost > 0 || int(answered[http.StatusUnauthorized].Load()) != load.forged || int(answered[http.StatusAccepted].Load()) != b.N-load.forged {
		b.Errorf("%d failed, %d refused of %d forged, %d accepted of %d", lost, answered[http.StatusUnauthorized].Load(), load.forged, answered[http.StatusAccepted].Load(), b.N-load.forged)
	}
	figure(b, load.took, "webhooks, %d at 500 a second, 1 in 10 twice, 1 in 20 forged, on SQLite | p99 at most 50 ms, none lost, none doubled | p50 %.1f ms, p99 %.1f ms")
}

// load is what is sent, and how it went.
type load struct {
	b       *testing.B
	app     *App
	bodies  [][]byte
	heads   []http.Header
	forged  int
	took    []time.Duration
	failed  atomic.Int64
	answers map[int]*atomic.Int64
	client  *http.Client
}

func newLoad(b *testing.B, a *App) *load {
	b.Helper()
	l := &load{
		b: b, app: a, took: make([]time.Duration, b.N),
		answers: map[int]*atomic.Int64{http.StatusAccepted: {}, http.StatusUnauthorized: {}},
		client:  &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}, Timeout: 20 * time.Second},
	}
	filler := strings.Repeat("what a pull request says of itself ", 200) // GitHub's bodies are of this size
	for i := range b.N {
		of, secret := i, "webhooks"
		switch {
		case i%oneInTwice == 1 && (i-1)%oneInForged != 0:
			of = i - 1 // it comes again
		case i%oneInForged == 0:
			secret, l.forged = "another", l.forged+1
		}
		body := fmt.Appendf(nil, `{"ref":"refs/heads/main","before":"0","after":"%040x","repository":{"full_name":"acme/assistants","default_branch":"main"},
			"sender":{"login":"ana"},"pusher":{"name":"ana"},"head_commit":{"id":"%040x","message":"change %d\n%s","author":{"username":"ana"},"committer":{"username":"ana"},
			"modified":["prompts/%d.md"]},"commits":[]}`, of+1, of+1, of, filler, of)
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		l.bodies = append(l.bodies, body)
		l.heads = append(l.heads, http.Header{
			"Content-Type": {"application/json"}, "X-Github-Event": {"push"}, "X-Github-Delivery": {fmt.Sprintf("guid-%d", of)},
			"X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))},
		})
	}
	return l
}

// genuine is how many changes there are.
func (l *load) genuine() (n int) {
	seen := map[string]bool{}
	for i, h := range l.heads {
		if i%oneInForged != 0 {
			seen[h.Get("X-Github-Delivery")] = true
		}
	}
	return len(seen)
}

// kept is how many changes are in the ledger.
func (l *load) kept() (n int) {
	if err := l.app.db.SQL().QueryRowContext(l.b.Context(), "SELECT count(*) FROM changes").Scan(&n); err != nil {
		l.b.Fatal(err)
	}
	return n
}

// send sends everything, each at its time.
func (l *load) send() {
	var under sync.WaitGroup
	began := time.Now()
	for i := range l.bodies {
		due := began.Add(time.Duration(i) * time.Second / webhooksASecond)
		<-time.After(time.Until(due)) // at once when it is late
		under.Go(func() {
			status, err := l.post(i)
			l.took[i] = time.Since(due)
			if count := l.answers[status]; err == nil && count != nil {
				count.Add(1)
			} else {
				l.failed.Add(1)
			}
		})
	}
	under.Wait()
	l.client.CloseIdleConnections()
}

func (l *load) post(i int) (int, error) {
	req, err := http.NewRequestWithContext(l.b.Context(), http.MethodPost, "http://"+l.app.Addr()+"/webhooks/github", bytes.NewReader(l.bodies[i]))
	if err != nil {
		return 0, err
	}
	req.Header = l.heads[i]
	resp, err := l.client.Do(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}
