package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// maxWebhook bounds a webhook's body. GitHub sends up to 25 MiB; what is larger than this holds thousands of commits, and
// the ledger learns of those by the API.
const maxWebhook = 8 << 20

// patience is how long keeping a delivery may take. The least patient vendor waits for five seconds; what is refused as unavailable is
// sent again by those who send again at all.
const patience = 4 * time.Second

// webhook verifies over the raw bytes, keeps, answers. The work is done later from the inbox: the vendor's patience is short,
// and what was answered with 2xx must not be lost.
func (s *Server) webhook(source string, receiver Receiver) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxWebhook))
		if err != nil {
			var tooLarge *http.MaxBytesError
			if errors.As(err, &tooLarge) {
				s.refuseWebhook(w, r, source, "too_large", bot.Errorf(bot.TooLarge, "the body is over %d bytes", maxWebhook))
				return
			}
			s.refuseWebhook(w, r, source, "unreadable", bot.Errorf(bot.Invalid, "the body could not be read").Because(err))
			return
		}
		delivery, err := receiver.Receive(r.Header, body)
		if err != nil {
			result := "invalid"
			if bot.CodeOf(err) == bot.Unauthorized {
				result = "unauthorized"
			}
			s.refuseWebhook(w, r, source, result, err)
			return
		}
		delivery.ReceivedAt = s.parts.Now()
		keeping, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		fresh, err := s.parts.Inbox.Accept(keeping, delivery)
		if err != nil {
			s.refuseWebhook(w, r, source, "unavailable", bot.Errorf(bot.Unavailable, "could not be kept; send it again").Because(err))
			return
		}
		result := "accepted"
		if !fresh {
			result = "duplicate"
		}
		s.metrics.deliveries.WithLabelValues(source, result).Inc()
		writeJSON(w, http.StatusAccepted, map[string]string{"delivery": delivery.ID, "result": result})
	})
}

func (s *Server) refuseWebhook(w http.ResponseWriter, r *http.Request, source, result string, err error) {
	s.metrics.deliveries.WithLabelValues(source, result).Inc()
	s.fail(w, r, err)
}
