package figures

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/firebreak-dev/firebreak/detectors/changepoint"
)

// Annotated is a series with what several people saw in it.
type Annotated struct {
	Name   string
	Series [][]float64
	// Seen are the changes by annotator, as indexes from 0.
	Seen map[string][]int
	// Length is the number of observations.
	Length int
}

// LoadTCPD reads a data set: annotations.json, index.json, and a file for each series. What is missing in a series is not a number.
func LoadTCPD(dir string) ([]Annotated, error) {
	var seen map[string]map[string][]int
	if err := readJSON(filepath.Join(dir, "annotations.json"), &seen); err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "series", "*.json"))
	if err != nil {
		return nil, err
	}
	var out []Annotated
	for _, file := range files {
		var s struct {
			Name   string `json:"name"`
			Length int    `json:"n_obs"`
			Series []struct {
				Raw []*float64 `json:"raw"`
			} `json:"series"`
		}
		if err := readJSON(file, &s); err != nil {
			return nil, err
		}
		if seen[s.Name] == nil {
			continue // nobody has looked at it
		}
		a := Annotated{Name: s.Name, Seen: seen[s.Name], Length: s.Length}
		for _, dimension := range s.Series {
			values := make([]float64, len(dimension.Raw))
			for i, v := range dimension.Raw {
				values[i] = math.NaN()
				if v != nil {
					values[i] = *v
				}
			}
			a.Series = append(a.Series, values)
			a.Length = max(a.Length, len(values))
		}
		out = append(out, a)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no series under %s has annotations", dir)
	}
	return out, nil
}

// F1 is the harmonic mean of precision, of what anybody saw, and of recall, averaged over the annotators. A change within five
// observations is the same; that the series begins is known to everybody.
func (a Annotated) F1(found []int) float64 {
	const margin = 5
	found = unique(append(slices.Clone(found), 0))
	var everybody []int
	recall := 0.
	for _, seen := range a.Seen {
		seen = unique(append(slices.Clone(seen), 0))
		everybody = append(everybody, seen...)
		recall += float64(agree(seen, found, margin)) / float64(len(seen)) / float64(len(a.Seen))
	}
	precision := float64(agree(unique(everybody), found, margin)) / float64(len(found))
	if precision+recall == 0 {
		return 0
	}
	return 2 * precision * recall / (precision + recall)
}

// agree counts the true changes near which something was found; what was found counts once.
func agree(truth, found []int, margin int) int {
	used := make([]bool, len(found))
	count := 0
	for _, t := range truth {
		nearest := -1
		for i, f := range found {
			if off := abs(f - t); !used[i] && off <= margin && (nearest < 0 || off < abs(found[nearest]-t)) {
				nearest = i
			}
		}
		if nearest >= 0 {
			used[nearest] = true
			count++
		}
	}
	return count
}

func abs(n int) int { return max(n, -n) }

func unique(v []int) []int {
	slices.Sort(v)
	return slices.Compact(v)
}

// Cover is how well the stretches between the found changes cover those that each annotator saw: the best overlap of each, weighted
// by its length.
func (a Annotated) Cover(found []int) float64 {
	ours := a.stretches(found)
	total := 0.
	for _, seen := range a.Seen {
		for _, s := range a.stretches(seen) {
			best := 0.
			for _, o := range ours {
				both := float64(min(s[1], o[1]) - max(s[0], o[0]))
				if both > 0 {
					best = max(best, both/(float64(s[1]-s[0])+float64(o[1]-o[0])-both))
				}
			}
			total += best * float64(s[1]-s[0]) / float64(a.Length) / float64(len(a.Seen))
		}
	}
	return total
}

func (a Annotated) stretches(changes []int) [][2]int {
	var out [][2]int
	from := 0
	for _, at := range unique(slices.Clone(changes)) {
		if at > from && at < a.Length {
			out = append(out, [2]int{from, at})
			from = at
		}
	}
	return append(out, [2]int{from, a.Length})
}

// TCPD is the mean over a data set.
func TCPD(set []Annotated, find func(series ...[]float64) []int) (f1, cover float64) {
	for _, a := range set {
		found := find(a.Series...)
		f1 += a.F1(found) / float64(len(set))
		cover += a.Cover(found) / float64(len(set))
	}
	return f1, cover
}

// binary is binary segmentation: the split that lowers the squares most, as long as it lowers them enough, at most five times.
func binary(series ...[]float64) []int {
	const most = 5
	filled := make([][]float64, 0, len(series))
	n := 0
	for _, s := range series {
		var clean []float64
		last := 0.
		for _, v := range s {
			if !math.IsNaN(v) {
				last = v
			}
			clean = append(clean, last)
		}
		if mean, spread := moments(clean); spread > 0 {
			for i := range clean {
				clean[i] = (clean[i] - mean) / spread
			}
		}
		filled, n = append(filled, clean), len(clean)
	}
	if n < 2 {
		return nil
	}
	cost := squares(filled)
	penalty := 3 * math.Log(float64(n))
	parts := [][2]int{{0, n}}
	var out []int
	for len(out) < most {
		best, at, part := penalty, -1, -1
		for p, s := range parts {
			whole := cost(s[0], s[1])
			for i := s[0] + 2; i <= s[1]-2; i++ {
				if gain := whole - cost(s[0], i) - cost(i, s[1]); gain > best {
					best, at, part = gain, i, p
				}
			}
		}
		if at < 0 {
			break
		}
		out = append(out, at)
		s := parts[part]
		parts[part] = [2]int{s[0], at}
		parts = append(parts, [2]int{at, s[1]})
	}
	return out
}

// squares gives the sum of squares around the mean of any stretch.
func squares(series [][]float64) func(from, to int) float64 {
	sums, twos := make([][]float64, len(series)), make([][]float64, len(series))
	for k, s := range series {
		sums[k], twos[k] = make([]float64, len(s)+1), make([]float64, len(s)+1)
		for i, v := range s {
			sums[k][i+1], twos[k][i+1] = sums[k][i]+v, twos[k][i]+v*v
		}
	}
	return func(from, to int) float64 {
		total := 0.
		for k := range series {
			sum := sums[k][to] - sums[k][from]
			total += twos[k][to] - twos[k][from] - sum*sum/float64(to-from)
		}
		return total
	}
}

func tcpdFigures(dir, name string) ([]Figure, error) {
	set, err := LoadTCPD(dir)
	if err != nil {
		return nil, err
	}
	f1, cover := TCPD(set, changepoint.Find)
	f1Binary, coverBinary := TCPD(set, binary)
	f1None, coverNone := TCPD(set, func(...[]float64) []int { return nil })
	detail := fmt.Sprintf("mean of %d series", len(set))
	return label("tcpd", name, []Figure{
		{
			What: "F1, margin 5", Got: f1, Bar: atLeast(.80), Better: atLeast(.86), Detail: detail,
			Baselines: []Baseline{{"no change", f1None, false}, {"binary segmentation, own", f1Binary, false}, {"binary segmentation", .744, true}},
		},
		{
			What: "cover", Got: cover, Bar: atLeast(.78), Better: atLeast(.83), Detail: detail,
			Baselines: []Baseline{{"no change", coverNone, false}, {"binary segmentation, own", coverBinary, false}, {"binary segmentation", .739, true}},
		},
	}), nil
}

func readJSON(path string, into any) error {
	data, err := os.ReadFile(path) //nolint:gosec // the data set that the caller names
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return nil
}
