package server

import "net/http"

// healthz answers 200 while a restart would not help, with what is wrong in words: a full disk is loud here and still 200,
// since restarting would not free it.
func (s *Server) healthz(w http.ResponseWriter, r *http.Request) {
	s.writeChecks(w, s.parts.Health.Live(r.Context()))
}

// readyz answers 503 while the work cannot be done.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	s.writeChecks(w, s.parts.Health.Ready(r.Context()))
}

func (s *Server) writeChecks(w http.ResponseWriter, checks []Check) {
	status, word := http.StatusOK, "ok"
	for _, check := range checks {
		if !check.OK {
			status, word = http.StatusServiceUnavailable, "failing"
		}
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, status, map[string]any{"status": word, "version": s.parts.Version, "checks": notNil(checks)})
}
