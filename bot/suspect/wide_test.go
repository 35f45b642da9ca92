package suspect_test

import (
	"math"
	"testing"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/suspect"
)

// TestAnOnsetThatIsKnownToHoursOnlyTellsNeighboursAlike: whether a change lies a few minutes earlier or later must not matter where
// nobody knows within hours when it began.
func TestAnOnsetThatIsKnownToHoursOnlyTellsNeighboursAlike(t *testing.T) {
	in := incident()
	in.Onset.Earliest, in.Onset.Latest = onset.Add(-minutes(240)), onset.Add(minutes(240))
	for before := 10.0; before < 120; before += 7 {
		r := suspect.Rank(in.OpenedAt, in, append(crowd(), change("one", bot.Prompt, before), change("other", bot.Prompt, before+5)), nil, suspect.Weights{})
		if one, other := reason(t, r, "one", "lag").Weight, reason(t, r, "other", "lag").Weight; math.Abs(one-other) > .1 {
			t.Errorf("%g min before: %.2f, five minutes earlier: %.2f", before, one, other)
		}
	}
}
