package canary

import (
	"slices"
	"strconv"
	"strings"

	"github.com/firebreak-dev/firebreak/detectors"
)

// cut takes a label out of a slice as `model="a",version="482"`, and gives its value and the other labels.
func cut(slice, label string) (value, rest string, ok bool) {
	var others []string
	for slice != "" {
		name, after, found := strings.Cut(slice, "=")
		if !found {
			return "", "", false
		}
		quoted, err := strconv.QuotedPrefix(after)
		if err != nil {
			return "", "", false
		}
		if name == label {
			if value, err = strconv.Unquote(quoted); err != nil {
				return "", "", false
			}
			ok = true
		} else {
			others = append(others, name+"="+quoted)
		}
		slice = strings.TrimPrefix(after[len(quoted):], ",")
	}
	return value, strings.Join(others, ","), ok
}

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
		value, rest, ok := cut(id.Slice, d.config.Label)
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
