package server

import (
	"context"
	"net/http"

	"github.com/firebreak-dev/firebreak/bot"
)

// Rota tells who is on call.
type Rota interface {
	// OnCall tells of one service, or of all where the name is empty.
	OnCall(ctx context.Context, service string) ([]bot.Duty, error)
}

func (s *Server) listOnCall(w http.ResponseWriter, r *http.Request) {
	duties, err := s.parts.Rota.OnCall(r.Context(), r.FormValue("service"))
	answer(s, w, r, map[string][]bot.Duty{"oncall": notNil(duties)}, err)
}
