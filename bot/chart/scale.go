package chart

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// scale is the axis of values.
type scale struct {
	low, high float64
	step      float64
	unit      string
}

// scaleOf makes round bounds and steps around the values. An axis of what cannot be negative begins at zero, unless everything happens
// far above it.
func scaleOf(low, high float64, unit string) scale {
	if math.IsInf(low, 0) || math.IsInf(high, 0) || low > high {
		low, high = 0, 1
		if unit == "ratio" {
			high = 0.1
		}
	}
	if low >= 0 && low <= high/2 {
		low = 0
	}
	if high-low < 1e-9*math.Max(math.Abs(high), 1e-9) { // a flat line
		pad := math.Max(math.Abs(high)/2, 1e-6)
		high += pad
		if low != 0 {
			low -= pad
		}
	}
	if low != 0 {
		low -= (high - low) * 0.08
	}
	high += (high - low) * 0.06
	step := round((high - low) / 5)
	s := scale{low: math.Floor(low/step) * step, high: math.Ceil(high/step) * step, step: step, unit: unit}
	if unit == "ratio" && s.high > 1 && high <= 1.07 {
		s.high = 1
	}
	return s
}

// round gives the next larger of 1, 2, 2.5, 5 and 10 times a power of ten.
func round(x float64) float64 {
	base := math.Pow(10, math.Floor(math.Log10(x)))
	for _, m := range []float64{1, 2, 2.5, 5} {
		if m*base >= x*0.999 {
			return m * base
		}
	}
	return 10 * base
}

// ticks are the values at which a line is drawn across.
func (s scale) ticks() []float64 {
	var out []float64
	for i := 0; i <= 12; i++ {
		v := s.low + float64(i)*s.step
		if v > s.high+s.step/1000 {
			break
		}
		out = append(out, v)
	}
	return out
}

// label tells a value of the axis, no finer than its step.
func (s scale) label(v float64) string {
	if math.Abs(v) < s.step/1000 {
		v = 0
	}
	return tell(v, s.unit, s.step)
}

// Tell says a value of a unit in words that fit on an axis: "2.5 %", "250 ms", "$0.12", "12k".
func Tell(v float64, unit string) string {
	if v == 0 {
		return tell(0, unit, 1)
	}
	out := tell(v, unit, math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-1))
	end := strings.LastIndexAny(out, "0123456789") + 1
	if whole, fraction, found := strings.Cut(out[:end], "."); found {
		if fraction = strings.TrimRight(fraction, "0"); fraction != "" {
			whole += "." + fraction
		}
		return whole + out[end:]
	}
	return out
}

// tell says a value no finer than to a resolution.
func tell(v float64, unit string, resolution float64) string {
	switch unit {
	case "ratio":
		return number(100*v, 100*resolution) + " %"
	case "seconds":
		if math.Abs(v) < 1 && v != 0 {
			return number(1000*v, 1000*resolution) + " ms"
		}
		return number(v, resolution) + " s"
	case "usd":
		if v < 0 {
			return "-$" + number(-v, resolution)
		}
		return "$" + number(v, resolution)
	}
	switch a := math.Abs(v); {
	case a >= 1e9:
		return number(v/1e9, resolution/1e9) + "G"
	case a >= 1e6:
		return number(v/1e6, resolution/1e6) + "M"
	case a >= 1e4:
		return number(v/1e3, resolution/1e3) + "k"
	}
	return number(v, resolution)
}

// number writes v with the digits that a resolution asks for.
func number(v, resolution float64) string {
	digits := 0
	for r := resolution; digits < 6 && math.Abs(r-math.Round(r)) > 1e-6*math.Max(1, r); digits++ {
		r *= 10
	}
	out := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Trim(out, "-0.") == "" {
		return "0"
	}
	return out
}

// steps of the time axis.
var timeSteps = []time.Duration{
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour, 7 * 24 * time.Hour,
	30 * 24 * time.Hour,
}

// timeTick is a labelled moment of the time axis.
type timeTick struct {
	at    time.Time
	label string
}

// timeTicks gives at most `most` round moments of the zone, on a 24 h clock; the first moment of a day is told by its date.
func timeTicks(from, to time.Time, zone *time.Location, most int) []timeTick {
	step := timeSteps[len(timeSteps)-1]
	for _, s := range timeSteps {
		if to.Sub(from) <= s*time.Duration(most) {
			step = s
			break
		}
	}
	local := from.In(zone)
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone)
	at := midnight.Add(from.Sub(midnight).Truncate(step))
	var out []timeTick
	for len(out) <= most {
		if at.After(to) {
			break
		}
		if !at.Before(from) {
			out = append(out, timeTick{at: at, label: tickLabel(at.In(zone), step)})
		}
		at = at.Add(step)
		if step >= 24*time.Hour { // days are not always 24 hours long
			l := at.In(zone).Add(2 * time.Hour)
			at = time.Date(l.Year(), l.Month(), l.Day(), 0, 0, 0, 0, zone)
		}
	}
	return out
}

func tickLabel(at time.Time, step time.Duration) string {
	if step >= 24*time.Hour || at.Hour() == 0 && at.Minute() == 0 {
		return at.Format("2 Jan")
	}
	return at.Format("15:04")
}
