package pagerduty

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	pd "github.com/PagerDuty/go-pagerduty"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/firebreak-dev/firebreak/bot"
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
	Cards      Cards
	Registerer prometheus.Registerer
	Tracer     trace.TracerProvider
	// Transport carries the requests; nil means one of the client's own.
	Transport http.RoundTripper
	Now       func() time.Time
}

// Client sends events. It is safe for concurrent use.
type Client struct {
	config Config
	cards  Cards
	rest   *rest.Client
}

// New makes a client of a checked configuration.
func New(c Config, o Options) *Client {
	c = c.WithDefaults()
	c.EventsURL = strings.TrimRight(c.EventsURL, "/")
	return &Client{
		config: c,
		cards:  o.Cards,
		rest: rest.New(rest.Options{
			Integration: "pagerduty",
			Timeout:     c.Timeout,
			MaxBody:     1 << 20,
			// PagerDuty takes about 120 events a minute and key; a burst lets a storm's first pages out at once.
			Rate:       2,
			Burst:      60,
			Secrets:    c.secrets(),
			Registerer: o.Registerer,
			Tracer:     o.Tracer,
			Base:       o.Transport,
			Now:        o.Now,
		}),
	}
}

// Close lets go of idle connections.
func (c *Client) Close() { c.rest.Close() }

// send hands one event over and returns PagerDuty's word for it. Every event carries a dedup key, so it may be sent again
// whatever became of it.
func (c *Client) send(ctx context.Context, service string, event pd.V2Event) (*pd.V2EventResponse, error) {
	call := c.rest.Repeatable()
	key := c.config.key(service)
	if !key.IsSet() {
		return nil, call.Refused(playbooks.Permanent, 0, "service %q has no routing key, and there is none for all", service)
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
