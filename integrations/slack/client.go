package slack

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	api "github.com/slack-go/slack"
	"go.opentelemetry.io/otel/trace"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/internal/rest"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// Cards is what messages are made from.
type Cards interface {
	// Card returns what an incident looks like now.
	Card(ctx context.Context, incident string) (bot.Card, error)
}

// Place is where an incident's card stands. It is a small value that a Memory keeps as it is.
type Place struct {
	// Channel is Slack's ID of the channel; its name while only that is known.
	Channel string `json:"channel"`
	// TS is the message's name within its channel; empty until Slack confirmed the post.
	TS string `json:"ts,omitempty"`
	// Asked tells that a post was sent whose confirmation is not written down yet: it may stand in the channel.
	Asked bool `json:"asked,omitempty"`
	// Chart, Alt, ChartSum, ChartAt and ChartState are the uploaded picture: its file ID, its words, its digest, its time and the
	// incident's state that it shows.
	Chart      string    `json:"chart,omitempty"`
	Alt        string    `json:"alt,omitempty"`
	ChartSum   string    `json:"chart_sum,omitempty"`
	ChartAt    time.Time `json:"chart_at,omitzero"`
	ChartState bot.State `json:"chart_state,omitempty"`
	// Thread are the names of the messages in the card's thread; empty where none was posted yet, deleted where somebody took one away. Replying
	// tells that one was sent whose confirmation is not written down yet.
	Thread   [threadParts]string `json:"thread,omitzero"`
	Replying bool                `json:"replying,omitempty"`
}

// Memory keeps where cards stand, across restarts.
type Memory interface {
	Remember(ctx context.Context, incident string, place Place) error
	Recall(ctx context.Context, incident string) (place Place, found bool, err error)
}

// Options are what a Client is given besides its configuration. Cards and Memory are required.
type Options struct {
	Cards  Cards
	Memory Memory
	// Channel returns a service's own channel, "" for none; nil means that no service has one.
	Channel    func(service string) string
	Registerer prometheus.Registerer
	Tracer     trace.TracerProvider
	Logger     *slog.Logger
	// Transport carries the requests; nil means one of the client's own.
	Transport http.RoundTripper
	// Now tells the time of signatures and charts; nil means time.Now.
	Now func() time.Time
	// Clock is the one by which whoever asks for a post waits where Slack asks to wait; nil means Now. The demo's runs faster.
	Clock func() time.Time
}

// Client posts and edits. It is safe for concurrent use.
type Client struct {
	config  Config
	options Options
	rest    *rest.Client
	locks   keyed
	edits   *prometheus.CounterVec
	// oversize counts what was too large for Slack.
	oversize *prometheus.CounterVec
	channels *prometheus.CounterVec
	groups   groups
	faces    faces

	mu    sync.Mutex
	shown map[string]string // incident → digest of what its card says
	known map[string]string // channel name → ID
	// troubles are when it was last said of channels that they take nothing.
	troubles map[string]time.Time
}

// New makes a client of a checked configuration.
func New(c Config, o Options) *Client {
	c = c.WithDefaults()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Clock == nil {
		o.Clock = o.Now
	}
	if o.Channel == nil {
		o.Channel = func(string) string { return "" }
	}
	made := &Client{
		config:   c,
		options:  o,
		edits:    editCounter(o.Registerer),
		channels: channelCounter(o.Registerer),
		oversize: rest.Register(o.Registerer, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "firebreak_slack_oversize_total",
			Help: "Messages and views that Slack would have refused as too large and that are shown shortened: a fault of Firebreak's.",
		}, []string{"what"})),
		shown: map[string]string{},
		known: map[string]string{},
	}
	made.rest = rest.New(rest.Options{
		Integration: "slack",
		Timeout:     c.Timeout,
		MaxBody:     8 << 20,
		Rate:        20, // in all; each method has a pace of its own
		Burst:       60,
		Paces:       func(r *http.Request) []rest.Pace { return made.paces(r) },
		Secrets:     []secret.Value{c.Token, c.SigningSecret, c.AppToken},
		// Upload and response addresses are secrets themselves: whoever has them may write.
		Private:    func(u *url.URL) bool { return !strings.HasPrefix(u.String(), c.APIURL) },
		Registerer: o.Registerer,
		Tracer:     o.Tracer,
		Base:       o.Transport,
		Now:        o.Clock,
	})
	return made
}

// Close lets go of idle connections.
func (c *Client) Close() { c.rest.Close() }

