package canary

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/compare"
)

// Name is the detector's one name.
const Name = "canary"

// mostSteps is how many steps one look takes; a longer canary is looked at in wider ones.
const mostSteps = 250

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
	t, why := d.trial(now, w)
	out := make([]detectors.Finding, 0, len(d.signals)+1)
	if d.config.Exposure > 0 {
		f := d.finding(now, d.config.Requests, "exposure")
		if why != "" {
			f = d.blind(f, detectors.NoData, why)
		} else {
			f = d.exposure(f, now, t, w)
		}
		out = append(out, f)
	}
	for _, signal := range d.signals {
		f := d.finding(now, signal.Name, "behaviour")
		if why != "" {
			f = d.blind(f, detectors.NoData, why)
		} else {
			f = d.compare(f, now, t, w, signal)
		}
		out = append(out, f)
	}
	return out
}

// stepOver is the width of steps since a time, so that they are not too many.
func (d *Detector) stepOver(now, from time.Time) time.Duration {
	step := d.step
	for now.Sub(from) > mostSteps*step {
		step *= 2
	}
	return step
}

func (d *Detector) exposure(f detectors.Finding, now time.Time, t trial, w detectors.Windows) detectors.Finding {
	step := d.stepOver(now, t.from)
	steps := d.shares(w, d.config.Requests, t.version, t.from.Truncate(step), now, step)
	if len(steps) == 0 {
		return d.blind(f, detectors.NoData, fmt.Sprintf("no requests with the label %s were seen", d.config.Label))
	}
	c := Exposure(d.config.Exposure, counts(steps))
	if c.Answer == Fail {
		if why, is := gone(steps, now); is {
			c = ended(c, why)
		} else if why, is := mended(d.config.Exposure, steps, now); is {
			c = ended(c, why)
		}
	}
	if c.Answer == Fail {
		// A wrong share is wrong from the first request on.
		f.Onset = detectors.Onset{At: t.from.Add(d.step / 2), Earliest: t.from, Latest: t.from.Add(d.step)}
	}
	return d.answer(f, c, "the exposure of the canary is not the declared one")
}

func (d *Detector) compare(f detectors.Finding, now time.Time, t trial, w detectors.Windows, signal detectors.Signal) detectors.Finding {
	ours, theirs := d.versions(w, signal.Name, t.version)
	matched, unmatched := compare.Matches(ours, theirs)
	if len(matched) == 0 {
		return d.blind(f, detectors.NoData, fmt.Sprintf("no series of both %s=%q and its baseline agree in the other labels", d.config.Label, t.version))
	}
	var c Comparison
	step := d.stepOver(now, t.from)
	if from := t.from.Truncate(step); signal.Shape == detectors.Ratio {
		c = CompareRatios(compare.Strata(w, matched, from, now, step), signal.Worse)
	} else {
		canary, baseline := compare.Samples(w, matched, from, now, step)
		c = CompareValues(canary, baseline, signal.Worse)
	}
	if unmatched > 0 {
		c.Evidence = append(c.Evidence, detectors.Evidence{
			Name: "unmatched", Value: float64(unmatched), Unit: "series",
			Sentence: fmt.Sprintf("%d series have no counterpart in the other version and were left out", unmatched),
		})
	}
	if c.Answer == Fail {
		if why, is := gone(d.shares(w, signal.Name, t.version, t.from.Truncate(step), now, step), now); is {
			c = ended(c, why)
		}
	}
	if c.Answer == Fail {
		// A version that is worse has been since it came; it may also have become so later.
		f.Onset = detectors.Onset{At: t.from.Add(d.step / 2), Earliest: t.from, Latest: now}
	}
	title := signal.Title
	if title == "" {
		title = signal.Name
	}
	return d.answer(f, c, title+" of the canary is worse")
}

func (d *Detector) finding(now time.Time, signal, rule string) detectors.Finding {
	return detectors.Finding{
		Key: strings.TrimSuffix(fmt.Sprintf("%s/%s/%s/%s/%s-%s-%s", Name, d.config.Service, d.config.Environment, signal,
			rule, d.config.Label, d.config.Canary), "-"),
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
	f.Title = fmt.Sprintf("the canary of %s (by %s) cannot be judged by %s: %s", d.config.Service, d.config.Label, f.Signal, words)
	return f
}
