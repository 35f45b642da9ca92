package learn

import "github.com/firebreak-dev/firebreak/bot/suspect"

// Turned is a table with every knob turned by so many widths.
func Turned(base suspect.Weights, cases []Case, widths func(i int) float64) suspect.Weights {
	all := knobs(cases)
	by := make([]float64, len(all))
	for i, k := range all {
		by[i] = widths(i) * k.width
	}
	return turned(base.WithDefaults(), all, by)
}
