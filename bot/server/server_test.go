package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// hostile is a title that tries everything.
const hostile = `<!channel> ${service.token} {{.}} "; rm -rf / <script>alert(1)</script>`

// fake stands behind all ports of the server.
type fake struct {
	incident  bot.Incident
	entries   []bot.Entry
	changes   []bot.Change
	known     map[string]bool
	inboxErr  error
	decided   []string
	decideErr error
	unready   bool
}

func (f *fake) Receive(header http.Header, body []byte) (bot.Delivery, error) {
	if header.Get("X-Signature") != "good" {
		return bot.Delivery{}, bot.Errorf(bot.Unauthorized, "the signature does not fit")
	}
	return bot.Delivery{ID: header.Get("X-Id"), Source: "github", Event: "push", Body: body}, nil
}

func (f *fake) Accept(_ context.Context, d bot.Delivery) (bool, error) {
	fresh := !f.known[d.ID]
	f.known[d.ID] = true
	return fresh, f.inboxErr
}

func (f *fake) Incidents(context.Context, bot.IncidentQuery) ([]bot.Incident, error) {
	if f.incident.ID == "" {
		return nil, nil
	}
	return []bot.Incident{f.incident}, nil
}

func (f *fake) Incident(_ context.Context, id string) (bot.Incident, error) {
	if id != f.incident.ID || id == "" {
		return bot.Incident{}, bot.Errorf(bot.NotFound, "no incident %q", id)
	}
	return f.incident, nil
}

func (f *fake) Entries(context.Context, string) ([]bot.Entry, error)           { return f.entries, nil }
func (f *fake) Changes(context.Context, bot.ChangeQuery) ([]bot.Change, error) { return f.changes, nil }
func (f *fake) Findings(context.Context) ([]detectors.Finding, error)          { return nil, nil }
func (f *fake) Runs(context.Context, run.Query) ([]run.Run, error)             { return nil, nil }
func (f *fake) RunEvents(context.Context, string) ([]run.Event, error)         { return nil, nil }
func (f *fake) ChartSVG(context.Context, string) ([]byte, error)               { return []byte("<svg></svg>"), nil }
func (f *fake) Report(context.Context, string) (string, error)                 { return "# report", nil }
func (f *fake) Acknowledge(_ context.Context, incident, by string) error {
	f.decided = append(f.decided, "ack "+incident+" "+by)
	return nil
}

func (f *fake) Approvals(context.Context, bot.ApprovalQuery) ([]bot.Approval, error) { return nil, nil }

func (f *fake) Card(context.Context, string) (bot.Card, error) {
	return bot.Card{Headline: f.incident.Title, Suspects: []bot.Suspect{{Title: hostile, Kind: bot.Prompt, Probability: .9}}}, nil
}

func (f *fake) Decide(_ context.Context, id string, d bot.Decision, by, via string) (bot.Approval, error) {
	f.decided = append(f.decided, strings.Join([]string{id, string(d), by, via}, " "))
	return bot.Approval{ID: id, Decision: d, By: by}, f.decideErr
}

func (f *fake) Live(context.Context) []Check { return []Check{{Name: "process", OK: true}} }
func (f *fake) Ready(context.Context) []Check {
	return []Check{{Name: "store", OK: !f.unready, Detail: "the disk is full"}}
}

