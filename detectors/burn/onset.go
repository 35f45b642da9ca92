package burn

import (
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/onset"
)

// mostPoints is how many points one look at the past takes.
const mostPoints = 200

// onset reads when it began. What a tile holds was scraped in it, and took place up to a tile before or was asked for a tile late: the
// interval is that much wider than the counts alone would have it.
func (d *Detector) onset(now time.Time, w detectors.Windows, id detectors.SeriesID, rule Rule) detectors.Onset {
	found := d.search(now, w, id, rule)
	if found.IsZero() {
		return found
	}
	found.Earliest, found.Latest = found.Earliest.Add(-d.step), found.Latest.Add(d.step)
	return found
}

// search finds when it began, by the counts. It looks back over the long window, and four times as far while the beginning lies outside of what
// it sees; a beginning that was found in coarse points is then looked at closely.
func (d *Detector) search(now time.Time, w detectors.Windows, id detectors.SeriesID, rule Rule) detectors.Onset {
	limit := rule.Factor * d.allowed()
	farthest := d.config.Rules[len(d.config.Rules)-1].Long * 2
	var found detectors.Onset
	var step time.Duration
	var normal onset.Baseline
	for span := rule.Long + rule.Long/4; ; span *= 4 {
		step = d.stepFor(span)
		from := now.Add(-span).Truncate(step)
		points := w.Points(id, from, now, step)
		normal = baseline(w, id, from, span, limit)
		found = onset.Ratio(points, step, normal)
		if len(points) == 0 || span >= farthest || found.Earliest.After(points[0].At.Add(step)) {
			break
		}
	}
	if found.IsZero() || step <= d.step {
		return found
	}
	from, to := found.Earliest.Add(-5*step), found.Latest.Add(10*step)
	if to.After(now) {
		to = now
	}
	step = d.stepFor(to.Sub(from))
	from = from.Truncate(step)
	if closer := onset.Ratio(w.Points(id, from, to, step), step, normal); !closer.IsZero() {
		return closer
	}
	return found
}

// stepFor is the finest step that looks over a span with not too many points.
func (d *Detector) stepFor(span time.Duration) time.Duration {
	step := d.step
	for span/step > mostPoints {
		step *= 2
	}
	return step
}

// baseline is what was normal before a time, unknown when it was not healthy then or cannot be seen.
func baseline(w detectors.Windows, id detectors.SeriesID, before time.Time, span time.Duration, limit float64) onset.Baseline {
	for _, back := range []time.Duration{6 * span, span} {
		s := w.Sum(id, before, back)
		if (s.Blind == detectors.Sighted || s.Blind == detectors.WarmingUp) && s.Total > 0 && s.Ratio() <= limit {
			return onset.Baseline{Bad: s.Bad, Total: s.Total}
		}
	}
	return onset.Baseline{}
}
