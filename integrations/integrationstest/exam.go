// Package integrationstest is the exam that every integration sits.
//
// It answers: does an integration keep its secrets (in its configuration's every printed form, in errors, logs, metrics,
// traces and URLs), does it class every HTTP status right, does it stop when it is told to, and does it survive an answer that
// is no answer? The exam stands a server on loopback between the integration and nothing; it never talks to a vendor, and it
// knows no vendor's words: what a request must look like is each integration's own wire test.
package integrationstest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// Subject is the integration that sits the exam.
type Subject struct {
	// Config is the integration's configuration with all of Secrets in it.
	Config  any
	Secrets []secret.Value
	// New makes the integration anew, talking to the server of the environment, and returns what is examined.
	New func(t *testing.T, e Env) []Op
}

// Env is where the integration finds itself.
type Env struct {
	URL        string
	Registerer prometheus.Registerer
	Logger     *slog.Logger
	Tracer     trace.TracerProvider
}

// Op is one operation that sends requests.
type Op struct {
	Name string
	Do   func(ctx context.Context) error
	// Repeatable means that the operation may be sent again whatever became of it, so that it never fails with fate Unknown.
	Repeatable bool
	// Before answers the requests that come before the one under examination, and says whether it did.
	Before func(w http.ResponseWriter, r *http.Request) bool
	// Fate overrides the retry class of a status; an empty fate means that the status is no failure here.
	Fate map[int]playbooks.Fate
	// Fateless marks operations whose errors carry no fate.
	Fateless bool
	// Bodyless marks operations that do not read a successful answer.
	Bodyless bool
}

// Exam examines the subject.
func Exam(t *testing.T, s Subject) {
	t.Helper()
	t.Run("the configuration masks its secrets", func(t *testing.T) { examConfig(t, s) })
	for i, op := range s.New(t, environment("http://127.0.0.1:9", newWitness())) {
		e := examiner{subject: s, index: i}
		t.Run(op.Name, func(t *testing.T) {
			t.Run("every status has its retry class, and nothing leaks", e.statuses)
			t.Run("an answer that is none is not a success", e.garbage)
			t.Run("a refused connection sent nothing", e.unreachable)
			t.Run("a cancelled call stops", e.cancelled)
			t.Run("silence after sending is not taken for failure", e.silent)
		})
	}
}

// examConfig prints the configuration in every way that a program might.
func examConfig(t *testing.T, s Subject) {
	t.Helper()
	forms := map[string]string{
		"%v":  fmt.Sprintf("%v", s.Config),
		"%+v": fmt.Sprintf("%+v", s.Config),
		"%#v": fmt.Sprintf("%#v", s.Config),
		"%s":  fmt.Sprintf("%s", s.Config),
	}
	if b, err := json.Marshal(s.Config); err == nil {
		forms["json"] = string(b)
	}
	if b, err := yaml.Marshal(s.Config); err == nil {
		forms["yaml"] = string(b)
	}
	for name, handler := range map[string]func(io.Writer, *slog.HandlerOptions) slog.Handler{
		"slog json": func(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewJSONHandler(w, o) },
		"slog text": func(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewTextHandler(w, o) },
	} {
		var b bytes.Buffer
		slog.New(handler(&b, nil)).Info("config", "config", s.Config)
		forms[name] = b.String()
	}
	if len(s.Secrets) == 0 {
		t.Fatal("the subject names no secrets, so nothing is examined")
	}
	for name, text := range forms {
		noSecrets(t, name, text, s.Secrets)
	}
}

// witness keeps what an integration told the world.
type witness struct {
	mu       sync.Mutex
	logs     bytes.Buffer
	registry *prometheus.Registry
	spans    *tracetest.InMemoryExporter
}

func newWitness() *witness {
	return &witness{registry: prometheus.NewRegistry(), spans: tracetest.NewInMemoryExporter()}
}

// Write takes log lines.
func (w *witness) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.logs.Write(p)
}

func environment(url string, w *witness) Env {
	return Env{
		URL:        url,
		Registerer: w.registry,
		Logger:     slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Tracer:     sdktrace.NewTracerProvider(sdktrace.WithSyncer(w.spans)),
	}
}

// check looks for secrets in logs, metrics and traces.
func (w *witness) check(t *testing.T, secrets []secret.Value) {
	t.Helper()
	w.mu.Lock()
	noSecrets(t, "the log", w.logs.String(), secrets)
	w.mu.Unlock()
	families, err := w.registry.Gather()
	if err != nil {
		t.Error(err)
	}
	for _, f := range families {
		noSecrets(t, "a metric", f.String(), secrets)
	}
	for _, span := range w.spans.GetSpans() {
		noSecrets(t, "a trace", fmt.Sprintf("%+v", span), secrets)
	}
}

type examiner struct {
	subject Subject
	index   int
}

