package changepoint

import (
	"math"
	"slices"
)

const (
	shortest  = 10  // samples of a part
	mostParts = 9   // parts of a stretch
	price     = 4.  // parameters that a change costs, for each series
	floor     = .01 // of the variance: what is left below a tenth of the whole spread is as good as nothing
	mostRho   = .99 // autocorrelation, at most: some samples always count
)

// Find gives the indexes of the first samples of new parts, in order; none where nothing changed. Several series of the same
// length are split together. A sample that is not a finite number repeats the one before.
func Find(series ...[]float64) []int {
	if len(series) == 0 || len(series[0]) == 0 {
		return nil
	}
	for _, s := range series[1:] {
		if len(s) != len(series[0]) {
			panic("changepoint: series that are split together have as many samples as each other")
		}
	}
	s := newStretch(series)
	bounds := []int{0, s.n}
	answers := [][]int{bounds}
	for len(bounds) <= mostParts {
		at := s.split(bounds)
		if at < 0 {
			break
		}
		bounds = insert(bounds, at)
		answers = append(answers, bounds)
	}
	best := s.choose(answers)
	return best[1 : len(best)-1]
}

// insert gives bounds with one more, and leaves the old ones as they are.
func insert(bounds []int, at int) []int {
	i, _ := slices.BinarySearch(bounds, at)
	return slices.Insert(slices.Clone(bounds), i, at)
}

// stretch is what is split: prepared series and their running sums.
type stretch struct {
	n      int
	values [][]float64
	sums   []sums
}

func newStretch(series [][]float64) *stretch {
	s := &stretch{n: len(series[0])}
	for _, v := range series {
		v = prepare(v)
		s.values = append(s.values, v)
		s.sums = append(s.sums, newSums(v))
	}
	return s
}

// split finds where one more change lowers the cost most, -1 where none does.
func (s *stretch) split(bounds []int) int {
	most, at := 0., -1
	for i := 0; i+1 < len(bounds); i++ {
		from, to := bounds[i], bounds[i+1]
		whole := s.cost(from, to)
		for j := from + shortest; j <= to-shortest; j++ {
			if gain := whole - s.cost(from, j) - s.cost(j, to); gain > most {
				most, at = gain, j
			}
		}
	}
	return at
}

// cost is what lines leave of the samples in [from, to), as a sum of squares.
func (s *stretch) cost(from, to int) float64 {
	cost := 0.
	for i := range s.sums {
		cost += s.sums[i].line(from, to).left
	}
	return cost
}

// choose gives the answer with the lowest criterion; the last of the answers is the deepest.
func (s *stretch) choose(answers [][]int) []int {
	rho := s.autocorrelation(answers[len(answers)-1])
	samples := float64(s.n * len(s.sums))
	worth := samples * (1 - rho) / (1 + rho)
	change := price * float64(len(s.sums)) * math.Log(float64(s.n))
	var best []int
	lowest := math.Inf(1)
	for _, bounds := range answers {
		cost := 0.
		for i := 0; i+1 < len(bounds); i++ {
			cost += s.cost(bounds[i], bounds[i+1])
		}
		criterion := worth*math.Log(cost/samples+floor) + change*float64(len(bounds)-2)
		if criterion < lowest {
			lowest, best = criterion, bounds
		}
	}
	return best
}

// autocorrelation is that of neighbours in what the lines leave, at least 0.
func (s *stretch) autocorrelation(bounds []int) float64 {
	var together, alone float64
	for k, values := range s.values {
		before := 0.
		for i := 0; i+1 < len(bounds); i++ {
			line := s.sums[k].line(bounds[i], bounds[i+1])
			for j := bounds[i]; j < bounds[i+1]; j++ {
				left := values[j] - line.at(j)
				together += left * before
				alone += left * left
				before = left
			}
		}
	}
	if alone == 0 {
		return 0
	}
	return min(mostRho, max(0, together/alone))
}
