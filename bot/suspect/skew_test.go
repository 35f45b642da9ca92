package suspect_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
)

// heard is a change that came so many seconds before its own time.
func heard(source string, seconds float64) func(*bot.Change) {
	return func(c *bot.Change) {
		c.Source, c.Seen = source, c.MergedAt.Add(-time.Duration(seconds*float64(time.Second)))
	}
}

func TestClocksThatAreAheadAreFoundOut(t *testing.T) {
	several := func(seconds ...float64) []bot.Change {
		var out []bot.Change
		for i, s := range seconds {
			out = append(out, change(fmt.Sprintf("c%d", i), bot.Code, 200, heard("github", s)))
		}
		return out
	}
	for _, tt := range []struct {
		name    string
		changes []bot.Change
		want    []bot.Skew
	}{
		{"the median of those from the future", several(100, 180, 120, -3600, -4), []bot.Skew{{Source: "github", Ahead: 120, Changes: 3}}},
		{"two are chance", several(100, 180, -4), nil},
		{"seconds are rounded", several(1, 1.5, 2), nil},
		{"hours are no clock", several(3600, 3601, 7200), nil},
		{"every source for itself", append(several(60, 61, 62), change("x", bot.Flag, 5, heard("flags", 60))), []bot.Skew{{Source: "github", Ahead: 61, Changes: 3}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, rank(incident(), tt.changes...).Skews); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAClockThatIsAheadExcludesNobody(t *testing.T) {
	var others []bot.Change
	for i := range 4 {
		others = append(others, change(fmt.Sprintf("c%d", i), bot.Code, 600, heard("github", 240)))
	}
	late := func(m float64, source string) bot.Ranking {
		return rank(incident(), append(others, change("late", bot.Prompt, -m, heard(source, -1)))...)
	}
	if got := excluded(late(3, "argo"), "late"); got == "" {
		t.Error("with a clock that is right it is no suspect")
	}
	if got := excluded(late(7, "github"), "late"); got == "" {
		t.Error("even with a clock that is ahead it came too late")
	}
	r := late(3, "github")
	got := reason(t, r, "late", "lag")
	if r.Suspects[0].Change != "late" || !strings.HasSuffix(got.Sentence, ", or up to 4 min earlier: the clock of github is ahead") {
		t.Errorf("the first is %s: %q", r.Suspects[0].Change, got.Sentence)
	}
}
