package engine_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

func TestWhatOthersChangedLatelyHidesNothingThatChangedHere(t *testing.T) {
	w := newWorld(t)
	keep := func(id, service string, ago time.Duration) {
		t.Helper()
		c := bot.Change{ID: id, Title: id, Kind: bot.Prompt, Services: []string{service}, MergedAt: w.now.Add(-ago), Seen: w.now.Add(-ago)}
		if _, err := w.db.PutChange(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	keep("ours", "support", 3*time.Hour)
	for i := range 1100 {
		keep(fmt.Sprintf("theirs-%d", i), "sales", 2*time.Hour-time.Duration(i)*time.Second)
	}
	w.observe(t, w.firing(detectors.Page))
	suspects := w.incidents(t)[0].Ranking.Suspects
	if !slices.ContainsFunc(suspects, func(s bot.Suspect) bool { return s.Change == "ours" }) {
		t.Errorf("a change of the service itself is none of %d suspects", len(suspects))
	}
}
