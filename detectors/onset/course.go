package onset

import "math"

// ramps are how slow a change may be, in points until it is complete; each is as likely as the others. sudden is how likely a
// change is to come at once.
var ramps = [...]int{8, 16, 32, 64}

const sudden = .5

// bins is in how many parts of a point a sudden change may fall. A point that it divides holds events of both levels, and a
// model that knows only whole points would rather believe in a ramp.
const bins = 5

// anyBin stands for all parts of a point alike.
const anyBin = -1

// parts is in how many equal treads a ramp is cut: enough to look like a ramp, and cheap by running sums.
const parts = 8

// A course is how a change comes: in treads, each of which begins so many points after the change and is a share of the way.
type course struct {
	treads []tread
	prior  float64
	bin    int
}

// level numbers the shares that occur, so that running sums are kept once for each.
type tread struct{ first, level int }

// fineness is in how many parts a share of the way is told.
const fineness = 64

// plan lists the courses, and all shares of the way that occur in them: of what is new in a point, where the points before let
// something be expected.
func plan(m memory) (shares []float64, courses []course) {
	levels := map[float64]int{}
	level := func(share float64) int {
		share = math.Round(share*fineness) / fineness
		l, known := levels[share]
		if !known {
			l = len(shares)
			levels[share] = l
			shares = append(shares, share)
		}
		return l
	}
	for bin := range bins {
		// It comes at once, in the given part of its first point.
		first := 1 - (float64(bin)+.5)/bins
		whole := func(i int) float64 {
			if i == 0 {
				return first
			}
			return 1
		}
		courses = append(courses, course{treads: cut(m, whole, 1, level), prior: sudden / bins, bin: bin})
	}
	for _, ramp := range ramps {
		// It takes ramp points, as a roll-out that reaches an even share of the traffic each minute.
		done := func(i int) float64 { return min(1, (float64(i)+.5)/float64(ramp)) }
		courses = append(courses, course{treads: cut(m, done, ramp, level), prior: (1 - sudden) / float64(len(ramps)), bin: anyBin})
	}
	return shares, courses
}

// rest is after how many points, once a change is complete, a new tread begins: what was expected catches up soon at first,
// and then slowly.
var rest = [...]int{0, 1, 2, 3, 5, 8, 13, 21, 34, 60}

// cut makes treads of a change that comes as done says and is complete after some points.
func cut(m memory, done func(i int) float64, complete int, level func(share float64) int) []tread {
	firsts := make([]int, 0, parts+len(rest))
	for i := range min(parts, complete) {
		firsts = append(firsts, complete*i/min(parts, complete))
	}
	for _, r := range rest {
		firsts = append(firsts, complete+r)
	}
	end := firsts[len(firsts)-1] + 1
	fresh := make([]float64, end)
	for i := range fresh {
		fresh[i] = done(i)
	}
	fresh = m.news(fresh)
	var treads []tread
	for j, first := range firsts {
		to := end
		if j+1 < len(firsts) {
			to = firsts[j+1]
		}
		sum := 0.
		for _, share := range fresh[first:to] {
			sum += share / float64(to-first)
		}
		if l := level(sum); len(treads) == 0 || treads[len(treads)-1].level != l {
			treads = append(treads, tread{first, l})
		}
	}
	return treads
}

// level numbers the share of the way, so many points after the beginning of the change.
func (c course) level(points int) int {
	level := 0
	for _, t := range c.treads {
		if points >= t.first {
			level = t.level
		}
	}
	return level
}

// sums are running sums of gains for each share of the way: entry i holds the sum over the first i points.
type sums struct {
	m      model
	size   float64
	shares []float64
	levels [][]float64
	scores []float64
}

func newSums(n int, m model, size float64, shares []float64) *sums {
	return &sums{m: m, size: size, shares: shares, levels: make([][]float64, len(shares)), scores: make([]float64, n)}
}

// level sums up when a share is first asked for.
func (s *sums) level(l int) []float64 {
	if s.levels[l] == nil {
		level := make([]float64, len(s.scores)+1)
		gain := s.m.gain(s.size, s.shares[l])
		for i := range s.scores {
			level[i+1] = level[i] + gain(i)
		}
		s.levels[l] = level
	}
	return s.levels[l]
}

// candidates fills the scores with the gain of a change that begins in each point.
func (s *sums) candidates(c course) {
	n := len(s.scores)
	clear(s.scores)
	for j, t := range c.treads {
		level, next := s.level(t.level), n
		if j+1 < len(c.treads) {
			next = c.treads[j+1].first
		}
		for i := range s.scores {
			s.scores[i] += level[min(i+next, n)] - level[min(i+t.first, n)]
		}
	}
}
