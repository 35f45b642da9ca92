package server

import (
	"context"
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

type rota struct{}

func (rota) OnCall(_ context.Context, service string) ([]bot.Duty, error) {
	switch service {
	case "nope":
		return nil, bot.Errorf(bot.NotFound, "no service %q is configured", service)
	case "none":
		return nil, nil
	}
	return []bot.Duty{{Service: "support", Levels: []bot.DutyLevel{{Level: 1, People: []bot.DutyPerson{{Name: "Mara"}}}}}}, nil
}

func TestOnCallIsTold(t *testing.T) {
	s := &Server{config: Config{Token: secret.New("secret")}, parts: Parts{
		Rota: rota{}, Now: func() time.Time { return noon }, Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
		Tracer: noop.NewTracerProvider(),
	}}
	s.metrics = newMetrics(s.parts.Registry, nil)
	server := httptest.NewServer(s.routes())
	defer server.Close()
	defer http.DefaultClient.CloseIdleConnections()
	for path, want := range map[string]struct {
		status int
		says   string
	}{
		"/api/v1/oncall":              {200, `"name":"Mara"`},
		"/api/v1/oncall?service=none": {200, `"oncall":[]`},
		"/api/v1/oncall?service=nope": {404, "no service"},
	} {
		if status, _ := ask(t, "GET", server.URL+path, "", nil); status != 401 {
			t.Errorf("%s without the token: %d", path, status)
		}
		status, body := ask(t, "GET", server.URL+path, "", map[string]string{"Authorization": "Bearer secret"})
		if status != want.status || !strings.Contains(strings.ReplaceAll(body, `": `, `":`), want.says) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}
