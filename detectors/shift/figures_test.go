package shift_test

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/detectors/detectorstest/seeded"
	"github.com/firebreak-dev/firebreak/detectors/shift"
)

const fortnight = 14 * 24 * 60

// outcome is what came of one series with a shift in it.
type outcome struct {
	found, early, covered bool
	delay, err, width     float64 // minutes
}

func watch(c seeded.Case, seed uint64) outcome {
	const day = 24 * time.Hour
	begin := 4*day + time.Duration(float64(day)*math.Mod(float64(seed)*.618034, 1))
	points := c.Series(seed, begin+8*time.Hour, begin)
	l := shift.NewLevel(c.Signal.Shape, 5*fortnight)
	truth := seeded.Epoch.Add(begin)
	var last shift.Alarm
	found := false
	for _, p := range points {
		l.Push(p.At, p.Bad, p.Total)
		a, on := l.Alarm()
		if found && (!on || a.At != last.At) {
			break
		}
		if on && !found {
			if a.At.Before(truth) {
				return outcome{early: true}
			}
			if a.Up != (c.After > c.Before) {
				continue
			}
			found = true
		}
		if on {
			last = a
		}
	}
	if !found {
		return outcome{}
	}
	o := last.Onset
	return outcome{
		found: true, delay: last.At.Sub(truth).Minutes(), err: o.At.Sub(truth).Minutes(),
		covered: !truth.Before(o.Earliest) && !truth.After(o.Latest), width: o.Latest.Sub(o.Earliest).Minutes(),
	}
}

type pooled struct {
	n, found, early, covered int
	delay, err, width        []float64
}

func pool(cases []seeded.Case, seeds int) pooled {
	var mu sync.Mutex
	var p pooled
	for _, c := range cases {
		for seed := range seeds {
			o := watch(c, uint64(seed+1))
			mu.Lock()
			p.n++
			if o.early {
				p.early++
			}
			if o.found {
				p.found++
				p.delay = append(p.delay, o.delay)
				p.err = append(p.err, math.Abs(o.err))
				p.width = append(p.width, o.width)
				if o.covered {
					p.covered++
				}
			}
			mu.Unlock()
		}
	}
	slices.Sort(p.delay)
	slices.Sort(p.err)
	slices.Sort(p.width)
	return p
}

func (p pooled) String() string {
	q := func(v []float64, q float64) float64 {
		if len(v) == 0 {
			return math.NaN()
		}
		return v[int(q*float64(len(v)-1))]
	}
	return fmt.Sprintf("n %d found %d early %d delay %.0f/%.0f onset %.1f/%.1f covered %.2f width %.0f/%.0f", p.n, p.found, p.early,
		q(p.delay, .5), q(p.delay, .9), q(p.err, .5), q(p.err, .9), float64(p.covered)/float64(p.found), q(p.width, .5), q(p.width, .9))
}

func TestShifts(t *testing.T) {
	for _, ramp := range []time.Duration{0, 30 * time.Minute} {
		for _, noise := range []seeded.Noise{seeded.Clean, seeded.Autocorrelated} {
			t.Log(ramp, noise, pool(seeded.Cases(ramp, noise), 10))
			for _, c := range seeded.Cases(ramp, noise) {
				t.Log("   ", c.Name(), pool([]seeded.Case{c}, 10))
			}
		}
	}
}

func TestFalse(t *testing.T) {
	for _, noise := range []seeded.Noise{seeded.Clean, seeded.Drifting, seeded.Daily, seeded.Autocorrelated} {
		for _, c := range seeded.Cases(0, noise) {
			alarms, series := 0, 3
			for seed := range series {
				l := shift.NewLevel(c.Signal.Shape, 5*fortnight)
				var last time.Time
				for _, p := range c.Series(uint64(seed+100), 16*24*time.Hour, -1) {
					l.Push(p.At, p.Bad, p.Total)
					if a, on := l.Alarm(); on && a.At != last {
						last = a.At
						alarms++
					}
				}
			}
			t.Log(c.Name(), float64(alarms)/float64(series))
		}
	}
}
