package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/server"
)

// health tells how the parts are.
type health struct {
	app *App
	// executing is true while this process leads and everything is started.
	executing atomic.Bool
}

// Live is about the process. A full disk or a blind watch is not mended by a restart, so neither counts here; the disk is told.
func (h *health) Live(context.Context) []server.Check {
	checks := []server.Check{{Name: "process", OK: true}}
	if why := h.app.db.WhyReadOnly(); why != "" {
		checks = append(checks, server.Check{Name: "store", OK: true, Detail: why})
	}
	return checks
}

// Ready is about the work. A replica that waits to lead is ready: it serves.
func (h *health) Ready(ctx context.Context) []server.Check {
	store := server.Check{Name: "store", OK: true}
	if err := h.app.db.Health(ctx); err != nil {
		store.OK, store.Detail = false, bot.MessageOf(err)
	} else if why := h.app.db.WhyReadOnly(); why != "" {
		store.OK, store.Detail = false, why
	}
	executing := server.Check{Name: "executing", OK: true, Detail: "this process watches and runs playbooks"}
	if !h.executing.Load() {
		executing.Detail = "another replica leads; this one serves and waits"
		if h.app.db.Pool() == nil { // one process only: then it is still starting
			executing.OK, executing.Detail = false, "starting"
		}
	}
	return append([]server.Check{store, executing, h.actions()}, h.sight()...)
}

// actions tells whether the kill switch is on. Somebody wants it so: it is told and is no fault.
func (h *health) actions() server.Check {
	check := server.Check{Name: "actions", OK: true}
	if stopped, why := h.app.engine.Halted(); stopped {
		check.Detail = "no action starts: " + why
	}
	return check
}

// sight tells what cannot be seen. It is told and is no reason to send no requests here: webhooks and pages still work.
func (h *health) sight() []server.Check {
	if h.app.watch == nil {
		return nil
	}
	status := h.app.watch.Status()
	check := server.Check{Name: "sight", OK: true}
	switch {
	case len(status.Blind) > 0:
		var parts []string
		for signal, why := range status.Blind {
			parts = append(parts, fmt.Sprintf("%s (%s)", signal, why))
		}
		slices.Sort(parts)
		check.Detail = "blind: " + strings.Join(parts, ", ")
	case !status.CaughtUp:
		check.Detail = "reading the history that is missing"
	}
	return []server.Check{check}
}
