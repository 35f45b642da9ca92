package canary

import (
	"slices"

	"github.com/firebreak-dev/firebreak/detectors"
)

// match is the series of both versions that agree in all other labels.
type match struct {
	canary, baseline []detectors.SeriesID
}

// matches finds the series of a signal, and how many belong to one version only.
func (d *Detector) matches(w detectors.Windows, signal string) (matched []match, unmatched int) {
	byRest := map[string]*match{}
	var order []string
	for _, id := range w.Series(signal) {
		if id.Service != d.config.Service || id.Environment != d.config.Environment {
			continue
		}
		value, rest, ok := id.Label(d.config.Label)
		canary := ok && value == d.config.Canary
		if !ok || (!canary && d.config.Baseline != "" && value != d.config.Baseline) {
			continue
		}
		m := byRest[rest]
		if m == nil {
			m = &match{}
			byRest[rest] = m
			order = append(order, rest)
		}
		if canary {
			m.canary = append(m.canary, id)
		} else {
			m.baseline = append(m.baseline, id)
		}
	}
	slices.Sort(order)
	for _, rest := range order {
		m := byRest[rest]
		if len(m.canary) == 0 || len(m.baseline) == 0 {
			unmatched += len(m.canary) + len(m.baseline)
			continue
		}
		matched = append(matched, *m)
	}
	return matched, unmatched
}
