package server

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// recordSource is the source of deliveries that carry a bot.Record.
const recordSource = "api"

// recordChange takes a change that a script tells of. It goes the way of all deliveries: kept first, worked off by whoever leads.
func (s *Server) recordChange(w http.ResponseWriter, r *http.Request) {
	var record bot.Record
	if err := readJSON(w, r, &record); err != nil {
		s.fail(w, r, err)
		return
	}
	now := s.parts.Now()
	change, err := record.Change(now)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if record.EffectiveAt.IsZero() && record.MergedAt.IsZero() && record.ID == "" {
		record.EffectiveAt = now // the ID is made of it
	}
	s.accept(w, r, "change", change.ID, record, now)
}

// accept keeps what was told, and answers. The same again is the same delivery; another telling of the same thing is a new one, which
// updates it.
func (s *Server) accept(w http.ResponseWriter, r *http.Request, event, id string, told any, now time.Time) {
	body, err := json.Marshal(told)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	sum := sha256.Sum256(body)
	fresh, err := s.parts.Inbox.Accept(r.Context(), bot.Delivery{
		ID: id + "/" + hex.EncodeToString(sum[:8]), Source: recordSource, Event: event, Body: body, ReceivedAt: now,
	})
	if err != nil {
		s.fail(w, r, bot.Errorf(bot.Unavailable, "the %s could not be kept; send it again", event).Because(err))
		return
	}
	result := "accepted"
	if !fresh {
		result = "duplicate"
	}
	writeJSON(w, http.StatusAccepted, map[string]string{event: id, "result": result})
}
