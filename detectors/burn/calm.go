package burn

import (
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// Calm tells that Judge would find everything quiet now, at a fraction of its cost: no sentence is written. False means that one has
// to judge to know.
func (d *Detector) Calm(now time.Time, w detectors.Windows) bool {
	for _, id := range d.series(w) {
		for _, rule := range d.config.Rules {
			limit := rule.Factor * d.allowed()
			short := look(w.Sum(id, now, rule.Short), rule.Short)
			if short.blind != detectors.Sighted || short.ratio > limit {
				return false
			}
			long := look(w.Sum(id, now, rule.Long), rule.Long)
			if long.blind != detectors.Sighted || (long.warming && long.covered < long.span/2) {
				return false
			}
		}
	}
	return true
}
