package absent

import (
	"fmt"
	"math"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

const (
	week      = 7 * 24 * time.Hour
	weeks     = 4 // that are compared with
	fewWeeks  = 2 // with deliveries at all, before their rhythm is known
	shortest  = time.Hour
	leastSent = 1.   // deliveries in the same hours of every such week
	bySilence = 1e-3 // chance of such a silence
)

// Deliveries judges whether a source of webhooks has fallen silent. The rhythm is learnt: nights and weekends without deliveries
// are quiet because they always are.
type Deliveries struct {
	signal  string
	service string
	sources []string
	step    time.Duration
}

var _ detectors.Detector = (*Deliveries)(nil)

// NewDeliveries makes the detector. Signal counts deliveries of the service in one series for each source, SourceSlice of it; step is
// the width of a sample, the evaluation interval.
func NewDeliveries(signal, service string, sources []string, step time.Duration) *Deliveries {
	return &Deliveries{signal: signal, service: service, sources: sources, step: step}
}

// SourceSlice is the slice of a source.
func SourceSlice(source string) string { return fmt.Sprintf("source=%q", source) }

// Name is "absent".
func (d *Deliveries) Name() string { return Name }

// Severity is that of a source that fell silent.
func (d *Deliveries) Severity() detectors.Severity { return detectors.Ticket }

// Judge gives one finding for each source.
func (d *Deliveries) Judge(now time.Time, w detectors.Windows) []detectors.Finding {
	out := make([]detectors.Finding, 0, len(d.sources))
	for _, source := range d.sources {
		out = append(out, d.judge(now, w, source))
	}
	return out
}

func (d *Deliveries) judge(now time.Time, w detectors.Windows, source string) detectors.Finding {
	id := detectors.SeriesID{Signal: d.signal, Service: d.service, Slice: SourceSlice(source)}
	f := detectors.Finding{
		Key:      fmt.Sprintf("%s/%s//%s/silent-%s", Name, d.service, d.signal, source),
		Detector: Name, Rule: "silent", Service: d.service, Signal: d.signal, Verdict: detectors.Quiet, At: now,
	}
	last := d.last(now, w, id)
	if last.IsZero() {
		f.Verdict, f.Blind = detectors.Blind, detectors.WarmingUp
		f.Title = fmt.Sprintf("whether %s is silent cannot be told: it sent nothing within a week", source)
		return f
	}
	silent := now.Sub(last)
	if silent < shortest {
		return f
	}
	sum, least, known := 0., math.Inf(1), 0
	for k := range weeks {
		back := time.Duration(k+1) * week
		if count(w, id, now.Add(-back-week), now.Add(-back), time.Hour) == 0 {
			continue // Nothing came in that week at all: it was not there, or nobody remembers.
		}
		n := count(w, id, last.Add(-back), now.Add(-back), time.Minute)
		sum, least, known = sum+n, min(least, n), known+1
	}
	if known < fewWeeks {
		return f
	}
	usual := sum / float64(known)
	f.Evidence = []detectors.Evidence{{
		Name: "deliveries", Value: 0, Limit: usual, Unit: "deliveries", Window: silent,
		Sentence: fmt.Sprintf("nothing from %s for %s; in the same hours of %d weeks before it sent %.0f on average and %.0f at least", source, words(silent), known, usual, least),
	}}
	if least < leastSent || math.Exp(-usual) > bySilence {
		return f
	}
	f.Verdict, f.Severity = detectors.Firing, detectors.Ticket
	f.Title = fmt.Sprintf("%s has sent nothing for %s, where %.0f deliveries are usual: changes may be missing from the ledger", source, words(silent), usual)
	f.Onset = detectors.Onset{At: last.Add(d.step / 2), Earliest: last, Latest: earlier(now, last.Add(time.Duration(float64(silent)*3/usual)))}
	f.Onset.Latest = later(f.Onset.At, f.Onset.Latest)
	return f
}

// last is when the newest delivery came, within a week.
func (d *Deliveries) last(now time.Time, w detectors.Windows, id detectors.SeriesID) time.Time {
	for _, look := range []struct{ back, step time.Duration }{{shortest, d.step}, {week, time.Hour}} {
		points := w.Points(id, now.Add(-look.back).Truncate(look.step), now, look.step)
		for i := len(points) - 1; i >= 0; i-- {
			if points[i].Total > 0 {
				return points[i].At
			}
		}
	}
	return time.Time{}
}

// count adds up the deliveries of a stretch.
func count(w detectors.Windows, id detectors.SeriesID, from, to time.Time, step time.Duration) float64 {
	n := 0.
	for _, p := range w.Points(id, from, to, max(step, to.Sub(from).Truncate(step))) {
		n += p.Total
	}
	return n
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
