package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/server"
)

// hands carries out what people ask for through the API, and writes down who did. Who holds the token may do everything.
type hands struct{ killSwitch }

var _ server.People = hands{}

// note writes into the audit log what was done. That it cannot be written undoes nothing.
func (h hands) note(ctx context.Context, by, via, action, target, detail string, err error) {
	if err != nil {
		return
	}
	if err := (auditor{h.a.db}).Note(ctx, h.a.options.Clock.Now(), by, via+"."+action, target, detail); err != nil {
		h.a.logger.ErrorContext(ctx, "who did what could not be written down", "action", action, "by", by, "error", err)
	}
}

// Declare opens an incident.
func (h hands) Declare(ctx context.Context, d bot.Declared) (bot.Incident, error) {
	in, err := h.a.engine.Declare(ctx, d)
	h.note(ctx, d.By, d.Via, "declare", in.ID, d.Title, err)
	return in, err
}

// Resolve says that one is over.
func (h hands) Resolve(ctx context.Context, incident, by, via, reason string) (bot.Incident, error) {
	in, err := h.a.engine.Resolve(ctx, incident, by, via, reason)
	h.note(ctx, by, via, "resolve", incident, reason, err)
	return in, err
}

// Note adds to a timeline.
func (h hands) Note(ctx context.Context, incident, by, via, text string) (bot.Incident, error) {
	in, err := h.a.engine.Note(ctx, incident, by, via, text)
	h.note(ctx, by, via, "note", incident, text, err)
	return in, err
}

// Mute has nothing more be started.
func (h hands) Mute(ctx context.Context, incident string, lasts time.Duration, by, via, reason string) (bot.Incident, error) {
	in, err := h.a.engine.Mute(ctx, incident, lasts, by, via, reason)
	h.note(ctx, by, via, "mute", incident, strings.TrimSpace(lasts.String()+" "+reason), err)
	return in, err
}

// Outline tells what a playbook would do.
func (h hands) Outline(ctx context.Context, name, incident string) ([]string, error) {
	return h.a.engine.Outline(ctx, name, incident)
}

// Run starts a playbook.
func (h hands) Run(ctx context.Context, name, incident, by, via string) error {
	err := h.a.engine.Run(ctx, name, incident, by, via)
	h.note(ctx, by, via, "playbook.run", name+" "+incident, "", err)
	return err
}

// Budgets tells what is promised.
func (h hands) Budgets(service string) ([]bot.Budget, error) {
	if service != "" && !slices.Contains(h.a.config.names(), service) {
		return nil, bot.Errorf(bot.NotFound, "no service %q is configured", service)
	}
	return slices.DeleteFunc(h.a.promised(), func(b bot.Budget) bool { return service != "" && b.Service != service }), nil
}
