package absent

import (
	"fmt"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// allUp is the share of targets from which all are taken to be up: a mean of many samples is not exactly one.
const allUp = .999

// targets tells whether some of the service's scrape targets have been down for as long as a signal may be silent. What a target
// that is down does not report, the sums of the others hide.
func (d *Detector) targets(now time.Time, w detectors.Windows, environment string) detectors.Finding {
	f := d.finding(now, d.config.Targets, environment, "targets")
	whole := detectors.SeriesID{Signal: d.config.Targets, Service: d.config.Service, Environment: environment}
	sum := w.Sum(whole, now, d.config.After)
	if sum.Blind != detectors.Sighted && sum.Blind != detectors.WarmingUp {
		return d.blind(f, sum.Blind, sum.Detail)
	}
	if ratio := sum.Ratio(); ratio >= allUp {
		return f // as nearly always
	}
	points := w.Points(whole, now.Add(-past), now, d.step)
	if len(points) == 0 {
		return d.blind(f, detectors.NoData, "it has no samples")
	}
	down := len(points)
	for down > 0 && points[down-1].Value < allUp {
		down--
	}
	latest := points[len(points)-1]
	f.Evidence = []detectors.Evidence{{
		Name: "targets_up", Value: latest.Value, Limit: 1, Unit: "ratio",
		Sentence: fmt.Sprintf("%.0f %% of the scrape targets are up", 100*latest.Value),
	}}
	if down == len(points) {
		return f
	}
	first := points[down].At
	if now.Sub(first) < d.config.After {
		return f
	}
	f.Verdict, f.Severity = detectors.Firing, d.config.Severity
	f.Title = fmt.Sprintf("%.0f %% of the scrape targets of %s are down for %s: what they do is not seen", 100*(1-latest.Value), d.config.Service, words(now.Sub(first)))
	f.Onset = detectors.Onset{At: first.Add(-d.step / 2), Earliest: first.Add(-d.step), Latest: first}
	return f
}
