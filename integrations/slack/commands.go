package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/integrations/internal/rest"
)

// Commander carries out what somebody writes behind the slash command, and says what came of it. The user is Slack's ID.
type Commander interface {
	Command(ctx context.Context, line, user string) bot.Answer
}

// slashCommand is what is read of Slack's payload, which is a form over HTTP and an object over a socket.
type slashCommand struct {
	Command     string `json:"command"`
	Text        string `json:"text"`
	User        string `json:"user_id"`
	ResponseURL string `json:"response_url"`
	TriggerID   string `json:"trigger_id"`
}

// Commands receives the slash command (POST /slack/commands). As with buttons, the signature is proven over the raw body before anything
// is parsed, replays are refused, and the answer to Slack is given at once; the answer to the person follows through the address that
// came with the command, and only the person sees it.
func (h *Handler) Commands() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := h.proven(w, r, h.commands)
		if !ok {
			return
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			h.answer(w, h.commands, http.StatusBadRequest, "bad_request", "the body is not a form")
			return
		}
		if form.Get("ssl_check") == "1" {
			w.WriteHeader(http.StatusOK)
			return
		}
		c := slashCommand{form.Get("command"), form.Get("text"), form.Get("user_id"), form.Get("response_url"), form.Get("trigger_id")}
		if c.Command == "" || c.User == "" {
			h.answer(w, h.commands, http.StatusBadRequest, "bad_request", "the form is not that of a slash command")
			return
		}
		if !h.command(c) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(busyAnswer()) // a person can read this, and Slack's own word for a status is of no help
			return
		}
		w.WriteHeader(http.StatusOK)
	})
}

// busyAnswer is told where there is no hand free.
func busyAnswer() map[string]any {
	return map[string]any{"response_type": "ephemeral", "text": "Firebreak is too busy or about to stop; try again in a moment."}
}

// command begins the work; false when there is no hand free.
func (h *Handler) command(c slashCommand) bool {
	begun := h.work(func(ctx context.Context) {
		started := time.Now()
		answer := h.options.Commander.Command(ctx, unescape(c.Text), c.User)
		result := "accepted"
		if answer.Form.Name != "" && h.options.Forms != nil {
			err := h.open(ctx, c.TriggerID, titleOf(answer.Form.Name), h.form(answer.Form, c.User))
			if err == nil {
				h.commands.WithLabelValues(result).Inc()
				h.answered.Observe(time.Since(started).Seconds())
				return
			}
			h.logger.InfoContext(ctx, "slack: a form could not be opened, and words are the answer", "user", c.User, "error", err)
		}
		if answer.Refused {
			result = "refused"
		}
		if err := h.respond(ctx, c.ResponseURL, renderAnswer(answer)); err != nil {
			result = "unanswered"
			h.logger.WarnContext(ctx, "slack: the answer to a command could not be sent", "user", c.User, "error", err)
		}
		h.commands.WithLabelValues(result).Inc()
		h.answered.Observe(time.Since(started).Seconds())
		h.renew(ctx, answer.Incident)
	})
	if !begun {
		h.commands.WithLabelValues("busy").Inc()
	}
	return begun
}

// respondTries bounds how often an answer is sent: Slack takes five in half an hour, and nobody waits longer.
const respondTries = 3

// respond sends a message to an address that came with a command, again when it did not arrive.
func (h *Handler) respond(ctx context.Context, to string, m message) error {
	if !h.mayAnswer(to) {
		return errors.New("its address is not Slack's")
	}
	m = h.client.fit(m)
	payload := map[string]any{"response_type": "ephemeral", "replace_original": false, "text": m.text}
	if len(m.blocks) > 0 {
		payload["blocks"] = m.blocks
	}
	body, err := json.Marshal(payload)
	if err != nil {
		return err
	}
	for try := range respondTries {
		if try > 0 {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(time.Duration(try) * time.Second):
			}
		}
		var again bool
		if again, err = h.post(ctx, to, body); err == nil || !again {
			return err
		}
	}
	return err
}

// post sends once and tells whether it is worth trying again. The address is a secret, and the error does not hold it.
func (h *Handler) post(ctx context.Context, to string, body []byte) (again bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return false, errors.New("its address is none")
	}
	req.Header.Set("Content-Type", "application/json")
	call := h.rest.Call()
	resp, err := call.HTTP(nil).Do(req)
	if err != nil {
		return true, call.Failure(err, "")
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 4096))
	_ = resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		return resp.StatusCode >= http.StatusInternalServerError || resp.StatusCode == http.StatusTooManyRequests,
			call.Failure(errors.New(resp.Status), "")
	}
	return false, nil
}

// commandCounter counts what came of commands.
func commandCounter(reg prometheus.Registerer) *prometheus.CounterVec {
	commands := rest.Register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "firebreak_slack_commands_total",
		Help: "Slash commands received from Slack, by what came of them.",
	}, []string{"result"}))
	for _, r := range []string{"accepted", "refused", "unanswered", "unauthorized", "replayed", "bad_request", "busy"} {
		commands.WithLabelValues(r)
	}
	return commands
}

func commandTimer(reg prometheus.Registerer) prometheus.Histogram {
	return rest.Register(reg, prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "firebreak_slack_command_seconds",
		Help:    "How long a slash command took from its receipt until Slack had the answer.",
		Buckets: []float64{.02, .05, .1, .2, .5, 1, 2, 5, 10, 30},
	}))
}
