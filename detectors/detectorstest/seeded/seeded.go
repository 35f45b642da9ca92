// Package seeded draws series as a model-backed service makes them, with a change whose beginning is known.
//
// The question: how soon, how precisely and how often falsely does a detector speak, where the truth is known to the second?
// Refusals go from 1 to 4 %, cost rises by 30 %, the time to the first token by 25 %, and the retrieval hit ratio falls by ten
// points, at 10, 100 and 1,000 requests a minute, at once or over half an hour. The noise is that of counting and of heavy
// tails, with a daily rhythm of the traffic and of the level; beyond that the level may wander: autocorrelated from minute to
// minute, and drifting from day to day.
//
// The same seed gives the same series on every machine. It is for tests and benchmarks only.
package seeded

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// Noise is how the level moves while nothing is wrong.
type Noise string

// The noises. Each has counting noise and a daily rhythm of the traffic.
const (
	// Clean has a level that stands still.
	Clean Noise = "clean"
	// Daily has a level with a daily rhythm, and drift.
	Daily Noise = "daily"
	// Drifting has a level that drifts.
	Drifting Noise = "drifting"
	// Autocorrelated has a level that wanders from minute to minute, with a daily rhythm, and drift.
	Autocorrelated Noise = "autocorrelated"
)

// The sizes of the noises, in logarithms of the level (of the odds for a ratio).
const (
	rhythm        = .15 // of the level over a day
	traffic       = .5  // of the requests over a day
	drift         = .05 // of a day's random walk, standard deviation
	wander        = .08 // of the autocorrelated part, standard deviation
	correlation   = .8  // from minute to minute
	heavyTail     = .8  // of one request's cost
	lighterTail   = .5  // of one request's time to first token
	minutesPerDay = 1440
)

// Epoch is when all series begin.
var Epoch = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)

// Case is one kind of series.
type Case struct {
	Signal detectors.Signal
	// Before and After are the levels: a share for a ratio, a mean for a value.
	Before, After float64
	// tail is the spread of single events of a value, as a logarithm.
	tail float64
	// Rate is the requests per minute.
	Rate float64
	// Ramp is how long the change takes; zero means that it comes at once.
	Ramp  time.Duration
	Noise Noise
}

// Name tells cases apart.
func (c Case) Name() string {
	change := "step"
	if c.Ramp > 0 {
		change = "ramp"
	}
	return fmt.Sprintf("%s %g/min %s %s", c.Signal.Name, c.Rate, change, c.Noise)
}

// signals are what changes, by how much.
var signals = []Case{
	{Signal: detectors.Signal{Name: "refusal_ratio", Title: "refusal ratio", Shape: detectors.Ratio, Unit: "ratio", Worse: detectors.Up}, Before: .01, After: .04},
	{Signal: detectors.Signal{Name: "cost_per_request", Title: "cost per request", Shape: detectors.Value, Unit: "usd", Worse: detectors.Up}, Before: .02, After: .026, tail: heavyTail},
	{Signal: detectors.Signal{Name: "time_to_first_token", Title: "time to first token", Shape: detectors.Value, Unit: "seconds", Worse: detectors.Up}, Before: .6, After: .75, tail: lighterTail},
	{Signal: detectors.Signal{Name: "retrieval_hit_ratio", Title: "retrieval hit ratio", Shape: detectors.Ratio, Unit: "ratio", Worse: detectors.Down}, Before: .8, After: .7},
}

// Cases are all signals at all rates with the given change and noise.
func Cases(ramp time.Duration, noise Noise) []Case {
	rates := [...]float64{10, 100, 1000}
	out := make([]Case, 0, len(rates)*len(signals))
	for _, c := range signals {
		for _, rate := range rates {
			c.Rate, c.Ramp, c.Noise = rate, ramp, noise
			out = append(out, c)
		}
	}
	return out
}

