package onset

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// hopeless is how much less likely than the best size, as a logarithm, a size must be to be left out.
const hopeless = 16

// search weighs all changes of all sizes. First a few courses tell which sizes are hopeless. What the best change then leaves of
// the points tells how much they wander, and only then how far the likelihood can be trusted.
func search(points []detectors.Point, step time.Duration, m model) detectors.Onset {
	n := len(points)
	shares, courses := plan(m.expects())
	var tries []try
	for _, size := range m.sizes() {
		t := try{size: size, score: math.Inf(-1), sums: newSums(n, m, size, shares)}
		t.look(courses[bins/2], courses[bins+1])
		tries = append(tries, t)
	}
	best := slices.MaxFunc(tries, byScore)
	scale := 1 / dispersion(best.refine(n, m, shares).residuals(n, m, shares))
	tries = slices.DeleteFunc(tries, func(t try) bool { return (best.score-t.score)*scale > hopeless })
	for i := range tries {
		tries[i].look(courses...)
	}
	best = slices.MaxFunc(tries, byScore).refine(n, m, shares)
	scale = 1 / dispersion(best.residuals(n, m, shares))
	best.sums = newSums(n, m, best.size, shares)
	tries = append(tries, best)

	posterior := newPosterior(n)
	for _, t := range tries {
		for _, c := range courses {
			t.sums.candidates(c)
			posterior.add(t.sums.scores, scale, c.prior/float64(len(tries)), c.bin)
		}
	}
	return posterior.onset(points, step)
}

func byScore(a, b try) int { return cmp.Compare(a.score, b.score) }

// try is a size, and the best change of that size so far.
type try struct {
	size, score float64
	sums        *sums
	course      course
	at          int
}

// look finds better changes among more courses.
func (t *try) look(courses ...course) {
	for _, c := range courses {
		t.sums.candidates(c)
		for i, score := range t.sums.scores {
			if score > t.score {
				t.score, t.course, t.at = score, c, i
			}
		}
	}
}

// refine finds the size between the neighbours that explains the points best: next to it, the right size in a coarse grid
// leaves a mean that would look as if the points wandered.
func (t try) refine(n int, m model, shares []float64) try {
	score := func(size float64) float64 {
		sum := 0.
		for j, tread := range t.course.treads {
			gain, to := m.gain(size, shares[tread.level]), n
			if j+1 < len(t.course.treads) {
				to = min(n, t.at+t.course.treads[j+1].first)
			}
			for i := t.at + tread.first; i < to; i++ {
				sum += gain(i)
			}
		}
		return sum
	}
	low, high := t.size/1.6, t.size*1.6
	for range 20 {
		a, b := low+(high-low)/3, high-(high-low)/3
		if score(a) < score(b) {
			low = a
		} else {
			high = b
		}
	}
	if size := (low + high) / 2; score(size) > t.score {
		t.size, t.score = size, score(size)
	}
	return t
}

// residuals are what the change leaves of the points, after what is left of normal ones.
func (t try) residuals(n int, m model, shares []float64) []float64 {
	out := slices.Clone(m.before())
	for i := range n {
		share := 0.
		if i >= t.at {
			share = shares[t.course.level(i-t.at)]
		}
		out = append(out, m.residual(i, t.size, share))
	}
	return out
}
