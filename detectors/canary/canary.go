package canary

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
)

// Name is the detector's one name.
const Name = "canary"

// mostSteps is how many steps one look takes; a longer canary is looked at in wider ones.
const mostSteps = 500

// Detector judges one canary.
type Detector struct {
	config  Config
	signals []detectors.Signal
	step    time.Duration
}

var _ detectors.Detector = (*Detector)(nil)

// New makes the detector of a canary and refuses what Check refuses. Signals are those that the config names, in the same order;
// step is the width of a sample, the evaluation interval.
func New(c Config, signals []detectors.Signal, step time.Duration) (*Detector, error) {
	report := diag.New()
	c.Check(report)
	if step < time.Second {
		report.Faultf("", "bad-step", "a step of %s is below a second", step)
	}
	names := make([]string, 0, len(signals))
	for _, s := range signals {
		names = append(names, s.Name)
	}
	if !slices.Equal(names, c.Signals) {
		report.Faultf("signals", "unknown", "the signals %q are not those of the config, %q", names, c.Signals)
	}
	errs := make([]error, 0, len(report.Faults()))
	for _, f := range report.Faults() {
		errs = append(errs, fmt.Errorf("%s: %s", f.Path, f.Message))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("canary of %q: %w", c.Service, err)
	}
	return &Detector{config: c.WithDefaults(), signals: signals, step: step}, nil
}

// Name is "canary".
func (d *Detector) Name() string { return Name }

// Severity is the worst that the detector can say.
func (d *Detector) Severity() detectors.Severity { return d.config.Severity }

// Judge gives one finding for the exposure, where one was declared, and one for each signal.
func (d *Detector) Judge(now time.Time, w detectors.Windows) []detectors.Finding {
	from, step := d.span(now)
	out := make([]detectors.Finding, 0, len(d.signals)+1)
	if d.config.Exposure > 0 {
		out = append(out, d.exposure(now, from, step, w))
	}
	for _, signal := range d.signals {
		out = append(out, d.compare(now, from, step, w, signal))
	}
	return out
}

// span is what is looked at, in steps that are not too many.
func (d *Detector) span(now time.Time) (from time.Time, step time.Duration) {
	from = d.config.Since
	if day := now.Add(-24 * time.Hour); from.IsZero() {
		from = day
	}
	step = d.step
	for now.Sub(from) > mostSteps*step {
		step *= 2
	}
	return from, step
}

func (d *Detector) exposure(now, from time.Time, step time.Duration, w detectors.Windows) detectors.Finding {
	f := d.finding(now, d.config.Requests, "exposure")
	var counts []Counts
	at := map[time.Time]int{}
	known := false
	for _, id := range w.Series(d.config.Requests) {
		value, _, ok := id.Label(d.config.Label)
		if !ok || id.Service != d.config.Service || id.Environment != d.config.Environment {
			continue
		}
		known = known || value == d.config.Canary
		for _, p := range w.Points(id, from, now, step) {
			i, seen := at[p.At]
			if !seen {
				i = len(counts)
				at[p.At] = i
				counts = append(counts, Counts{})
			}
			counts[i].Total += p.Total
			if value == d.config.Canary {
				counts[i].Bad += p.Total
			}
		}
	}
	if len(counts) == 0 {
		return d.blind(f, detectors.NoData, fmt.Sprintf("no requests with the label %s were seen", d.config.Label))
	}
	c := Exposure(d.config.Exposure, counts)
	if !known {
		c.Reason += fmt.Sprintf("; no series has %s=%q", d.config.Label, d.config.Canary)
	}
	if c.Answer == Fail {
		f.Onset = detectors.Onset{At: from, Earliest: from, Latest: now}
	}
	return d.answer(f, c, "the exposure of the canary is not the declared one")
}

