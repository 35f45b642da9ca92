package shift

import (
	"math"

	"github.com/firebreak-dev/firebreak/detectors"
)

// stretches are how long, in rows, the stretches are that the scatter is measured over.
var stretches = [...]int64{1, 2, 6, 12, 24, 48}

const (
	// surprising bounds a surprise, as a multiple of a usual one, so that one outlier is not taken for noise.
	surprising = 4
	// excessMemory is in how many rows the memory of the scatter halves: a day and a half.
	excessMemory = 432
)

// excess is how much more than independent events a series scatters, over stretches of several lengths. Autocorrelation, drift
// and a badly known season all show in that longer stretches scatter more: and they are what breaks naive tests.
type excess struct {
	sum, weight [len(stretches)]float64
}

// learn takes in the stretches that end with a row.
func (e *excess) learn(n *normal, last int64) {
	forget, bound := math.Exp2(-1./excessMemory), surprising*n.spread
	sum, known, k := 0., 0., 0
	for back := int64(0); k < len(stretches); back++ {
		if back == stretches[k] {
			if known > float64(back)/2 {
				e.sum[k] = e.sum[k]*forget + sum*sum/known
				e.weight[k] = e.weight[k]*forget + 1
			}
			k++
		}
		if r := n.row(last - back); r.known() {
			sum += min(bound, max(-bound, float64(r.surprise))) / n.scale()
			known++
		}
	}
}

// over is the excess over stretches of a length in minutes. Beyond the longest it goes on growing as that of a drift does.
func (e *excess) over(minutes float64) float64 {
	worst, longest := 1., 0.
	for k, rows := range stretches {
		if e.weight[k] < fewRows {
			break
		}
		// What few stretches say is uncertain: stretches that overlap say less than as many apart.
		apart := e.weight[k] / float64(rows)
		worst, longest = max(worst, e.sum[k]/e.weight[k]*(1+1/apart)), float64(rows)*rowMinutes
		if longest >= minutes {
			return worst
		}
	}
	if longest == 0 {
		return worst
	}
	return worst * minutes / longest
}

// patience is over how many times the time that it takes the excess is measured: what lasts longer than that is a drift.
const patience = 2

// until is the excess that evidence for a shift must be divided by, when a minute of it brings so much before and so much is
// needed: that over the time which it then takes. It is infinite where the evidence would never suffice: what is so small a
// shift cannot be told from what the series does by itself.
func (n *normal) until(each, needed float64) float64 {
	if !(each > 0) {
		return math.Inf(1)
	}
	for minutes := rowMinutes * 1.; minutes <= 2*held; minutes *= 2 {
		if x := n.scatter(patience * minutes); each/x*minutes >= needed {
			return x
		}
	}
	return math.Inf(1)
}

// scale is what surprises are measured in.
func (n *normal) scale() float64 {
	if n.family.shape == detectors.Value {
		return n.spread
	}
	return 1
}
