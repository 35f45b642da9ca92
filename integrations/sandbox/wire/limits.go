package wire

import (
	"maps"
	"sync"
	"time"
)

// Limit is how many calls a vendor takes in any stretch of time that long.
type Limit struct {
	Calls int
	Per   time.Duration
}

// Limits refuse what is too much, as a vendor's do: by the wall clock, whatever the clock of the stand-in says. The zero value is ready.
type Limits struct {
	mu      sync.Mutex
	taken   map[string][]time.Time
	refused map[string]int
}

// Take counts a call under a key. Where it is one too many it tells in how many seconds there is room, at least one; zero means taken.
func (l *Limits) Take(key string, limit Limit, now time.Time) (retryAfter int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken == nil {
		l.taken, l.refused = map[string][]time.Time{}, map[string]int{}
	}
	recent := l.taken[key]
	for len(recent) > 0 && now.Sub(recent[0]) >= limit.Per {
		recent = recent[1:]
	}
	if len(recent) < limit.Calls {
		l.taken[key] = append(recent, now)
		return 0
	}
	l.taken[key] = recent
	l.refused[key]++
	return max(1, int((limit.Per-now.Sub(recent[0])+time.Second-1)/time.Second))
}

// Refused tells how many calls were one too many, by key.
func (l *Limits) Refused() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.refused)
}
