package server

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

// maxAPIBody bounds what the API reads from a request.
const maxAPIBody = 64 << 10

func (s *Server) listIncidents(w http.ResponseWriter, r *http.Request) {
	q := bot.IncidentQuery{Service: r.FormValue("service"), Limit: limitOf(r)}
	for _, state := range r.Form["state"] {
		q.States = append(q.States, bot.State(state))
	}
	incidents, err := s.parts.Reader.Incidents(r.Context(), q)
	if r.FormValue("confirmed") == "true" {
		incidents = slices.DeleteFunc(incidents, unconfirmed)
	}
	answer(s, w, r, map[string][]bot.Incident{"incidents": notNil(incidents)}, err)
}

func (s *Server) getIncident(w http.ResponseWriter, r *http.Request) {
	incident, err := s.parts.Reader.Incident(r.Context(), r.PathValue("id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	entries, err := s.parts.Reader.Entries(r.Context(), incident.ID)
	answer(s, w, r, map[string]any{"incident": incident, "entries": notNil(entries)}, err)
}

func (s *Server) acknowledge(w http.ResponseWriter, r *http.Request) {
	var body struct {
		By string `json:"by"`
	}
	if err := readJSON(w, r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	if body.By == "" {
		s.fail(w, r, bot.Errorf(bot.Invalid, `say who acknowledges: {"by": "name"}`))
		return
	}
	if err := s.parts.Operator.Acknowledge(r.Context(), r.PathValue("id"), body.By); err != nil {
		s.fail(w, r, err)
		return
	}
	s.getIncident(w, r)
}

func (s *Server) listChanges(w http.ResponseWriter, r *http.Request) {
	q := bot.ChangeQuery{Service: r.FormValue("service"), Repository: r.FormValue("repository"), Limit: limitOf(r)}
	for _, kind := range r.Form["kind"] {
		q.Kinds = append(q.Kinds, bot.Kind(kind))
	}
	for name, into := range map[string]*time.Time{"from": &q.From, "to": &q.To} {
		if text := r.FormValue(name); text != "" {
			at, err := time.Parse(time.RFC3339, text)
			if err != nil {
				s.fail(w, r, bot.Errorf(bot.Invalid, "%s is not a time like 2026-11-20T15:04:05Z", name))
				return
			}
			*into = at
		}
	}
	changes, err := s.parts.Reader.Changes(r.Context(), q)
	answer(s, w, r, map[string][]bot.Change{"changes": notNil(changes)}, err)
}

func (s *Server) listFindings(w http.ResponseWriter, r *http.Request) {
	findings, err := s.parts.Reader.Findings(r.Context())
	answer(s, w, r, map[string][]detectors.Finding{"findings": notNil(findings)}, err)
}

func (s *Server) listRuns(w http.ResponseWriter, r *http.Request) {
	q := run.Query{Incident: r.FormValue("incident"), Limit: limitOf(r)}
	for _, state := range r.Form["state"] {
		q.States = append(q.States, run.State(state))
	}
	runs, err := s.parts.Reader.Runs(r.Context(), q)
	answer(s, w, r, map[string][]run.Run{"runs": notNil(runs)}, err)
}

func (s *Server) getRun(w http.ResponseWriter, r *http.Request) {
	events, err := s.parts.Reader.RunEvents(r.Context(), r.PathValue("id"))
	if err == nil && len(events) == 0 {
		err = bot.Errorf(bot.NotFound, "no run %q", r.PathValue("id"))
	}
	answer(s, w, r, map[string][]run.Event{"events": notNil(events)}, err)
}

func (s *Server) listApprovals(w http.ResponseWriter, r *http.Request) {
	q := bot.ApprovalQuery{Open: r.FormValue("open") == "true", Incident: r.FormValue("incident"), Run: r.FormValue("run"), Limit: limitOf(r)}
	approvals, err := s.parts.Reader.Approvals(r.Context(), q)
	answer(s, w, r, map[string][]bot.Approval{"approvals": notNil(approvals)}, err)
}

func (s *Server) decide(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Decision bot.Decision `json:"decision"`
		By       string       `json:"by"`
		Via      string       `json:"via"`
	}
	if err := readJSON(w, r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	if body.Via != "cli" {
		body.Via = "api"
	}
	if body.By == "" || (body.Decision != bot.Approved && body.Decision != bot.Denied) {
		s.fail(w, r, bot.Errorf(bot.Invalid, `say what and who: {"decision": "approved" or "denied", "by": "name"}`))
		return
	}
	approval, err := s.parts.Operator.Decide(r.Context(), r.PathValue("id"), body.Decision, body.By, body.Via)
	answer(s, w, r, map[string]bot.Approval{"approval": approval}, err)
}

// statusOf is what each code becomes on the wire.
func statusOf(code bot.ErrorCode) int {
	switch code {
	case bot.Invalid:
		return http.StatusBadRequest
	case bot.Unauthorized:
		return http.StatusUnauthorized
	case bot.Forbidden:
		return http.StatusForbidden
	case bot.NotFound:
		return http.StatusNotFound
	case bot.Conflict:
		return http.StatusConflict
	case bot.TooLarge:
		return http.StatusRequestEntityTooLarge
	case bot.Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// fail answers with the error's code and sentence; the detail goes to the log only.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	code := bot.CodeOf(err)
	level := slog.LevelInfo
	if code == bot.Internal || code == bot.Unavailable {
		level = slog.LevelError
	}
	s.parts.Logger.Log(r.Context(), level, "request refused", "route", r.Pattern, "code", string(code), "error", err)
	writeJSON(w, statusOf(code), map[string]any{"error": map[string]string{"code": string(code), "message": bot.MessageOf(err)}})
}

func answer[T any](s *Server, w http.ResponseWriter, r *http.Request, body T, err error) {
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, body)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(body) // the reader has gone away; nobody is left to be told
}

func readJSON(w http.ResponseWriter, r *http.Request, into any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxAPIBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return bot.Errorf(bot.Invalid, "the body is not the JSON that is wanted here: %v", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return bot.Errorf(bot.Invalid, "the body holds more than one JSON value")
	}
	return nil
}

func limitOf(r *http.Request) int {
	n, err := strconv.Atoi(r.FormValue("limit"))
	if err != nil || n < 1 {
		return 100
	}
	return min(n, 1000)
}

func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