// Series draws the minutes of a series. The change begins at the given time after the Epoch; a negative one means that nothing
// ever changes.
func (c Case) Series(seed uint64, length, change time.Duration) []detectors.Point {
	r := rand.New(rand.NewPCG(seed, uint64(len(c.Name()))))
	points := make([]detectors.Point, int(length/time.Minute))
	phase := r.Float64()
	walk := level{noise: c.Noise, phase: r.Float64(), wander: wander * r.NormFloat64()}
	for i := range points {
		day := float64(i) / minutesPerDay
		n := poisson(r, c.Rate*math.Exp(traffic*math.Sin(2*math.Pi*(day+phase))))
		share := c.share(time.Duration(i)*time.Minute, change)
		mean := c.shifted(c.Before+(c.After-c.Before)*share, walk.next(r, day))
		p := detectors.Point{At: Epoch.Add(time.Duration(i+1) * time.Minute), Total: n}
		if c.Signal.Shape == detectors.Ratio {
			p.Bad = binomial(r, n, mean)
		} else {
			p.Bad = c.sum(r, n, mean)
		}
		if n > 0 {
			p.Value = p.Bad / n
		}
		points[i] = p
	}
	return points
}

// share is how much of the change is in the minute that begins at the given time, on average.
func (c Case) share(begin, change time.Duration) float64 {
	if change < 0 {
		return 0
	}
	done := func(at time.Duration) float64 { // the integral of the change up to a time, in minutes
		since := max(0, (at - change).Minutes())
		if ramp := c.Ramp.Minutes(); since < ramp {
			return since * since / (2 * ramp)
		}
		return since - c.Ramp.Minutes()/2
	}
	return done(begin+time.Minute) - done(begin)
}

// shifted moves a level by a logarithm.
func (c Case) shifted(mean, by float64) float64 {
	if c.Signal.Shape == detectors.Ratio {
		return 1 / (1 + (1-mean)/mean*math.Exp(-by))
	}
	return mean * math.Exp(by)
}

// sum draws what n events with heavy tails come to: a lognormal of the right mean and variance, which is close for any n.
func (c Case) sum(r *rand.Rand, n, mean float64) float64 {
	if n == 0 {
		return 0
	}
	variance := math.Log1p((math.Exp(c.tail*c.tail) - 1) / n)
	return n * mean * math.Exp(math.Sqrt(variance)*r.NormFloat64()-variance/2)
}

// level is how far the level has moved by itself.
type level struct {
	noise                Noise
	phase, drift, wander float64
}

func (l *level) next(r *rand.Rand, day float64) float64 {
	l.drift += drift / math.Sqrt(minutesPerDay) * r.NormFloat64()
	l.wander = correlation*l.wander + math.Sqrt(1-correlation*correlation)*wander*r.NormFloat64()
	season := rhythm * math.Sin(2*math.Pi*(day+l.phase))
	switch l.noise {
	case Daily:
		return season + l.drift
	case Drifting:
		return l.drift
	case Autocorrelated:
		return season + l.drift + l.wander
	default:
		return 0
	}
}

func poisson(r *rand.Rand, mean float64) float64 {
	if mean > 60 {
		return max(0, math.Round(mean+math.Sqrt(mean)*r.NormFloat64()))
	}
	n, p := 0., math.Exp(-mean)
	for u := r.Float64(); u > p; u *= r.Float64() {
		n++
	}
	return n
}

// binomial draws how many of n events happen. Rare ones are reached by the gaps between them.
func binomial(r *rand.Rand, n, p float64) float64 {
	switch {
	case n == 0 || p <= 0:
		return 0
	case p > .5:
		return n - binomial(r, n, 1-p)
	case n*p > 60:
		return min(n, max(0, math.Round(n*p+math.Sqrt(n*p*(1-p))*r.NormFloat64())))
	}
	hits, q := 0., math.Log1p(-p)
	for at := 0.; ; hits++ {
		if at += 1 + math.Floor(math.Log(1-r.Float64())/q); at > n {
			return hits
		}
	}
}
