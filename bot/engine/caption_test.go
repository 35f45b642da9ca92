package engine

import (
	"math"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

func TestCaption(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 11, 20, 15, minute, 0, 0, time.UTC) }
	series := func(values ...float64) []detectors.Point {
		var out []detectors.Point
		for i, v := range values {
			out = append(out, detectors.Point{At: at(i), Value: v})
		}
		return out
	}
	onset := detectors.Onset{At: at(4), Earliest: at(3), Latest: at(5)}
	ratio := Charted{Unit: "ratio"}
	for name, c := range map[string]struct {
		incident bot.Incident
		charted  Charted
		points   []detectors.Point
		want     string
	}{
		"it goes on": {
			bot.Incident{Onset: onset}, ratio, series(.014, .016, .014, .05, .098, .09), "9.8 % at worst, usually 1.4 %, since 15:04",
		},
		"a signal that is bad when it falls": {
			bot.Incident{Onset: onset}, Charted{Unit: "ratio", Falls: true}, series(.9, .9, .9, .7, .5, .6), "50 % at worst, usually 90 %, since 15:04",
		},
		"it is over": {
			bot.Incident{Onset: onset, MitigatedAt: at(29)}, ratio, series(.01, .01, .01, .1), "10 % at worst, usually 1 %, since 15:04 · over after 25 min",
		},
		"gaps are not values":            {bot.Incident{Onset: onset}, ratio, series(math.NaN(), .01, .01, math.NaN(), .1), "10 % at worst, usually 1 %, since 15:04"},
		"nothing was seen before":        {bot.Incident{Onset: onset}, ratio, series(math.NaN(), math.NaN(), math.NaN(), .1), "since 15:04"},
		"when it began is not known":     {bot.Incident{OpenedAt: at(6)}, ratio, series(.01, .1), "since 15:06"},
		"there is nothing to be seen at": {bot.Incident{OpenedAt: at(6)}, ratio, nil, "since 15:06"},
	} {
		if got := caption(c.incident, c.charted, c.points, nil); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
