package slackfake

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// socket is Socket Mode of a workspace. Its own lock guards it.
type socket struct {
	mu      sync.Mutex
	serial  int
	tickets map[string]bool
	conns   []*connection
	// open are the envelopes that nobody acknowledged, oldest first; acks counts the acknowledgements of each.
	open []*Envelope
	acks map[string]int
	// payloads are what acknowledgements said, by envelope.
	payloads map[string]json.RawMessage
}

// Envelope is what is sent over a socket.
type Envelope struct {
	ID      string          `json:"envelope_id"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
	Accepts bool            `json:"accepts_response_payload"`
	Attempt int             `json:"retry_attempt,omitempty"`
	Reason  string          `json:"retry_reason,omitempty"`
}

// connection is one open socket; its lock is held while something is written.
type connection struct {
	mu sync.Mutex
	ws *websocket.Conn
}

func (c *connection) send(v any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.ws.SetWriteDeadline(time.Now().Add(5 * time.Second))
	return c.ws.WriteJSON(v)
}

// openConnection answers apps.connections.open: only the app's own token may, and the address works once.
func (w *Workspace) openConnection(rw http.ResponseWriter, r *http.Request) {
	switch token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "); {
	case token == "":
		answer(rw, nil, "not_authed")
		return
	case w.cfg.AppToken == "" || token != w.cfg.AppToken:
		answer(rw, nil, "invalid_auth")
		return
	}
	s := &w.socket
	s.mu.Lock()
	s.serial++
	ticket := fmt.Sprintf("t%d", s.serial)
	if s.tickets == nil {
		s.tickets, s.acks, s.payloads = map[string]bool{}, map[string]int{}, map[string]json.RawMessage{}
	}
	s.tickets[ticket] = true
	s.mu.Unlock()
	answer(rw, object{"url": strings.Replace(w.cfg.Base, "http", "ws", 1) + "/socket/" + ticket}, "")
}

// mostConnections is how many sockets an app may have.
const mostConnections = 10

// serveSocket is one socket until its end.
func (w *Workspace) serveSocket(rw http.ResponseWriter, r *http.Request) {
	s := &w.socket
	ticket := r.PathValue("ticket")
	s.mu.Lock()
	valid := s.tickets[ticket] && len(s.conns) < mostConnections
	delete(s.tickets, ticket)
	s.mu.Unlock()
	if !valid {
		http.Error(rw, "invalid ticket", http.StatusForbidden)
		return
	}
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	ws, err := upgrader.Upgrade(rw, r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	c := &connection{ws: ws}
	s.join(c)
	defer s.part(c)
	over := make(chan struct{})
	var pinging sync.WaitGroup
	pinging.Go(func() { c.ping(over) })
	defer pinging.Wait()
	defer close(over)
	ws.SetReadLimit(1 << 20)
	for {
		_, data, err := ws.ReadMessage()
		if err != nil {
			return
		}
		w.acknowledged(r, data)
	}
}

const pingEvery = 5 * time.Second

// ping shows the other side that the socket lives.
func (c *connection) ping(over <-chan struct{}) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-over:
			return
		case <-tick.C:
			if c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second)) != nil {
				return
			}
		}
	}
}

// largestAck is from where on Slack drops acknowledgements silently.
const largestAck = 20 << 10

func (w *Workspace) acknowledged(r *http.Request, data []byte) {
	var ack struct {
		ID      string          `json:"envelope_id"`
		Payload json.RawMessage `json:"payload"`
	}
	if len(data) > largestAck || json.Unmarshal(data, &ack) != nil || ack.ID == "" {
		w.Strange(r, "an acknowledgement of %d bytes that Slack would drop", len(data))
		return
	}
	s := &w.socket
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acks[ack.ID]++
	if ack.Payload != nil {
		s.payloads[ack.ID] = ack.Payload
	}
	for i, e := range s.open {
		if e.ID == ack.ID {
			s.open = append(s.open[:i:i], s.open[i+1:]...)
			return
		}
	}
}

// join adds a connection, greets it, and sends it what nobody acknowledged.
func (s *socket) join(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns = append(s.conns, c)
	_ = c.send(object{
		"type": "hello", "num_connections": len(s.conns), "connection_info": object{"app_id": AppID},
		"debug_info": object{"host": "applink-sandbox", "build_number": 10, "approximate_connection_time": 18060},
	})
	for _, e := range s.open {
		e.Attempt, e.Reason = e.Attempt+1, "timeout"
		_ = c.send(e) // an end is seen by whoever reads
	}
}

func (s *socket) part(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, have := range s.conns {
		if have == c {
			s.conns = append(s.conns[:i:i], s.conns[i+1:]...)
			return
		}
	}
}

var errOffline = errors.New("no socket is open")

// push sends an envelope over the newest socket and keeps it until it is acknowledged. Times is how often it is sent.
func (s *socket) push(kind string, payload []byte, accepts bool, times int) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	e := &Envelope{ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", s.serial), Type: kind, Payload: payload, Accepts: accepts}
	s.open = append(s.open, e)
	if len(s.conns) == 0 {
		return e.ID, errOffline
	}
	for range times {
		if err := s.conns[len(s.conns)-1].send(e); err != nil {
			return e.ID, err
		}
	}
	return e.ID, nil
}

// PushCommand sends a slash command over a socket, times times, and names its envelope.
func (w *Workspace) PushCommand(channel, text string, by User, times int) (string, error) {
	form, err := w.command(channel, text, by)
	if err != nil {
		return "", err
	}
	payload := object{}
	for field := range form {
		payload[field] = form.Get(field)
	}
	payload["is_enterprise_install"] = false
	data, err := json.Marshal(payload)
	if err != nil {
		return "", err
	}
	return w.socket.push("slash_commands", data, true, times)
}

// PushPress sends the press of a button over a socket, and names its envelope.
func (w *Workspace) PushPress(m Message, b Button, by User) (string, error) {
	body, err := w.Press(m, b, by)
	if err != nil {
		return "", err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return "", err
	}
	return w.socket.push("interactive", []byte(form.Get("payload")), false, 1)
}

// Sockets tells how many are open, Acknowledged how often an envelope was.
func (w *Workspace) Sockets() int {
	w.socket.mu.Lock()
	defer w.socket.mu.Unlock()
	return len(w.socket.conns)
}

// Acknowledged tells how often an envelope was acknowledged, and with what.
func (w *Workspace) Acknowledged(id string) (times int, payload json.RawMessage) {
	w.socket.mu.Lock()
	defer w.socket.mu.Unlock()
	return w.socket.acks[id], w.socket.payloads[id]
}

// Refresh asks for fresh sockets, as Slack does every few hours; Cut ends them without a word.
func (w *Workspace) Refresh() {
	w.each(func(c *connection) {
		_ = c.send(object{"type": "disconnect", "reason": "refresh_requested", "debug_info": object{"host": "applink-sandbox"}})
	})
}

// Cut ends all sockets without a word.
func (w *Workspace) Cut() { w.each(func(c *connection) { _ = c.ws.Close() }) }

func (w *Workspace) each(do func(*connection)) {
	w.socket.mu.Lock()
	defer w.socket.mu.Unlock()
	for _, c := range w.socket.conns {
		do(c)
	}
}
