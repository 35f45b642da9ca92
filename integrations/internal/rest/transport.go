package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

// transport is the order of things around one exchange: breaker, rate, send, count.
type transport struct {
	options Options
	metrics *metrics
	targets *targets
	turns   Turns
	next    http.RoundTripper
}

var _ http.RoundTripper = (*transport)(nil)

// errServer tells the breaker of a failure that the caller still gets to see as an answer.
var errServer = errors.New("server failure")

// RoundTrip sends one request.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	target := t.targets.of(req.URL.Host)
	begun := time.Now()
	var sent atomic.Bool
	if after, err := t.turn(req); err != nil {
		closeBody(req)
		return nil, t.failed(req, errors.Join(errRate, err), false, after, begun)
	}
	ctx, cancel := context.WithTimeout(req.Context(), t.options.Timeout)
	resp, err := target.breaker.Execute(func() (*http.Response, error) { return t.send(ctx, req, &sent) })
	if err != nil && resp != nil {
		err = nil // errServer: the breaker has heard it, the caller reads the answer
	}
	if err == nil {
		t.metrics.observe(classOf(resp, nil), time.Since(begun))
		t.heed(req, resp)
		resp.Body = &boundedBody{body: resp.Body, left: t.options.MaxBody, done: cancel}
		return resp, nil
	}
	cancel()
	var after time.Duration
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		after = t.options.Cool
		closeBody(req)
	}
	return nil, t.failed(req, err, sent.Load(), after, begun)
}

// failed counts and words an exchange without an answer.
func (t *transport) failed(req *http.Request, err error, sent bool, after time.Duration, begun time.Time) *Error {
	t.metrics.observe(classOf(nil, err), time.Since(begun))
	failed := &Error{
		Integration: t.options.Integration, Method: req.Method, Target: t.name(req), Sent: sent, After: after, err: err,
	}
	failed.text = redact(failed.describe(), t.options.Secrets)
	return failed
}

// turn waits until all of the request's limits let it go: the target's own, and those that it falls under. The wait is no part of the
// exchange that Timeout bounds, and a target that is waited for is not a slow one.
func (t *transport) turn(req *http.Request) (after time.Duration, err error) {
	var paces []Pace
	if t.options.Paces != nil {
		paces = t.options.Paces(req)
	}
	for _, p := range paces {
		if left := t.turns.Held(p.Key, t.options.Now()); left > 0 {
			return left, errHeld
		}
	}
	if t.options.Rate > 0 {
		every := time.Duration(float64(time.Second) / float64(t.options.Rate))
		paces = append(paces, Pace{Key: "host " + req.URL.Host, Every: every, AtOnce: t.options.Burst})
	}
	for _, p := range paces {
		if after, err := t.turns.Wait(req.Context(), p); err != nil {
			return after, err
		}
	}
	return 0, nil
}

// heed holds back whatever falls under the limits of a request that met one, for as long as the vendor asks: whoever else has something to
// say would be refused as well.
func (t *transport) heed(req *http.Request, resp *http.Response) {
	if resp.StatusCode != http.StatusTooManyRequests || t.options.Paces == nil {
		return
	}
	now := t.options.Now()
	hint := Hint(resp.Header, now)
	if hint <= 0 {
		return
	}
	for _, p := range t.options.Paces(req) {
		t.turns.Hold(p.Key, now.Add(hint), now)
	}
}

// send hands the request on, noting whether anything of it left the house.
func (t *transport) send(ctx context.Context, req *http.Request, sent *atomic.Bool) (*http.Response, error) {
	if err := ctx.Err(); err != nil {
		closeBody(req)
		return nil, err
	}
	// A transport that tells nothing of its connections is taken to have sent the request: that is the cautious reading.
	var asked, wrote atomic.Bool
	hooks := &httptrace.ClientTrace{
		GetConn:      func(string) { asked.Store(true) },
		WroteHeaders: func() { wrote.Store(true) },
	}
	out := req.Clone(httptrace.WithClientTrace(ctx, hooks))
	out.Header.Set("User-Agent", t.options.UserAgent)
	resp, err := t.next.RoundTrip(out)
	sent.Store(wrote.Load() || !asked.Load())
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= http.StatusInternalServerError {
		return resp, errServer
	}
	return resp, nil
}

// CloseIdleConnections lets go of idle connections, as http.Client asks for.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.options.Base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// name is how errors name where a request went: never with a query, and without the path where that is a secret.
func (t *transport) name(req *http.Request) string {
	if t.options.Private(req.URL) {
		return req.URL.Scheme + "://" + req.URL.Host + "/…"
	}
	return req.URL.Scheme + "://" + req.URL.Host + req.URL.Path
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

var errRate = errors.New("held back by our own rate limit")

// target is what is kept per host.
type target struct {
	breaker *gobreaker.CircuitBreaker[*http.Response]
}

// maxTargets bounds what is kept: beyond it, all further hosts share one entry.
const maxTargets = 32

type targets struct {
	options Options
	mu      sync.Mutex
	byHost  map[string]*target
}

func newTargets(o Options) *targets { return &targets{options: o, byHost: map[string]*target{}} }

func (t *targets) of(host string) *target {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.byHost) >= maxTargets && t.byHost[host] == nil {
		host = ""
	}
	known := t.byHost[host]
	if known == nil {
		known = t.add()
		t.byHost[host] = known
	}
	return known
}

func (t *targets) add() *target {
	trip := t.options.Trip
	return &target{breaker: gobreaker.NewCircuitBreaker[*http.Response](gobreaker.Settings{ //nolint:bodyclose // no answer is made here
		Name:        t.options.Integration,
		Timeout:     t.options.Cool,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= trip },
		// What we broke off ourselves says nothing about the vendor.
		IsExcluded: func(err error) bool {
			return errors.Is(err, context.Canceled)
		},
	})}
}

// boundedBody fails instead of reading more than was agreed, and stops the clock at its end, closed or not.
type boundedBody struct {
	body io.ReadCloser
	left int64
	done context.CancelFunc
}

func (b *boundedBody) Read(p []byte) (n int, err error) {
	defer func() {
		if err != nil {
			b.done()
		}
	}()
	if b.left < 0 {
		return 0, errTooLarge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err = b.body.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n - 1, errTooLarge
	}
	return n, err
}

func (b *boundedBody) Close() error {
	defer b.done()
	return b.body.Close()
}

// Error is an exchange that gave no answer.
type Error struct {
	Integration string
	Method      string
	// Target is the URL without its query.
	Target string
	// Sent tells that at least the head of the request went out: the vendor may have acted on it.
	Sent bool
	// After is set when our own breaker or a limit kept the request here: how long it will.
	After time.Duration

	err  error
	text string
}

func (e *Error) describe() string {
	return fmt.Sprintf("%s: %s %s: %s", e.Integration, e.Method, e.Target, rootText(e.err))
}

func (e *Error) Error() string { return e.text }

// GoString keeps the inner error, which may tell secrets, out of %#v.
func (e *Error) GoString() string { return "rest.Error(" + e.text + ")" }

// Is looks into the inner error without handing it out.
func (e *Error) Is(target error) bool { return errors.Is(e.err, target) }

// Timeout tells whether the exchange ran out of time.
func (e *Error) Timeout() bool { return isTimeout(e.err) }
