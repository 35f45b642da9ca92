package server

import (
	"context"
	"net/http"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// Inputs tells which versions of operational inputs are in force.
type Inputs interface {
	// InForce tells of one service, or of all where the name is empty.
	InForce(ctx context.Context, service string, at time.Time) (bot.InputsAnswer, error)
	// InputsDiffer tells in what two environments differ.
	InputsDiffer(ctx context.Context, service string, at time.Time, left, right string) (bot.InputsDiff, error)
}

func (s *Server) listInputs(w http.ResponseWriter, r *http.Request) {
	at, err := timeOf(r, "at")
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if at.IsZero() {
		at = s.parts.Now()
	}
	service, sides := r.FormValue("service"), r.Form["diff"]
	switch {
	case len(sides) == 0:
		found, err := s.parts.Inputs.InForce(r.Context(), service, at)
		found.Inputs = notNil(found.Inputs)
		answer(s, w, r, found, err)
	case len(sides) == 2 && sides[0] != "" && sides[1] != "":
		found, err := s.parts.Inputs.InputsDiffer(r.Context(), service, at, sides[0], sides[1])
		found.Differences = notNil(found.Differences)
		answer(s, w, r, found, err)
	default:
		s.fail(w, r, bot.Errorf(bot.Invalid, "name two environments: diff=staging&diff=production"))
	}
}