// serve starts a server on a free port and returns its address.
func serve(t *testing.T, f *fake, token string) (url string, s *Server) {
	t.Helper()
	f.known = map[string]bool{}
	s, err := New(Config{Listen: "127.0.0.1:0", Token: secret.New(token)}, Parts{
		Receivers: map[string]Receiver{"github": f}, Inbox: f, Reader: f, Viewer: f, Operator: f, Health: f, Gates: keeper{},
		Now: func() time.Time { return noon }, Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := errors.Join(s.Shutdown(ctx), <-done); err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return "http://" + s.Addr(), s
}

// ask sends a request and returns status and body.
func ask(t *testing.T, method, url, body string, header map[string]string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		if name == "Host" {
			req.Host = value
			continue
		}
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

func TestWebhook(t *testing.T) {
	for _, c := range []struct {
		name   string
		header map[string]string
		body   string
		inbox  error
		status int
		result string
	}{
		{"a signed delivery is accepted", map[string]string{"X-Signature": "good", "X-Id": "1"}, "{}", nil, 202, "accepted"},
		{"a wrongly signed one is refused", map[string]string{"X-Signature": "bad", "X-Id": "1"}, "{}", nil, 401, "unauthorized"},
		{"an unsigned one is refused", nil, "{}", nil, 401, "unauthorized"},
		{"an oversized one is refused before it is verified", map[string]string{"X-Signature": "good"}, strings.Repeat("x", maxWebhook+1), nil, 413, "too_large"},
		{"one that cannot be kept is asked for again", map[string]string{"X-Signature": "good"}, "{}", errors.New("disk"), 503, "unavailable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			url, s := serve(t, &fake{inboxErr: c.inbox}, "")
			status, body := ask(t, "POST", url+"/webhooks/github", c.body, c.header)
			if status != c.status {
				t.Errorf("status %d, want %d: %s", status, c.status, body)
			}
			if n := testutil.ToFloat64(s.metrics.deliveries.WithLabelValues("github", c.result)); n != 1 {
				t.Errorf("%s counted %v times", c.result, n)
			}
		})
	}
}

func TestWebhookTwiceIsOneDelivery(t *testing.T) {
	url, _ := serve(t, &fake{}, "")
	header := map[string]string{"X-Signature": "good", "X-Id": "same"}
	if _, body := ask(t, "POST", url+"/webhooks/github", "{}", header); !strings.Contains(body, `"accepted"`) {
		t.Errorf("first: %s", body)
	}
	status, body := ask(t, "POST", url+"/webhooks/github", "{}", header)
	if status != 202 || !strings.Contains(body, `"duplicate"`) {
		t.Errorf("second: %d %s", status, body)
	}
}

func TestGuard(t *testing.T) {
	basic := func(password string) string {
		r := httptest.NewRequest("GET", "/", nil)
		r.SetBasicAuth("anyone", password)
		return r.Header.Get("Authorization")
	}
	for _, c := range []struct {
		name   string
		token  string
		method string
		path   string
		header map[string]string
		status int
	}{
		{"loopback needs no token", "", "GET", "/api/v1/incidents", nil, 200},
		{"a stranger's name for loopback is refused", "", "GET", "/api/v1/incidents", map[string]string{"Host": "evil.example"}, 403},
		{"with a token nothing is shown without it", "s3cret", "GET", "/api/v1/incidents", nil, 401},
		{"pages want it, too", "s3cret", "GET", "/", nil, 401},
		{"metrics want it, too", "s3cret", "GET", "/metrics", nil, 401},
		{"a wrong bearer is refused", "s3cret", "GET", "/api/v1/incidents", map[string]string{"Authorization": "Bearer nope"}, 401},
		{"the right bearer is let in", "s3cret", "GET", "/api/v1/incidents", map[string]string{"Authorization": "Bearer s3cret"}, 200},
		{"a browser's password is let in", "s3cret", "GET", "/", map[string]string{"Authorization": basic("s3cret")}, 200},
		{"health needs no token", "s3cret", "GET", "/healthz", nil, 200},
		{"another site's page may not decide", "", "POST", "/api/v1/approvals/a", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			url, _ := serve(t, &fake{}, c.token)
			if status, body := ask(t, c.method, url+c.path, "", c.header); status != c.status {
				t.Errorf("status %d, want %d: %s", status, c.status, body)
			}
		})
	}
}

func TestListsAreNeverNull(t *testing.T) {
	url, _ := serve(t, &fake{}, "")
	for _, list := range []string{"incidents", "changes", "findings", "runs", "approvals"} {
		_, body := ask(t, "GET", url+"/api/v1/"+list, "", nil)
		var got map[string][]any
		if err := json.Unmarshal([]byte(body), &got); err != nil || got[list] == nil {
			t.Errorf("%s: %s (%v)", list, body, err)
		}
	}
}

func TestDecide(t *testing.T) {
	for _, c := range []struct {
		name, body string
		err        error
		status     int
		decided    string
	}{
		{"approving names who and how", `{"decision":"approved","by":"mara"}`, nil, 200, "apr-1 approved mara api"},
		{"the command line says that it is one", `{"decision":"denied","by":"mara","via":"cli"}`, nil, 200, "apr-1 denied mara cli"},
		{"nobody is nobody", `{"decision":"approved"}`, nil, 400, ""},
		{"a person cannot expire a question", `{"decision":"expired","by":"mara"}`, nil, 400, ""},
		{"an unknown field is refused", `{"decision":"approved","by":"mara","force":true}`, nil, 400, ""},
		{"a second answer is told who was first", `{"decision":"approved","by":"mara"}`, bot.Errorf(bot.Conflict, "jo was first"), 409, "apr-1 approved mara api"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{decideErr: c.err}
			url, _ := serve(t, f, "")
			status, body := ask(t, "POST", url+"/api/v1/approvals/apr-1", c.body, nil)
			if status != c.status {
				t.Errorf("status %d, want %d: %s", status, c.status, body)
			}
			if got := strings.Join(f.decided, ";"); got != c.decided {
				t.Errorf("decided %q, want %q", got, c.decided)
			}
		})
	}
}

