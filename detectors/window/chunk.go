package window

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// hour is the length of a persisted stretch, in seconds.
const hour = 3600

// format is the first byte of every chunk. A reader refuses what it does not know; the source is then asked again.
const format = 1

// The bits of a cell's flag byte.
const (
	hasBad = 1 << iota
	hasTotal
	fractional // numbers are 8 bytes of float, else unsigned varints
	hasWhy
	seenWhole
	emptyWhole
	partial
)

// segment is a run of cells of one width inside an hour.
type segment struct {
	width int64 // seconds
	first int64 // seconds from the start of the hour
	cells []cell
}

// Snapshot returns the hours that changed since the last snapshot, in a stable order, and counts them as saved.
func (s *Store) Snapshot() []detectors.Chunk {
	s.mu.Lock()
	defer s.mu.Unlock()
	var chunks []detectors.Chunk
	for _, ids := range s.names {
		for _, id := range ids {
			row := s.series[id]
			for h := range row.dirty {
				chunks = append(chunks, detectors.Chunk{Series: id, Start: time.Unix(h*hour, 0).UTC(), Data: encode(row.hour(h))})
			}
			if len(row.dirty) > 8 {
				row.dirty = map[int64]struct{}{} // a past that was read back would keep its room for ever
			}
			clear(row.dirty)
		}
	}
	slices.SortFunc(chunks, func(a, b detectors.Chunk) int {
		if c := compare(a.Series, b.Series); c != 0 {
			return c
		}
		return a.Start.Compare(b.Start)
	})
	return chunks
}

// Unsaved counts chunks of a snapshot as changed again, because they could not be kept.
func (s *Store) Unsaved(chunks []detectors.Chunk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range chunks {
		if row := s.series[c.Series]; row != nil {
			row.dirty[floorDiv(c.Start.Unix(), hour)] = struct{}{}
		}
	}
}

