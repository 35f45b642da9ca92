package slack

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	api "github.com/slack-go/slack"

	"github.com/firebreak-dev/firebreak/integrations/internal/rest"
)

// Bounds of a Socket.
const (
	maxFrame     = 1 << 20
	dialTime     = 15 * time.Second
	writeTime    = 5 * time.Second
	silence      = 75 * time.Second // Slack pings several times a minute
	settled      = time.Minute      // a connection that lasted so long was a good one
	shortestWait = 500 * time.Millisecond
)

// Socket is Socket Mode: Slack's commands and presses come over a connection that we open, so that nothing has to reach us from outside.
// It hands them to the same Handler as HTTP does. Every envelope is acknowledged at once and carried out once, however often Slack sends
// it; what it sends while no connection stands comes over the next one, or is told to the person by Slack.
type Socket struct {
	client  *Client
	handler *Handler
	metrics socketMetrics

	// heard are the envelopes that came.
	heard seen
}

type socketMetrics struct {
	connected prometheus.Gauge
	ended     *prometheus.CounterVec
}

// Socket makes the socket that feeds a handler. Run does the work.
func (c *Client) Socket(h *Handler) *Socket {
	m := socketMetrics{
		connected: rest.Register(c.options.Registerer, prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "firebreak_slack_socket_connected", Help: "1 while Slack's commands and presses can arrive over Socket Mode.",
		})),
		ended: rest.Register(c.options.Registerer, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "firebreak_slack_socket_ended_total", Help: "Connections of Socket Mode that ended or could not be opened, by why.",
		}, []string{"why"})),
	}
	for _, why := range []string{endRefreshed, endLost, endRefused} {
		m.ended.WithLabelValues(why)
	}
	return &Socket{client: c, handler: h, metrics: m}
}

// Why a connection ends.
const (
	endRefreshed = "refreshed" // Slack wants a fresh one
	endLost      = "lost"
	endRefused   = "refused" // none could be opened
)

// Run keeps a connection until ctx ends. Call it once.
func (s *Socket) Run(ctx context.Context) error {
	for failures := 0; ; {
		begun := time.Now()
		why, err := s.session(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		s.metrics.ended.WithLabelValues(why).Inc()
		if why == endRefreshed || time.Since(begun) > settled {
			failures = 0
		}
		pause := waitAfter(failures)
		level := slog.LevelInfo
		if why != endRefreshed {
			level = slog.LevelWarn
		}
		s.client.options.Logger.Log(ctx, level, "slack: the socket ended and is opened anew", "why", why, "in", pause, "error", err)
		failures++
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
	}
}

// waitAfter is the pause before the next connection: longer with every failure, and not the same for all who lost theirs together.
func waitAfter(failures int) time.Duration {
	pause := min(shortestWait<<min(failures, 10), longestWait)
	return pause/2 + rand.N(pause/2+1)
}

// session is one connection, from opening to its end.
func (s *Socket) session(ctx context.Context) (why string, err error) {
	conn, err := s.open(ctx)
	if err != nil {
		return endRefused, err
	}
	l := &wire{conn: conn}
	defer l.later.Wait() // those who wait for what comes of a form do so for two seconds at most
	defer conn.Close()
	defer context.AfterFunc(ctx, func() {
		_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
		_ = conn.Close()
	})()
	defer s.metrics.connected.Set(0)
	conn.SetReadLimit(maxFrame)
	alive := func() error { return conn.SetReadDeadline(time.Now().Add(silence)) }
	conn.SetPingHandler(func(data string) error {
		_ = conn.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(writeTime)) // a lost connection shows when it is read
		return alive()
	})
	for {
		if err := alive(); err != nil {
			return endLost, err
		}
		kind, data, err := conn.ReadMessage()
		if err != nil {
			return endLost, err
		}
		if kind != websocket.TextMessage {
			continue
		}
		if done, err := s.frame(ctx, l, data); done || err != nil {
			return endOf(err), err
		}
	}
}

func endOf(err error) string {
	if err != nil {
		return endLost
	}
	return endRefreshed
}

// open asks Slack for an address and opens it. The address holds a ticket: it is never told.
func (s *Socket) open(ctx context.Context) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	c := s.client
	call := c.rest.Repeatable()
	app := api.New("", api.OptionAppLevelToken(c.config.AppToken.Reveal()), api.OptionAPIURL(c.config.APIURL), api.OptionHTTPClient(call.HTTP(nil)))
	_, address, err := app.StartSocketModeContext(ctx)
	if err != nil {
		return nil, failure(call, err)
	}
	if !s.trusted(address) {
		return nil, c.permanent("the address of the socket is not Slack's")
	}
	dialer := websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: dialTime, WriteBufferSize: 32 << 10} // one frame for each acknowledgement
	conn, resp, err := dialer.DialContext(ctx, address, nil)
	if resp != nil && resp.Body != nil {
		_ = resp.Body.Close()
	}
	if err != nil {
		if resp != nil {
			return nil, c.permanent("the socket was refused with %s", resp.Status)
		}
		return nil, errors.New("slack: the socket could not be opened: " + c.rest.Redact(strings.ReplaceAll(err.Error(), address, "")))
	}
	return conn, nil
}

