package onset

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// course of a seeded signal: what a service of a language model shows when something goes wrong.
type seeded struct {
	name          string
	before, after float64
	counted       bool
	tail          float64 // spread of the logarithm of one request's value
}

var kinds = []seeded{
	{"refusals from 1 % to 4 %", .01, .04, true, 0},
	{"retrieval misses from 20 % to 30 %", .2, .3, true, 0},
	{"cost up by 30 %", .02, .026, false, .8},
	{"time to first token up by 25 %", .4, .5, false, .5},
}

// wander is the spread of the autocorrelated part of a level, as a logarithm, and lag how its neighbours are alike.
const (
	wander = .08
	lag    = .8
)

// draw makes 24 hours of normal points and then those around a change at a time within minute 150.
func (k seeded) draw(r *rand.Rand, rate float64, wandering bool, ramp int) (normal, points []detectors.Point, began time.Time) {
	const day, lead, rest = 1440, 150, 700
	began = t0.Add(time.Duration((lead + r.Float64()) * float64(step)))
	level := 0.
	for i := -day; i < lead+rest; i++ {
		end := t0.Add(time.Duration(i+1) * step)
		level = lag*level + math.Sqrt(1-lag*lag)*wander*r.NormFloat64()
		at := k.before
		if since := float64(end.Sub(began)) / float64(step); since > 0 {
			share := min(1, since) // of the events of the point in which it begins
			if ramp > 0 {
				share = min(1, since/float64(ramp))
			}
			at += share * (k.after - k.before)
		}
		if wandering {
			at *= math.Exp(level)
		}
		p := k.point(r, end, poisson(r, rate), at)
		if p.Total == 0 {
			continue
		}
		if i < 0 {
			normal = append(normal, p)
		} else {
			points = append(points, p)
		}
	}
	return normal, points, began
}

func (k seeded) point(r *rand.Rand, end time.Time, n, level float64) detectors.Point {
	p := detectors.Point{At: end, Total: n}
	if k.counted {
		p.Bad = binomial(r, n, level)
		return p
	}
	// A mean of lognormal numbers is close to one that has their mean and its variance.
	variance := math.Log1p((math.Exp(k.tail*k.tail) - 1) / max(1, n))
	p.Value = level * math.Exp(math.Sqrt(variance)*r.NormFloat64()-variance/2)
	return p
}

func binomial(r *rand.Rand, n, p float64) float64 {
	if n*p > 60 {
		return min(n, max(0, math.Round(n*p+math.Sqrt(n*p*(1-p))*r.NormFloat64())))
	}
	k := 0.
	for range int(n) {
		if r.Float64() < p {
			k++
		}
	}
	return k
}

// detected is the index of the point at which a detector that knows the sizes, and alarms once in fourteen days, would fire,
// and ten minutes more: by then more is known, and the answer is asked for again.
func (k seeded) detected(normal, points []detectors.Point) int {
	residual, gain := k.oracle(normal)
	phi, evidence := dispersion(each(normal, residual)), 0.
	for i, p := range points {
		evidence = max(0, evidence+gain(p)/phi)
		if evidence > math.Log(20160) && i > 150 {
			return min(i+10, len(points)-1)
		}
	}
	return len(points) - 1
}

// oracle tells how many standard deviations a point lies from normal, and by how much the change explains it better.
func (k seeded) oracle(normal []detectors.Point) (residual, gain func(detectors.Point) float64) {
	if k.counted {
		b := sum(normal)
		p := b.Bad / b.Total
		up, down := math.Log(k.after/k.before), math.Log((1-k.after)/(1-k.before))
		return func(q detectors.Point) float64 { return (q.Bad - q.Total*p) / math.Sqrt(q.Total*p*(1-p)) },
			func(q detectors.Point) float64 { return q.Bad*up + (q.Total-q.Bad)*down }
	}
	mean, spread := meanSpread(each(normal, func(p detectors.Point) float64 { return math.Log(p.Value) }))
	residual = func(p detectors.Point) float64 { return (math.Log(p.Value) - mean) / spread }
	size := math.Log(k.after/k.before) / spread
	return residual, func(p detectors.Point) float64 { return residual(p)*size - size*size/2 }
}

func meanSpread(v []float64) (mean, spread float64) {
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		spread += (x - mean) * (x - mean) / float64(len(v))
	}
	return mean, math.Sqrt(spread)
}

func sum(points []detectors.Point) (b Baseline) {
	for _, p := range points {
		b.Bad += p.Bad
		b.Total += p.Total
	}
	return b
}

func (k seeded) onset(normal, points []detectors.Point) detectors.Onset {
	if k.counted {
		return Ratio(points, step, sum(normal))
	}
	return Value(points, step, detectors.Up, normal)
}

// TestSeededShifts measures what the package is for, pooled over kinds of shifts and rates of requests.
func TestSeededShifts(t *testing.T) {
	runs := 40
	if testing.Short() {
		runs = 4
	}
	for _, test := range []struct {
		name        string
		wandering   []bool
		ramp        int
		median, p90 float64 // of the error in points, at most
	}{
		{"steps, clean", []bool{false}, 0, 2, 10},
		{"steps, autocorrelated", []bool{true}, 0, 2, 17},
		{"ramps of 30 minutes, clean and autocorrelated", []bool{false, true}, 30, 6, 18},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(21, 22))
			var off []float64
			held := 0
			for _, k := range kinds {
				for _, rate := range []float64{10, 100, 1000} {
					var own []float64
					for run := range runs {
						normal, points, began := k.draw(r, rate, test.wandering[run%len(test.wandering)], test.ramp)
						o := k.onset(normal, points[:k.detected(normal, points)+1])
						if !o.Earliest.After(began) && !o.Latest.Before(began) {
							held++
						}
						own = append(own, math.Abs(float64(o.At.Sub(began)))/float64(step))
					}
					off = append(off, own...)
					t.Logf("%-38s at %4g a minute: %s", k.name, rate, spread(own))
				}
			}
			coverage := float64(held) / float64(len(off))
			t.Logf("pooled: %s, coverage %.3f", spread(off), coverage)
			if testing.Short() {
				return
			}
			if off[len(off)/2] > test.median || off[len(off)*9/10] > test.p90 {
				t.Errorf("%s, at most %g and %g", spread(off), test.median, test.p90)
			}
			if coverage < .85 || coverage > .97 {
				t.Errorf("%.3f of the intervals hold the truth, not .85 to .97", coverage)
			}
		})
	}
}

// spread sorts and tells the median and the ninth decile.
func spread(off []float64) string {
	slices.Sort(off)
	return fmt.Sprintf("median %.1f, p90 %.1f points", off[len(off)/2], off[len(off)*9/10])
}