func TestErrorsKeepTheirDetail(t *testing.T) {
	url, _ := serve(t, &fake{inboxErr: errors.New("password=hunter2")}, "")
	_, body := ask(t, "POST", url+"/webhooks/github", "{}", map[string]string{"X-Signature": "good"})
	if strings.Contains(body, "hunter2") {
		t.Errorf("the operator's detail was told to a stranger: %s", body)
	}
}

func TestPagesShowHostileTextAsText(t *testing.T) {
	f := &fake{
		incident: bot.Incident{ID: "inc-1", Title: hostile, Service: "support", State: bot.Open, OpenedAt: noon},
		entries:  []bot.Entry{{At: noon, Kind: bot.EntryNote, Sentence: hostile, Actor: hostile}},
		changes:  []bot.Change{{ID: "c", Title: hostile, URL: "javascript:alert(1)", MergedAt: noon}},
	}
	url, _ := serve(t, f, "")
	for _, path := range []string{"/", "/incidents/inc-1"} {
		status, body := ask(t, "GET", url+path, "", nil)
		if status != 200 {
			t.Fatalf("%s: %d %s", path, status, body)
		}
		if strings.Contains(body, "<script>") || strings.Contains(body, `href="javascript:`) {
			t.Errorf("%s runs what a title says", path)
		}
		if !strings.Contains(body, "&lt;!channel&gt; ${service.token} {{.}} &#34;; rm -rf / &lt;script&gt;") {
			t.Errorf("%s does not show the title as it is", path)
		}
	}
}

func TestReadyTellsWhatIsWrong(t *testing.T) {
	url, _ := serve(t, &fake{unready: true}, "")
	status, body := ask(t, "GET", url+"/readyz", "", nil)
	if status != 503 || !strings.Contains(body, "the disk is full") {
		t.Errorf("%d %s", status, body)
	}
}

func TestConfig(t *testing.T) {
	for _, c := range []struct {
		name   string
		config Config
		code   string
	}{
		{"the default is loopback and fine", Config{}, ""},
		{"everywhere without a token is refused", Config{Listen: "0.0.0.0:8010"}, "token-needed"},
		{"a name that is not loopback counts as everywhere", Config{Listen: "firebreak.example:80"}, "token-needed"},
		{"everywhere with a token is fine", Config{Listen: ":8010", Token: secret.New("x")}, ""},
		{"an address without a port is refused", Config{Listen: "127.0.0.1"}, "bad-address"},
		{"a link without a scheme is refused", Config{URL: "firebreak.example"}, "bad-url"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := diag.New()
			c.config.Check(r)
			code := ""
			if r.Len() > 0 {
				code = r.Faults()[0].Code
			}
			if code != c.code {
				t.Errorf("code %q, want %q", code, c.code)
			}
		})
	}
}
