package window

// row is a contiguous run of cells of one width, oldest first. Cell i covers the seconds ((first+i)*width, (first+i+1)*width].
//
// What a cell holds is kept apart: both counts, and the state, which has no array of its own while all cells were seen throughout. The
// arrays have room before and behind the cells, a sixteenth, so that a row that moves on is seldom copied.
type row struct {
	width int64 // seconds
	keep  int64 // seconds of age after which a cell is folded or dropped
	first int64 // index of the first cell; meaningless while there are none
	// off is where the cells begin in the arrays, n how many there are, size how long the arrays are.
	off, n, size int
	bad, total   numbers
	states       []state
	// odd counts the cells that were not seen throughout.
	odd int
	// mixed are the cells whose state no single byte can say, by index.
	mixed map[int64]cell
}

// state is what is known of a cell, in one byte.
type state uint8

// The states: unasked, with the reason added where there is one; seen or empty throughout; or a mixture, which stands elsewhere.
const (
	unasked   state = 0
	wholeSeen state = 100 + iota
	wholeEmpty
	mixture
)

// start and end bound what the row holds, in Unix seconds.
func (r *row) start() int64 { return r.first * r.width }
func (r *row) end() int64   { return (r.first + int64(r.n)) * r.width }

// get returns the cell with the given index, a blank one where there is none.
func (r *row) get(index int64) cell {
	if r.holds(index) {
		return r.cell(int(index - r.first))
	}
	return cell{}
}

// holds tells whether a cell is there.
func (r *row) holds(index int64) bool { return index >= r.first && index < r.first+int64(r.n) }

// cell is the i-th of the row.
func (r *row) cell(i int) cell {
	c := cell{bad: r.bad.at(r.off + i), total: r.total.at(r.off + i)}
	switch s := r.state(i); s {
	case wholeSeen:
		c.seen = uint16(r.width)
	case wholeEmpty:
		c.empty = uint16(r.width)
	case mixture:
		m := r.mixed[r.first+int64(i)]
		c.seen, c.empty, c.why = m.seen, m.empty, m.why
	default:
		c.why = reason(s - unasked)
	}
	return c
}

func (r *row) state(i int) state {
	if r.states == nil {
		return wholeSeen
	}
	return r.states[r.off+i]
}

// put writes a cell, making room for it. Room made on the way is unasked.
func (r *row) put(index int64, c cell) {
	r.reach(index)
	i := r.off + int(index-r.first)
	r.bad.set(i, c.bad)
	r.total.set(i, c.total)
	s := mixture
	switch {
	case int64(c.seen) == r.width && c.empty == 0 && c.why == 0:
		s = wholeSeen
	case int64(c.empty) == r.width && c.seen == 0 && c.why == 0:
		s = wholeEmpty
	case c.seen == 0 && c.empty == 0:
		s = unasked + state(c.why)
	}
	if s != wholeSeen {
		r.stateful()
	}
	if r.states == nil {
		return
	}
	switch before := r.states[i]; {
	case before == mixture:
		delete(r.mixed, index)
		fallthrough
	case before != wholeSeen:
		r.odd--
	}
	if r.states[i] = s; s == mixture {
		if r.mixed == nil {
			r.mixed = map[int64]cell{}
		}
		r.mixed[index] = cell{seen: c.seen, empty: c.empty, why: c.why}
	}
	if s != wholeSeen {
		r.odd++
	}
	r.stateless()
}

// stateless gives the room of the states back when there is nothing to tell apart any more.
func (r *row) stateless() {
	if r.states != nil && r.odd == 0 {
		r.states, r.mixed = nil, nil
	}
}

// stateful gives the states an array of their own.
func (r *row) stateful() {
	if r.states != nil {
		return
	}
	r.states = make([]state, r.size)
	for i := range r.n {
		r.states[r.off+i] = wholeSeen
	}
}

