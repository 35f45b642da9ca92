package seeded

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

const day = 24 * time.Hour

func TestTheSameSeedGivesTheSameSeries(t *testing.T) {
	for _, c := range Cases(30*time.Minute, Autocorrelated) {
		a, b := c.Series(4, day, day/2), c.Series(4, day, day/2)
		if !slices.Equal(a, b) {
			t.Errorf("%s: the same seed gives two series", c.Name())
		}
		if other := c.Series(5, day, day/2); slices.Equal(a, other) {
			t.Errorf("%s: another seed gives the same series", c.Name())
		}
	}
}

func TestLevels(t *testing.T) {
	level := func(points []detectors.Point) (mean, total float64) {
		for _, p := range points {
			mean, total = mean+p.Bad, total+p.Total
		}
		return mean / total, total
	}
	for _, ramp := range []time.Duration{0, 30 * time.Minute} {
		for _, c := range Cases(ramp, Clean) {
			points := c.Series(1, 8*day, 4*day)
			for _, half := range []struct {
				name   string
				points []detectors.Point
				want   float64
			}{{"before", points[:4*1440], c.Before}, {"after", points[4*1440+30:], c.After}} {
				got, n := level(half.points)
				spread := math.Sqrt(half.want * (1 - half.want) / n)
				if c.tail > 0 {
					spread = half.want * math.Sqrt((math.Exp(c.tail*c.tail)-1)/n)
				}
				if math.Abs(got-half.want) > 4*spread {
					t.Errorf("%s: the level is %.5f %s the change, want %.5f", c.Name(), got, half.name, half.want)
				}
			}
		}
	}
}

func TestAChangeWithinAMinuteIsInThatMinuteByItsShare(t *testing.T) {
	c := Case{}
	for _, test := range []struct {
		begin, change, ramp time.Duration
		want                float64
	}{
		{0, time.Minute, 0, 0},
		{time.Minute, time.Minute, 0, 1},
		{time.Minute, 75 * time.Second, 0, .75},
		{time.Minute, time.Minute, 10 * time.Minute, .05},
		{20 * time.Minute, time.Minute, 10 * time.Minute, 1},
		{0, -1, 0, 0},
	} {
		c.Ramp = test.ramp
		if got := c.share(test.begin, test.change); math.Abs(got-test.want) > 1e-9 {
			t.Errorf("%+v: %v", test, got)
		}
	}
}
