package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/firebreak-dev/firebreak/integrations/sandbox"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/githubfake"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/pagerdutyfake"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/promapi"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
)

// world is everything around the bot of one story: a Prometheus API, Slack, PagerDuty and GitHub on loopback, and the time.
type world struct {
	secrets map[string]string
	bot     string // host:port
	server  *httptest.Server
	counted *traffic
	prom    *promapi.Server
	slack   *slackfake.Workspace
	pager   *pagerdutyfake.Pager
	hub     *githubfake.Hub
	mail    chan githubfake.Delivery
	hooks   chan pagerdutyfake.Webhook
	client  *http.Client
	closing context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex
	clock   *sandbox.Clock // nil is the machine's
	process *botProcess
	sent    int // deliveries of webhook
	// atEnd is what else ends with the story.
	atEnd []func() error
}

// worldKey is under which a story keeps its world.
type worldKey struct{}

func worldOf(ts *testscript.TestScript) *world { return ts.Value(worldKey{}).(*world) }

// setUpStory makes the world of a story and tells the script where everything is.
func setUpStory(env *testscript.Env) error {
	w, err := newWorld()
	if err != nil {
		return err
	}
	env.Values[worldKey{}] = w
	places := w.places()
	for _, known := range []map[string]string{places, w.secrets} {
		for name, value := range known {
			env.Setenv(name, value)
		}
	}
	env.Setenv("FIREBREAK_URL", "http://"+w.bot)
	repo, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return err
	}
	env.Setenv("REPO", repo)
	if err := writePlaces(env.WorkDir, places); err != nil {
		return err
	}
	log := filepath.Join(env.WorkDir, "bot.log")
	env.Defer(func() {
		w.close()
		if failed, can := env.T().(interface{ Failed() bool }); can && failed.Failed() {
			if said, err := os.ReadFile(log); err == nil {
				env.T().Log("the bot's log:\n" + string(said))
			}
		}
	})
	return nil
}

// places are the addresses of a story by their names.
func (w *world) places() map[string]string {
	base := w.server.URL
	return map[string]string{
		"LISTEN": w.bot, "PROMETHEUS": base + "/prometheus", "SLACK": base + "/slack/api/", "PAGERDUTY": base + "/pagerduty",
		"GITHUB": base + "/github", "CLOCK": base + "/clock",
	}
}

