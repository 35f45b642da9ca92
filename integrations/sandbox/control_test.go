package sandbox_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-dev/firebreak/integrations/sandbox"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
)

// visitor is an HTTP client that leaves nothing behind.
func visitor(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func fetch(t *testing.T, c *http.Client, method, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestAnotherProcessReadsEverythingItNeeds(t *testing.T) {
	sb := start(t, sandbox.Options{Speed: 100})
	c, u := visitor(t), sb.URLs()
	var summary sandbox.Summary
	if _, body := fetch(t, c, http.MethodGet, u.Control+"/summary", ""); json.Unmarshal([]byte(body), &summary) != nil || summary.Scenario != "friday-prompt" {
		t.Errorf("summary %s", body)
	}
	for _, field := range []string{
		"scenario", "seconds", "incident", "cause", "suspects", "cause_rank", "pages", "cards", "card_edits", "approvals", "rollback",
		"recovered", "duplicates", "incidents", "truth", "first", "last", "promises",
	} {
		if _, body := fetch(t, c, http.MethodGet, u.Control+"/summary", ""); !strings.Contains(body, `"`+field+`":`) {
			t.Errorf("no field %q in %s", field, body)
		}
	}
	var state sandbox.State
	if _, body := fetch(t, c, http.MethodGet, u.Control+"/state", ""); json.Unmarshal([]byte(body), &state) != nil || len(state.Pods) != 4 {
		t.Errorf("state %s", body)
	}
	var config sandbox.BotConfig
	if _, body := fetch(t, c, http.MethodGet, u.Control+"/config", ""); json.Unmarshal([]byte(body), &config) != nil {
		t.Errorf("config %s", body)
	}
	for name, value := range config.Env {
		if len(value) < 20 || strings.Contains(config.YAML, value) || !strings.Contains(config.YAML, "${env:"+name+"}") {
			t.Errorf("%s stands in the YAML, or its name does not", name)
		}
		if got, ok := config.Lookup(name); !ok || got != value {
			t.Errorf("lookup of %s", name)
		}
	}
	if len(config.Environ()) != len(config.Env) {
		t.Error("environ")
	}
	for _, address := range []string{u.Prometheus, u.Slack, u.PagerDuty, u.GitHub} {
		if !strings.Contains(config.YAML, address) {
			t.Errorf("the configuration does not name %s", address)
		}
	}
}

func TestFaultsAreSetFromOutside(t *testing.T) {
	sb := start(t, sandbox.Options{Speed: 100})
	c, u := visitor(t), sb.URLs()
	healthy := func() int {
		status, _ := fetch(t, c, http.MethodGet, u.Prometheus+"/-/healthy", "")
		return status
	}
	if healthy() != http.StatusOK {
		t.Fatal("not healthy at first")
	}
	if status, body := fetch(t, c, http.MethodPost, u.Control+"/fault/prometheus", `{"mode":"down"}`); status != http.StatusNoContent {
		t.Fatalf("%d %s", status, body)
	}
	if healthy() != 0 {
		t.Error("a Prometheus that is down answers")
	}
	if err := sb.Fault("prometheus", wire.Fault{Mode: wire.Healthy}); err != nil || healthy() != http.StatusOK {
		t.Errorf("it does not come back: %v", err)
	}
	if status, _ := fetch(t, c, http.MethodPost, u.Control+"/fault/mail", `{"mode":"down"}`); status != http.StatusNotFound {
		t.Errorf("a fault of nobody gives %d", status)
	}
	if sb.Fault("mail", wire.Fault{Mode: wire.Down}) == nil || sb.Fault("slack", wire.Fault{Mode: "tired"}) == nil {
		t.Error("wrong faults are taken")
	}
	if status, _ := fetch(t, c, http.MethodPost, u.Control+"/bot", `{}`); status != http.StatusBadRequest {
		t.Errorf("a bot without an address gives %d", status)
	}
}

func TestADeliveryWaitsForABotThatIsDown(t *testing.T) {
	// The bot's port is taken and given back, so that connections are refused at first.
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := taken.Addr().String()
	sb := start(t, sandbox.Options{Speed: 600, BotURL: "http://" + address})
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 100)
	ready := make(chan struct{})
	first := true
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /webhooks/github", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-ready:
		default:
			close(ready)
		}
		if first { // the first attempt of the first delivery breaks, as when the bot is killed
			first = false
			panic(http.ErrAbortHandler)
		}
		got <- r.Header.Get("X-GitHub-Delivery")
		w.WriteHeader(http.StatusAccepted)
	})
	bot := &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Skipf("the port was taken by somebody else: %v", err)
	}
	served := make(chan struct{})
	go func() { defer close(served); _ = bot.Serve(listener) }()
	t.Cleanup(func() { _ = bot.Close(); <-served })
	seen := map[string]bool{}
	for range 4 {
		select {
		case id := <-got:
			if seen[id] {
				t.Errorf("delivery %s arrived twice after a 2xx", id)
			}
			seen[id] = true
		case <-t.Context().Done():
			t.Fatal("no delivery")
		}
	}
	retried := false
	for _, d := range sb.State().Deliveries {
		retried = retried || d.Attempts > 1
	}
	if !retried {
		t.Error("the broken delivery was not tried again")
	}
}

func TestTwoProcessesShareOneClock(t *testing.T) {
	sb := start(t, sandbox.Options{Speed: 60})
	there, err := sandbox.FetchClock(t.Context(), sb.URLs().Clock)
	http.DefaultClient.CloseIdleConnections()
	if err != nil || !there.Origin.Equal(sandbox.Origin()) || there.Speed != 60 || !there.Started.Equal(sb.Clock().Started) {
		t.Fatalf("%+v %v", there, err)
	}
	if _, err := sandbox.FetchClock(t.Context(), sb.URLs().Control+"/summary"); err == nil {
		t.Error("a summary is taken for a clock")
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestSimulatedTimeRunsAsFastAsItSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := sandbox.NewClock(sandbox.Origin(), 60)
		if err := c.Wait(t.Context(), 30*time.Minute); err != nil {
			t.Fatal(err)
		}
		if got := c.Now().Sub(sandbox.Origin()); got != 30*time.Minute {
			t.Errorf("half an hour took %s", got)
		}
		if c.Real(time.Hour) != time.Minute {
			t.Errorf("an hour is %s", c.Real(time.Hour))
		}
	})
}

func TestStoppingBeforeAnythingHappenedLeavesNothing(t *testing.T) {
	sb, err := sandbox.Start(t.Context(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := sb.Close(); err != nil {
		t.Error(err)
	}
	if err := sb.Close(); err != nil {
		t.Errorf("the second stop: %v", err)
	}
	if status, _ := fetch(t, visitor(t), http.MethodGet, sb.URLs().Clock, ""); status != 0 {
		t.Error("it still serves")
	}
}

func BenchmarkStart(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		sb, err := sandbox.Start(b.Context(), sandbox.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := sb.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
