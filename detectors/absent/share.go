package absent

import (
	"fmt"
	"math"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/onset"
)

const (
	recent   = 30 * time.Minute
	fewest   = 50.  // calls that must be expected before their lack tells anything
	halved   = .5   // of what is expected
	unlikely = 1e-6 // chance of so few
)

// share compares the calls for each request with those of the day before.
func (d *Detector) share(now time.Time, w detectors.Windows, environment string) detectors.Finding {
	f := d.finding(now, d.config.Calls, environment, "share")
	calls, requests := d.series(w, d.config.Calls, environment), d.series(w, d.config.Requests, environment)
	seen, why := total(w, requests, now, recent)
	before, whyBefore := total(w, requests, now.Add(-recent), past)
	if whyBefore.Blind != "" || before == 0 {
		why = whyBefore
		if why.Blind == "" {
			why = detectors.Sum{Blind: detectors.NoData, Detail: "there were no requests the day before"}
		}
	}
	if why.Blind != "" {
		return d.blind(f, why.Blind, why.Detail)
	}
	// A counter that has never been there is no calls; one that vanished is none any more.
	called, _ := total(w, calls, now, recent)
	usual, whyUsual := total(w, calls, now.Add(-recent), past)
	if usual == 0 {
		if whyUsual.Blind == "" {
			whyUsual = detectors.Sum{Blind: detectors.NoData, Detail: "there were no calls the day before"}
		}
		return d.blind(f, whyUsual.Blind, whyUsual.Detail)
	}
	expected := seen * usual / before
	f.Evidence = []detectors.Evidence{{
		Name: "calls", Value: called, Limit: halved * expected, Unit: "calls", Window: recent,
		Sentence: fmt.Sprintf("%.0f calls for %.0f requests over %s, where %.0f are usual", called, seen, words(recent), expected),
	}}
	if expected < fewest || called > halved*expected || atMost(called, expected) > unlikely {
		return f
	}
	f.Verdict, f.Severity = detectors.Firing, d.config.Severity
	f.Title = fmt.Sprintf("%s of %s fell to %.0f %% of what is usual for so many requests", d.config.Calls, d.config.Service, 100*called/expected)
	f.Onset = onset.Value(d.shares(w, calls, requests, now.Add(-4*time.Hour), now), d.step, detectors.Down, nil)
	return f
}

// total adds up series; it is blind only where none of them is seen.
func total(w detectors.Windows, series []detectors.SeriesID, to time.Time, span time.Duration) (float64, detectors.Sum) {
	var sum float64
	var blind detectors.Sum
	seen := false
	for _, id := range series {
		s := w.Sum(id, to, span)
		if s.Blind != detectors.Sighted && s.Blind != detectors.WarmingUp {
			blind = s
			continue
		}
		seen = true
		sum += s.Total
	}
	if seen {
		return sum, detectors.Sum{}
	}
	return 0, blind
}

// shares are calls for each request, by step.
func (d *Detector) shares(w detectors.Windows, calls, requests []detectors.SeriesID, from, to time.Time) []detectors.Point {
	count := map[int64]float64{} // by seconds: the same moment in another zone is another time
	for _, id := range calls {
		for _, p := range w.Points(id, from, to, d.step) {
			count[p.At.Unix()] += p.Total
		}
	}
	asked := map[int64]float64{}
	for _, id := range requests {
		for _, p := range w.Points(id, from, to, d.step) {
			asked[p.At.Unix()] += p.Total
		}
	}
	var out []detectors.Point
	for at := from.Add(d.step); !at.After(to); at = at.Add(d.step) {
		if n := asked[at.Unix()]; n > 0 {
			out = append(out, detectors.Point{At: at, Value: count[at.Unix()] / n, Total: n})
		}
	}
	return out
}

// atMost is the chance of so many calls or fewer where some are expected, as counts go.
func atMost(called, expected float64) float64 {
	sum := 0.
	for k := 0.; k <= called; k++ {
		log, _ := math.Lgamma(k + 1)
		sum += math.Exp(k*math.Log(expected) - expected - log)
	}
	return sum
}
