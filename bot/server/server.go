package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"
)

// Parts are what the server stands on. Receivers are keyed by source and serve POST /webhooks/SOURCE; Mounts are handlers
// of integrations that verify their own requests, keyed by pattern as "POST /slack/interactions".
type Parts struct {
	Receivers map[string]Receiver
	Mounts    map[string]http.Handler
	Inbox     Inbox
	Reader    Reader
	Viewer    Viewer
	Operator  Operator
	Judge     Judge
	Gates     Gatekeeper
	Calendar  Calendar
	Inputs    Inputs
	Health    Health
	// People is nil where nobody may do more than look.
	People People
	// Rollbacks takes changes back, nil where nothing can.
	Rollbacks Rollbacks
	// Rota tells who is on call, nil where nobody knows.
	Rota Rota
	// Teller and Linker are nil where nobody tells and links.
	Teller Teller
	Linker Linker
	// Evaluations is nil where nobody keeps what release gates said.
	Evaluations Evaluations
	Now         func() time.Time
	Logger      *slog.Logger
	Registry    *prometheus.Registry
	// Tracer traces requests; nil means the global one.
	Tracer trace.TracerProvider
	// Version is shown on pages and by /healthz.
	Version string
	// Front is used instead of opening Config.Listen, where there is one; it stays open when the server ends.
	Front *Front
}

// Server answers HTTP.
type Server struct {
	config  Config
	parts   Parts
	front   *Front
	metrics metrics
	handler http.Handler

	stop    sync.Once
	stopped chan struct{}
	stopErr error
	// behind is set while it serves.
	mu     sync.Mutex
	behind *behind
}

// New makes a server and opens its port, so that a port in use is told before anything else starts.
func New(config Config, parts Parts) (*Server, error) {
	config = config.WithDefaults()
	if parts.Tracer == nil {
		parts.Tracer = otel.GetTracerProvider()
	}
	s := &Server{config: config, parts: parts, metrics: newMetrics(parts.Registry, parts.Receivers), front: parts.Front, stopped: make(chan struct{})}
	if s.front == nil {
		var err error
		if s.front, err = OpenFront(context.Background(), config.Listen, parts.Logger); err != nil {
			return nil, err
		}
	}
	s.handler = s.routes()
	return s, nil
}

// Addr is the address that the server really listens on.
func (s *Server) Addr() string { return s.front.listener.Addr().String() }

// URL is the address for links: the configured one, else that of the listener.
func (s *Server) URL() string {
	if s.config.URL != "" {
		return s.config.URL
	}
	host, port, err := net.SplitHostPort(s.Addr())
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		// It listens everywhere; a link needs one place.
		if host, err = os.Hostname(); err != nil {
			host = "localhost"
		}
		return "http://" + net.JoinHostPort(host, port)
	}
	return "http://" + s.Addr()
}

// Serve answers until Shutdown. It is called once.
func (s *Server) Serve() error {
	s.mu.Lock()
	select {
	case <-s.stopped:
	default:
		s.behind = s.front.attach(s.handler)
	}
	s.mu.Unlock()
	select {
	case <-s.stopped:
		return nil
	case <-s.front.ended:
		return s.front.err
	}
}

// Shutdown lets running requests end and then stops; at the context's end it cuts them off. A port of its own is closed.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stop.Do(func() {
		s.mu.Lock()
		close(s.stopped)
		b := s.behind
		s.mu.Unlock()
		if b != nil {
			s.stopErr = s.front.detach(ctx, b)
		}
		if s.parts.Front == nil {
			s.stopErr = errors.Join(s.stopErr, s.front.Close(ctx))
		}
	})
	return s.stopErr
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, h http.Handler) { mux.Handle(pattern, s.observe(pattern, h)) }
	guarded := func(pattern string, h http.HandlerFunc) { handle(pattern, s.guard(h)) }

	for source, receiver := range s.parts.Receivers {
		handle("POST /webhooks/"+source, s.webhook(source, receiver))
	}
	for pattern, mount := range s.parts.Mounts {
		handle(pattern, mount)
	}
	handle("GET /healthz", http.HandlerFunc(s.healthz))
	handle("GET /readyz", http.HandlerFunc(s.readyz))
	guarded("GET /metrics", promhttp.HandlerFor(s.parts.Registry, promhttp.HandlerOpts{Registry: s.parts.Registry}).ServeHTTP)

	s.routesOfIncidents(guarded)
	s.routesOfRecords(guarded)
	s.routesOfAccounts(guarded)
	if s.parts.Gates != nil {
		guarded("GET /gates/{service}", s.promotion)
		guarded("POST /gates/{service}", s.promotion)
		handle("POST /gates/flagger/{hook}/{service}", http.HandlerFunc(s.flagger))
	}

	guarded("GET /{$}", s.homePage)
	guarded("GET /incidents/{id}", s.incidentPage)
	guarded("GET /incidents/{id}/report.md", s.reportPage)
	handle("GET /static/", http.FileServerFS(static))
	return otelhttp.NewHandler(mux, "http", otelhttp.WithTracerProvider(s.parts.Tracer), otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string {
		if r.Pattern != "" {
			return r.Pattern
		}
		return r.Method
	}))
}