// Load puts back a chunk of an earlier snapshot. Chunks may come in any order; the oldest first keeps the most detail. A chunk
// that cannot be read is an error and changes nothing.
func (s *Store) Load(c detectors.Chunk) error {
	segments, err := decode(c.Data)
	if err != nil {
		return fmt.Errorf("window: chunk of %s at %s: %w", c.Series.Signal, c.Start.UTC().Format(time.RFC3339), err)
	}
	start := c.Start.Unix()
	if start%hour != 0 {
		return fmt.Errorf("window: chunk of %s starts at %s, not at a whole hour", c.Series.Signal, c.Start.UTC().Format(time.RFC3339))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.of(c.Series)
	h := floorDiv(start, hour)
	_, changed := row.dirty[h]
	for _, g := range segments {
		k := s.levelFor(g.width, max(row.newest, start+hour)-start)
		width := s.levels[k].width
		for i := 0; i < len(g.cells); {
			at := start + g.first + int64(i)*g.width
			index := floorDiv(at, width)
			var folded cell
			for ; i < len(g.cells) && start+g.first+int64(i)*g.width < (index+1)*width; i++ {
				folded.add(g.cells[i])
			}
			s.place(row, k, index, folded)
		}
	}
	if !changed {
		delete(row.dirty, h)
	}
	return nil
}

// levelFor is the finest level that tiles of the given width and age can be folded into.
func (s *Store) levelFor(width, age int64) int {
	for k, l := range s.levels {
		if l.width%width == 0 && age < l.keep {
			return k
		}
	}
	return len(s.levels) - 1
}

// hour collects what is known of one hour, the finest level first.
func (r *series) hour(h int64) []segment {
	var out []segment
	from, to := h*hour, (h+1)*hour
	for k := range r.rows {
		w := &r.rows[k]
		if w.n == 0 || w.start() >= to {
			continue
		}
		lo, hi := max(from, w.start()), min(to, w.end())
		if n := (hi - lo + w.width - 1) / w.width; n > 0 {
			g := segment{width: w.width, first: lo - from, cells: make([]cell, 0, n)}
			for i := range n {
				g.cells = append(g.cells, w.cell(int((lo-w.start())/w.width+i)))
			}
			out = append(out, g)
		}
		to = min(to, lo)
	}
	return out
}

func encode(segments []segment) []byte {
	out := []byte{format}
	for _, g := range segments {
		out = binary.AppendUvarint(out, uint64(g.width))
		out = binary.AppendUvarint(out, uint64(g.first))
		out = binary.AppendUvarint(out, uint64(len(g.cells)))
		for i := range g.cells {
			out = g.cells[i].encode(out, g.width)
		}
	}
	return out
}

func (c *cell) encode(out []byte, width int64) []byte {
	var flags byte
	if c.bad != 0 {
		flags |= hasBad
	}
	if c.total != 0 {
		flags |= hasTotal
	}
	if !whole(c.bad) || !whole(c.total) {
		flags |= fractional
	}
	if c.why != 0 {
		flags |= hasWhy
	}
	switch {
	case int64(c.seen) == width:
		flags |= seenWhole
	case int64(c.empty) == width:
		flags |= emptyWhole
	case c.asked() > 0:
		flags |= partial
	}
	out = append(out, flags)
	for _, v := range [2]struct {
		bit   byte
		value float64
	}{{hasBad, c.bad}, {hasTotal, c.total}} {
		switch {
		case flags&v.bit == 0:
		case flags&fractional != 0:
			out = binary.LittleEndian.AppendUint64(out, math.Float64bits(v.value))
		default:
			out = binary.AppendUvarint(out, uint64(v.value))
		}
	}
	if flags&partial != 0 {
		out = binary.AppendUvarint(binary.AppendUvarint(out, uint64(c.seen)), uint64(c.empty))
	}
	if flags&hasWhy != 0 {
		out = append(out, byte(c.why))
	}
	return out
}

func whole(v float64) bool { return v >= 0 && v < 1<<53 && v == math.Trunc(v) }

var errShort = errors.New("it ends too early")

// reader takes a chunk apart; the first failure sticks.
type reader struct {
	data []byte
	err  error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.data = nil
}

func (r *reader) byte() byte {
	if len(r.data) == 0 {
		r.fail(errShort)
		return 0
	}
	b := r.data[0]
	r.data = r.data[1:]
	return b
}

func (r *reader) uvarint(most uint64) int64 {
	v, n := binary.Uvarint(r.data)
	if n <= 0 {
		r.fail(errShort)
		return 0
	}
	if v > most {
		r.fail(fmt.Errorf("%d is more than %d", v, most))
		return 0
	}
	r.data = r.data[n:]
	return int64(v)
}

func (r *reader) number(flags byte) float64 {
	if flags&fractional == 0 {
		return float64(r.uvarint(1<<53 - 1))
	}
	if len(r.data) < 8 {
		r.fail(errShort)
		return 0
	}
	v := math.Float64frombits(binary.LittleEndian.Uint64(r.data))
	r.data = r.data[8:]
	if !finite(v) {
		r.fail(fmt.Errorf("%g is not a count", v))
		return 0
	}
	return v
}

func decode(data []byte) ([]segment, error) {
	r := &reader{data: data}
	if v := r.byte(); r.err == nil && v != format {
		return nil, fmt.Errorf("format %d is not known, only %d", v, format)
	}
	var out []segment
	for len(r.data) > 0 && r.err == nil {
		g := segment{width: r.uvarint(hour), first: r.uvarint(hour)}
		n := r.uvarint(hour)
		if r.err == nil && (g.width == 0 || hour%g.width != 0 || g.first%g.width != 0 || g.first+n*g.width > hour) {
			r.fail(fmt.Errorf("%d tiles of %d s from second %d do not fit into an hour", n, g.width, g.first))
		}
		for i := int64(0); i < n && r.err == nil; i++ {
			g.cells = append(g.cells, r.cell(g.width))
		}
		out = append(out, g)
	}
	if r.err != nil {
		return nil, r.err
	}
	return out, nil
}

func (r *reader) cell(width int64) cell {
	var c cell
	flags := r.byte()
	if flags&hasBad != 0 {
		c.bad = r.number(flags)
	}
	if flags&hasTotal != 0 {
		c.total = r.number(flags)
	}
	switch {
	case flags&seenWhole != 0:
		c.seen = uint16(width)
	case flags&emptyWhole != 0:
		c.empty = uint16(width)
	case flags&partial != 0:
		c.seen = uint16(r.uvarint(uint64(width)))
		c.empty = uint16(r.uvarint(uint64(width) - uint64(c.seen)))
	}
	if flags&hasWhy != 0 {
		c.why = reason(r.byte())
		if int(c.why) > len(detectors.Blindnesses()) {
			r.fail(fmt.Errorf("reason %d is not known", c.why))
		}
	}
	return c
}
