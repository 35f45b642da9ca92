package rest

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/time/rate"

	"github.com/firebreak-dev/firebreak/configs/secret"
)

// Defaults of Options.
const (
	DefaultTimeout = 10 * time.Second
	DefaultMaxBody = 8 << 20
	// DefaultTrip is how many failures in a row open the breaker of a target.
	DefaultTrip = 5
	// DefaultCool is how long an open breaker keeps requests away.
	DefaultCool = 5 * time.Second
)

// Options say how a Client behaves. Only Integration is required.
type Options struct {
	// Integration is the client's name in metrics, traces and errors, as "slack".
	Integration string
	// UserAgent replaces the one of the vendor's library; empty means "firebreak".
	UserAgent string
	// Timeout bounds one exchange from dialling to the last byte of the answer.
	Timeout time.Duration
	// MaxBody bounds an answer in bytes; a longer one is an error, never a silently shortened one.
	MaxBody int64
	// Rate is how many requests per second one target gets, in bursts of Burst; zero means no limit.
	Rate  rate.Limit
	Burst int
	// Paces are the limits that a request falls under beside Rate; nil means none. It may read the body by GetBody.
	Paces func(*http.Request) []Pace
	// Trip and Cool are the breaker's: failures in a row that open it, and how long it stays open.
	Trip uint32
	Cool time.Duration
	// Secrets are removed from every error.
	Secrets []secret.Value
	// Private tells of URLs whose path is itself a secret (upload and response URLs): they are not traced nor told.
	Private func(*url.URL) bool
	// Registerer takes the metrics; nil means none are kept. Several clients may share one.
	Registerer prometheus.Registerer
	// Tracer makes the spans; nil means the global provider.
	Tracer trace.TracerProvider
	// Base carries the requests; nil means a transport of its own with bounded connections.
	Base http.RoundTripper
	// Now tells the time for hints that are dates; nil means time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.UserAgent == "" {
		o.UserAgent = "firebreak"
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.MaxBody <= 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.Trip == 0 {
		o.Trip = DefaultTrip
	}
	if o.Cool <= 0 {
		o.Cool = DefaultCool
	}
	if o.Rate > 0 && o.Burst <= 0 {
		o.Burst = 1
	}
	if o.Private == nil {
		o.Private = func(*url.URL) bool { return false }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Base == nil {
		o.Base = newBase(o.Timeout)
	}
	return o
}

// Client is the bounded, counted way to one vendor. It is safe for concurrent use.
type Client struct {
	options Options
	http    *http.Client
}

// New makes a client.
func New(o Options) *Client {
	o = o.withDefaults()
	traced := otelhttp.NewTransport(o.Base, tracing(o)...)
	return &Client{
		options: o,
		http: &http.Client{
			// The transport keeps the time: a timeout of http.Client's own lingers where a vendor's library forgets to close
			// the body of a refusal.
			CheckRedirect: sameHost,
			Transport: &transport{
				options: o,
				metrics: newMetrics(o.Registerer, o.Integration),
				targets: newTargets(o),
				next:    traced,
			},
		},
	}
}

// HTTP returns the client for requests that are not watched, such as reads whose errors need no fate.
func (c *Client) HTTP() *http.Client { return c.http }

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Redact removes the client's secrets, and whatever looks like a vendor's token, from a text.
func (c *Client) Redact(text string) string { return redact(text, c.options.Secrets) }

func tracing(o Options) []otelhttp.Option {
	opts := []otelhttp.Option{
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return o.Integration + " " + r.Method }),
		otelhttp.WithFilter(func(r *http.Request) bool { return !o.Private(r.URL) }),
	}
	if o.Tracer != nil {
		opts = append(opts, otelhttp.WithTracerProvider(o.Tracer))
	}
	return opts
}

func newBase(timeout time.Duration) *http.Transport {
	dialer := &net.Dialer{Timeout: min(timeout, 5*time.Second), KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           16,
		MaxIdleConnsPerHost:    4,
		MaxConnsPerHost:        16,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    min(timeout, 5*time.Second),
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// sameHost keeps secrets at home: bodies and headers of a redirected request would go along to the other host.
func sameHost(next *http.Request, via []*http.Request) error {
	first := via[0].URL
	if len(via) >= 5 || next.URL.Scheme != first.Scheme || !strings.EqualFold(next.URL.Host, first.Host) {
		return http.ErrUseLastResponse
	}
	return nil
}

// errTooLarge is what reading an answer beyond MaxBody gives.
var errTooLarge = errors.New("answer is larger than the client accepts")