// api makes a slack-go client whose requests the call watches.
func (c *Client) api(call *rest.Call) *api.Client {
	return api.New(c.config.Token.Reveal(), api.OptionAPIURL(c.config.APIURL), api.OptionHTTPClient(call.HTTP(c.identify)))
}

// identify puts our token on calls of the Web API.
func (c *Client) identify(next http.RoundTripper) http.RoundTripper {
	return bearer{token: c.config.Token, prefix: c.config.APIURL, next: next}
}

// bearer says who we are in the header too, as Slack's own description asks for; slack-go does so in the form only.
type bearer struct {
	token  secret.Value
	prefix string
	next   http.RoundTripper
}

// RoundTrip adds the header to calls of the Web API and to nothing else.
func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Header.Get("Authorization") == "" && strings.HasPrefix(req.URL.String(), b.prefix) {
		req = req.Clone(req.Context())
		req.Header.Set("Authorization", "Bearer "+b.token.Reveal())
	}
	return b.next.RoundTrip(req)
}

// failure says what Slack's refusal means. Slack answers 200 to nearly everything; the word in the body tells.
func failure(call *rest.Call, err error) error {
	var refused api.SlackErrorResponse
	if !errors.As(err, &refused) {
		return call.Failure(err, "")
	}
	fate, hint := fateOf(refused.Err, call.CanRepeat())
	text := refused.Err
	if hint != "" {
		text += ": " + hint
	}
	if refused.Needed != "" {
		text += " (needed: " + refused.Needed + ")"
	}
	if len(refused.ResponseMetadata.Messages) > 0 {
		text += " " + strings.Join(refused.ResponseMetadata.Messages, "; ")
	}
	return &wordError{word: refused.Err, err: call.Refused(fate, rest.Hint(call.Answer().Header, call.Now()), "answered %s", text)}
}

// wordError keeps Slack's word for an error beside the failure.
type wordError struct {
	word string
	err  error
}

func (e *wordError) Error() string { return e.err.Error() }
func (e *wordError) Unwrap() error { return e.err }

// wordOf returns Slack's word for an error, "" when it is not one of Slack's.
func wordOf(err error) string {
	var e *wordError
	if errors.As(err, &e) {
		return e.word
	}
	return ""
}

// fateOf is the retry class of Slack's words, with what an operator can do about the common ones.
func fateOf(word string, repeatable bool) (fate playbooks.Fate, hint string) {
	switch word {
	case "ratelimited", "rate_limited", "service_unavailable", "request_timeout", "accesslimited":
		return playbooks.Transient, ""
	case "internal_error", "fatal_error":
		if repeatable {
			return playbooks.Transient, ""
		}
		return playbooks.Unknown, "Slack may have done it all the same"
	case "channel_not_found":
		hint = "no such channel, or a private one that the app was not invited to"
	case "not_in_channel":
		hint = "invite the app to the channel"
	case "is_archived":
		hint = "the channel is archived"
	case "missing_scope":
		hint = "the app needs another scope"
	case "invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive":
		hint = "the token is not accepted"
	}
	return playbooks.Permanent, hint
}

// permanent is a refusal of our own, before anything was sent.
func (c *Client) permanent(format string, args ...any) error {
	return c.rest.Call().Refused(playbooks.Permanent, 0, format, args...)
}

// unread is the failure of reading our own records: nothing was sent.
func unread(what string, err error) error {
	fate := playbooks.Transient
	if code := bot.CodeOf(err); code == bot.NotFound || code == bot.Invalid {
		fate = playbooks.Permanent
	}
	return &playbooks.Failure{Fate: fate, Err: errors.Join(errors.New("slack: "+what), err)}
}

// keyed is one lock per key.
type keyed struct {
	mu   sync.Mutex
	held map[string]*held
}

type held struct {
	turn  chan struct{}
	users int
}

// lock takes the key's lock and returns what gives it back.
func (k *keyed) lock(key string) (unlock func()) {
	k.mu.Lock()
	if k.held == nil {
		k.held = map[string]*held{}
	}
	h := k.held[key]
	if h == nil {
		h = &held{turn: make(chan struct{}, 1)}
		k.held[key] = h
	}
	h.users++
	k.mu.Unlock()
	h.turn <- struct{}{}
	return func() {
		<-h.turn
		k.mu.Lock()
		if h.users--; h.users == 0 {
			delete(k.held, key)
		}
		k.mu.Unlock()
	}
}
