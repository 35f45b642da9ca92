package github

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	gh "github.com/google/go-github/v62/github"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/integrations/internal/rest"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// Changes is where the changes to revert are looked up.
type Changes interface {
	// Change returns a recorded change.
	Change(ctx context.Context, id string) (bot.Change, error)
}

// Options are what a Client is given besides its configuration. Only Changes is required, and only for github.revert.
type Options struct {
	Changes Changes
	// Pins finds versions in the files of a change; nil reads none.
	Pins       Pins
	Registerer prometheus.Registerer
	Tracer     trace.TracerProvider
	Logger     *slog.Logger
	// Transport carries the requests; nil means one of the client's own.
	Transport http.RoundTripper
	Now       func() time.Time
	// Wait pauses between looks at a pull request whose mergeability GitHub is still computing; nil waits for real.
	Wait func(ctx context.Context, d time.Duration) error
}

// Client hears and acts for one GitHub server. It is safe for concurrent use.
type Client struct {
	config  Config
	options Options
	rest    *rest.Client
	base    *url.URL
	graphql string
	// token gives the credential of the moment; nil without credentials.
	token func(ctx context.Context) (string, error)
	// recovered counts what was found by asking.
	recovered *prometheus.CounterVec
}

// New makes a client of a checked configuration.
func New(c Config, o Options) (*Client, error) {
	c = c.WithDefaults()
	if !c.WebhookSecret.IsSet() {
		return nil, bot.Errorf(bot.Invalid, "github: a webhook secret is required: an empty one would accept anything")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	address, graphql := c.endpoints()
	base, err := url.Parse(address)
	if err != nil {
		return nil, bot.Errorf(bot.Invalid, "github: url is not an address").Because(err)
	}
	client := &Client{config: c, options: o, base: base, graphql: graphql, recovered: newRecovered(o.Registerer), rest: rest.New(rest.Options{
		Integration: "github",
		Timeout:     c.Timeout,
		MaxBody:     16 << 20,
		// GitHub's secondary limit is 900 points a minute, a write counting five.
		Rate:       10,
		Burst:      20,
		Secrets:    []secret.Value{c.Token, c.WebhookSecret, c.App.PrivateKey, secret.New(string(c.App.key()))},
		Registerer: o.Registerer,
		Tracer:     o.Tracer,
		Base:       o.Transport,
		Now:        o.Now,
	})}
	return client, client.authorise()
}

// Close lets go of idle connections.
func (c *Client) Close() { c.rest.Close() }

// authorise chooses where the credential comes from.
func (c *Client) authorise() error {
	switch {
	case c.config.Token.IsSet():
		c.token = func(context.Context) (string, error) { return c.config.Token.Reveal(), nil }
	case c.config.App.isSet():
		app := c.config.App
		tr, err := ghinstallation.New(emptyOptions{c.rest.HTTP().Transport}, app.ID, app.Installation, app.key())
		if err != nil {
			return bot.Errorf(bot.Invalid, "github: the app's private key is not an RSA key in PEM")
		}
		tr.BaseURL = strings.TrimRight(c.base.String(), "/")
		c.token = func(ctx context.Context) (string, error) { return installationToken(ctx, tr, c.options.Now()) }
	}
	return nil
}

// installationToken fetches the App's token and says what a refusal means for the request that wanted it: nothing was sent.
func installationToken(ctx context.Context, tr *ghinstallation.Transport, now time.Time) (string, error) {
	token, err := tr.Token(ctx)
	if err == nil {
		return token, nil
	}
	failure := &playbooks.Failure{Fate: playbooks.Transient, Err: fmt.Errorf("github: no installation token: %w", errNoToken)}
	var refused *ghinstallation.HTTPError
	if errors.As(err, &refused) && refused.Response != nil {
		_ = refused.Response.Body.Close()
		status := refused.Response.StatusCode
		failure.Fate, failure.After = rest.FateOfStatus(status, refused.Response.Header, true, now)
		failure.Err = fmt.Errorf("github: no installation token: answered %d %s", status, http.StatusText(status))
	} else if ctx.Err() != nil {
		failure.Err = fmt.Errorf("github: no installation token: %w", ctx.Err())
	}
	return "", failure
}

var errNoToken = errors.New("the token service could not be reached")

// emptyOptions sends {} where ghinstallation sends null for "all permissions": GitHub's description asks for an object.
type emptyOptions struct{ next http.RoundTripper }

// RoundTrip mends the body of token requests.
func (e emptyOptions) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodPost && strings.HasSuffix(req.URL.Path, "/access_tokens") {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		req = req.Clone(req.Context())
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader([]byte("{}"))), 2
	}
	return e.next.RoundTrip(req)
}

// credentials puts the token of the moment on every request.
type credentials struct {
	token func(ctx context.Context) (string, error)
	next  http.RoundTripper
}

// RoundTrip adds the credential.
func (a credentials) RoundTrip(req *http.Request) (*http.Response, error) {
	if a.token == nil {
		return nil, bot.Errorf(bot.Invalid, "github: neither a token nor an app is set, so nothing can be asked")
	}
	token, err := a.token(req.Context())
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+token)
	return a.next.RoundTrip(req)
}

// api makes a go-github client whose requests the call watches.
func (c *Client) api(call *rest.Call) *gh.Client {
	client := gh.NewClient(call.HTTP(func(next http.RoundTripper) http.RoundTripper {
		return credentials{token: c.token, next: next}
	}))
	client.BaseURL = c.base
	return client
}

// failure makes a playbooks.Failure of what go-github returned, with GitHub's own sentence. go-github v62 knows a 429 only as
// a plain error; the wire tells.
func failure(call *rest.Call, err error) error {
	var detail string
	var refused *gh.ErrorResponse
	var limited *gh.RateLimitError
	var abused *gh.AbuseRateLimitError
	switch {
	case errors.As(err, &refused):
		detail = refused.Message
		for _, e := range refused.Errors {
			detail += "; " + strings.TrimSpace(e.Field+" "+e.Code+" "+e.Message)
		}
	case errors.As(err, &limited):
		detail = limited.Message
	case errors.As(err, &abused):
		return &answered{call.Answer().Status, secondary(call, abused)}
	}
	return &answered{call.Answer().Status, call.Failure(err, detail)}
}

// answered is a failure with the status that GitHub answered with, zero where it did not answer.
type answered struct {
	status int
	err    error
}

func (a *answered) Error() string { return a.err.Error() }
func (a *answered) Unwrap() error { return a.err }

// StatusOf is the status that GitHub refused a request with, zero where an error does not tell of one.
func StatusOf(err error) int {
	var a *answered
	if errors.As(err, &a) {
		return a.status
	}
	return 0
}

// secondary is GitHub's secondary limit: it comes as a 403 and asks for a minute where it names no time.
func secondary(call *rest.Call, abused *gh.AbuseRateLimitError) error {
	after := time.Minute
	if abused.RetryAfter != nil && *abused.RetryAfter > 0 {
		after = min(*abused.RetryAfter, rest.MaxHint)
	}
	return call.Refused(playbooks.Transient, after, "answered 403: %s", abused.Message)
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

var repositoryName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}$`)

// split takes "owner/name" apart; ok is false for anything else.
func split(repository string) (owner, name string, ok bool) {
	if !repositoryName.MatchString(repository) || strings.Contains(repository, "..") {
		return "", "", false
	}
	owner, name, _ = strings.Cut(repository, "/")
	return owner, name, name != "."
}
