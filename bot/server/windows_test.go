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

// days is a calendar that remembers what it was asked.
type days struct{ asked []string }

func (d *days) Openings(_ context.Context, service string, at time.Time) ([]bot.Opening, error) {
	d.asked = append(d.asked, "openings "+service+" "+at.Format(time.RFC3339))
	if service == "nope" {
		return nil, bot.Errorf(bot.NotFound, "no service %q is configured", service)
	}
	return []bot.Opening{{Service: "support", At: at}}, nil
}

func (d *days) Freezes(_ context.Context, q bot.FreezeQuery) ([]bot.Freeze, error) {
	d.asked = append(d.asked, "freezes "+q.Since.Format(time.RFC3339))
	return nil, nil
}

func (d *days) StartFreeze(_ context.Context, f bot.Freeze) (bot.Freeze, error) {
	d.asked = append(d.asked, strings.Join([]string{"start", f.By, f.Via, f.Reason, strings.Join(f.Services, "+"), f.To.Format(time.RFC3339)}, " "))
	return f, nil
}

func (d *days) EndFreeze(_ context.Context, id, by, via, reason string) (bot.Freeze, error) {
	d.asked = append(d.asked, strings.Join([]string{"end", id, by, via, reason}, " "))
	return bot.Freeze{ID: id}, nil
}

func TestWindowsAndFreezes(t *testing.T) {
	d := &days{}
	s := &Server{config: Config{Token: secret.New("secret")}, parts: Parts{
		Calendar: d, Now: func() time.Time { return noon }, Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
		Tracer: noop.NewTracerProvider(),
	}}
	s.metrics = newMetrics(s.parts.Registry, nil)
	server := httptest.NewServer(s.routes())
	defer server.Close()
	for name, q := range map[string]struct {
		method, path, body string
		status             int
		asked              string
	}{
		"now":                {"GET", "/api/v1/windows?service=support", "", 200, "openings support " + noon.Format(time.RFC3339)},
		"at a time":          {"GET", "/api/v1/windows?at=2026-11-27T12:00:00Z", "", 200, "openings  2026-11-27T12:00:00Z"},
		"at no time":         {"GET", "/api/v1/windows?at=friday", "", 400, ""},
		"of no service":      {"GET", "/api/v1/windows?service=nope", "", 404, "openings nope " + noon.Format(time.RFC3339)},
		"freezes that hold":  {"GET", "/api/v1/freezes", "", 200, "freezes " + noon.Format(time.RFC3339)},
		"all freezes":        {"GET", "/api/v1/freezes?all=true", "", 200, "freezes 0001-01-01T00:00:00Z"},
		"a freeze":           {"POST", "/api/v1/freezes", `{"reason": "audit", "by": "ana", "via": "slack", "services": ["support"], "to": "2026-11-27T12:00:00Z"}`, 200, "start ana api audit support 2026-11-27T12:00:00Z"},
		"a freeze by hand":   {"POST", "/api/v1/freezes", `{"reason": "audit", "by": "ana", "via": "cli"}`, 200, "start ana cli audit  0001-01-01T00:00:00Z"},
		"a freeze of fields": {"POST", "/api/v1/freezes", `{"reason": "audit", "ended_at": "2026-11-27T12:00:00Z"}`, 400, ""},
		"the end of one":     {"POST", "/api/v1/freezes/frz-1/end", `{"by": "ben", "reason": "done"}`, 200, "end frz-1 ben api done"},
	} {
		t.Run(name, func(t *testing.T) {
			d.asked = nil
			if status, _ := ask(t, q.method, server.URL+q.path, q.body, nil); status != 401 || len(d.asked) > 0 {
				t.Errorf("without the token: %d, asked %q", status, d.asked)
			}
			status, body := ask(t, q.method, server.URL+q.path, q.body, map[string]string{"Authorization": "Bearer secret"})
			if got := strings.Join(d.asked, "; "); status != q.status || got != q.asked {
				t.Errorf("%d %s, asked %q; want %d, %q", status, body, got, q.status, q.asked)
			}
		})
	}
	http.DefaultClient.CloseIdleConnections()
}
