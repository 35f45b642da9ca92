package figures

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/detectorstest/seeded"
	"github.com/firebreak-dev/firebreak/detectors/shift"
)

const (
	wholeDay = 24 * time.Hour
	// guard is the false alarms that the detector is set to: one in five times a fortnight, in minutes.
	guard = 5 * 14 * 24 * 60
)

// Followed is what came of one series with a shift in it.
type Followed struct {
	// Found tells that it was alarmed of, Early that it was before it began, Covered that the stated interval holds the beginning.
	Found, Early, Covered bool
	// Delay, Off and Width are minutes: until the alarm, from the true beginning to the stated one, and of the interval.
	Delay, Off, Width float64
	// Simple is how far off the last zero of a CUSUM lies that knows level, spread and size of the shift.
	Simple float64
}

// Follow watches a series with a shift until it has been found and its onset stands. It begins as a program does that was just
// started: with hours of the past, then with minutes of the last day.
func Follow(c seeded.Case, seed uint64) Followed {
	const before = 9 * wholeDay
	begin := before + time.Duration(float64(wholeDay)*math.Mod(float64(seed)*.618034, 1))
	truth := seeded.Epoch.Add(begin)
	l := shift.NewLevel(c.Signal.Shape, guard)
	points := c.Series(seed, begin+6*time.Hour, begin)
	minutes := int(begin.Truncate(time.Hour).Minutes()) - 30*60
	for hour := range slices.Chunk(points[:minutes], 60) {
		bad, total := 0., 0.
		for _, p := range hour {
			bad, total = bad+p.Bad, total+p.Total
		}
		l.Learn(hour[len(hour)-1].At, bad, total)
	}
	var found shift.Alarm
	last := len(points)
	for i, p := range points[minutes:] {
		l.Push(p.At, p.Bad, p.Total)
		a, on := l.Alarm()
		if !found.At.IsZero() && (!on || a.At != found.At) {
			break
		}
		if on && p.At.Before(truth) {
			return Followed{Early: true}
		}
		if on && a.Up == (c.After > c.Before) {
			if found.At.IsZero() {
				last = minutes + i + 1
			}
			found = a
		}
	}
	if found.At.IsZero() {
		return Followed{}
	}
	o := found.Onset
	return Followed{
		Found: true, Delay: found.At.Sub(truth).Minutes(), Off: o.At.Sub(truth).Abs().Minutes(),
		Covered: !truth.Before(o.Earliest) && !truth.After(o.Latest), Width: o.Latest.Sub(o.Earliest).Minutes(),
		Simple: lastZero(points[max(0, last-24*60):last], c).Sub(truth).Abs().Minutes(),
	}
}

// lastZero is when a CUSUM that is told of the size of the shift was at zero for the last time.
func lastZero(points []detectors.Point, c seeded.Case) time.Time {
	var values []float64
	for _, p := range points[:len(points)/2] {
		if p.Total > 0 {
			values = append(values, p.Value)
		}
	}
	mean, spread := moments(values)
	size := (c.After - c.Before) / max(spread, 1e-12)
	sum, zero := 0., points[0].At
	for _, p := range points {
		if p.Total == 0 {
			continue
		}
		if sum = max(0, sum+size*((p.Value-mean)/max(spread, 1e-12)-size/2)); sum == 0 {
			zero = p.At
		}
	}
	return zero
}

// Pool are the outcomes of many series.
type Pool struct {
	Series, Found, Early, Covered int
	Delay, Off, Width, Simple     []float64
}

// Add adds an outcome.
func (p *Pool) Add(o Followed) {
	p.Series++
	if o.Early {
		p.Early++
	}
	if !o.Found {
		return
	}
	p.Found++
	p.Delay, p.Off, p.Width, p.Simple = append(p.Delay, o.Delay), append(p.Off, o.Off), append(p.Width, o.Width), append(p.Simple, o.Simple)
	if o.Covered {
		p.Covered++
	}
}

// Coverage is the share of stated intervals that hold the truth.
func (p *Pool) Coverage() float64 { return float64(p.Covered) / float64(p.Found) }

// Of is a quantile of one of the pool's lists.
func Of(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(q*float64(len(sorted)-1))]
}

// String tells the pool in one line.
func (p *Pool) String() string {
	two := func(v []float64) string { return fmt.Sprintf("%.1f/%.1f", Of(v, .5), Of(v, .9)) }
	return fmt.Sprintf("%d of %d found (%d alarmed before), delay %s min, onset off by %s, 90 %% interval holds it in %.2f and is %s wide",
		p.Found, p.Series, p.Early, two(p.Delay), two(p.Off), p.Coverage(), two(p.Width))
}

// Shifts are series of one kind, pooled over all signals and rates.
type Shifts struct {
	Name   string
	Ramp   time.Duration
	Noises []seeded.Noise
	// Median and P90 bound the error of the onset, in minutes; better are those that would be better still.
	Median, P90, BetterMedian, BetterP90 float64
	// Found is the share that must be found at all.
	Found float64
}

// ShiftsOf lists the kinds.
func ShiftsOf() []Shifts {
	return []Shifts{
		{"steps, clean", 0, []seeded.Noise{seeded.Clean}, 2, 10, 1, 5, .95},
		{"steps, autocorrelated", 0, []seeded.Noise{seeded.Autocorrelated}, 2, 17, 1, 5, .6},
		{"ramps of half an hour", 30 * time.Minute, []seeded.Noise{seeded.Clean, seeded.Autocorrelated}, 6, 18, 4, 12, .75},
	}
}

