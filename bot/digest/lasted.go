package digest

import (
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// began is when it began, as far as that is known.
func began(in bot.Incident) time.Time {
	if !in.Onset.IsZero() {
		return in.Onset.At
	}
	return in.OpenedAt
}

// lasted is how long it was bad: until the signals came back, or else until somebody said that it is over.
func lasted(in bot.Incident) time.Duration {
	end := in.ResolvedAt
	if !in.QuietSince.IsZero() {
		end = in.QuietSince
	}
	return max(end.Sub(began(in)), 0)
}
