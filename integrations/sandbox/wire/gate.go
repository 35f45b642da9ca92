package wire

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Bounds of what a gate keeps and takes.
const (
	maxBody    = 16 << 20
	maxStrange = 200
)

// Refuse writes a vendor's own refusal: its body and headers for a status, with the hint in seconds when it is positive.
type Refuse func(w http.ResponseWriter, status, retryAfter int)

// Gate stands in front of a stand-in.
type Gate struct {
	vendor string
	next   http.Handler
	refuse Refuse

	mu      sync.Mutex
	fault   Fault
	faults  int
	calls   int
	strange []string
}

// NewGate puts a gate in front of a handler. A nil refuse writes plain statuses.
func NewGate(vendor string, next http.Handler, refuse Refuse) *Gate {
	if refuse == nil {
		refuse = func(w http.ResponseWriter, status, _ int) { http.Error(w, http.StatusText(status), status) }
	}
	return &Gate{vendor: vendor, next: next, refuse: refuse}
}

// Strange remembers a request that the stand-in does not know or that its vendor would have refused.
func (g *Gate) Strange(r *http.Request, format string, args ...any) {
	line := fmt.Sprintf("%s: %s %s: %s", g.vendor, r.Method, r.URL.Path, fmt.Sprintf(format, args...))
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.strange) < maxStrange {
		g.strange = append(g.strange, line)
	}
}

// Unexpected lists what Strange remembered, oldest first.
func (g *Gate) Unexpected() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.strange)
}

// Calls counts all calls, and those that met a fault.
func (g *Gate) Calls() (all, faulty int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.calls, g.faults
}

type partialKey struct{}

// WantsPartial tells a handler that its answer shall say that something is missing.
func WantsPartial(r *http.Request) bool { return r.Context().Value(partialKey{}) == true }

// ServeHTTP counts the call, lets it meet the fault of the moment, and hands it on.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	g.mu.Lock()
	g.calls++
	g.mu.Unlock()
	fault := g.take(r.URL.Path)
	switch fault.Mode {
	case Down:
		panic(http.ErrAbortHandler)
	case Never:
		drain(r)
		hold(r.Context(), longest)
		panic(http.ErrAbortHandler)
	case Slow:
		hold(r.Context(), time.Duration(fault.Delay)*time.Millisecond)
	case Garbage:
		drain(r)
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html><body>It works!</body></html>")
		return
	case Limited:
		drain(r)
		g.refuse(w, http.StatusTooManyRequests, fault.RetryAfter)
		return
	case Broken:
		drain(r)
		g.refuse(w, http.StatusInternalServerError, 0)
		return
	case Expensive:
		drain(r)
		g.refuse(w, http.StatusUnprocessableEntity, 0)
		return
	case Lost:
		g.next.ServeHTTP(&swallow{header: http.Header{}}, r)
		panic(http.ErrAbortHandler)
	case Partial:
		r = r.WithContext(context.WithValue(r.Context(), partialKey{}, true))
	case Healthy:
	}
	g.next.ServeHTTP(w, r)
}

// drain reads the body, so that the server notices when the caller goes away.
func drain(r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }

// hold waits until the caller gives up or the time is over.
func hold(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// swallow is an answer that nobody gets.
type swallow struct {
	header http.Header
	bytes.Buffer
}

func (s *swallow) Header() http.Header { return s.header }
func (s *swallow) WriteHeader(int)     {}
