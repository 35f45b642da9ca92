package server

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/secret"
)

// versions remembers what it was asked.
type versions struct{ asked []string }

func (v *versions) InForce(_ context.Context, service string, at time.Time) (bot.InputsAnswer, error) {
	v.asked = append(v.asked, "in force "+service+" "+at.Format(time.RFC3339))
	if service == "nope" {
		return bot.InputsAnswer{}, bot.Errorf(bot.NotFound, "no service %q is configured", service)
	}
	return bot.InputsAnswer{At: at}, nil
}

func (v *versions) InputsDiffer(_ context.Context, service string, at time.Time, left, right string) (bot.InputsDiff, error) {
	v.asked = append(v.asked, strings.Join([]string{"differ", service, at.Format(time.RFC3339), left, right}, " "))
	return bot.InputsDiff{At: at, Left: left, Right: right}, nil
}

func TestInputs(t *testing.T) {
	v := &versions{}
	s := &Server{config: Config{Token: secret.New("secret")}, parts: Parts{
		Inputs: v, Now: func() time.Time { return noon }, Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
		Tracer: noop.NewTracerProvider(),
	}}
	s.metrics = newMetrics(s.parts.Registry, nil)
	server := httptest.NewServer(s.routes())
	defer server.Close()
	now := noon.Format(time.RFC3339)
	for name, q := range map[string]struct {
		query  string
		status int
		asked  string
		body   string
	}{
		"of all, now":                      {"", 200, "in force  " + now, `"inputs": []`},
		"of a service at a time":           {"?service=support&at=2026-11-20T12:00:00Z", 200, "in force support 2026-11-20T12:00:00Z", `"at": "2026-11-20T12:00:00Z"`},
		"of an unknown service":            {"?service=nope", 404, "in force nope " + now, "not_found"},
		"at no time":                       {"?at=friday", 400, "", "not a time"},
		"of two environments":              {"?diff=staging&diff=production", 200, "differ  " + now + " staging production", `"differences": []`},
		"of one environment":               {"?diff=staging", 400, "", "name two environments"},
		"of an environment without a name": {"?diff=staging&diff=", 400, "", "name two environments"},
	} {
		v.asked = nil
		if status, _ := ask(t, "GET", server.URL+"/api/v1/inputs"+q.query, "", nil); status != 401 || len(v.asked) > 0 {
			t.Errorf("%s, without the token: %d, asked %q", name, status, v.asked)
		}
		status, body := ask(t, "GET", server.URL+"/api/v1/inputs"+q.query, "", map[string]string{"Authorization": "Bearer secret"})
		if got := strings.Join(v.asked, "; "); status != q.status || got != q.asked || !strings.Contains(body, q.body) {
			t.Errorf("%s: %d %s, asked %q; want %d, %q", name, status, body, got, q.status, q.asked)
		}
	}
}
