package engine

import (
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// partial are deliveries of which only a part is known, by key: the vendor's API was away. They stay in the inbox, in nobody's way,
// and are read again. A restart reads them at once.
type partial map[string]repeat

type repeat struct {
	after time.Time
	pause time.Duration
}

const (
	firstRepeat   = 30 * time.Second
	longestRepeat = 10 * time.Minute
	// partialFor is how long what is missing is asked for: later it helps no incident, and the vendor's answer may be gone.
	partialFor = time.Hour
	// mostPartial bounds what waits. Beyond it a part must do.
	mostPartial = 200
)

func deliveryKey(d bot.Delivery) string { return d.Source + "/" + d.ID }

// waits tells whether it is too early to read a delivery again.
func (p partial) waits(d bot.Delivery, now time.Time) bool {
	r, known := p[deliveryKey(d)]
	return known && now.Before(r.after)
}

// again notes that a delivery is to be read again, and tells whether it is.
func (p partial) again(d bot.Delivery, now time.Time) bool {
	r, known := p[deliveryKey(d)]
	if now.Sub(d.ReceivedAt) > partialFor || (!known && len(p) >= mostPartial) {
		return false
	}
	r.pause = min(max(firstRepeat, 2*r.pause), longestRepeat)
	r.after = now.Add(r.pause)
	p[deliveryKey(d)] = r
	return true
}
