package bot_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
)

func step(minute int, share float64) bot.RolloutStep {
	return bot.RolloutStep{At: time.Date(2026, 11, 20, 12, minute, 0, 0, time.UTC), Share: share}
}

func TestStepsOfARollOutAreMerged(t *testing.T) {
	for name, c := range map[string]struct {
		known, told, want []bot.RolloutStep
	}{
		"nothing told leaves what is known":    {[]bot.RolloutStep{step(1, .05)}, nil, []bot.RolloutStep{step(1, .05)}},
		"a later step comes after":             {[]bot.RolloutStep{step(1, .05)}, []bot.RolloutStep{step(5, .5)}, []bot.RolloutStep{step(1, .05), step(5, .5)}},
		"one that is told late is put in":      {[]bot.RolloutStep{step(5, .5)}, []bot.RolloutStep{step(1, .05)}, []bot.RolloutStep{step(1, .05), step(5, .5)}},
		"one that is told twice is there once": {[]bot.RolloutStep{step(1, .05)}, []bot.RolloutStep{step(1, .05)}, []bot.RolloutStep{step(1, .05)}},
		"the newer word on a moment counts":    {[]bot.RolloutStep{step(1, .05)}, []bot.RolloutStep{step(1, .1)}, []bot.RolloutStep{step(1, .1)}},
	} {
		if d := cmp.Diff(c.want, bot.MergeRollouts(c.known, c.told)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	var many []bot.RolloutStep
	for i := range 500 {
		many = bot.MergeRollouts(many, []bot.RolloutStep{step(i, float64(i)/500)})
	}
	if last := many[len(many)-1]; len(many) > 100 || last.Share != 499./500 {
		t.Errorf("%d steps are kept, the last of them %v", len(many), last)
	}
}

func TestTheOrderOfTellingAStepDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		told := rapid.SliceOfNDistinct(rapid.IntRange(0, 500), 1, 20, rapid.ID[int]).Draw(t, "minutes")
		var one, other []bot.RolloutStep
		at := func(minute int) []bot.RolloutStep { return []bot.RolloutStep{step(minute, float64(minute%7)/7)} }
		for _, m := range told {
			one = bot.MergeRollouts(one, at(m))
		}
		slices.Sort(told)
		for _, m := range told {
			other = bot.MergeRollouts(other, at(m))
		}
		c, d := bot.Change{Rollout: one}, bot.Change{Rollout: other}
		for m := range 500 {
			a, _ := c.ShareAt(step(m, 0).At)
			if b, _ := d.ShareAt(step(m, 0).At); a != b {
				t.Fatalf("in minute %d it is %g in one order and %g in another: %v and %v", m, a, b, one, other)
			}
		}
	})
}
