package window

import "math"

// numbers are the counts of a row in as few bytes as they need to be exact: two while all are whole and small, four while they fit into
// a short float, else eight. Which it is changes by itself, and only upwards.
type numbers struct {
	small []uint16
	mid   []float32
	wide  []float64
}

func (n *numbers) at(i int) float64 {
	switch {
	case n.wide != nil:
		return n.wide[i]
	case n.mid != nil:
		return float64(n.mid[i])
	default:
		return float64(n.small[i])
	}
}

// set writes a number.
func (n *numbers) set(i int, v float64) {
	if n.wide == nil && n.mid == nil {
		if v >= 0 && v <= math.MaxUint16 && v == math.Trunc(v) {
			n.small[i] = uint16(v)
			return
		}
		n.mid = make([]float32, len(n.small))
		for j, w := range n.small {
			n.mid[j] = float32(w)
		}
		n.small = nil
	}
	if n.wide == nil {
		if f := float32(v); float64(f) == v {
			n.mid[i] = f
			return
		}
		n.wide = make([]float64, len(n.mid))
		for j, w := range n.mid {
			n.wide[j] = float64(w)
		}
		n.mid = nil
	}
	n.wide[i] = v
}

// sum adds up those from i up to j.
func (n *numbers) sum(i, j int) float64 {
	total := 0.
	switch {
	case n.wide != nil:
		for _, v := range n.wide[i:j] {
			total += v
		}
	case n.mid != nil:
		// Four sums at a time: each addition need not wait for the one before.
		var four [4]float64
		mid := n.mid[i:j]
		for ; len(mid) >= 4; mid = mid[4:] {
			four[0] += float64(mid[0])
			four[1] += float64(mid[1])
			four[2] += float64(mid[2])
			four[3] += float64(mid[3])
		}
		for _, v := range mid {
			total += float64(v)
		}
		total += four[0] + four[1] + four[2] + four[3]
	default:
		whole := uint64(0)
		for _, v := range n.small[i:j] {
			whole += uint64(v)
		}
		total = float64(whole)
	}
	return total
}

// move lets the numbers from i up to j begin at another place of an array of the given size, and everything else be nothing.
func (n *numbers) move(i, j, to, size int) {
	switch {
	case n.wide != nil:
		n.wide = moved(n.wide, i, j, to, size)
	case n.mid != nil:
		n.mid = moved(n.mid, i, j, to, size)
	default:
		n.small = moved(n.small, i, j, to, size)
	}
}

// clear makes those from i up to j nothing.
func (n *numbers) clear(i, j int) {
	switch {
	case n.wide != nil:
		clear(n.wide[i:j])
	case n.mid != nil:
		clear(n.mid[i:j])
	case n.small != nil:
		clear(n.small[i:j])
	}
}

// wipe makes all numbers nothing, in as few bytes as that needs.
func (n *numbers) wipe() {
	*n = numbers{small: make([]uint16, max(len(n.small), len(n.mid), len(n.wide)))}
}

// moved reuses the array when its size does not change.
func moved[T any](array []T, i, j, to, size int) []T {
	out := array
	if size != len(array) {
		out = make([]T, size)
	}
	copy(out[to:], array[i:j])
	clear(out[:to])
	clear(out[to+j-i:])
	return out
}