// Pool follows so many series of each case.
func (s Shifts) Pool(seeds int) *Pool {
	cases := make([]seeded.Case, 0, 24)
	for _, noise := range s.Noises {
		cases = append(cases, seeded.Cases(s.Ramp, noise)...)
	}
	all := make([]Followed, len(cases)*seeds)
	parallel(len(all), func(i int) { all[i] = Follow(cases[i/seeds], uint64(i%seeds+1)) })
	p := &Pool{}
	for _, o := range all {
		p.Add(o)
	}
	return p
}

// FalseAlarms counts the alarms of a fortnight in which nothing happens, after a day in which the series was learnt.
func FalseAlarms(c seeded.Case, seed uint64) int {
	l := shift.NewLevel(c.Signal.Shape, guard)
	var last time.Time
	alarms := 0
	for _, p := range c.Series(seed, 15*wholeDay, -1) {
		l.Push(p.At, p.Bad, p.Total)
		if a, on := l.Alarm(); on && a.At != last {
			last = a.At
			if p.At.Sub(seeded.Epoch) > wholeDay {
				alarms++
			}
		}
	}
	return alarms
}

// MeanFalseAlarms is the mean over all signals, rates and noises, and by noise.
func MeanFalseAlarms(seeds int) (mean float64, by map[seeded.Noise]float64) {
	noises := []seeded.Noise{seeded.Clean, seeded.Drifting, seeded.Daily, seeded.Autocorrelated}
	by = map[seeded.Noise]float64{}
	var mu sync.Mutex
	cases := len(seeded.Cases(0, seeded.Clean)) * seeds
	parallel(len(noises)*cases, func(i int) {
		noise, i := noises[i/cases], i%cases
		n := FalseAlarms(seeded.Cases(0, noise)[i/seeds], uint64(i%seeds+100))
		mu.Lock()
		defer mu.Unlock()
		by[noise] += float64(n) / float64(cases)
		mean += float64(n) / float64(len(noises)*cases)
	})
	return mean, by
}

// Cost is what the detector shift needs for a point of a series, and for a series that it has watched for weeks, as the mean of some.
func Cost(series int) (perPoint time.Duration, bytes float64) {
	const minutes = 21 * 24 * 60
	c := seeded.Cases(0, seeded.Daily)[0]
	points := c.Series(7, minutes*time.Minute, -1)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	levels, scorers := make([]*shift.Level, series), make([]*shift.Scorer, series)
	used := processor()
	for i := range levels {
		levels[i], scorers[i] = shift.NewLevel(c.Signal.Shape, guard), shift.NewScorer()
		for _, p := range points {
			levels[i].Push(p.At, p.Bad, p.Total)
			scorers[i].Push(p.At, p.Value)
		}
	}
	took := processor() - used
	runtime.GC()
	runtime.ReadMemStats(&after)
	bytes = float64(int64(after.HeapAlloc)-int64(before.HeapAlloc)) / float64(series)
	runtime.KeepAlive(points)
	runtime.KeepAlive(levels)
	runtime.KeepAlive(scorers)
	return took / time.Duration(series*minutes), bytes
}

func shiftFigures(seeds int) ([]Figure, error) {
	figures := make([]Figure, 0, 16)
	for _, s := range ShiftsOf() {
		p := s.Pool(seeds)
		figures = append(figures,
			Figure{
				What: s.Name + ": onset error, median", Unit: "samples", Got: Of(p.Off, .5), Bar: atMost(s.Median), Better: atMost(s.BetterMedian), Detail: p.String(),
				Baselines: []Baseline{{"CUSUM's last zero, told the size", Of(p.Simple, .5), false}},
			},
			Figure{
				What: s.Name + ": onset error, p90", Unit: "samples", Got: Of(p.Off, .9), Bar: atMost(s.P90), Better: atMost(s.BetterP90),
				Baselines: []Baseline{{"CUSUM's last zero, told the size", Of(p.Simple, .9), false}},
			},
			Figure{What: s.Name + ": the stated interval holds it", Got: p.Coverage(), Bar: between(.85, .97), Better: between(.85, .97)},
			Figure{What: s.Name + ": found", Unit: "%", Got: 100 * float64(p.Found) / float64(p.Series)},
		)
	}
	mean, by := MeanFalseAlarms(max(1, seeds/6))
	figures = append(figures, Figure{
		What: "false alarms", Unit: "a series in 14 days", Got: mean, Bar: atMost(1), Better: atMost(.2),
		Baselines: []Baseline{{"a range of usual methods, at best", .07 * 14, true}},
		Detail: fmt.Sprintf("clean %.2f, drifting %.2f, daily %.2f, autocorrelated %.2f",
			by[seeded.Clean], by[seeded.Drifting], by[seeded.Daily], by[seeded.Autocorrelated]),
	})
	return label("shift", "", figures), nil
}

func costFigures(series int) ([]Figure, error) {
	perPoint, bytes := Cost(series)
	return label("cost", "", []Figure{
		{What: "shift, level and shape together", Unit: "µs a point", Got: float64(perPoint.Nanoseconds()) / 1e3, Bar: atMost(20), Better: atMost(20)},
		{What: "shift, level and shape together", Unit: "KiB a series", Got: bytes / 1024, Bar: atMost(64), Better: atMost(64)},
	}), nil
}