func (d *Detector) compare(now, from time.Time, step time.Duration, w detectors.Windows, signal detectors.Signal) detectors.Finding {
	f := d.finding(now, signal.Name, "behaviour")
	matched, unmatched := d.matches(w, signal.Name)
	if len(matched) == 0 {
		return d.blind(f, detectors.NoData, fmt.Sprintf("no series of both %s=%q and its baseline agree in the other labels", d.config.Label, d.config.Canary))
	}
	var c Comparison
	if signal.Shape == detectors.Ratio {
		c = CompareRatios(strata(w, matched, from, now, step), signal.Worse)
	} else {
		canary, baseline := samples(w, matched, from, now, step)
		c = CompareValues(canary, baseline, signal.Worse)
	}
	if unmatched > 0 {
		c.Evidence = append(c.Evidence, detectors.Evidence{
			Name: "unmatched", Value: float64(unmatched), Unit: "series",
			Sentence: fmt.Sprintf("%d series have no counterpart in the other version and were left out", unmatched),
		})
	}
	if c.Answer == Fail {
		f.Onset = detectors.Onset{At: from, Earliest: from, Latest: now}
	}
	title := signal.Title
	if title == "" {
		title = signal.Name
	}
	return d.answer(f, c, title+" of the canary is worse")
}

// strata pairs the steps of both sides.
func strata(w detectors.Windows, matched []match, from, to time.Time, step time.Duration) []Stratum {
	var out []Stratum
	for slice, m := range matched {
		at := map[time.Time]int{}
		add := func(ids []detectors.SeriesID, side func(*Stratum) *Counts) {
			for _, id := range ids {
				for _, p := range w.Points(id, from, to, step) {
					i, seen := at[p.At]
					if !seen {
						i = len(out)
						at[p.At] = i
						out = append(out, Stratum{Slice: slice})
					}
					c := side(&out[i])
					c.Bad += p.Bad
					c.Total += p.Total
				}
			}
		}
		add(m.canary, func(s *Stratum) *Counts { return &s.Canary })
		add(m.baseline, func(s *Stratum) *Counts { return &s.Baseline })
	}
	return out
}

// samples are the values of both sides. Of several slices, each is taken relative to its own baseline, so that slices with
// levels of their own can be ranked together.
func samples(w detectors.Windows, matched []match, from, to time.Time, step time.Duration) (canary, baseline []float64) {
	read := func(ids []detectors.SeriesID) []float64 {
		var out []float64
		for _, id := range ids {
			for _, p := range w.Points(id, from, to, step) {
				out = append(out, p.Value)
			}
		}
		return out
	}
	for _, m := range matched {
		a, b := read(m.canary), read(m.baseline)
		if level := median(finite(b)); len(matched) > 1 && level > 0 {
			for _, side := range [][]float64{a, b} {
				for i := range side {
					side[i] /= level
				}
			}
		}
		canary, baseline = append(canary, a...), append(baseline, b...)
	}
	return canary, baseline
}

func (d *Detector) finding(now time.Time, signal, rule string) detectors.Finding {
	return detectors.Finding{
		Key: fmt.Sprintf("%s/%s/%s/%s/%s-%s-%s", Name, d.config.Service, d.config.Environment, signal,
			rule, d.config.Label, d.config.Canary),
		Detector: Name, Rule: rule, Service: d.config.Service, Environment: d.config.Environment, Signal: signal,
		Verdict: detectors.Quiet, At: now,
	}
}

// answer turns one of three answers into a verdict: what is inconclusive is not healthy, and says why.
func (d *Detector) answer(f detectors.Finding, c Comparison, title string) detectors.Finding {
	f.Evidence = c.Evidence
	switch c.Answer {
	case Fail:
		f.Verdict, f.Severity, f.Title = detectors.Firing, d.config.Severity, title+": "+c.Reason
	case Inconclusive:
		return d.blind(f, detectors.WarmingUp, "inconclusive: "+c.Reason)
	default:
	}
	return f
}

func (d *Detector) blind(f detectors.Finding, why detectors.Blindness, words string) detectors.Finding {
	f.Verdict, f.Blind = detectors.Blind, why
	f.Title = fmt.Sprintf("the canary %s=%q of %s cannot be judged by %s: %s", d.config.Label, d.config.Canary, d.config.Service, f.Signal, words)
	return f
}
