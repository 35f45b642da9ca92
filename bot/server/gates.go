package server

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/firebreak-dev/firebreak/bot"
)

// Gatekeeper tells whether a roll-out may go on. A service that is not known is an error of code NotFound.
type Gatekeeper interface {
	Promotion(ctx context.Context, service, environment string) (bot.Promotion, error)
}

// promotion answers a roll-out that asks and reads JSON, as Argo Rollouts' web metric does: 200 whatever the answer is, since
// everything else counts as an error of the measurement there.
func (s *Server) promotion(w http.ResponseWriter, r *http.Request) {
	p, err := s.parts.Gates.Promotion(r.Context(), r.PathValue("service"), r.FormValue("environment"))
	answer(s, w, r, p, err)
}

// flaggerHooks are Flagger's webhooks that ask, and what each wants to hear as success.
var flaggerHooks = map[string]func(answer string) bool{
	"confirm-rollout":          passes,
	"confirm-traffic-increase": passes,
	"rollout":                  passes,
	"confirm-promotion":        passes,
	// Here success means: roll back. Holding is no reason to.
	"rollback": func(answer string) bool { return answer == bot.Back },
}

func passes(answer string) bool { return answer == bot.Go }

// flagger answers Flagger's webhooks: 200 for yes, 403 for no, with the sentence that ends up in the canary's events. Flagger has
// no headers of its own, so the token may stand in the metadata of the webhook.
func (s *Server) flagger(w http.ResponseWriter, r *http.Request) {
	setHeaders(w.Header())
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAPIBody))
	if err != nil {
		s.fail(w, r, bot.Errorf(bot.TooLarge, "the webhook is larger than %d KiB", maxAPIBody>>10))
		return
	}
	var hook struct {
		Metadata map[string]string `json:"metadata"`
	}
	decoded := json.NewDecoder(bytes.NewReader(body)).Decode(&hook)
	if !s.admits(r, hook.Metadata["token"]) {
		s.fail(w, r, bot.Errorf(bot.Unauthorized, "send the token as a bearer token, or as the metadata token of the webhook"))
		return
	}
	if decoded != nil && !errors.Is(decoded, io.EOF) {
		s.fail(w, r, bot.Errorf(bot.Invalid, "this is no webhook of Flagger"))
		return
	}
	wants, known := flaggerHooks[r.PathValue("hook")]
	if !known {
		s.fail(w, r, bot.Errorf(bot.NotFound, "there is no gate %q; known are confirm-rollout, confirm-traffic-increase, rollout, confirm-promotion, rollback", r.PathValue("hook")))
		return
	}
	p, err := s.parts.Gates.Promotion(r.Context(), r.PathValue("service"), r.FormValue("environment"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if !wants(p.Answer) {
		w.WriteHeader(http.StatusForbidden)
	}
	_, _ = io.WriteString(w, p.Answer+": "+p.Sentence+"\n")
}

// admits lets a machine through that knows the token, by header or by what it sent; without a token, one that asks on loopback.
func (s *Server) admits(r *http.Request, token string) bool {
	if !s.config.Token.IsSet() {
		return meantForLoopback(r.Host)
	}
	return s.authorized(r) || subtle.ConstantTimeCompare([]byte(token), []byte(s.config.Token.Reveal())) == 1
}
