package pagerduty

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/internal/rest"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// Cards is what pages are made from.
type Cards interface {
	// Card returns what an incident looks like now.
	Card(ctx context.Context, incident string) (bot.Card, error)
}

// Options are what a Client is given besides its configuration. Only Cards is required.
type Options struct {
	Cards Cards
	// Memory keeps which page is of which incident; without one only keys tell.
	Memory Memory
	// Incidents are ours, so that PagerDuty's own word is not sent back to it; without them everything is sent.
	Incidents Incidents
	// Services say which service of PagerDuty's is which of ours.
	Services []Service
	// People says whom the configuration means by PagerDuty's users; without it they have the names that they have there.
	People People
	// Hours are the support hours of services that have their own.
	Hours      map[string]Hours
	Registerer prometheus.Registerer
	Tracer     trace.TracerProvider
	// Transport carries the requests; nil means one of the client's own.
	Transport http.RoundTripper
	Now       func() time.Time
}

// PagerDuty takes about 120 events a minute of one integration, which is one routing key: as many at once and in the minute after that.
// A burst lets a storm's first pages out at once; those that are too many wait here for their turn, since a refusal would cost them an
// attempt.
const (
	eventEvery   = time.Second
	eventsAtOnce = 60
)

// Client sends events. It is safe for concurrent use.
type Client struct {
	config    Config
	cards     Cards
	rest      *rest.Client
	api       *rest.Client
	memory    Memory
	incidents Incidents
	// linking is held while what is remembered of a page is changed.
	linking sync.Mutex
	// wished is told of an incident whose page or escalation could not be sent; the mirror sets it before anything runs.
	wished   func(incident string)
	services []Service
	hours    map[string]Hours
	duties   duties
	people   People
	faces    faces
	now      func() time.Time
	// turns are the limits, by routing key.
	turns rest.Turns
}

// New makes a client of a checked configuration.
func New(c Config, o Options) *Client {
	c = c.WithDefaults()
	c.EventsURL, c.APIURL = strings.TrimRight(c.EventsURL, "/"), strings.TrimRight(c.APIURL, "/")
	if o.Now == nil {
		o.Now = time.Now
	}
	events := rest.Options{
		Integration: "pagerduty", Timeout: c.Timeout, MaxBody: 1 << 20, Secrets: c.secrets(), Registerer: o.Registerer, Tracer: o.Tracer,
		Base: o.Transport, Now: o.Now,
	}
	asks := events
	asks.MaxBody, asks.Rate, asks.Burst = 4<<20, asksPerSecond, asksAtOnce
	return &Client{
		config:    c,
		cards:     o.Cards,
		memory:    o.Memory,
		services:  o.Services,
		hours:     o.Hours,
		people:    o.People,
		incidents: o.Incidents,
		now:       o.Now,
		rest:      rest.New(events),
		api:       rest.New(asks),
	}
}

// Close lets go of idle connections.
func (c *Client) Close() {
	c.rest.Close()
	c.api.Close()
}

// send hands one event over and returns PagerDuty's word for it. Every event carries a dedup key, so it may be sent again
// whatever became of it.
func (c *Client) send(ctx context.Context, service string, event pd.V2Event) (*pd.V2EventResponse, error) {
	call := c.rest.Repeatable()
	key := c.config.key(service)
	if !key.IsSet() {
		return nil, call.Refused(playbooks.Permanent, 0, "service %q has no routing key, and there is none for all", service)
	}
	if after, err := c.turn(ctx, key); err != nil {
		return nil, call.Refused(playbooks.Transient, after, "held back, the routing key of %q has had many events: %v", service, err)
	}
	event.RoutingKey = key.Reveal()
	client := pd.NewClient("", pd.WithV2EventsAPIEndpoint(c.config.EventsURL))
	client.HTTPClient = call.HTTP(nil)
	answer, err := client.ManageEventWithContext(ctx, &event)
	if err != nil {
		return nil, call.Failure(err, vendorText(call.Answer().Body))
	}
	return answer, nil
}

// turn waits until the key may have another event. Where the caller's time would not suffice to send it then, it says at once when to
// come again.
func (c *Client) turn(ctx context.Context, key secret.Value) (after time.Duration, err error) {
	return c.turns.Wait(ctx, rest.Pace{Key: keyName(key), Every: eventEvery, AtOnce: eventsAtOnce})
}

// vendorText reads PagerDuty's own explanation of a refusal, which its client library drops.
func vendorText(body []byte) string {
	var refusal struct {
		Status  string   `json:"status"`
		Message string   `json:"message"`
		Errors  []string `json:"errors"`
		// The REST API wraps its errors, and gateways in front of the Events API have been seen to do so too.
		Error struct {
			Message string   `json:"message"`
			Errors  []string `json:"errors"`
		} `json:"error"`
	}
	_ = json.Unmarshal(body, &refusal) // what could be read is used
	parts := []string{}
	for _, p := range append([]string{refusal.Status, refusal.Message, refusal.Error.Message},
		append(refusal.Errors, refusal.Error.Errors...)...) {
		if p = strings.TrimSpace(p); p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ": ")
}
