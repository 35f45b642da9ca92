package server

import (
	"context"
	"net/http"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// Calendar tells when changes are welcome, and has freezes started and ended.
type Calendar interface {
	// Openings tells of one service, or of all where the name is empty.
	Openings(ctx context.Context, service string, at time.Time) ([]bot.Opening, error)
	Freezes(ctx context.Context, q bot.FreezeQuery) ([]bot.Freeze, error)
	StartFreeze(ctx context.Context, f bot.Freeze) (bot.Freeze, error)
	EndFreeze(ctx context.Context, id, by, via, reason string) (bot.Freeze, error)
}

// timeOf reads a time of a query; zero where there is none.
func timeOf(r *http.Request, name string) (time.Time, error) {
	text := r.FormValue(name)
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, bot.Errorf(bot.Invalid, "%s is not a time like 2026-11-20T15:04:05Z", name)
	}
	return at, nil
}

func (s *Server) listWindows(w http.ResponseWriter, r *http.Request) {
	at, err := timeOf(r, "at")
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if at.IsZero() {
		at = s.parts.Now()
	}
	openings, err := s.parts.Calendar.Openings(r.Context(), r.FormValue("service"), at)
	answer(s, w, r, map[string][]bot.Opening{"windows": notNil(openings)}, err)
}

func (s *Server) listFreezes(w http.ResponseWriter, r *http.Request) {
	q := bot.FreezeQuery{Since: s.parts.Now(), Limit: limitOf(r)}
	if r.FormValue("all") == "true" {
		q.Since = time.Time{}
	}
	freezes, err := s.parts.Calendar.Freezes(r.Context(), q)
	answer(s, w, r, map[string][]bot.Freeze{"freezes": notNil(freezes)}, err)
}

func (s *Server) startFreeze(w http.ResponseWriter, r *http.Request) {
	var body struct {
		ID       string    `json:"id"`
		Services []string  `json:"services"`
		Reason   string    `json:"reason"`
		By       string    `json:"by"`
		Via      string    `json:"via"`
		From     time.Time `json:"from"`
		To       time.Time `json:"to"`
	}
	if err := readJSON(w, r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	freeze, err := s.parts.Calendar.StartFreeze(r.Context(), bot.Freeze{
		ID: body.ID, Services: body.Services, Reason: body.Reason, By: body.By, Via: viaOf(body.Via), From: body.From, To: body.To,
	})
	answer(s, w, r, map[string]bot.Freeze{"freeze": freeze}, err)
}

func (s *Server) endFreeze(w http.ResponseWriter, r *http.Request) {
	var body struct {
		By     string `json:"by"`
		Via    string `json:"via"`
		Reason string `json:"reason"`
	}
	if err := readJSON(w, r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	freeze, err := s.parts.Calendar.EndFreeze(r.Context(), r.PathValue("id"), body.By, viaOf(body.Via), body.Reason)
	answer(s, w, r, map[string]bot.Freeze{"freeze": freeze}, err)
}

// viaOf believes of a caller only that it is the command line.
func viaOf(said string) string {
	if said == "cli" {
		return said
	}
	return "api"
}
