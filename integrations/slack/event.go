package slack

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/internal/rest"
)

// Bounds of events.
const (
	maxChallenge = 1000
)

// errIgnored is that an event is of no concern to us.
var errIgnored = errors.New("of no concern")

// envelopeOfEvent is what Slack sends about something that happened.
type envelopeOfEvent struct {
	Type      string `json:"type"`
	Challenge string `json:"challenge"`
	ID        string `json:"event_id"`
	Event     event  `json:"event"`
}

// event is what is read of an event; everything else is left alone.
type event struct {
	Type     string `json:"type"`
	User     string `json:"user"`
	Reaction string `json:"reaction"`
	Tab      string `json:"tab"`
	Item     struct {
		Type    string `json:"type"`
		Channel string `json:"channel"`
		TS      string `json:"ts"`
	} `json:"item"`
}

// Events receives what happens in the workspace (POST /slack/events): that somebody opens the app's page, or marks a message. Signatures
// are proven as with commands; an event that comes twice is worked once, by its ID.
func (h *Handler) Events() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := h.proven(w, r, h.events)
		if !ok {
			return
		}
		var e envelopeOfEvent
		if err := lenient(json.Unmarshal(body, &e)); err != nil {
			h.answer(w, h.events, http.StatusBadRequest, "bad_request", "the body is no event")
			return
		}
		if e.Type == "url_verification" {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = w.Write([]byte(cut(e.Challenge, maxChallenge)))
			return
		}
		if !h.happened(e) {
			h.answer(w, h.events, http.StatusServiceUnavailable, "busy", "too busy")
			return
		}
		w.WriteHeader(http.StatusOK)
	})
}

// happened begins the work of an event; false when there is no hand free.
func (h *Handler) happened(e envelopeOfEvent) bool {
	if e.Type != "event_callback" || e.Event.User == "" {
		h.events.WithLabelValues("ignored").Inc()
		return true
	}
	if e.ID != "" && !h.happenings.first(e.ID, time.Now()) {
		h.events.WithLabelValues("replayed").Inc()
		return true
	}
	begun := h.work(func(ctx context.Context) {
		err := h.event(ctx, e.Event)
		switch {
		case errors.Is(err, errIgnored):
			h.events.WithLabelValues("ignored").Inc()
		case err != nil:
			h.events.WithLabelValues("refused").Inc()
			h.logger.WarnContext(ctx, "slack: an event came to nothing", "event", e.Event.Type, "user", e.Event.User, "error", err)
		default:
			h.events.WithLabelValues("accepted").Inc()
		}
	})
	if !begun {
		h.happenings.forget(e.ID)
	}
	return begun
}

func (h *Handler) event(ctx context.Context, e event) error {
	switch e.Type {
	case "app_home_opened":
		if h.options.Homes == nil || (e.Tab != "" && e.Tab != "home") {
			return errIgnored
		}
		h.options.Homes.Opened(e.User)
		return nil
	case "reaction_added":
		return h.reacted(ctx, e)
	default:
		return errIgnored // a mark that is taken off changes nothing: entries are only added
	}
}

// renew has the card of an incident brought up to date.
func (h *Handler) renew(ctx context.Context, incident string) {
	if incident == "" {
		return
	}
	if err := h.options.Updater.Update(ctx, incident); err != nil {
		h.logger.WarnContext(ctx, "slack: a card will be out of date", "incident", incident, "error", err)
	}
}

// counted writes down what came of something that somebody did.
func (h *Handler) counted(ctx context.Context, i interaction, action, incident string, err error) {
	if err != nil {
		h.presses.WithLabelValues("refused").Inc()
		h.logger.WarnContext(ctx, "slack: something was refused", "action", action, "user", i.User.ID, "error", bot.MessageOf(err))
		return
	}
	h.presses.WithLabelValues("accepted").Inc()
	h.renew(ctx, incident)
}

// eventCounter counts what came of events.
func eventCounter(reg prometheus.Registerer) *prometheus.CounterVec {
	events := rest.Register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "firebreak_slack_events_total",
		Help: "Events received from Slack (the app's page opened, a message marked), by what came of them.",
	}, []string{"result"}))
	for _, r := range []string{"accepted", "refused", "ignored", "unauthorized", "replayed", "bad_request", "busy"} {
		events.WithLabelValues(r)
	}
	return events
}
