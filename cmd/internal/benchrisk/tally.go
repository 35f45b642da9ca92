package main

import (
	"cmp"
	"slices"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/risk"
)

// judged is a merge with what the product says of it.
type judged struct {
	score, lines, chance float64
	level                bot.Level
	bad                  bool
}

// judge has the product's own code judge merges, with the weights that are shipped.
func judge(merges []merge, services map[string]bot.Service) []judged {
	w := risk.Weights{}.WithDefaults()
	out := make([]judged, 0, len(merges))
	for _, m := range merges {
		a := risk.Judge(m.change.MergedAt, m.change, m.facts, m.calendar, m.open, services, w)
		out = append(out, judged{score: a.Score, lines: float64(m.facts.Lines), chance: m.chance, level: a.Level, bad: m.bad})
	}
	return out
}

// shares are how much of the merges is looked at.
var shares = []float64{.05, .10, .20, .50}

// caught is the share of bad merges within each share of the riskiest. Of merges that are level with each other at the edge, as many
// are taken as fit, and of the bad among them the same part: no order of ours decides.
func caught(merges []judged, by func(judged) float64) []float64 {
	sorted := slices.Clone(merges)
	slices.SortFunc(sorted, func(a, b judged) int { return cmp.Compare(by(b), by(a)) })
	total := 0.
	for _, m := range sorted {
		total += bit(m.bad)
	}
	out := make([]float64, len(shares))
	for i, share := range shares {
		left, bad := share*float64(len(sorted)), 0.
		for from := 0; from < len(sorted) && left > 0; {
			to, n := from, 0.
			for to < len(sorted) && by(sorted[to]) == by(sorted[from]) {
				n += bit(sorted[to].bad)
				to++
			}
			take := min(1, left/float64(to-from))
			bad += take * n
			left -= float64(to - from)
			from = to
		}
		if total > 0 {
			out[i] = bad / total
		}
	}
	return out
}

// auc is the probability that a bad merge is put before a good one.
func auc(merges []judged, by func(judged) float64) float64 {
	sorted := slices.Clone(merges)
	slices.SortFunc(sorted, func(a, b judged) int { return cmp.Compare(by(a), by(b)) })
	good, bad, won := 0., 0., 0.
	for from := 0; from < len(sorted); {
		to, g, b := from, 0., 0.
		for to < len(sorted) && by(sorted[to]) == by(sorted[from]) {
			b += bit(sorted[to].bad)
			g += bit(!sorted[to].bad)
			to++
		}
		won += b * (good + g/2)
		good, bad, from = good+g, bad+b, to
	}
	if good == 0 || bad == 0 {
		return .5
	}
	return won / (good * bad)
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// grade is how often merges of a level were bad.
type grade struct {
	Level  bot.Level `json:"level"`
	Merges int       `json:"merges"`
	Bad    int       `json:"bad"`
	Rate   float64   `json:"bad_rate"`
}

func grades(merges []judged) []grade {
	levels := []bot.Level{bot.Low, bot.Medium, bot.High, bot.Critical}
	out := make([]grade, 0, len(levels))
	for _, level := range levels {
		g := grade{Level: level}
		for _, m := range merges {
			if m.level == level {
				g.Merges++
				g.Bad += int(bit(m.bad))
			}
		}
		if g.Merges > 0 {
			g.Rate = float64(g.Bad) / float64(g.Merges)
		}
		out = append(out, g)
	}
	return out
}
