package slack

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
)

// line is a socket to a stand-in of Slack.
type socketed struct {
	*office
	slack  *slackfake.Workspace
	socket *Socket
	wrote  chan string
}

// Command tells the test what was written.
func (s *socketed) Command(ctx context.Context, text, user string) bot.Answer {
	defer func() { s.wrote <- text }()
	return s.office.Command(ctx, text, user)
}

func newSocketed(t *testing.T) *socketed {
	t.Helper()
	s := &socketed{office: &office{}, wrote: make(chan string, 100)}
	var handler http.Handler
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	s.slack = slackfake.New(slackfake.Config{
		Base: web.URL, Token: "xoxb-1", AppToken: "xapp-1", SigningSecret: "x", Channels: []string{"incidents"}, Now: time.Now,
	})
	handler = s.slack
	c := New(Config{Token: secret.New("xoxb-1"), AppToken: secret.New("xapp-1"), APIURL: web.URL + "/api/"}, Options{})
	h := c.Handler(HandlerOptions{Commander: s, Decider: s, Acknowledger: s, Judge: s, Updater: s, Registerer: prometheus.NewRegistry()})
	s.socket = c.Socket(h)
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- s.socket.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		<-over
		_ = h.Close(context.Background())
		s.slack.Cut()
		web.Close()
		c.Close()
	})
	return s
}

// until waits for something that happens on another goroutine; the test's own time limit is the only one.
func until(t *testing.T, is func() bool) {
	t.Helper()
	for !is() {
		if t.Context().Err() != nil {
			t.Fatal("it never was")
		}
		<-time.After(time.Millisecond)
	}
}

var omar = slackfake.User{ID: "U0OMAR", Name: "omar"}

func TestEnvelopesAreCarriedOutOnceAndAlwaysAcknowledged(t *testing.T) {
	s := newSocketed(t)
	until(t, func() bool { return s.slack.Sockets() == 1 })
	id, err := s.slack.PushCommand("incidents", "status <now>", omar, 3)
	if err != nil {
		t.Fatal(err)
	}
	if got := <-s.wrote; got != "status <now>" {
		t.Errorf("wrote %q", got)
	}
	until(t, func() bool { n, _ := s.slack.Acknowledged(id); return n == 3 })
	if len(s.wrote) != 0 {
		t.Error("it was carried out again")
	}
}

func TestWhatWasSentWhileNoSocketStoodComesOverTheNext(t *testing.T) {
	s := newSocketed(t)
	until(t, func() bool { return s.slack.Sockets() == 1 })
	s.slack.Cut()
	until(t, func() bool { return s.slack.Sockets() == 0 })
	id, _ := s.slack.PushCommand("incidents", "ack", omar, 1) // nobody hears it
	if got := <-s.wrote; got != "ack" {
		t.Errorf("wrote %q", got)
	}
	until(t, func() bool { n, _ := s.slack.Acknowledged(id); return n == 1 })
	s.slack.Refresh()
	until(t, func() bool { return s.slack.Sockets() == 1 })
	if _, err := s.slack.PushCommand("incidents", "help", omar, 1); err != nil {
		t.Logf("the old socket was just ending: %v", err) // it comes over the next one
	}
	<-s.wrote
}

func TestABusyBotSaysSoOverTheSocket(t *testing.T) {
	s := newSocketed(t)
	s.block = make(chan struct{})
	until(t, func() bool { return s.slack.Sockets() == 1 })
	var last string
	for range maxWorking + 1 {
		id, err := s.slack.PushCommand("incidents", "status", omar, 1)
		if err != nil {
			t.Fatal(err)
		}
		last = id
	}
	until(t, func() bool { n, _ := s.slack.Acknowledged(last); return n == 1 })
	_, payload := s.slack.Acknowledged(last)
	var said struct{ Text string }
	if json.Unmarshal(payload, &said) != nil || said.Text == "" {
		t.Errorf("the acknowledgement says %q", payload)
	}
	close(s.block)
}

func TestEveryKnownFrameIsTaken(t *testing.T) {
	var frames []envelope
	if err := json.Unmarshal(integrationstest.Read(t, "contracts", "slack", "socket-mode-frames.json"), &frames); err != nil {
		t.Fatal(err)
	}
	d := newDesk(t)
	s := &Socket{handler: d.handler}
	for _, e := range frames {
		if e.ID == "" {
			continue
		}
		if _, heard := s.take(e); !heard {
			t.Errorf("%s %s is not acknowledged", e.Type, e.ID)
		}
	}
	_ = d.handler.Close(t.Context())
	if len(d.done) != 1 || d.done[0] != "U111 writes " {
		t.Errorf("done %q", d.done)
	}
}

func TestTheSocketIsOpenedAtSlackOnly(t *testing.T) {
	for address, want := range map[string]bool{
		"wss://wss-primary.slack.com/link/?ticket=1": true,
		"wss://slack.com/link":                       true,
		"ws://wss-primary.slack.com/link":            false,
		"wss://slack.com.evil.example/":              false,
		"wss://evilslack.com/":                       false,
		"wss://user@wss.slack.com/":                  false,
		"https://slack.com/":                         false,
		"wss://169.254.169.254/":                     false,
	} {
		s := New(Config{}, Options{}).Socket(&Handler{})
		if got := s.trusted(address); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}

func TestReconnectsBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		c := New(Config{AppToken: secret.New("xapp-1")}, Options{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			tries++
			if got := r.Header.Get("Authorization"); got != "Bearer xapp-1" {
				t.Errorf("asked as %q", got)
			}
			w := httptest.NewRecorder()
			w.WriteHeader(http.StatusInternalServerError)
			return w.Result(), nil
		})})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		_ = c.Socket(&Handler{}).Run(ctx)
		if tries < 8 || tries > 40 {
			t.Errorf("%d tries in ten minutes", tries)
		}
	})
}
