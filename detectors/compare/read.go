package compare

import (
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// Match are the series of both sides that agree in all other labels.
type Match struct{ A, B []detectors.SeriesID }

// Labelled is a series of a side, without the label that tells the sides apart.
type Labelled struct {
	ID detectors.SeriesID
	// Rest are the other labels, canonical.
	Rest string
}

// Matches pairs the series of two sides, and counts those of one side only. A label of which the sides have no value in common
// tells versions apart too, as a model that came with the new prompt: it is not matched on, or nothing would be.
func Matches(a, b []Labelled) (matched []Match, unmatched int) {
	shared := sharedLabels(a, b)
	byRest := map[string]*Match{}
	var order []string
	add := func(side []Labelled, of func(*Match) *[]detectors.SeriesID) {
		for _, s := range side {
			rest := ""
			for _, l := range shared {
				value, _, _ := detectors.SeriesID{Slice: s.Rest}.Label(l)
				rest += l + "=" + value + "\x00"
			}
			m := byRest[rest]
			if m == nil {
				m = &Match{}
				byRest[rest] = m
				order = append(order, rest)
			}
			*of(m) = append(*of(m), s.ID)
		}
	}
	add(a, func(m *Match) *[]detectors.SeriesID { return &m.A })
	add(b, func(m *Match) *[]detectors.SeriesID { return &m.B })
	slices.Sort(order)
	for _, rest := range order {
		m := byRest[rest]
		if len(m.A) == 0 || len(m.B) == 0 {
			unmatched += len(m.A) + len(m.B)
			continue
		}
		matched = append(matched, *m)
	}
	return matched, unmatched
}

// sharedLabels are those of which the sides have a value in common, sorted.
func sharedLabels(a, b []Labelled) []string {
	values := func(side []Labelled) map[string]map[string]bool {
		out := map[string]map[string]bool{}
		for _, s := range side {
			for rest := s.Rest; rest != ""; {
				label, value, after := firstLabel(rest)
				if label == "" {
					break
				}
				if out[label] == nil {
					out[label] = map[string]bool{}
				}
				out[label][value] = true
				rest = after
			}
		}
		return out
	}
	ours, theirs := values(a), values(b)
	var out []string
	for label, known := range ours {
		for value := range known {
			if theirs[label][value] {
				out = append(out, label)
				break
			}
		}
	}
	slices.Sort(out)
	return out
}

// firstLabel takes the first label off a slice.
func firstLabel(slice string) (label, value, after string) {
	for i := range len(slice) {
		if slice[i] == '=' {
			label = slice[:i]
			break
		}
	}
	if label == "" {
		return "", "", ""
	}
	value, after, ok := detectors.SeriesID{Slice: slice}.Label(label)
	if !ok {
		return "", "", ""
	}
	return label, value, after
}

// Strata pairs the steps of both sides in (from, to].
func Strata(w detectors.Windows, matched []Match, from, to time.Time, step time.Duration) []Stratum {
	var out []Stratum
	for slice, m := range matched {
		at := map[time.Time]int{}
		add := func(ids []detectors.SeriesID, side func(*Stratum) *Counts) {
			for _, id := range ids {
				for _, p := range w.Points(id, from, to, step) {
					i, seen := at[p.At]
					if !seen {
						i = len(out)
						at[p.At] = i
						out = append(out, Stratum{Slice: slice})
					}
					c := side(&out[i])
					c.Bad += p.Bad
					c.Total += p.Total
				}
			}
		}
		add(m.A, func(s *Stratum) *Counts { return &s.A })
		add(m.B, func(s *Stratum) *Counts { return &s.B })
	}
	return out
}

// Samples are the values of both sides in (from, to]. Of several slices, each is taken relative to its own B, so that slices with
// levels of their own can be ranked together.
func Samples(w detectors.Windows, matched []Match, from, to time.Time, step time.Duration) (a, b []float64) {
	read := func(ids []detectors.SeriesID) []float64 {
		var out []float64
		for _, id := range ids {
			for _, p := range w.Points(id, from, to, step) {
				out = append(out, p.Value)
			}
		}
		return out
	}
	for _, m := range matched {
		ours, theirs := read(m.A), read(m.B)
		if level := median(finite(theirs)); len(matched) > 1 && level > 0 {
			for _, side := range [][]float64{ours, theirs} {
				for i := range side {
					side[i] /= level
				}
			}
		}
		a, b = append(a, ours...), append(b, theirs...)
	}
	return a, b
}
