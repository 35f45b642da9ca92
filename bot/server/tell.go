package server

import (
	"context"
	"net/http"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// Teller says in words how things are, what a digest would say, and what is known of an incident when it is over.
type Teller interface {
	Account(ctx context.Context) (bot.Account, error)
	// Digest is of all services where the service is empty, and of now where the moment is zero.
	Digest(ctx context.Context, kind, service string, at time.Time) (bot.Digest, error)
	Postmortem(ctx context.Context, incident string) (bot.Postmortem, error)
}

// Linker hangs on an incident what belongs to it: an https address, or another incident.
type Linker interface {
	Link(ctx context.Context, incident, to, title, by, via string) (bot.Incident, error)
}

func (s *Server) status(w http.ResponseWriter, r *http.Request) {
	a, err := s.parts.Teller.Account(r.Context())
	a.Rows, a.Incidents, a.Approvals, a.Freezes = notNil(a.Rows), notNil(a.Incidents), notNil(a.Approvals), notNil(a.Freezes)
	a.Windows, a.Spent, a.Blind = notNil(a.Windows), notNil(a.Spent), notNil(a.Blind)
	answer(s, w, r, map[string]bot.Account{"status": a}, err)
}

func (s *Server) digest(w http.ResponseWriter, r *http.Request) {
	at, err := timeOf(r, "at")
	if err != nil {
		s.fail(w, r, err)
		return
	}
	d, err := s.parts.Teller.Digest(r.Context(), r.PathValue("kind"), r.FormValue("service"), at)
	answer(s, w, r, map[string]bot.Digest{"digest": d}, err)
}

func (s *Server) postmortem(w http.ResponseWriter, r *http.Request) {
	p, err := s.parts.Teller.Postmortem(r.Context(), r.PathValue("id"))
	answer(s, w, r, map[string]bot.Postmortem{"postmortem": p}, err)
}

func (s *Server) addLink(w http.ResponseWriter, r *http.Request) {
	var body struct {
		By    string `json:"by"`
		Via   string `json:"via"`
		To    string `json:"to"`
		Title string `json:"title"`
	}
	if err := readJSON(w, r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	in, err := s.parts.Linker.Link(r.Context(), r.PathValue("id"), body.To, body.Title, body.By, viaOf(body.Via))
	answer(s, w, r, map[string]bot.Incident{"incident": in}, err)
}
