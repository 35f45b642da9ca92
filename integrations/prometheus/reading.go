package prometheus

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/detectors/watch"
)

// grid holds numbers by row and step, and which of them are present. It grows with the rows that are written.
type grid struct {
	steps   int
	numbers []float64
	present []bool
}

func newGrid(rows, steps int) grid {
	return grid{steps: steps, numbers: make([]float64, rows*steps), present: make([]bool, rows*steps)}
}

func (g *grid) add(row, step int, v float64) {
	if missing := (row+1)*g.steps - len(g.numbers); missing > 0 {
		g.numbers = append(g.numbers, make([]float64, missing)...)
		g.present = append(g.present, make([]bool, missing)...)
	}
	g.numbers[row*g.steps+step] += v
	g.present[row*g.steps+step] = true
}

func (g *grid) get(row, step int) (float64, bool) {
	i := row*g.steps + step
	if i >= len(g.numbers) {
		return 0, false
	}
	return g.numbers[i], g.present[i]
}

// reading is an answer in the making.
type reading struct {
	*question
	from  time.Time
	width time.Duration
	steps int

	leaves  []grid // by selector, for counted signals
	grid    grid   // for values
	rows    rows
	samples int64
	notes   []string
}

// step is the index of the tile that ends at a timestamp.
func (r *reading) step(ms int64) (int, bool) {
	since := time.UnixMilli(ms).Sub(r.from)
	i := int(since/r.width) - 1
	return i, since > 0 && since%r.width == 0 && i < r.steps
}

// take reads a part of an answer. Steps in which series of a selector appeared are marked in fresh.
func (r *reading) take(series *Series, fresh [][]bool) error {
	kind, leaf, ok := r.which(series.Metric)
	if !ok {
		return garbage("the answer holds a part %.20q that was not asked for", series.Metric[partLabel])
	}
	if kind == partNew {
		r.mark(series, leaf, fresh)
		return nil
	}
	weight, remark := r.weight(series.Metric, leaf)
	if remark != "" {
		r.note(remark)
	}
	if kind != partCount {
		weight = -weight
	}
	for _, target := range r.matching(series.Metric) {
		part, sliced := r.slice(target, series.Metric)
		for _, p := range series.Values {
			i, ok := r.step(p.at)
			switch {
			case !ok:
				return garbage("the answer holds a sample at %s, between tiles", time.UnixMilli(p.at).UTC().Format(time.RFC3339Nano))
			case !finite(p.value):
				return garbage("a counter of %s is %v", r.signal.Name, p.value)
			}
			r.leaves[leaf].add(target, i, p.value*weight)
			if sliced {
				r.leaves[leaf].add(part, i, p.value*weight)
			}
		}
	}
	return nil
}

// which takes the name of a part apart.
func (r *reading) which(metric map[string]string) (kind rune, leaf int, ok bool) {
	name := metric[partLabel]
	if len(name) < 2 || !strings.ContainsRune("pndf", rune(name[0])) {
		return 0, 0, false
	}
	leaf, err := strconv.Atoi(name[1:])
	return rune(name[0]), leaf, err == nil && leaf >= 0 && leaf < len(r.selectors)
}

func (r *reading) mark(series *Series, leaf int, fresh [][]bool) {
	for _, p := range series.Values {
		if i, ok := r.step(p.at); ok && fresh != nil && p.value > 0 {
			if fresh[leaf] == nil {
				fresh[leaf] = make([]bool, r.steps)
			}
			fresh[leaf][i] = true
		}
	}
}

// note keeps a remark once, and few of them.
func (r *reading) note(text string) {
	if len(r.notes) < 10 && !slices.Contains(r.notes, text) {
		r.notes = append(r.notes, text)
	}
}

// end is when the last of the steps up to and with i ends.
func (r *reading) end(i int) time.Time { return r.from.Add(time.Duration(i+1) * r.width) }

// counts evaluates the trees and adds up each group of steps to one tile.
func (r *reading) counts(group int) ([]watch.Reading, error) {
	var out []watch.Reading
	for row := range r.rows.count() {
		id, target := r.id(row)
		for i := 0; i+group <= r.steps; i += group {
			tile := watch.Reading{Series: id, At: r.end(i + group - 1)}
			seen := false
			for j := i; j < i+group; j++ {
				leaf := func(l int) (float64, bool) { return r.leaves[l].get(row, j) }
				total, choice, ok := r.total.evaluate(leaf)
				if !ok || !r.sighted(target, j) {
					continue
				}
				seen = true
				tile.Total += total
				if r.bad != nil {
					bad, _, _ := r.bad.like(r.total, choice).evaluate(leaf)
					tile.Bad += bad
				}
			}
			if r.prices != nil || id.Slice != "" {
				tile.Total = max(0, tile.Total) // the rebate of cached tokens may come a scrape before the tokens
			}
			if tile.Total < -1e-6 || tile.Bad < -1e-6 {
				return nil, garbage("%s of %s counted %g of %g events: less than none", r.signal.Name, tile.Series.Service, tile.Bad, tile.Total)
			}
			if seen {
				tile.Bad, tile.Total = max(0, tile.Bad), max(0, tile.Total)
				out = append(out, tile)
			}
		}
	}
	return out, nil
}

// sighted tells whether what the signal requires of a target is there.
func (r *reading) sighted(target, step int) bool {
	if r.requires == nil {
		return true
	}
	_, _, ok := r.requires.evaluate(func(l int) (float64, bool) { return r.leaves[l].get(target, step) })
	return ok
}

// values collects the samples of each group of steps in one tile: their sum and their number.
func (r *reading) values(group int) []watch.Reading {
	var out []watch.Reading
	for row := range r.rows.count() {
		id, _ := r.id(row)
		for i := 0; i+group <= r.steps; i += group {
			tile := watch.Reading{Series: id, At: r.end(i + group - 1)}
			for j := i; j < i+group; j++ {
				if v, ok := r.grid.get(row, j); ok {
					tile.Bad += v
					tile.Total++
				}
			}
			if tile.Total > 0 {
				out = append(out, tile)
			}
		}
	}
	return out
}
