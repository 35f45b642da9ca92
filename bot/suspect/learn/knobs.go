package learn

import (
	"maps"
	"math"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/suspect"
)

// knob moves one assumption of a table of weights.
type knob struct {
	name string
	// width is how far it may be expected to lie from where the table stands.
	width float64
	turn  func(w *suspect.Weights, by float64)
}

// The widths. A factor of two is nothing unusual among teams; how changes lag behind their effects differs less in shape than in
// scale. Judgement.
const (
	factor = 0.7 // of a logarithm: about two
	shape  = 0.3
	odds   = 1.0 // of log-odds
	// furthest bounds every knob, in widths.
	furthest = 3
)

// knobs are all that is learnt. How long a deployment takes and how common a kind of change is are counted by the ranking itself; the
// weights of what happens after an undoing are not learnt, since the truth often follows from it.
func knobs(cases []Case) []knob {
	times := func(field func(*suspect.Weights) *float64) func(*suspect.Weights, float64) {
		return func(w *suspect.Weights, by float64) { *field(w) = bounded(*field(w) * math.Exp(by)) }
	}
	plus := func(field func(*suspect.Weights) *float64) func(*suspect.Weights, float64) {
		return func(w *suspect.Weights, by float64) { *field(w) = bounded(*field(w) + by) }
	}
	out := []knob{
		{"none", odds, func(w *suspect.Weights, by float64) {
			w.None = min(max(1/(1+math.Exp(-by)*(1-w.None)/w.None), 0.001), 0.99)
		}},
		{"lags of what takes effect at once", factor, lags(false)},
		{"lags of what takes effect slowly", factor, lags(true)},
		{"spread of lags", shape, spreads},
		{"scope.dependency", factor, times(func(w *suspect.Weights) *float64 { return &w.Scope.Dependency })},
		{"scope.upstream", factor, times(func(w *suspect.Weights) *float64 { return &w.Scope.Upstream })},
		{"scope.unknown", factor, times(func(w *suspect.Weights) *float64 { return &w.Scope.Unknown })},
		{"scope.unrelated", factor, times(func(w *suspect.Weights) *float64 { return &w.Scope.Unrelated })},
		{"exposure", factor, times(func(w *suspect.Weights) *float64 { return &w.Exposure })},
		{"environment", odds, plus(func(w *suspect.Weights) *float64 { return &w.Environment })},
		{"reverted", odds, plus(func(w *suspect.Weights) *float64 { return &w.Reverted })},
		{"revert", odds, plus(func(w *suspect.Weights) *float64 { return &w.Revert })},
		{"replaced", odds, plus(func(w *suspect.Weights) *float64 { return &w.Replaced })},
		{"flags", factor, func(w *suspect.Weights, by float64) {
			for code := range w.Flags {
				w.Flags[code] = bounded(w.Flags[code] * math.Exp(by))
			}
		}},
	}
	seen := kindsOf(cases)
	for _, k := range bot.Kinds() {
		if seen[k] {
			out = append(out, knob{"affinity of " + string(k), factor, affinity(k)})
		}
	}
	return out
}

// kindsOf are the kinds that the changes of cases have: of others nothing can be learnt.
func kindsOf(cases []Case) map[bot.Kind]bool {
	seen := map[bot.Kind]bool{}
	for _, c := range cases {
		for _, change := range c.Changes {
			seen[change.Kind] = true
			for _, k := range change.Kinds {
				seen[k] = true
			}
		}
	}
	return seen
}

// slowly is the lag from which on a kind counts as slow.
const slowly = 30 * time.Minute

func lags(slow bool) func(*suspect.Weights, float64) {
	shipped := suspect.DefaultWeights().Lags // a kind stays what it is, however far its lag is turned
	return func(w *suspect.Weights, by float64) {
		for k, l := range w.Lags {
			if (shipped[k].Median >= slowly) == slow {
				l.Median = min(max(time.Duration(float64(l.Median)*math.Exp(by)), time.Second), 30*24*time.Hour)
				w.Lags[k] = l
			}
		}
	}
}

func spreads(w *suspect.Weights, by float64) {
	for k, l := range w.Lags {
		l.Spread = min(max(l.Spread*math.Exp(by), 0.1), 4)
		w.Lags[k] = l
	}
}

func affinity(k bot.Kind) func(*suspect.Weights, float64) {
	return func(w *suspect.Weights, by float64) {
		for class := range w.Affinity {
			if v := w.Affinity[class][k]; v > 0 {
				w.Affinity[class][k] = min(max(v*math.Exp(by), 1e-3), 1000)
			}
		}
	}
}

// bounded keeps a weight within what a table may say.
func bounded(v float64) float64 { return min(max(v, -8), 8) }

// turned is a table with every knob turned; the one that it is made of stays as it was.
func turned(base suspect.Weights, all []knob, by []float64) suspect.Weights {
	w := base
	w.Lags, w.Flags = maps.Clone(base.Lags), maps.Clone(base.Flags)
	w.Affinity = make(map[suspect.Class]map[bot.Kind]float64, len(base.Affinity))
	for class, row := range base.Affinity {
		w.Affinity[class] = maps.Clone(row)
	}
	for i, k := range all {
		if by[i] != 0 {
			k.turn(&w, by[i])
		}
	}
	return w
}