// run makes the subject anew against a handler and carries out the operation under examination.
func (e examiner) run(ctx context.Context, t *testing.T, handler http.HandlerFunc) (Op, error) {
	t.Helper()
	var op Op
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		noSecrets(t, "a URL", r.URL.String(), e.subject.Secrets)
		body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		r.Body = io.NopCloser(bytes.NewReader(body))
		if op.Before != nil && op.Before(w, r) {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		handler(w, r)
	}))
	defer server.Close()
	defer server.CloseClientConnections()
	seen := newWitness()
	op = e.subject.New(t, environment(server.URL, seen))[e.index]
	err := op.Do(ctx)
	seen.check(t, e.subject.Secrets)
	noLeak(t, err, e.subject.Secrets)
	return op, err
}

// statuses answers with every status from 400 to 599, and with everything that was sent, as some gateways do.
func (e examiner) statuses(t *testing.T) {
	for status := 400; status <= 599; status++ {
		asked := false
		op, err := e.run(t.Context(), t, func(w http.ResponseWriter, r *http.Request) {
			asked = true
			echo(w, r, status)
		})
		if !asked {
			t.Fatal("nothing was sent: the examination would prove nothing")
		}
		want, special := op.Fate[status]
		if !special {
			want = fateOf(status, op.Repeatable)
		}
		switch fate, _ := playbooks.FateOf(err); {
		case want == "" && err != nil:
			t.Errorf("status %d: %v, want no failure", status, err)
		case want != "" && err == nil:
			t.Errorf("status %d is taken for success", status)
		case want != "" && !op.Fateless && fate != want:
			t.Errorf("status %d: fate is %s, want %s (%v)", status, fate, want, err)
		}
	}
}

// fateOf is the retry class of a status, written down once more so that a slip in one place is seen in the other.
func fateOf(status int, repeatable bool) playbooks.Fate {
	switch status {
	case 408, 425, 429, 503:
		return playbooks.Transient
	case 501, 505:
		return playbooks.Permanent
	}
	if status < 500 {
		return playbooks.Permanent
	}
	return unsure(repeatable)
}

func unsure(repeatable bool) playbooks.Fate {
	if repeatable {
		return playbooks.Transient
	}
	return playbooks.Unknown
}

// echo answers with the request's own headers and body inside the usual places for error texts.
func echo(w http.ResponseWriter, r *http.Request, status int) {
	body, _ := io.ReadAll(r.Body)
	said := fmt.Sprintf("%v %s", r.Header, body)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"message": said, "status": "error", "error": map[string]any{"message": said}, "errors": []string{said},
	})
}

func (e examiner) garbage(t *testing.T) {
	op, err := e.run(t.Context(), t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "<html>Welcome to the hotel's Wi-Fi</html>")
	})
	if op.Bodyless {
		return
	}
	if err == nil {
		t.Fatal("a page of HTML is taken for success")
	}
	if fate, _ := playbooks.FateOf(err); !op.Fateless && fate != unsure(op.Repeatable) {
		t.Errorf("fate is %s, want %s (%v)", fate, unsure(op.Repeatable), err)
	}
}

func (e examiner) unreachable(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + listener.Addr().String()
	_ = listener.Close()
	seen := newWitness()
	op := e.subject.New(t, environment(address, seen))[e.index]
	err = op.Do(t.Context())
	if err == nil {
		t.Fatal("nobody listens, and it is taken for success")
	}
	if fate, _ := playbooks.FateOf(err); !op.Fateless && fate != playbooks.Transient {
		t.Errorf("fate is %s, want transient (%v)", fate, err)
	}
	seen.check(t, e.subject.Secrets)
	noLeak(t, err, e.subject.Secrets)
}

func (e examiner) cancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := e.run(ctx, t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error does not say that it was cancelled: %v", err)
	}
}

func (e examiner) silent(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	op, err := e.run(ctx, t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error does not say that time ran out: %v", err)
	}
	if fate, _ := playbooks.FateOf(err); !op.Fateless && fate != unsure(op.Repeatable) {
		t.Errorf("fate is %s, want %s (%v)", fate, unsure(op.Repeatable), err)
	}
}

// noLeak prints an error, and every error inside it, in every way.
func noLeak(t *testing.T, err error, secrets []secret.Value) {
	t.Helper()
	if err == nil {
		return
	}
	for _, form := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		noSecrets(t, "an error as "+form, fmt.Sprintf(form, err), secrets)
	}
	switch inner := err.(type) { //nolint:errorlint // every link of the chain is looked at by itself
	case interface{ Unwrap() error }:
		noLeak(t, inner.Unwrap(), secrets)
	case interface{ Unwrap() []error }:
		for _, i := range inner.Unwrap() {
			noLeak(t, i, secrets)
		}
	}
}

func noSecrets(t *testing.T, where, text string, secrets []secret.Value) {
	t.Helper()
	for i, s := range secrets {
		if s.Reveal() != "" && strings.Contains(text, s.Reveal()) {
			t.Errorf("%s tells secret %d: %.300s", where, i, text)
		}
	}
}
