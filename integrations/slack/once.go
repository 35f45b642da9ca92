package slack

import (
	"sync"
	"time"
)

// Slack sends events and envelopes again for some minutes when they were not acknowledged in time.
const (
	mostSeen = 20_000
	seenLife = time.Hour
)

// seen remembers the names of what was heard for a while, so that what comes twice is done once. Its zero value is ready.
type seen struct {
	mu    sync.Mutex
	until map[string]time.Time
}

// first tells whether a name comes for the first time.
func (s *seen) first(name string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if until, known := s.until[name]; known && now.Before(until) {
		return false
	}
	if s.until == nil {
		s.until = map[string]time.Time{}
	}
	if len(s.until) >= mostSeen {
		for known, until := range s.until {
			if !now.Before(until) {
				delete(s.until, known)
			}
		}
	}
	if len(s.until) < mostSeen {
		s.until[name] = now.Add(seenLife)
	}
	return true
}

// forget has a name be heard anew: what it stands for was not done.
func (s *seen) forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.until, name)
}
