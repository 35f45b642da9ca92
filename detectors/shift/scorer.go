package shift

import (
	"math"
	"time"
)

// The constants of the product, one set for all series. They were chosen on the development split of the Numenta benchmark and
// count rows, which are five minutes long where samples are closer, so that they mean the same time at every sample rate.
const (
	rowWidth = 5 * time.Minute
	// history is how many rows a stretch is compared with: three and a half days.
	history = 1000
	// learning is how many rows must be known before distances mean anything: a day. Before it, all is far from everything.
	learning = 288
	// fewest is how many distances must then be known before a novelty is told: two hours.
	fewest = 24
	// usual is the quantile of the past distances that a novelty is measured in.
	usual = .97
	// newest bounds a novelty.
	newest = 1e3
	// quiet is how many rows nothing is said after an alarm: half a day.
	quiet = 150
	// fatigue is how much each alarm raises the bar for the next ones, and recovery in how many rows that is forgotten.
	fatigue  = .2
	recovery = 5000
	// notable is the novelty that alarms.
	notable = .85
)

// lengths are those of the stretches that are compared.
var lengths = [...]int{8, 16, 32}

// Scorer gives each sample of any series a score in [0, 1): how unlike everything before the newest stretch is. A score of a
// half or more is an alarm, and after an alarm it is quiet for a while. It needs to know nothing of the series.
type Scorer struct {
	rows   rows
	shapes [len(lengths)]*shapes
	// values are a ring of the newest rows, relative to the first.
	values []float64
	next   int
	first  float64
	bar    bar
}

// NewScorer makes a scorer that has seen nothing.
func NewScorer() *Scorer {
	s := &Scorer{values: make([]float64, 0, history), bar: bar{notable: notable}}
	for i, length := range lengths {
		s.shapes[i] = newShapes(length)
	}
	return s
}

// Push scores the next sample. What is not a number is skipped and scores zero, as do samples that do not complete a row.
func (s *Scorer) Push(at time.Time, v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	row, ok := s.rows.push(at, v)
	if !ok {
		return 0
	}
	y := s.pushRow(row)
	return y / (1 + y)
}

// pushRow scores a whole row as a multiple of the bar.
func (s *Scorer) pushRow(v float64) float64 { return s.bar.push(s.novelty(v)) }

// ready tells that enough is known to tell anything.
func (s *Scorer) ready() bool { return s.shapes[0].past.count >= fewest }

// novelty is the mean over the lengths.
func (s *Scorer) novelty(v float64) float64 {
	if len(s.values) == 0 {
		s.first = v
	}
	// Squares of what is larger would not be finite.
	x := min(max(v-s.first, -1e150), 1e150)
	sum := 0.
	for _, shapes := range s.shapes {
		sum += shapes.push(x, s.values[s.next:], s.values[:s.next])
	}
	if len(s.values) < history {
		s.values = append(s.values, x)
	} else {
		s.values[s.next] = x
		s.next = (s.next + 1) % history
	}
	return sum / float64(len(lengths))
}

// bar is what a novelty must reach. It rises with every alarm, so that a series that is always new soon stops being news.
type bar struct {
	notable float64
	tired   float64
	quiet   int
}

// push returns a novelty as a multiple of the bar.
func (b *bar) push(novelty float64) float64 {
	b.tired *= math.Exp(-1. / recovery)
	if b.quiet > 0 {
		b.quiet--
		return 0
	}
	y := novelty / (b.notable * (1 + fatigue*b.tired))
	if y >= 1 {
		b.tired += math.Log2(1 + y)
		b.quiet = quiet
	}
	return y
}

// rows makes means of samples that come faster than every five minutes. Slower ones are rows of their own.
type rows struct {
	last  time.Time
	gap   float64 // typical seconds between samples
	count int
	sum   float64
	held  int
	want  int
}

func (r *rows) push(at time.Time, v float64) (float64, bool) {
	r.pace(at)
	if r.held == 0 {
		r.want = max(1, int(math.Round(rowWidth.Seconds()/max(r.gap, 1))))
		if r.gap == 0 {
			r.want = 1
		}
	}
	r.sum += v / float64(r.want)
	if r.held++; r.held < r.want {
		return 0, false
	}
	mean := r.sum
	r.sum, r.held = 0, 0
	return mean, true
}

// pace follows the median gap between samples: up a little when a gap is longer, down when it is shorter.
func (r *rows) pace(at time.Time) {
	gap := at.Sub(r.last).Seconds()
	r.last = at
	r.count++
	switch {
	case r.count == 1 || gap <= 0:
	case r.gap == 0:
		r.gap = gap
	case gap > r.gap:
		r.gap *= math.Min(gap/r.gap, 1+max(.02, 1/float64(r.count)))
	default:
		r.gap /= math.Min(r.gap/gap, 1+max(.02, 1/float64(r.count)))
	}
}
