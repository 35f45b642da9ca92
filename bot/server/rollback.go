package server

import (
	"context"
	"net/http"

	"github.com/firebreak-dev/firebreak/bot"
)

// Rollbacks tells what of an incident could be taken back, and has a playbook do it.
type Rollbacks interface {
	Rollbacks(ctx context.Context, incident string) (bot.Rollbacks, error)
	// Rollback takes back the likeliest where no change is named, by the first playbook that can where none is named.
	Rollback(ctx context.Context, incident, change, playbook, by, via string) (bot.Rollback, error)
}

func (s *Server) listRollbacks(w http.ResponseWriter, r *http.Request) {
	all, err := s.parts.Rollbacks.Rollbacks(r.Context(), r.PathValue("id"))
	answer(s, w, r, map[string]bot.Rollbacks{"rollbacks": all}, err)
}

func (s *Server) startRollback(w http.ResponseWriter, r *http.Request) {
	var body struct {
		said
		Change   string `json:"change"`
		Playbook string `json:"playbook"`
	}
	if err := readJSON(w, r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	begun, err := s.parts.Rollbacks.Rollback(r.Context(), r.PathValue("id"), body.Change, body.Playbook, body.By, viaOf(body.Via))
	answer(s, w, r, map[string]bot.Rollback{"rollback": begun}, err)
}
