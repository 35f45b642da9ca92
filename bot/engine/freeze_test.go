package engine_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/engine"
)

// frozen keeps freezes in memory.
type frozen map[string]bot.Freeze

func (m frozen) PutFreeze(_ context.Context, f bot.Freeze, _ time.Time) (bot.Freeze, error) {
	if kept, known := m[f.ID]; known {
		return kept, nil
	}
	m[f.ID] = f
	return f, nil
}

func (m frozen) EndFreeze(_ context.Context, id, by, _, reason string, at time.Time) (bot.Freeze, error) {
	f := m[id]
	f.EndedAt, f.EndedBy, f.EndReason = at, by, reason
	m[id] = f
	return f, nil
}

func TestFreezes(t *testing.T) {
	now := time.Date(2026, 11, 20, 15, 50, 0, 0, time.UTC)
	kept := frozen{}
	e := engine.New(engine.Parts{
		Freezes: kept, Now: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler),
		Tracer: noop.NewTracerProvider().Tracer(""), Registry: prometheus.NewRegistry(),
	}, engine.Settings{Services: []bot.Service{{Name: "support"}, {Name: "search"}}})
	whole := bot.Freeze{Reason: " an audit ", By: "ana", Services: []string{"support"}, To: now.Add(time.Hour)}
	for name, q := range map[string]struct {
		change func(*bot.Freeze)
		want   string
	}{
		"without a reason":            {func(f *bot.Freeze) { f.Reason = "  " }, "needs a reason"},
		"of nobody":                   {func(f *bot.Freeze) { f.By = "" }, "somebody who starts it"},
		"of a service that is none":   {func(f *bot.Freeze) { f.Services = []string{"nope"} }, "those that are: support, search"},
		"that is over":                {func(f *bot.Freeze) { f.From, f.To = now.Add(-2*time.Hour), now.Add(-time.Hour) }, "would be over already"},
		"that ends before it begins":  {func(f *bot.Freeze) { f.From = now.Add(2 * time.Hour) }, "ends before it begins"},
		"that lasts for ever":         {func(f *bot.Freeze) { f.To = now.AddDate(3, 0, 0) }, "within a year"},
		"with a reason without bound": {func(f *bot.Freeze) { f.Reason = strings.Repeat("x", 301) }, "at most 300"},
	} {
		f := whole
		q.change(&f)
		if _, err := e.StartFreeze(t.Context(), f); bot.CodeOf(err) != bot.Invalid || !strings.Contains(bot.MessageOf(err), q.want) {
			t.Errorf("a freeze %s: %v, want %q", name, err, q.want)
		}
	}
	if len(kept) > 0 {
		t.Errorf("kept %v", kept)
	}
	f, err := e.StartFreeze(t.Context(), whole)
	if err != nil || f.ID == "" || f.Reason != "an audit" || !f.From.Equal(now) {
		t.Errorf("started %+v, %v", f, err)
	}
	now = now.Add(time.Minute)
	if _, err := e.EndFreeze(t.Context(), f.ID, " ", "api", ""); bot.CodeOf(err) != bot.Invalid {
		t.Errorf("nobody ended it: %v", err)
	}
	if f, err = e.EndFreeze(t.Context(), f.ID, "ben", "api", "done"); err != nil || !f.Over(now) || f.Over(now.Add(-1)) {
		t.Errorf("ended %+v, %v", f, err)
	}
}