// writePlaces replaces $PROMETHEUS and its like in a story's YAML files. Secrets stay references.
func writePlaces(dir string, places map[string]string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for name, value := range places {
			text = bytes.ReplaceAll(text, []byte("$"+name), []byte(value))
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func newWorld() (*world, error) {
	word := func() string {
		b := make([]byte, 16)
		_, _ = rand.Read(b) // never fails (crypto/rand)
		return hex.EncodeToString(b)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w := &world{
		secrets: map[string]string{
			"SLACK_TOKEN": "xoxb-story-" + word(), "SLACK_SIGNING_SECRET": word(), "SLACK_APP_TOKEN": "xapp-story-" + word(), "PAGERDUTY_KEY": word(),
			"GITHUB_TOKEN": "ghs_story" + word(), "GITHUB_WEBHOOK_SECRET": word(), "FIREBREAK_TOKEN": word(),
			"PAGERDUTY_TOKEN": word(), "PAGERDUTY_HOOK": word(),
		},
		client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}, closing: cancel,
		mail: make(chan githubfake.Delivery, 1000), hooks: make(chan pagerdutyfake.Webhook, 1000),
	}
	var err error
	if w.bot, err = quietPort(ctx); err != nil {
		return nil, err
	}
	w.server = httptest.NewUnstartedServer(http.HandlerFunc(w.serve))
	base := "http://" + w.server.Listener.Addr().String()
	w.counted = newTraffic(w.now)
	w.prom = promapi.NewServer(w.counted.store, w.now, w.counted.advance)
	w.slack = slackfake.New(slackfake.Config{
		Base: base + "/slack", Token: w.secrets["SLACK_TOKEN"], AppToken: w.secrets["SLACK_APP_TOKEN"], SigningSecret: w.secrets["SLACK_SIGNING_SECRET"], Now: w.now,
		Channels: []string{"incidents", "support-ai"}, Users: []slackfake.User{
			{ID: "U0OMARAZI", Name: "omar", RealName: "Omar"},
			{ID: "U0LENA", Name: "lena", Email: "lena@acme.example"},
			{ID: "U0MARA", Name: "mara", Email: "mara@pager.example"}, // as at PagerDuty
			{ID: "U0NEW", Name: "new", Email: "new@acme.example", Unconfirmed: true},
		},
		Groups: map[string][]string{"S0ONCALL": {"U0OMARAZI"}}, TriggerLife: time.Minute, // as long as a slow machine may take
	})
	w.pager = w.newPager()
	w.hub = githubfake.New(githubfake.Config{
		Base: base + "/github", Token: w.secrets["GITHUB_TOKEN"], WebhookSecret: w.secrets["GITHUB_WEBHOOK_SECRET"], Now: w.now,
		Repositories: []string{storyRepository}, Deliver: func(d githubfake.Delivery) { w.mail <- d },
	})
	w.running.Go(func() { w.bringMail(ctx) })
	w.running.Go(func() { w.bringHooks(ctx) })
	w.server.Start()
	return w, nil
}

// close ends the bot, if it runs, and then what it talked to.
func (w *world) close() {
	if p := w.running1(); p != nil {
		_ = p.signal(syscall.SIGKILL) // it may have ended
		<-p.ended
	}
	w.closing()
	w.running.Wait()
	w.server.CloseClientConnections()
	w.server.Close()
	w.client.CloseIdleConnections()
	_ = w.prom.Close()
	for _, end := range w.atEnd {
		if err := end(); err != nil {
			panic(err) // what is mounted would be deleted with the story's folder
		}
	}
}

// quietPort names a free address below the ports that the kernel gives to outgoing connections, so that nothing takes it before
// the bot does.
func quietPort(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	for range 200 {
		n, err := rand.Int(rand.Reader, big.NewInt(10_000))
		if err != nil {
			return "", err
		}
		l, err := lc.Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", 20_000+n.Int64()))
		if err != nil {
			continue
		}
		return l.Addr().String(), l.Close()
	}
	return "", errors.New("no port is free")
}

// now is the time of the story.
func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.clock == nil {
		return time.Now()
	}
	return w.clock.Now()
}

func (w *world) setClock(c sandbox.Clock) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = &c
}

// told is the clock that the story has set, if it has.
func (w *world) told() (sandbox.Clock, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.clock == nil {
		return sandbox.Clock{}, false
	}
	return *w.clock, true
}

// serve routes to the stand-ins.
func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	for prefix, vendor := range map[string]http.Handler{
		"/slack": w.slack, "/pagerduty": w.pager, "/github": w.hub, "/prometheus": w.prom,
	} {
		if strings.HasPrefix(r.URL.Path, prefix+"/") {
			http.StripPrefix(prefix, vendor).ServeHTTP(rw, r)
			return
		}
	}
	clock, told := w.told()
	if r.URL.Path != "/clock" || !told {
		http.NotFound(rw, r)
		return
	}
	_ = json.NewEncoder(rw).Encode(clock)
}

// gate is in front of a vendor's stand-in.
func (w *world) gate(vendor string) *wire.Gate {
	return map[string]*wire.Gate{
		"slack": w.slack.Gate, "pagerduty": w.pager.Gate, "github": w.hub.Gate, "prometheus": w.prom.Gate,
	}[vendor]
}

// bringMail brings what GitHub delivers by itself, in its order. A bot that is down gets it when it is up again.
func (w *world) bringMail(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case d := <-w.mail:
			for {
				status, _, err := w.post(ctx, "/webhooks/github", d.Body, w.hub.Headers(d))
				if (err == nil && status < http.StatusInternalServerError) || pause(ctx, 50*time.Millisecond) != nil {
					break
				}
			}
		}
	}
}

// post sends something to the bot and returns its answer.
func (w *world) post(ctx context.Context, path string, body []byte, header http.Header) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+w.bot+path, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header = header
	return w.do(req)
}

// get asks the bot.
func (w *world) get(ctx context.Context, path, token string) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.bot+path, nil)
	if err != nil {
		return 0, "", err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return w.do(req)
}

func (w *world) do(req *http.Request) (int, string, error) {
	resp, err := w.client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}
