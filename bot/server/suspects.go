package server

import (
	"context"
	"net/http"
	"slices"

	"github.com/firebreak-dev/firebreak/bot"
)

// Judge keeps what somebody says of a change of an incident, and gives the incident as it is ranked then.
type Judge interface {
	Judge(ctx context.Context, incident string, v bot.Verdict) (bot.Incident, error)
}

func (s *Server) judge(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Change  string   `json:"change"`
		Verdict bot.Word `json:"verdict"`
		By      string   `json:"by"`
		Reason  string   `json:"reason"`
		Via     string   `json:"via"`
	}
	if err := readJSON(w, r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	in, err := s.parts.Judge.Judge(r.Context(), r.PathValue("id"), bot.Verdict{
		Change: body.Change, Word: body.Verdict, By: body.By, Reason: body.Reason, Via: viaOf(body.Via),
	})
	answer(s, w, r, map[string]any{"incident": in.ID, "ranking": in.Ranking, "verdicts": notNil(in.Verdicts)}, err)
}

// unconfirmed tells of an incident that nobody, and no rollback, has told the cause of.
func unconfirmed(in bot.Incident) bool {
	return !slices.ContainsFunc(in.Verdicts, func(v bot.Verdict) bool { return v.Word == bot.Confirmed })
}
