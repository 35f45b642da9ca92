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
)

// teller says what it was asked.
type teller struct{ asked string }

func (l *teller) Account(context.Context) (bot.Account, error) {
	return bot.Account{Title: "No incident is open.", Rows: []bot.Row{{Label: "Sight", Text: "all can be seen"}}}, nil
}

func (l *teller) Digest(_ context.Context, kind, service string, at time.Time) (bot.Digest, error) {
	if kind == "evening" {
		return bot.Digest{}, bot.Errorf(bot.Invalid, "there is no digest %q", kind)
	}
	return bot.Digest{Kind: kind, Title: fmt.Sprintf("%s of %s at %s", kind, service, at.Format(time.RFC3339)), Sections: []bot.Section{}}, nil
}

func (l *teller) Postmortem(_ context.Context, id string) (bot.Postmortem, error) {
	if id != "inc-1" {
		return bot.Postmortem{}, bot.Errorf(bot.NotFound, "there is no incident %q", id)
	}
	return bot.Postmortem{Incident: id, Seconds: map[string]float64{"detected": 60}, Markdown: "# Incident"}, nil
}

func (l *teller) Link(_ context.Context, id, to, title, by, via string) (bot.Incident, error) {
	l.asked = fmt.Sprintf("link %s with %s (%s) by %s via %s", id, to, title, by, via)
	return bot.Incident{ID: id}, nil
}

func TestWhatIsToldIsAnswered(t *testing.T) {
	l := &teller{}
	s, err := New(Config{Listen: "127.0.0.1:0"}, Parts{
		Teller: l, Linker: l, Now: func() time.Time { return noon }, Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
		Tracer: noop.NewTracerProvider(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Shutdown(context.WithoutCancel(t.Context())) })
	site := httptest.NewServer(s.handler)
	t.Cleanup(site.Close)
	for name, q := range map[string]struct {
		method, path, body string
		status             int
		want               []string
	}{
		"the state":                           {"GET", "/api/v1/status", "", 200, []string{`"title": "No incident is open."`, `"label": "Sight"`, `"incidents": []`, `"blind": []`}},
		"a digest of now":                     {"GET", "/api/v1/digests/morning?service=search", "", 200, []string{`"title": "morning of search at 0001-01-01T00:00:00Z"`, `"sections": []`}},
		"a digest of then":                    {"GET", "/api/v1/digests/weekly?at=2026-11-20T09:00:00Z", "", 200, []string{"weekly of  at 2026-11-20T09:00:00Z"}},
		"a digest of no time":                 {"GET", "/api/v1/digests/weekly?at=friday", "", 400, []string{"at is not a time"}},
		"a digest that there is not":          {"GET", "/api/v1/digests/evening", "", 400, []string{"there is no digest"}},
		"what is known of an incident":        {"GET", "/api/v1/incidents/inc-1/postmortem", "", 200, []string{`"detected": 60`, `"markdown": "# Incident"`}},
		"what is known of none":               {"GET", "/api/v1/incidents/inc-2/postmortem", "", 404, []string{"there is no incident"}},
		"an address is hung on an incident":   {"POST", "/api/v1/incidents/inc-1/links", `{"to": "https://x.example", "title": "x", "by": "ana", "via": "cli"}`, 200, []string{`"id": "inc-1"`}},
		"an address with a word that is none": {"POST", "/api/v1/incidents/inc-1/links", `{"url": "https://x.example"}`, 400, []string{"is not the JSON"}},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), q.method, site.URL+q.path, strings.NewReader(q.body))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := site.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != q.status {
				t.Fatalf("%d %s, %v", resp.StatusCode, body, err)
			}
			for _, w := range q.want {
				if !strings.Contains(string(body), w) {
					t.Errorf("%s is not in %s", w, body)
				}
			}
		})
	}
	if want := "link inc-1 with https://x.example (x) by ana via cli"; l.asked != want {
		t.Errorf("%q, want %q", l.asked, want)
	}
}
