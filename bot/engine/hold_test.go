package engine

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestAHoldCountsOnlyWhatWasSeen holds against a plain account of every minute: a hold never claims more than the time since
// the last look that was no, and never a stretch that nobody saw.
func TestAHoldCountsOnlyWhatWasSeen(t *testing.T) {
	const patience = 4 * time.Minute
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(0, 0)
		var h hold
		var account time.Duration
		last, saw := time.Time{}, looksFalse
		for range rapid.IntRange(1, 40).Draw(t, "looks") {
			now = now.Add(time.Duration(rapid.IntRange(0, 6).Draw(t, "minutes")) * time.Minute)
			was := saw
			saw = look(rapid.IntRange(int(looksFalse), int(looksBlind)).Draw(t, "saw"))
			switch {
			case saw == looksFalse:
				account = 0
			case saw == looksTrue && was == looksTrue && now.Sub(last) <= patience:
				account += now.Sub(last)
			}
			last = now
			if h = h.after(now, saw, patience); h.Held != account {
				t.Fatalf("claims %s, was %s", h.Held, account)
			}
		}
	})
}
