package server

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/secret"
)

// doer remembers what it was asked to do.
type doer struct{ asked string }

func (d *doer) did(format string, args ...any) (bot.Incident, error) {
	d.asked = fmt.Sprintf(format, args...)
	return bot.Incident{ID: "inc-1"}, nil
}

func (d *doer) Declare(_ context.Context, x bot.Declared) (bot.Incident, error) {
	return d.did("declare %s %s %s %s by %s via %s", x.Service, x.Environment, x.Severity, x.Title, x.By, x.Via)
}

func (d *doer) Resolve(_ context.Context, id, by, via, reason string) (bot.Incident, error) {
	return d.did("resolve %s by %s via %s: %s", id, by, via, reason)
}

func (d *doer) Note(_ context.Context, id, by, via, text string) (bot.Incident, error) {
	return d.did("note %s by %s via %s: %s", id, by, via, text)
}

func (d *doer) Mute(_ context.Context, id string, lasts time.Duration, by, via, reason string) (bot.Incident, error) {
	return d.did("mute %s for %s by %s via %s: %s", id, lasts, by, via, reason)
}

func (d *doer) Outline(_ context.Context, name, incident string) ([]string, error) {
	_, err := d.did("outline %s for %s", name, incident)
	return nil, err
}

func (d *doer) Run(_ context.Context, name, incident, by, via string) error {
	_, err := d.did("run %s for %s by %s via %s", name, incident, by, via)
	return err
}

func (d *doer) Rollbacks(_ context.Context, incident string) (bot.Rollbacks, error) {
	_, err := d.did("rollbacks of %s", incident)
	return bot.Rollbacks{}, err
}

func (d *doer) Rollback(_ context.Context, incident, change, playbook, by, via string) (bot.Rollback, error) {
	_, err := d.did("take %s of %s back by %q for %s via %s", change, incident, playbook, by, via)
	return bot.Rollback{}, err
}

func (d *doer) Stopped(context.Context) (bot.Stop, error) {
	_, err := d.did("stopped?")
	return bot.Stop{}, err
}

func (d *doer) Stop(_ context.Context, s bot.Stop) (bot.Stop, error) {
	_, err := d.did("stop %t by %s via %s: %s", s.On, s.By, s.Via, s.Reason)
	return s, err
}

func (d *doer) Budgets(service string) ([]bot.Budget, error) {
	_, err := d.did("budgets of %s", service)
	return nil, err
}

func TestPeopleDoThingsByTheAPI(t *testing.T) {
	for name, q := range map[string]struct {
		method, path, body string
		status             int
		asked              string
	}{
		"declare":                {"POST", "/api/v1/incidents", `{"service": "support", "title": "slow", "severity": "ticket", "by": "ana", "via": "cli"}`, 200, "declare support  ticket slow by ana via cli"},
		"resolve":                {"POST", "/api/v1/incidents/inc-1/resolve", `{"by": "ana", "reason": "a drill"}`, 200, "resolve inc-1 by ana via api: a drill"},
		"note":                   {"POST", "/api/v1/incidents/inc-1/notes", `{"by": "ana", "text": "told"}`, 200, "note inc-1 by ana via api: told"},
		"mute":                   {"POST", "/api/v1/incidents/inc-1/mute", `{"by": "ana", "reason": "known", "seconds": 3600}`, 200, "mute inc-1 for 1h0m0s by ana via api: known"},
		"mute for ever":          {"POST", "/api/v1/incidents/inc-1/mute", `{"by": "ana", "seconds": 9223372036854775807}`, 400, ""},
		"start a playbook":       {"POST", "/api/v1/incidents/inc-1/runs", `{"by": "ana", "playbook": "generic"}`, 200, "run generic for inc-1 by ana via api"},
		"outline one":            {"GET", "/api/v1/playbooks/generic?incident=inc-1", "", 200, "outline generic for inc-1"},
		"plan a rollback":        {"GET", "/api/v1/incidents/inc-1/rollbacks", "", 200, "rollbacks of inc-1"},
		"roll back":              {"POST", "/api/v1/incidents/inc-1/rollbacks", `{"by": "ana", "change": "#482", "via": "cli"}`, 200, `take #482 of inc-1 back by "" for ana via cli`},
		"ask for the switch":     {"GET", "/api/v1/stop", "", 200, "stopped?"},
		"turn it":                {"POST", "/api/v1/stop", `{"on": true, "by": "ana", "reason": "why", "via": "slack"}`, 200, "stop true by ana via api: why"},
		"turn it nowhere":        {"POST", "/api/v1/stop", `{"by": "ana"}`, 400, ""},
		"ask for objectives":     {"GET", "/api/v1/objectives?service=support", "", 200, "budgets of support"},
		"send what nobody knows": {"POST", "/api/v1/incidents/inc-1/notes", `{"by": "ana", "text": "told", "state": "open"}`, 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := &doer{}
			s := &Server{config: Config{Token: secret.New("secret")}, parts: Parts{
				People: d, Rollbacks: d, Now: func() time.Time { return noon }, Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(), Tracer: noop.NewTracerProvider(),
			}}
			s.metrics = newMetrics(s.parts.Registry, nil)
			server := httptest.NewServer(s.routes())
			defer server.Close()
			for _, token := range []string{"", "secret"} {
				req, err := http.NewRequestWithContext(t.Context(), q.method, server.URL+q.path, strings.NewReader(q.body))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Authorization", "Bearer "+token)
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				switch {
				case token == "" && (resp.StatusCode != 401 || d.asked != ""):
					t.Errorf("without a token: %d, %q", resp.StatusCode, d.asked)
				case token != "" && (resp.StatusCode != q.status || d.asked != q.asked):
					t.Errorf("%d %s, asked %q", resp.StatusCode, body, d.asked)
				}
			}
		})
	}
}
