package promapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/prometheus/prometheus/util/stats"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/wire"
)

// Bounds of a query, as a small Prometheus has them.
const (
	maxSamples   = 20_000_000
	queryTimeout = 30 * time.Second
	maxPoints    = 11_000
	lookback     = 5 * time.Minute
)

// Server is the HTTP API over a store.
type Server struct {
	*wire.Gate
	store  storage.Queryable
	engine *promql.Engine
	parser parser.Parser
	now    func() time.Time
	// fresh is called before every query, so that scrapes are there when they are asked for.
	fresh func()
}

// NewServer serves a store. Now is the time of queries that name none; fresh (may be nil) is called before every query.
func NewServer(store storage.Queryable, now func() time.Time, fresh func()) *Server {
	if fresh == nil {
		fresh = func() {}
	}
	p := parser.NewParser(parser.Options{})
	s := &Server{
		store: store, now: now, fresh: fresh, parser: p,
		engine: promql.NewEngine(promql.EngineOpts{
			Logger: slog.New(slog.DiscardHandler), MaxSamples: maxSamples, Timeout: queryTimeout, LookbackDelta: lookback,
			EnableAtModifier: true, EnableNegativeOffset: true, EnablePerStepStats: true, Parser: p,
			NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
		}),
	}
	mux := http.NewServeMux()
	for _, route := range []struct {
		path   string
		answer func(*http.Request) reply
	}{
		{"/api/v1/query", s.query},
		{"/api/v1/query_range", s.queryRange},
		{"/api/v1/series", s.series},
		{"/api/v1/labels", s.labelNames},
		{"/api/v1/label/{name}/values", s.labelValues},
		{"/api/v1/status/buildinfo", s.buildinfo},
	} {
		mux.HandleFunc("GET "+route.path, s.answer(route.answer))
		if route.path != "/api/v1/status/buildinfo" && route.path != "/api/v1/label/{name}/values" {
			mux.HandleFunc("POST "+route.path, s.answer(route.answer))
		}
	}
	for path, word := range map[string]string{"/-/healthy": "Healthy", "/-/ready": "Ready"} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "Prometheus Server is "+word+".\n")
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.Strange(r, "no such path")
		http.NotFound(w, r)
	})
	s.Gate = wire.NewGate("prometheus", mux, refuse)
	return s
}

// Close ends the engine.
func (s *Server) Close() error { return s.engine.Close() }

// reply is what an endpoint answers: data, or an error of a kind.
type reply struct {
	data     any
	kind     string
	err      error
	warnings annotations.Annotations
	query    string
}

func bad(err error) reply { return reply{kind: "bad_data", err: err} }

type envelope struct {
	Status    string   `json:"status"`
	Data      any      `json:"data,omitempty"`
	ErrorType string   `json:"errorType,omitempty"`
	Error     string   `json:"error,omitempty"`
	Warnings  []string `json:"warnings,omitempty"`
	Infos     []string `json:"infos,omitempty"`
}

// statuses are those that Prometheus gives its error types.
var statuses = map[string]int{
	"bad_data": http.StatusBadRequest, "execution": http.StatusUnprocessableEntity, "canceled": 499,
	"timeout": http.StatusServiceUnavailable, "internal": http.StatusInternalServerError,
}

func (s *Server) answer(endpoint func(*http.Request) reply) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.fresh()
		var got reply
		if err := r.ParseForm(); err != nil {
			got = bad(err)
		} else {
			got = endpoint(r)
		}
		out := envelope{Status: "success", Data: got.data}
		status := http.StatusOK
		if got.err != nil {
			out = envelope{Status: "error", ErrorType: got.kind, Error: got.err.Error()}
			status = statuses[got.kind]
			if got.kind == "bad_data" {
				s.Strange(r, "%v", got.err)
			}
		}
		out.Warnings, out.Infos = got.warnings.AsStrings(got.query, 10, 10)
		if wire.WantsPartial(r) {
			out.Warnings = append(out.Warnings, "No StoreAPIs matched for this query: the result is partial")
		}
		body, err := json.Marshal(out)
		if err != nil {
			refuse(w, http.StatusInternalServerError, 0)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}
}

// refuse writes Prometheus's own error for a status.
func refuse(w http.ResponseWriter, status, _ int) {
	out := envelope{Status: "error", ErrorType: "internal", Error: "storage: the block is corrupt"}
	switch status {
	case http.StatusUnprocessableEntity:
		out.ErrorType, out.Error = "execution", "query processing would load too many samples into memory in query execution"
	case http.StatusTooManyRequests:
		out.ErrorType, out.Error = "unavailable", "too many outstanding requests"
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(out)
}

func (s *Server) buildinfo(*http.Request) reply {
	return reply{data: map[string]string{
		"version": "3.13.5", "revision": "sandbox", "branch": "HEAD", "buildUser": "sandbox", "buildDate": "20261120-00:00:00",
		"goVersion": runtime.Version(),
	}}
}

// failed sorts an engine's error as Prometheus does.
func failed(err error, warnings annotations.Annotations) reply {
	var canceled promql.ErrQueryCanceled
	var late promql.ErrQueryTimeout
	var broken promql.ErrStorage
	out := reply{kind: "execution", err: err, warnings: warnings}
	switch {
	case errors.As(err, &canceled), errors.Is(err, context.Canceled):
		out.kind = "canceled"
	case errors.As(err, &late):
		out.kind = "timeout"
	case errors.As(err, &broken):
		out.kind = "internal"
	}
	return out
}

type queryData struct {
	ResultType parser.ValueType `json:"resultType"`
	Result     parser.Value     `json:"result"`
	Stats      stats.QueryStats `json:"stats,omitempty"`
}

// run executes a query and closes it once its result stands in the reply; the result is rendered here, since Close gives its
// memory back.
func run(ctx context.Context, q promql.Query, wantStats, text string) reply {
	defer q.Close()
	res := q.Exec(ctx)
	if res.Err != nil {
		return failed(res.Err, res.Warnings)
	}
	data := queryData{ResultType: res.Value.Type(), Result: res.Value}
	if wantStats != "" {
		data.Stats = stats.NewQueryStats(q.Stats())
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return reply{kind: "internal", err: err}
	}
	return reply{data: json.RawMessage(raw), warnings: res.Warnings, query: text}
}