// reach extends the row up to an index, in either direction.
func (r *row) reach(index int64) {
	if r.n == 0 {
		r.first = index
	}
	before, behind := max(0, int(r.first-index)), max(0, int(index-r.first)-r.n+1)
	if before == 0 && behind == 0 {
		return
	}
	if before > 1 || behind > 1 {
		r.stateful() // there are cells on the way that nobody has written
	}
	if r.states != nil {
		r.odd += before + behind
	}
	if r.off < before || r.off+r.n+behind > r.size {
		r.move(before, behind)
	}
	r.off -= before
	r.first -= int64(before)
	r.n += before + behind
}

// move lays the cells out anew, with room for more on both sides.
func (r *row) move(before, behind int) {
	need := before + r.n + behind
	spare := need/16 + 4
	size := r.size
	// The array is kept when there is enough room in it, and not far too much.
	if need+spare/2 > size || size > 2*(need+spare) {
		size = need + spare
	}
	off := before
	if before > 0 {
		off = size - r.n - behind
	}
	r.bad.move(r.off, r.off+r.n, off, size)
	r.total.move(r.off, r.off+r.n, off, size)
	if r.states != nil {
		r.states = moved(r.states, r.off, r.off+r.n, off, size)
	}
	r.off, r.size = off, size
}

// drop forgets the n oldest cells. What they held is wiped, for their room is used again.
func (r *row) drop(n int64) {
	i, j := r.off, r.off+int(n)
	r.bad.clear(i, j)
	r.total.clear(i, j)
	if r.states != nil {
		for k, s := range r.states[i:j] {
			if s != wholeSeen {
				r.odd--
			}
			if s == mixture {
				delete(r.mixed, r.first+int64(k))
			}
		}
		clear(r.states[i:j])
		r.stateless()
	}
	r.first += n
	r.off += int(n)
	r.n -= int(n)
	if r.n == 0 {
		r.off, r.odd, r.states, r.mixed = 0, 0, nil, nil
		r.bad.wipe()
		r.total.wipe()
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
	if r.n == 0 {
		return to
	}
	start, end := r.start(), r.end()
	lo, hi := max(from, start), min(to, end)
	if lo >= hi {
		return min(to, max(from, start))
	}
	// Cells that straddle an edge count by their share, those between are taken together.
	i, j := int((lo-start)/r.width), int((hi-start+r.width-1)/r.width)
	if begin := start + int64(i)*r.width; begin < lo || begin+r.width > hi {
		r.edge(t, i, lo, hi)
		i++
	}
	if begin := start + int64(j-1)*r.width; j > i && begin+r.width > hi {
		j--
		r.edge(t, j, lo, hi)
	}
	if i < j {
		r.between(t, i, j)
	}
	return lo
}

// edge takes a cell by the share of it that lies in (lo, hi].
func (r *row) edge(t *total, i int, lo, hi int64) {
	c, begin := r.cell(i), r.start()+int64(i)*r.width
	stop := min(hi, begin+r.width)
	t.take(&c, float64(stop-max(lo, begin))/float64(r.width), r.width)
	if c.seen > 0 {
		t.seenEnd = max(t.seenEnd, stop)
	}
}

// between takes whole cells.
func (r *row) between(t *total, i, j int) {
	// What was not seen holds nothing, so counts need no look at the states.
	t.bad += r.bad.sum(r.off+i, r.off+j)
	t.total += r.total.sum(r.off+i, r.off+j)
	if r.states == nil {
		t.seen += float64(int64(j-i) * r.width)
		t.seenEnd = max(t.seenEnd, r.start()+int64(j)*r.width)
		return
	}
	seen, empty, newest := 0, 0, -1
	for k, s := range r.states[r.off+i : r.off+j] {
		switch s {
		case wholeSeen:
			seen++
			newest = k
		case wholeEmpty:
			empty++
		case unasked:
		default:
			c := r.cell(i + k)
			c.bad, c.total = 0, 0
			t.takeWhole(&c, r.width)
			if c.seen > 0 {
				newest = k
			}
		}
	}
	t.seen += float64(int64(seen) * r.width)
	t.empty += float64(int64(empty) * r.width)
	if newest >= 0 {
		t.seenEnd = max(t.seenEnd, r.start()+int64(i+newest+1)*r.width)
	}
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