// trusted tells whether an address may be opened: encrypted, at the domain of the API; or, of an API without encryption, at its host.
func (s *Socket) trusted(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return false
	}
	own, err := url.Parse(s.client.config.APIURL)
	if err != nil {
		return false
	}
	if own.Scheme == "http" {
		return u.Scheme == "ws" && u.Host == own.Host
	}
	return u.Scheme == "wss" && (u.Hostname() == own.Hostname() || strings.HasSuffix(u.Hostname(), "."+own.Hostname()))
}

// envelope is a frame of Slack's.
type envelope struct {
	Type    string          `json:"type"`
	ID      string          `json:"envelope_id"`
	Payload json.RawMessage `json:"payload"`
	// Takes tells that an acknowledgement may hold an answer.
	Takes  bool   `json:"accepts_response_payload"`
	Reason string `json:"reason"`
}

// frame works one frame off; done means that Slack wants another connection.
func (s *Socket) frame(ctx context.Context, l *wire, data []byte) (done bool, err error) {
	var e envelope
	if err := json.Unmarshal(data, &e); err != nil {
		s.client.options.Logger.WarnContext(ctx, "slack: a frame of the socket is not understood", "error", err)
		return false, nil
	}
	switch e.Type {
	case "hello":
		s.metrics.connected.Set(1)
		s.client.options.Logger.InfoContext(ctx, "slack: the socket stands")
		return false, nil
	case "disconnect":
		return true, nil
	}
	if e.ID == "" {
		return false, nil
	}
	if form, is := s.form(e); is {
		l.later.Go(func() { // what comes of a form is waited for, and the next envelope does not wait for that
			answer, heard := s.handler.begin(form)
			if !heard {
				return
			}
			if err := l.acknowledge(e.ID, answer); err != nil {
				s.client.options.Logger.WarnContext(ctx, "slack: what came of a form could not be answered", "error", err)
			}
		})
		return false, nil
	}
	answer, heard := s.take(e)
	if !heard {
		return false, nil // Slack tells the person that we did not answer
	}
	return false, l.acknowledge(e.ID, answer)
}

// wire is a connection that several write to.
type wire struct {
	mu    sync.Mutex
	conn  *websocket.Conn
	later sync.WaitGroup
}

// maxAck is from where on Slack drops an acknowledgement silently, less what stands around it.
const maxAck = 19 << 10

// acknowledge tells Slack that an envelope arrived. An answer that Slack would drop, and the acknowledgement with it, is left out.
func (l *wire) acknowledge(id string, answer any) error {
	ack := map[string]any{"envelope_id": id}
	if data, err := json.Marshal(answer); err == nil && string(data) != "null" && len(data) <= maxAck {
		ack["payload"] = json.RawMessage(data)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.conn.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return err
	}
	return l.conn.WriteJSON(ack)
}

// form tells whether an envelope is a form that was sent off, for the first time.
func (s *Socket) form(e envelope) (interaction, bool) {
	if e.Type != "interactive" {
		return interaction{}, false
	}
	i, err := decodeInteraction(e.Payload)
	return i, err == nil && i.Type == submittedType && s.heard.first(e.ID, time.Now())
}

// take begins the work of an envelope. Heard is false when there is no hand free and nothing to say it with.
func (s *Socket) take(e envelope) (answer any, heard bool) {
	h := s.handler
	switch e.Type {
	case "slash_commands":
		if !s.heard.first(e.ID, time.Now()) {
			h.commands.WithLabelValues("replayed").Inc()
			return nil, true
		}
		var c slashCommand
		if err := lenient(json.Unmarshal(e.Payload, &c)); err != nil || c.Command == "" || c.User == "" {
			h.commands.WithLabelValues("bad_request").Inc()
			return nil, true
		}
		if !h.command(c) {
			s.heard.forget(e.ID)
			return busyAnswer(), e.Takes
		}
	case "interactive":
		if !s.heard.first(e.ID, time.Now()) {
			h.presses.WithLabelValues("replayed").Inc()
			return nil, true
		}
		i, err := decodeInteraction(e.Payload)
		if err != nil {
			h.presses.WithLabelValues("bad_request").Inc()
			return nil, true
		}
		if _, heard := h.begin(i); !heard {
			h.presses.WithLabelValues("busy").Inc()
			s.heard.forget(e.ID)
			return nil, false
		}
	case "events_api":
		if !s.heard.first(e.ID, time.Now()) {
			h.events.WithLabelValues("replayed").Inc()
			return nil, true
		}
		var happened envelopeOfEvent
		if err := lenient(json.Unmarshal(e.Payload, &happened)); err != nil {
			h.events.WithLabelValues("bad_request").Inc()
			return nil, true
		}
		if !h.happened(happened) {
			h.events.WithLabelValues("busy").Inc()
			s.heard.forget(e.ID)
			return nil, false
		}
	}
	return nil, true
}

// lenient lets be what has another type than we know, as long as the rest could be read.
func lenient(err error) error {
	var odd *json.UnmarshalTypeError
	if errors.As(err, &odd) && odd.Field != "" {
		return nil
	}
	return err
}
