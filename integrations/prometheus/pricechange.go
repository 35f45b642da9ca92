package prometheus

import (
	"fmt"
	"slices"
	"strconv"
)

// PriceChanges tells in words how a table of prices differs from an earlier one, model by model, in the order of the new table and
// then of what it lacks. The first entry for a model counts, as in every use of the table.
func PriceChanges(before, after []Price) []string {
	var out []string
	find := func(table []Price, model string) (Price, bool) {
		i := slices.IndexFunc(table, func(p Price) bool { return p.Model == model })
		if i < 0 {
			return Price{}, false
		}
		return table[i], true
	}
	seen := map[string]bool{}
	for _, p := range after {
		if seen[p.Model] {
			continue
		}
		seen[p.Model] = true
		was, known := find(before, p.Model)
		if !known {
			out = append(out, fmt.Sprintf("%s is priced now: input %s, output %s", p.Model, dollars(p.Input), dollars(p.Output)))
			continue
		}
		for _, f := range []struct {
			name     string
			was, now float64
		}{
			{"input", was.Input, p.Input},
			{"output", was.Output, p.Output},
			{"cached input", was.CachedInput, p.CachedInput},
			{"cache write", was.CacheWrite, p.CacheWrite},
		} {
			if f.was != f.now {
				out = append(out, fmt.Sprintf("%s %s %s → %s", p.Model, f.name, dollars(f.was), dollars(f.now)))
			}
		}
	}
	for _, p := range before {
		if !seen[p.Model] {
			seen[p.Model] = true
			out = append(out, p.Model+" is priced no more")
		}
	}
	return out
}

func dollars(v float64) string { return "$" + strconv.FormatFloat(v, 'f', -1, 64) }
