package outlier

import (
	"fmt"
	"math"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// history is how many steps are looked at: enough for the baseline to forget where it began.
const history = 120

// track is what is known of one series.
type track struct {
	signal int // its place in the list
	slice  string
	// newest and lasting are spreads in the direction that counts: of the newest sample, and the lesser of the last two.
	newest, lasting float64
	// since is the first sample of the stretch in which it is out.
	since time.Time
	// value is the newest one, usual the median of the normal ones.
	value, usual float64
	blind        detectors.Blindness
	detail       string
}

// follow lets the history of a series go by.
func (d *Detector) follow(now time.Time, w detectors.Windows, signal int, id detectors.SeriesID) track {
	t := track{signal: signal, slice: id.Slice}
	points := w.Points(id, now.Add(-history*d.step), now, d.step)
	if len(points) == 0 || points[len(points)-1].At.Before(now.Add(-2*d.step)) {
		sum := w.Sum(id, now, 2*d.step)
		t.blind, t.detail = sum.Blind, sum.Detail
		if t.blind == detectors.Sighted || t.blind == detectors.WarmingUp {
			t.blind, t.detail = detectors.Stale, fmt.Sprintf("there is no sample in the last %s", 2*d.step)
		}
		return t
	}
	log := newScale(points)
	var usual normal
	scores := make([]float64, 0, len(points))
	kept := make([]detectors.Point, 0, len(points))
	for _, p := range points {
		if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
			continue
		}
		scores = append(scores, worse(d.signals[signal].Worse, usual.score(log.to(p.Value))))
		kept = append(kept, p)
	}
	n := len(kept)
	if n < fewest+2 {
		t.blind, t.detail = detectors.WarmingUp, fmt.Sprintf("%d samples are too few, %d are needed", n, fewest+2)
		return t
	}
	t.newest, t.lasting = scores[n-1], min(scores[n-1], scores[n-2])
	t.value = kept[n-1].Value
	if len(usual.sorted) > 0 {
		t.usual = log.from(quantile(usual.sorted, .5))
	}
	i := n - 1
	for i > 0 && scores[i-1] >= near {
		i--
	}
	t.since = kept[i].At
	return t
}

// worse turns spreads so that what counts is positive.
func worse(direction detectors.Direction, z float64) float64 {
	switch direction {
	case detectors.Up:
		return z
	case detectors.Down:
		return -z
	default:
		return math.Abs(z)
	}
}

func (t track) evidence(signal detectors.Signal, together confirmed) []detectors.Evidence {
	of := title(signal)
	if t.slice != "" {
		of += " of " + t.slice
	}
	limit, spreads := far, t.lasting
	if together.near >= pair && t.lasting >= near {
		limit = near
	}
	if t.newest >= far && together.burst >= trio {
		spreads = t.newest
	}
	out := []detectors.Evidence{
		{
			Name: "value", Value: t.value, Unit: signal.Unit,
			Sentence: fmt.Sprintf("%s is %s, usually %s", of, number(t.value), number(t.usual)),
		},
		{
			Name: "spreads", Value: spreads, Limit: limit,
			Sentence: fmt.Sprintf("that is %.1f spreads out, limit %g", spreads, limit),
		},
	}
	if together.near > 0 {
		out = append(out, detectors.Evidence{
			Name: "together", Value: float64(together.near), Limit: pair,
			Sentence: fmt.Sprintf("%d series of the service are %g spreads out or more", together.near, near),
		})
	}
	return out
}
