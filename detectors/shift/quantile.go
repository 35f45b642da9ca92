package shift

import "math"

// The bins of a histogram: one for zero, then eight for each power of two.
const (
	binsAnOctave = 8
	lowest       = -40 // as a power of two
	octaves      = 80
	zeroBin      = 0
	bins         = 1 + octaves*binsAnOctave
)

// histogram is a distribution of distances that slowly forgets. Its bins are relative, so it needs no idea of the scale.
type histogram struct {
	weights [bins]float32
	total   float64
	// worth is what an observation of now weighs: it grows instead of letting all weights decay.
	worth float64
	count int
}

// halving is after how many more observations one weighs half as much: four weeks.
const halving = 8000

var growth = math.Exp2(1. / halving)

// add observes a value.
func (h *histogram) add(x float64) {
	if h.worth == 0 {
		h.worth = 1
	}
	bin := zeroBin
	if x > 0 {
		bin = 1 + int(min(max((math.Log2(x)-lowest)*binsAnOctave, 0), bins-2))
	}
	h.weights[bin] += float32(h.worth)
	h.total += h.worth
	h.count++
	if h.worth *= growth; h.worth > 1e20 {
		h.rescale()
	}
}

func (h *histogram) rescale() {
	for i := range h.weights {
		h.weights[i] /= float32(h.worth)
	}
	h.total /= h.worth
	h.worth = 1
}

// quantile is the middle, as a logarithm, of the bin that holds the quantile.
func (h *histogram) quantile(q float64) float64 {
	// The tail is what is asked for, so it is counted from above.
	left, bin := (1-q)*h.total, bins-1
	for ; bin > zeroBin; bin-- {
		if left -= float64(h.weights[bin]); left < 0 {
			break
		}
	}
	if bin == zeroBin {
		return 0
	}
	return math.Exp2(lowest + (float64(bin)-.5)/binsAnOctave)
}
