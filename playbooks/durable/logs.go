package durable

import (
	"context"
	"log/slog"
	"strings"
)

// quieter makes the logger for DBOS: what it tells as information about its own start and stop is detail to us, and so is that work
// was called off because it was told to stop.
func quieter(l *slog.Logger) *slog.Logger {
	return slog.New(demoting{l.Handler()}).With("engine", "dbos")
}

type demoting struct{ slog.Handler }

// Enabled takes information for detail.
func (d demoting) Enabled(ctx context.Context, level slog.Level) bool {
	return d.Handler.Enabled(ctx, demoted(level))
}

// Handle passes a record on with its level demoted.
func (d demoting) Handle(ctx context.Context, r slog.Record) error {
	r.Level = demoted(r.Level)
	if calledOff(r) {
		r.Level = slog.LevelDebug
	}
	if !d.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return d.Handler.Handle(ctx, r)
}

// WithAttrs keeps demoting.
func (d demoting) WithAttrs(attrs []slog.Attr) slog.Handler {
	return demoting{d.Handler.WithAttrs(attrs)}
}

// WithGroup keeps demoting.
func (d demoting) WithGroup(name string) slog.Handler { return demoting{d.Handler.WithGroup(name)} }

func demoted(l slog.Level) slog.Level {
	if l == slog.LevelInfo {
		return slog.LevelDebug
	}
	return l
}

// calledOff tells whether a record is about an error that only says so. DBOS wraps such errors by their text.
func calledOff(r slog.Record) bool {
	is := false
	r.Attrs(func(a slog.Attr) bool {
		if err, ok := a.Value.Any().(error); ok && strings.Contains(err.Error(), context.Canceled.Error()) {
			is = true
		}
		return !is
	})
	return is
}
