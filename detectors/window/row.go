package window

// row is a contiguous run of cells of one width, oldest first. Cell i covers the seconds ((first+i)*width, (first+i+1)*width].
type row struct {
	width int64 // seconds
	keep  int64 // seconds of age after which a cell is folded or dropped
	first int64 // index of cells[0]; meaningless while there are none
	cells []cell
}

// start and end bound what the row holds, in Unix seconds.
func (r *row) start() int64 { return r.first * r.width }
func (r *row) end() int64   { return (r.first + int64(len(r.cells))) * r.width }

// at returns the cell with the given index, making room for it. Room made on the way is unasked.
func (r *row) at(index int64) *cell {
	switch {
	case len(r.cells) == 0:
		r.first = index
		r.cells = append(r.cells, cell{})
	case index < r.first:
		grown := make([]cell, r.first-index, r.first-index+int64(len(r.cells)))
		r.cells = append(grown, r.cells...)
		r.first = index
	case index >= r.first+int64(len(r.cells)):
		missing := index - r.first - int64(len(r.cells)) + 1
		r.cells = append(r.cells, make([]cell, missing)...)
	}
	return &r.cells[index-r.first]
}

// get returns the cell with the given index, a blank one where there is none.
func (r *row) get(index int64) cell {
	if i := index - r.first; i >= 0 && i < int64(len(r.cells)) {
		return r.cells[i]
	}
	return cell{}
}

// drop forgets the n oldest cells and gives their memory back once in a while.
func (r *row) drop(n int64) {
	r.cells = r.cells[n:]
	r.first += n
	if cap(r.cells) > 64 && cap(r.cells) > 3*len(r.cells) {
		r.cells = append(make([]cell, 0, len(r.cells)+len(r.cells)/4), r.cells...)
	}
}

// total is a sum in the making.
type total struct {
	bad, total  float64
	seen, empty float64 // seconds
	seenEnd     int64
	why         [16]float64 // seconds by reason, so that the commonest can be named
}

// sum adds the part of the row that lies in (from, to] and returns the start of what the row holds, below which coarser rows
// have to answer. A cell that straddles an edge counts by its share.
func (r *row) sum(t *total, from, to int64) int64 {
	if len(r.cells) == 0 {
		return to
	}
	start, end := r.start(), r.end()
	lo, hi := max(from, start), min(to, end)
	if lo >= hi {
		return min(to, max(from, start))
	}
	for i := (lo - start) / r.width; i*r.width+start < hi; i++ {
		c, begin := &r.cells[i], start+i*r.width
		if overlap := min(hi, begin+r.width) - max(lo, begin); overlap == r.width {
			t.takeWhole(c, r.width)
		} else {
			t.take(c, float64(overlap)/float64(r.width), r.width)
		}
		if c.seen > 0 {
			t.seenEnd = max(t.seenEnd, min(hi, begin+r.width))
		}
	}
	return lo
}

func (t *total) takeWhole(c *cell, width int64) {
	t.bad += c.bad
	t.total += c.total
	t.seen += float64(c.seen)
	t.empty += float64(c.empty)
	if c.why != 0 {
		t.why[c.why] += float64(width) - float64(c.asked())
	}
}

func (t *total) take(c *cell, share float64, width int64) {
	t.bad += c.bad * share
	t.total += c.total * share
	t.seen += float64(c.seen) * share
	t.empty += float64(c.empty) * share
	if c.why != 0 {
		t.why[c.why] += share * (float64(width) - float64(c.asked()))
	}
}

// commonest names the reason that hides the most of the span.
func (t *total) commonest() reason {
	best, most := reason(0), 0.0
	for r, seconds := range t.why {
		if seconds > most {
			best, most = reason(r), seconds
		}
	}
	return best
}

// floorDiv divides rounding towards minus infinity, for times before 1970 that only a fuzzer will bring.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
