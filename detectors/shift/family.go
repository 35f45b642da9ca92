package shift

import (
	"math"

	"github.com/firebreak-dev/firebreak/detectors"
)

// tally is what happened in a stretch of time.
type tally struct {
	bad, total float64
	minutes    float64
}

func (t *tally) add(o tally) {
	t.bad += o.bad
	t.total += o.total
	t.minutes += o.minutes
}

// packed is a tally as it is kept: seven digits suffice for what was.
type packed struct{ bad, total, minutes float32 }

func pack(t tally) packed { return packed{float32(t.bad), float32(t.total), float32(t.minutes)} }

func (p packed) tally() tally { return tally{float64(p.bad), float64(p.total), float64(p.minutes)} }

// family is how a signal's numbers are drawn around their level. A level is the logarithm of the odds of a bad event for a
// ratio, that of events per minute for a count, and about that of the mean for a value: so that a change of level is relative
// and means the same at noon and at night.
type family struct {
	shape detectors.Shape
	// unit is a value that is small for the series; below it a value counts as itself and no longer by its logarithm. It is zero
	// until the series has shown one.
	unit float64
}

// prior is how many events at the expected level are mixed into a count, so that few events say little.
const prior = 30

// The levels of a ratio are held where a handful of events can speak for or against them.
const (
	rarest  = .001
	surest  = .999
	unitOf  = 1e-3 // of the first value that is not zero
	slowest = 1e-3 // events per minute
)

// weight is how much a stretch has to say, in events (of a count: in minutes).
func (f *family) weight(t tally) float64 {
	if f.shape == detectors.Count {
		return t.minutes
	}
	return t.total
}

// level is that of a stretch, drawn towards the expected one where there are few events. The expectation may be unknown.
func (f *family) level(t tally, expected float64) float64 {
	known := !math.IsNaN(expected)
	switch f.shape {
	case detectors.Ratio:
		p, n := .01, 1.
		if known {
			p, n = expit(expected), prior
		}
		return logit(hold((t.bad + n*p) / (t.total + n)))
	case detectors.Count:
		more, minutes := .5, 0.
		if known {
			more, minutes = 1, math.Exp(-expected)
		}
		return math.Log(max((t.total+more)/(t.minutes+minutes), slowest))
	default:
		return f.value(t.bad / t.total)
	}
}

// value is about the logarithm of a value, for values of any sign.
func (f *family) value(v float64) float64 {
	if f.unit == 0 {
		if v == 0 {
			return 0
		}
		// A power of ten, so that where a series begins hardly matters.
		f.unit = math.Pow(10, math.Floor(math.Log10(math.Abs(v)*unitOf)))
	}
	return math.Copysign(math.Log1p(math.Abs(v)/f.unit), v)
}

// shown is the inverse of level, for people.
func (f *family) shown(level float64) float64 {
	switch f.shape {
	case detectors.Ratio:
		return expit(level)
	case detectors.Count:
		return math.Exp(level)
	default:
		return math.Copysign(f.unit*math.Expm1(math.Abs(level)), level)
	}
}

// surprise is how far a stretch is from a level, in standard deviations of counting noise; a value's are to be divided by its noise.
func (f *family) surprise(t tally, level float64) float64 {
	switch f.shape {
	case detectors.Ratio:
		p := hold(expit(level))
		return (t.bad - t.total*p) / math.Sqrt(t.total*p*(1-p))
	case detectors.Count:
		mean := math.Exp(level) * t.minutes
		return (t.total - mean) / math.Sqrt(mean)
	default:
		return (f.value(t.bad/t.total) - level) * math.Sqrt(t.total)
	}
}

// weigher tells how much more likely a minute is when the level has moved by each of some sizes than when it has not, as a
// logarithm.
type weigher struct {
	shape detectors.Shape
	rho   []float64 // sizes
	grown []float64 // e^rho - 1
}

func newWeigher(shape detectors.Shape, rho []float64) weigher {
	w := weigher{shape: shape, rho: rho, grown: make([]float64, len(rho))}
	for i, r := range rho {
		w.grown[i] = math.Expm1(r)
	}
	return w
}

// tails is how heavy those of a value are taken to be, as degrees of freedom of Student's t.
const tails = 8

// weigh fills out for the minute: how much likelier it is when of each size so much is in it than when nothing is.
func (w *weigher) weigh(m *minute, noise, share float64, out []float64) {
	switch w.shape {
	case detectors.Ratio:
		p := hold(expit(m.normal))
		for i, rho := range w.rho {
			out[i] = m.bad*rho - m.total*math.Log1p(p*w.grown[i])
		}
	case detectors.Count:
		mean := math.Exp(m.normal)
		for i, rho := range w.rho {
			out[i] = m.total*rho - mean*w.grown[i]
		}
	default:
		variance := noise * noise / m.total
		null := math.Log1p(m.shock * m.shock / (tails * variance))
		for i, rho := range w.rho {
			d := m.shock - share*rho
			out[i] = (tails + 1) / 2. * (null - math.Log1p(d*d/(tails*variance)))
		}
	}
}

// expects is what a usual minute says, on average, for each size when so much of it is in the minute.
func (w *weigher) expects(usual tally, level, noise, share float64, out []float64) {
	for i, rho := range w.rho {
		m := minute{bad: usual.bad, total: usual.total, normal: level, shock: share * rho}
		switch w.shape {
		case detectors.Ratio:
			m.bad = m.total * hold(expit(level+rho))
		case detectors.Count:
			m.total = math.Exp(level + rho)
		default:
		}
		one := weigher{shape: w.shape, rho: w.rho[i : i+1], grown: w.grown[i : i+1]}
		one.weigh(&m, noise, share, out[i:i+1])
	}
}

func hold(p float64) float64      { return min(surest, max(rarest, p)) }
func logit(p float64) float64     { return math.Log(p / (1 - p)) }
func expit(level float64) float64 { return 1 / (1 + math.Exp(-level)) }
func isFinite(values ...float64) bool {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}
