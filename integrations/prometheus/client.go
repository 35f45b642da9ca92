package prometheus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"

	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/watch"
)

// Client asks one Prometheus. It is safe for use by several goroutines.
type Client struct {
	api     api.Client
	timeout time.Duration
	secrets []secret.Value
	clock   *clock
}

// NewClient makes a client; it connects to nothing yet. An optional round tripper stands in for the network (tests, tracing).
func NewClient(c Config, over http.RoundTripper) (*Client, error) {
	c = c.WithDefaults()
	if over == nil {
		secure, err := c.TLS.tlsConfig()
		if err != nil {
			return nil, err
		}
		over = &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSClientConfig:     secure,
			TLSHandshakeTimeout: 5 * time.Second,
			ForceAttemptHTTP2:   true,
			MaxIdleConnsPerHost: 8,
			IdleConnTimeout:     90 * time.Second,
		}
	}
	clock := &clock{}
	client := &http.Client{
		Transport: &dressed{config: c, next: over, clock: clock},
		// A redirect to another host would carry the headers there.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	a, err := api.NewClient(api.Config{Address: c.URL, Client: client})
	if err != nil {
		return nil, fmt.Errorf("prometheus: %w", err)
	}
	return &Client{api: a, timeout: c.Timeout, secrets: c.secrets(), clock: clock}, nil
}

// Close lets idle connections go.
func (c *Client) Close() {
	if closer, ok := c.api.(api.CloseIdler); ok {
		closer.CloseIdleConnections()
	}
}

// dressed puts the headers on every request and bounds every answer.
type dressed struct {
	config Config
	next   http.RoundTripper
	clock  *clock
}

func (d *dressed) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	for name, value := range d.config.Headers {
		req.Header.Set(name, value.Reveal())
	}
	switch {
	case d.config.Bearer.IsSet():
		req.Header.Set("Authorization", "Bearer "+d.config.Bearer.Reveal())
	case d.config.BasicAuth != nil:
		req.SetBasicAuth(d.config.BasicAuth.Username, d.config.BasicAuth.Password.Reveal())
	}
	if d.config.Tenant != "" {
		req.Header.Set("X-Scope-OrgID", d.config.Tenant)
	}
	sent := time.Now()
	resp, err := d.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	d.clock.compare(resp.Header, sent, time.Now())
	resp.Body = &bounded{ReadCloser: resp.Body, left: d.config.MaxBytes}
	return resp, nil
}

// CloseIdleConnections lets the transport below close its connections.
func (d *dressed) CloseIdleConnections() {
	if closer, ok := d.next.(api.CloseIdler); ok {
		closer.CloseIdleConnections()
	}
}

var errTooLarge = errors.New("the answer is larger than max_bytes allows")

type bounded struct {
	io.ReadCloser
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLarge
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// Range evaluates a query at from, from+step, … to, and calls back for each series of the answer; the series may be kept only
// during the call. It also tells how many samples were read, where the server says so. Its errors wrap watch.Sightless, and
// those of each; a partial answer is an error too, for half of the truth looks like health. After an error what was called back
// is to be forgotten.
func (c *Client) Range(ctx context.Context, query string, from, to time.Time, step time.Duration, each func(*Series) error) (int64, error) {
	timeout := c.timeout
	if deadline, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(deadline))
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	form := url.Values{
		"query": {query}, "start": {stamp(from)}, "end": {stamp(to)},
		"step": {strconv.FormatFloat(step.Seconds(), 'f', -1, 64)}, "timeout": {strconv.FormatInt(max(1, timeout.Milliseconds()), 10) + "ms"}, "stats": {"true"}, // the totals: "all" would tell each step
	}
	samples, err := c.post(ctx, "/api/v1/query_range", form, each)
	if err != nil {
		return 0, c.sightless(ctx, err)
	}
	return samples, nil
}

func (c *Client) post(ctx context.Context, path string, form url.Values, each func(*Series) error) (samples int64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.api.URL(path, nil).String(), strings.NewReader(form.Encode()))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, body, err := c.api.Do(ctx, req) //nolint:bodyclose // Do has read it to the end and closed it
	if err != nil {
		return 0, err
	}
	answer, decoded := decode(body, each)
	var own *watch.Sightless
	switch {
	case answer.status == "error":
		return 0, &refusal{code: resp.StatusCode, kind: answer.errorType, text: answer.message}
	case resp.StatusCode/100 != 2:
		return 0, &refusal{code: resp.StatusCode, text: http.StatusText(resp.StatusCode)}
	case errors.As(decoded, &own):
		return 0, decoded
	case decoded != nil:
		return 0, &watch.Sightless{Reason: detectors.Garbage, Err: fmt.Errorf("the answer is not what the API promises: %w", decoded)}
	case answer.status != "success" || answer.resultType != "matrix":
		return 0, &watch.Sightless{Reason: detectors.Garbage, Err: fmt.Errorf("status %.20q with a result of type %.20q", answer.status, answer.resultType)}
	}
	for _, warning := range answer.warnings {
		// Remarks of the engine about the query itself leave the answer whole.
		if !strings.HasPrefix(warning, "PromQL ") {
			return 0, &watch.Sightless{Reason: detectors.Partial, Err: fmt.Errorf("warning: %.300s", warning)}
		}
	}
	return answer.samples, nil
}

// refusal is an answer of the server that it will not answer.
type refusal struct {
	code int
	kind string
	text string
}

func (e *refusal) Error() string { return fmt.Sprintf("HTTP %d %s: %.300s", e.code, e.kind, e.text) }

// expensive are the words by which servers say that a question reads too much.
var expensive = [...]string{
	"too many samples", "exceeded maximum resolution", "too many points", "limit reached", "max-fetched", "max_fetched",
	"exceeds the limit", "exceeded the limit", "err-mimir-max", "maxSamplesPerQuery", "query processing would load", "search.max",
}

func (e *refusal) reason() detectors.Blindness {
	for _, word := range expensive {
		if strings.Contains(e.text, word) {
			return detectors.TooExpensive
		}
	}
	switch {
	case e.kind == "timeout", e.kind == "canceled", e.code == http.StatusGatewayTimeout, e.code == http.StatusRequestTimeout:
		return detectors.Timeout
	case e.code == http.StatusUnprocessableEntity, e.code == http.StatusTooManyRequests, e.code == http.StatusRequestEntityTooLarge:
		return detectors.TooExpensive
	case e.code/100 == 5 || e.code == http.StatusUnauthorized || e.code == http.StatusForbidden || e.code == http.StatusNotFound || e.code/100 == 3:
		return detectors.Unreachable
	default:
		return detectors.Garbage
	}
}

// sightless classifies an error and takes secrets out of its text.
func (c *Client) sightless(ctx context.Context, err error) error {
	var known *watch.Sightless
	var refused *refusal
	reason := detectors.Unreachable
	switch {
	case errors.As(err, &known):
		reason, err = known.Reason, known.Err
	case errors.As(err, &refused):
		reason = refused.reason()
	case errors.Is(err, errTooLarge):
		reason = detectors.TooExpensive
	case errors.Is(err, context.DeadlineExceeded), ctx.Err() == context.DeadlineExceeded:
		reason = detectors.Timeout
	case errors.Is(err, io.ErrUnexpectedEOF):
		reason = detectors.Garbage
	}
	if text := err.Error(); text != secret.Redact(text, c.secrets...) {
		err = errors.New(secret.Redact(text, c.secrets...))
	}
	return &watch.Sightless{Reason: reason, Err: err}
}

func stamp(t time.Time) string {
	return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64)
}
