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

// bench remembers what it was told.
type bench struct{ told []string }

func (b *bench) Judge(_ context.Context, incident string, v bot.Verdict) (bot.Incident, error) {
	b.told = append(b.told, strings.Join([]string{incident, v.Change, string(v.Word), v.By, v.Via, v.Reason}, " "))
	return bot.Incident{ID: incident, Verdicts: []bot.Verdict{v}}, v.Check()
}

func TestSuspectsAreJudged(t *testing.T) {
	b := &bench{}
	s := &Server{config: Config{Token: secret.New("secret")}, parts: Parts{
		Judge: b, Now: func() time.Time { return noon }, Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
		Tracer: noop.NewTracerProvider(),
	}}
	s.metrics = newMetrics(s.parts.Registry, nil)
	server := httptest.NewServer(s.routes())
	defer server.Close()
	for name, q := range map[string]struct {
		body   string
		status int
		told   string
	}{
		"confirmed":          {`{"change": "#482", "verdict": "confirmed", "by": "ana", "reason": "it says so"}`, 200, "inc-1 #482 confirmed ana api it says so"},
		"cleared by command": {`{"change": "#482", "verdict": "cleared", "by": "ana", "via": "cli"}`, 200, "inc-1 #482 cleared ana cli "},
		"by a rollback":      {`{"change": "#482", "verdict": "cleared", "by": "ana", "via": "rollback"}`, 200, "inc-1 #482 cleared ana api "},
		"by nobody":          {`{"change": "#482", "verdict": "cleared"}`, 400, "inc-1 #482 cleared  api "},
		"of another time":    {`{"change": "#482", "verdict": "cleared", "at": "2026-11-27T12:00:00Z"}`, 400, ""},
		"no JSON":            {`change=1`, 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b.told = nil
			url := server.URL + "/api/v1/incidents/inc-1/suspects"
			if status, _ := ask(t, http.MethodPost, url, q.body, nil); status != 401 || len(b.told) > 0 {
				t.Errorf("without the token: %d, told %q", status, b.told)
			}
			status, body := ask(t, http.MethodPost, url, q.body, map[string]string{"Authorization": "Bearer secret"})
			if got := strings.Join(b.told, "; "); status != q.status || got != q.told {
				t.Errorf("%d %s, told %q; want %d, %q", status, body, got, q.status, q.told)
			}
		})
	}
	http.DefaultClient.CloseIdleConnections()
}
