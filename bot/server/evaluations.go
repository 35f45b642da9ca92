package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
	body, err := json.Marshal(e)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	sum := sha256.Sum256(body)
	id := "evaluation:" + hex.EncodeToString(sum[:12])
	fresh, err := s.parts.Inbox.Accept(r.Context(), bot.Delivery{ID: id, Source: recordSource, Event: evaluationEvent, Body: body, ReceivedAt: now})
	if err != nil {
		s.fail(w, r, bot.Errorf(bot.Unavailable, "the evaluation could not be kept; send it again").Because(err))
		return
	}
	result := "accepted"
	if !fresh {
		result = "duplicate"
	}
	writeJSON(w, http.StatusAccepted, map[string]string{"evaluation": id, "result": result})
}

func (s *Server) listEvaluations(w http.ResponseWriter, r *http.Request) {
	found, err := s.parts.Evaluations.Evaluations(r.Context(), r.FormValue("repository"), r.FormValue("revision"), limitOf(r))
	answer(s, w, r, map[string][]bot.Evaluated{"evaluations": notNil(found)}, err)
}
