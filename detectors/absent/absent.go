package absent

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
)

// Name is the detector's one name.
const Name = "absent"

const (
	past   = 24 * time.Hour  // how far back a signal is looked for
	coarse = 5 * time.Minute // in steps of
)

// Detector judges what is expected of one service.
type Detector struct {
	config Config
	step   time.Duration
}

var _ detectors.Detector = (*Detector)(nil)

// New makes the detector of a service and refuses what Check refuses; step is the width of a sample, the evaluation interval.
func New(c Config, step time.Duration) (*Detector, error) {
	report := diag.New()
	c.Check(report)
	if step < time.Second {
		report.Faultf("", "bad-step", "a step of %s is below a second", step)
	}
	errs := make([]error, 0, len(report.Faults()))
	for _, f := range report.Faults() {
		errs = append(errs, fmt.Errorf("%s: %s", f.Path, f.Message))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("absent: service %q: %w", c.Service, err)
	}
	return &Detector{config: c.WithDefaults(), step: step}, nil
}

// Name is "absent".
func (d *Detector) Name() string { return Name }

// Severity is the worst that the detector can say.
func (d *Detector) Severity() detectors.Severity { return d.config.Severity }

// Judge gives one finding for each environment and signal, one for the share of calls, and one for the targets.
func (d *Detector) Judge(now time.Time, w detectors.Windows) []detectors.Finding {
	environments := d.environments(w)
	out := make([]detectors.Finding, 0, len(environments)*(len(d.config.Signals)+1))
	for _, environment := range environments {
		for _, signal := range d.config.Signals {
			out = append(out, d.gone(now, w, signal, environment))
		}
		if d.config.Calls != "" {
			out = append(out, d.share(now, w, environment))
		}
		if d.config.Targets != "" {
			out = append(out, d.targets(now, w, environment))
		}
	}
	return out
}

// environments are those in which anything of the service was ever seen.
func (d *Detector) environments(w detectors.Windows) []string {
	if d.config.Environment != "" {
		return []string{d.config.Environment}
	}
	var out []string
	for _, signal := range append(slices.Clone(d.config.Signals), d.config.Calls, d.config.Requests, d.config.Targets) {
		for _, id := range w.Series(signal) {
			if id.Service == d.config.Service {
				out = append(out, id.Environment)
			}
		}
	}
	if len(out) == 0 {
		return []string{""}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// series are those of a signal in one environment: the whole, or its parts where nobody gives the whole. One that nobody has seen
// is looked for too: its source may tell why.
func (d *Detector) series(w detectors.Windows, signal, environment string) []detectors.SeriesID {
	whole := detectors.SeriesID{Signal: signal, Service: d.config.Service, Environment: environment}
	out := slices.DeleteFunc(slices.Clone(w.Series(signal)), func(id detectors.SeriesID) bool {
		return id.Service != d.config.Service || id.Environment != environment
	})
	if len(out) == 0 || slices.Contains(out, whole) {
		return []detectors.SeriesID{whole}
	}
	return out
}

// gone looks for a signal: now, and if it is silent in the past.
func (d *Detector) gone(now time.Time, w detectors.Windows, signal, environment string) detectors.Finding {
	f := d.finding(now, signal, environment, "gone")
	series := d.series(w, signal, environment)
	for _, id := range series {
		if len(w.Points(id, now.Add(-d.config.After), now, d.config.After)) > 0 {
			return f
		}
	}
	for _, id := range series {
		switch sum := w.Sum(id, now, d.config.After); sum.Blind {
		case detectors.Sighted, detectors.NoData, detectors.Stale, detectors.WarmingUp:
		default:
			return d.blind(f, sum.Blind, "its source does not answer: "+sum.Detail)
		}
	}
	last := newest(now, w, series, d.step)
	if last.IsZero() {
		return d.blind(f, detectors.NoData, fmt.Sprintf("it was not seen in the last %s", words(past)))
	}
	silent := now.Sub(last)
	f.Verdict, f.Severity = detectors.Firing, d.config.Severity
	f.Onset = detectors.Onset{At: last.Add(d.step / 2), Earliest: last, Latest: earlier(now, last.Add(d.step))}
	f.Title = fmt.Sprintf("%s of %s is gone: its last sample is %s old", signal, d.config.Service, words(silent))
	f.Evidence = []detectors.Evidence{{
		Name: "silence", Value: silent.Seconds(), Limit: d.config.After.Seconds(), Unit: "seconds", Window: d.config.After,
		Sentence: fmt.Sprintf("no sample for %s, %s are allowed", words(silent), words(d.config.After)),
	}}
	return f
}

// newest is the last step in which any of the series was seen: roughly first, and then closely.
func newest(now time.Time, w detectors.Windows, series []detectors.SeriesID, step time.Duration) time.Time {
	var last time.Time
	for _, id := range series {
		rough := w.Points(id, now.Add(-past), now, coarse)
		if len(rough) == 0 {
			continue
		}
		at := rough[len(rough)-1].At
		if fine := w.Points(id, at.Add(-coarse), at, step); len(fine) > 0 {
			at = fine[len(fine)-1].At
		}
		if at.After(last) {
			last = at
		}
	}
	return last
}

func (d *Detector) finding(now time.Time, signal, environment, rule string) detectors.Finding {
	return detectors.Finding{
		Key:      fmt.Sprintf("%s/%s/%s/%s/%s", Name, d.config.Service, environment, signal, rule),
		Detector: Name, Rule: rule, Service: d.config.Service, Environment: environment, Signal: signal,
		Verdict: detectors.Quiet, At: now,
	}
}

func (d *Detector) blind(f detectors.Finding, why detectors.Blindness, reason string) detectors.Finding {
	f.Verdict, f.Blind = detectors.Blind, why
	f.Title = fmt.Sprintf("whether %s of %s is there cannot be told: %s", f.Signal, d.config.Service, reason)
	return f
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// words writes a duration in its largest unit, as people do.
func words(d time.Duration) string {
	switch {
	case d >= time.Hour:
		return strconv.FormatFloat(d.Round(6*time.Minute).Hours(), 'f', -1, 64) + "h"
	case d >= time.Minute:
		return strconv.FormatFloat(d.Round(6*time.Second).Minutes(), 'f', -1, 64) + "m"
	default:
		return d.Round(time.Second).String()
	}
}