// routesOfIncidents are what is known of incidents, and what people do to them.
func (s *Server) routesOfIncidents(guarded func(pattern string, h http.HandlerFunc)) {
	guarded("GET /api/v1/incidents", s.listIncidents)
	guarded("GET /api/v1/incidents/{id}", s.getIncident)
	guarded("POST /api/v1/incidents/{id}/acknowledge", s.acknowledge)
	if s.parts.Judge != nil {
		guarded("POST /api/v1/incidents/{id}/suspects", s.judge)
	}
	if s.parts.People != nil {
		guarded("POST /api/v1/incidents", s.declare)
		guarded("POST /api/v1/incidents/{id}/resolve", s.resolve)
		guarded("POST /api/v1/incidents/{id}/notes", s.addNote)
		guarded("POST /api/v1/incidents/{id}/mute", s.mute)
		guarded("POST /api/v1/incidents/{id}/runs", s.runPlaybook)
		guarded("GET /api/v1/playbooks/{name}", s.outline)
		guarded("GET /api/v1/stop", s.killSwitch)
		guarded("POST /api/v1/stop", s.stopActions)
		guarded("GET /api/v1/objectives", s.objectives)
	}
	if s.parts.Rollbacks != nil {
		guarded("GET /api/v1/incidents/{id}/rollbacks", s.listRollbacks)
		guarded("POST /api/v1/incidents/{id}/rollbacks", s.startRollback)
	}
	if s.parts.Linker != nil {
		guarded("POST /api/v1/incidents/{id}/links", s.addLink)
	}
}

// routesOfRecords are what is kept: changes, findings, runs, questions, evaluations, versions.
func (s *Server) routesOfRecords(guarded func(pattern string, h http.HandlerFunc)) {
	guarded("GET /api/v1/changes", s.listChanges)
	guarded("POST /api/v1/changes", s.recordChange)
	guarded("GET /api/v1/findings", s.listFindings)
	guarded("GET /api/v1/runs", s.listRuns)
	guarded("GET /api/v1/runs/{id}", s.getRun)
	guarded("GET /api/v1/approvals", s.listApprovals)
	guarded("POST /api/v1/approvals/{id}", s.decide)
	if s.parts.Inputs != nil {
		guarded("GET /api/v1/inputs", s.listInputs)
	}
	if s.parts.Evaluations != nil {
		guarded("GET /api/v1/evaluations", s.listEvaluations)
		guarded("POST /api/v1/evaluations", s.recordEvaluation)
	}
}

// routesOfAccounts are how things stand: windows and freezes, who is on call, what digests say.
func (s *Server) routesOfAccounts(guarded func(pattern string, h http.HandlerFunc)) {
	if s.parts.Calendar != nil {
		guarded("GET /api/v1/windows", s.listWindows)
		guarded("GET /api/v1/freezes", s.listFreezes)
		guarded("POST /api/v1/freezes", s.startFreeze)
		guarded("POST /api/v1/freezes/{id}/end", s.endFreeze)
	}
	if s.parts.Rota != nil {
		guarded("GET /api/v1/oncall", s.listOnCall)
	}
	if s.parts.Teller != nil {
		guarded("GET /api/v1/status", s.status)
		guarded("GET /api/v1/digests/{kind}", s.digest)
		guarded("GET /api/v1/incidents/{id}/postmortem", s.postmortem)
	}
}
