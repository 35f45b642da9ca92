package main

import (
	"math"
	"slices"

	"github.com/firebreak-dev/firebreak/bot/suspect/cases"
)

// verdict is what a ranker says of one case, likeliest first; with none the probabilities sum to at most one.
type verdict struct {
	ID       string    `json:"id"`
	Suspects []suspect `json:"suspects"`
	None     float64   `json:"none"`
}

type suspect struct {
	Change      string  `json:"change"`
	Probability float64 `json:"probability"`
}

// tally is what a ranker got right. The definitions are casegen's.
type tally struct {
	Guilty     int     `json:"cases_with_a_guilty_change"`
	Top1       float64 `json:"top1"`
	Top3       float64 `json:"top3"`
	MRR        float64 `json:"mrr"`
	Innocent   int     `json:"cases_without"`
	SaidNone   float64 `json:"said_none"`
	Accused    float64 `json:"wrongly_named"`
	Missed     float64 `json:"none_although_guilty"`
	LogLoss    float64 `json:"log_loss"`
	ECE        float64 `json:"calibration_error"`
	Candidates float64 `json:"mean_candidates"`
}

// bins of probabilities, for the calibration.
const bins = 10

// bin is how many suspects were given a probability within it, what these sum to, and how many of them were guilty.
type bin struct{ n, sum, right float64 }

// count tallies the verdicts of a ranker over all cases.
func count(all []cases.Case, rank func(cases.Case) verdict) tally {
	var t tally
	var calibration [bins]bin
	for _, c := range all {
		t.add(c, rank(c), &calibration)
	}
	total := 0.
	for _, b := range calibration {
		total += b.n
	}
	for _, b := range calibration {
		if b.n > 0 {
			t.ECE += math.Abs(b.sum-b.right) / total
		}
	}
	guilty, innocent, n := math.Max(1, float64(t.Guilty)), math.Max(1, float64(t.Innocent)), math.Max(1, float64(len(all)))
	t.Top1, t.Top3, t.MRR, t.Missed = t.Top1/guilty, t.Top3/guilty, t.MRR/guilty, t.Missed/guilty
	t.SaidNone, t.Accused = t.SaidNone/innocent, t.Accused/innocent
	t.LogLoss, t.Candidates = t.LogLoss/n, t.Candidates/n
	return t
}

func (t *tally) add(c cases.Case, v verdict, calibration *[bins]bin) {
	t.Candidates += float64(len(c.Told))
	best, right := 0., 1e-6
	for i, s := range v.Suspects {
		best = math.Max(best, s.Probability)
		b := &calibration[min(bins-1, int(s.Probability*bins))]
		b.n++
		b.sum += s.Probability
		if s.Change != c.Truth {
			continue
		}
		b.right++
		right = math.Max(right, s.Probability)
		t.MRR += 1 / float64(i+1)
		if i == 0 {
			t.Top1++
		}
		if i < 3 {
			t.Top3++
		}
	}
	if c.Truth == "" {
		t.Innocent++
		right = math.Max(right, v.None)
		if v.None > best {
			t.SaidNone++
		}
		if best >= .5 {
			t.Accused++
		}
	} else {
		t.Guilty++
		if v.None > best {
			t.Missed++
		}
	}
	t.LogLoss -= math.Log(math.Min(1, right))
}

// The rankers that ours is held against see no more than a reader could tell at a glance: what was merged before the onset.

// ranked orders changes and halves the probability from one to the next.
func ranked(order func(a, b cases.Change) int) func(cases.Case) verdict {
	return func(c cases.Case) verdict {
		v := verdict{ID: c.ID}
		changes := before(c)
		slices.SortStableFunc(changes, order)
		for i, ch := range changes {
			v.Suspects = append(v.Suspects, suspect{ch.ID, math.Pow(.5, float64(i+1))})
		}
		return v
	}
}

func recent(a, b cases.Change) int { return b.MergedAt.Compare(a.MergedAt) }

func alphabetical(a, b cases.Change) int {
	switch {
	case a.ID < b.ID:
		return -1
	case a.ID > b.ID:
		return 1
	}
	return 0
}

func chance(c cases.Case) verdict {
	v := verdict{ID: c.ID}
	changes := before(c)
	for _, ch := range changes {
		v.Suspects = append(v.Suspects, suspect{ch.ID, 1 / float64(len(changes)+1)})
	}
	return v
}

func before(c cases.Case) []cases.Change {
	var out []cases.Change
	for _, ch := range c.Told {
		if !ch.MergedAt.After(c.Onset) {
			out = append(out, ch)
		}
	}
	return out
}
