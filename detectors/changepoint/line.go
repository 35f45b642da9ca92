package changepoint

import "math"

// sums are running sums over a series: entry i holds those of the first i samples.
type sums struct{ value, square, moment []float64 }

func newSums(values []float64) sums {
	n := len(values) + 1
	s := sums{value: make([]float64, n), square: make([]float64, n), moment: make([]float64, n)}
	for i, v := range values {
		s.value[i+1] = s.value[i] + v
		s.square[i+1] = s.square[i] + v*v
		s.moment[i+1] = s.moment[i] + float64(i)*v
	}
	return s
}

// line is a least-squares line and the sum of squares that it leaves.
type line struct{ centre, level, slope, left float64 }

func (l line) at(i int) float64 { return l.level + l.slope*(float64(i)-l.centre) }

// line fits the samples in [from, to).
func (s *sums) line(from, to int) line {
	n := float64(to - from)
	sum := s.value[to] - s.value[from]
	l := line{centre: float64(from+to-1) / 2, level: sum / n}
	l.left = s.square[to] - s.square[from] - sum*l.level
	if width := n * (n*n - 1) / 12; width > 0 {
		moment := s.moment[to] - s.moment[from] - l.centre*sum
		l.slope = moment / width
		l.left -= moment * l.slope
	}
	l.left = math.Max(0, l.left)
	return l
}
