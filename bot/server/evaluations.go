package server

import (
	"context"
	"net/http"

	"github.com/firebreak-dev/firebreak/bot"
)

// evaluationEvent is the event of deliveries that carry a bot.Evaluated.
const evaluationEvent = "evaluation"

// Evaluations keeps what release gates said.
type Evaluations interface {
	// Evaluations lists what is kept of a repository, or of one revision of it, newest first.
	Evaluations(ctx context.Context, repository, revision string, limit int) ([]bot.Evaluated, error)
}

// recordEvaluation takes what a release gate said. It goes the way of all deliveries: kept first, worked off by whoever leads.
func (s *Server) recordEvaluation(w http.ResponseWriter, r *http.Request) {
	var e bot.Evaluated
	if err := readJSON(w, r, &e); err != nil {
		s.fail(w, r, err)
		return
	}
	now := s.parts.Now()
	if err := e.Check(now); err != nil {
		s.fail(w, r, err)
		return
	}
	s.accept(w, r, evaluationEvent, "evaluation:"+e.Repository+"@"+e.Revision, e, now)
}

func (s *Server) listEvaluations(w http.ResponseWriter, r *http.Request) {
	found, err := s.parts.Evaluations.Evaluations(r.Context(), r.FormValue("repository"), r.FormValue("revision"), limitOf(r))
	answer(s, w, r, map[string][]bot.Evaluated{"evaluations": notNil(found)}, err)
}
