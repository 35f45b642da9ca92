package parity

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/compare"
)

// Name is the detector's one name.
const Name = "parity"

const (
	lately    = time.Hour
	day       = 24 * time.Hour
	mostSteps = 150 // steps that one look takes: of all pairs of samples the median is taken
)

// Detector compares one service in two environments.
type Detector struct {
	config  Config
	signals []detectors.Signal
	step    time.Duration
}

var _ detectors.Detector = (*Detector)(nil)

// New makes the detector and refuses what Check refuses. Signals are those that the config names, in the same order; step is the
// width of a sample, the evaluation interval.
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
		return nil, fmt.Errorf("parity of %q: %w", c.Service, err)
	}
	return &Detector{config: c.WithDefaults(), signals: signals, step: step}, nil
}

// Name is "parity".
func (d *Detector) Name() string { return Name }

// Severity is the worst that the detector can say.
func (d *Detector) Severity() detectors.Severity { return d.config.Severity }

// Judge gives one finding for each label of versions, and two for each signal: whether it is there on both sides, and whether it
// behaves alike.
func (d *Detector) Judge(now time.Time, w detectors.Windows) []detectors.Finding {
	out := make([]detectors.Finding, 0, len(d.config.Versions)+2*len(d.signals))
	for _, label := range d.config.Versions {
		out = append(out, d.versions(now, w, label))
	}
	for _, signal := range d.signals {
		presence := d.presence(now, w, signal)
		out = append(out, presence, d.behaviour(now, w, signal, presence.Verdict == detectors.Quiet))
	}
	return out
}

func (d *Detector) judged() string { return d.config.Environments[0] }

func (d *Detector) against() string { return d.config.Environments[1] }

// whole is a signal of the service in one of the environments.
func (d *Detector) whole(signal, environment string) detectors.SeriesID {
	return detectors.SeriesID{Signal: signal, Service: d.config.Service, Environment: environment}
}

// presence tells whether a signal has samples on both sides.
func (d *Detector) presence(now time.Time, w detectors.Windows, signal detectors.Signal) detectors.Finding {
	f := d.finding(now, signal.Name, "presence")
	there := [2]bool{}
	for i, environment := range d.config.Environments {
		// A signal without traffic is there all the same.
		switch sum := w.Sum(d.whole(signal.Name, environment), now, lately); sum.Blind {
		case detectors.Sighted, detectors.Stale, detectors.WarmingUp:
			there[i] = true
		case detectors.NoData:
		default:
			return d.blind(f, sum.Blind, "its source does not answer: "+sum.Detail)
		}
	}
	name := cmp.Or(signal.Title, signal.Name)
	switch {
	case there[0] && there[1]:
		return f
	case !there[0] && !there[1]:
		return d.blind(f, detectors.NoData, "it has no samples in either environment")
	}
	only, lacks := d.judged(), d.against()
	if there[1] {
		only, lacks = lacks, only
	}
	f.Verdict, f.Severity = detectors.Firing, d.config.Severity
	f.Title = fmt.Sprintf("%s of %s is seen in %s only, and not in %s", name, d.config.Service, only, lacks)
	f.Evidence = []detectors.Evidence{{
		Name: "presence", Value: 1, Limit: 2, Unit: "environments", Window: lately,
		Sentence: fmt.Sprintf("samples within %s: some in %s, none in %s", words(lately), only, lacks),
	}}
	return f
}

// behaviour compares a signal of both sides over a day.
func (d *Detector) behaviour(now time.Time, w detectors.Windows, signal detectors.Signal, present bool) detectors.Finding {
	f := d.finding(now, signal.Name, "behaviour")
	if !present {
		return d.blind(f, detectors.NoData, "it does not have samples in both environments")
	}
	step := d.step
	for day > mostSteps*step {
		step *= 2
	}
	from := now.Add(-day).Truncate(step)
	matched := []compare.Match{{
		A: []detectors.SeriesID{d.whole(signal.Name, d.judged())}, B: []detectors.SeriesID{d.whole(signal.Name, d.against())},
	}}
	sides := compare.Sides{A: compare.Side(d.judged()), B: compare.Side(d.against())}
	var c compare.Comparison
	if signal.Shape == detectors.Ratio {
		c = compare.Ratios(compare.Strata(w, matched, from, now, step), detectors.Either, sides)
	} else {
		a, b := compare.Samples(w, matched, from, now, step)
		c = compare.Values(a, b, detectors.Either, sides)
	}
	f.Evidence = c.Evidence
	switch c.Answer {
	case compare.Fail:
		f.Verdict, f.Severity = detectors.Firing, d.config.Severity
		f.Title = fmt.Sprintf("%s of %s differs between %s and %s: %s; %s", cmp.Or(signal.Title, signal.Name), d.config.Service,
			d.judged(), d.against(), c.Evidence[0].Sentence, c.Evidence[1].Sentence)
		f.Onset = detectors.Onset{At: from.Add(now.Sub(from) / 2), Earliest: from, Latest: now}
	case compare.Inconclusive:
		return d.blind(f, detectors.WarmingUp, "inconclusive: "+c.Reason)
	case compare.Pass:
	}
	return f
}

func (d *Detector) finding(now time.Time, signal, rule string) detectors.Finding {
	return detectors.Finding{
		Key:      fmt.Sprintf("%s/%s/%s/%s/%s-%s", Name, d.config.Service, d.judged(), signal, rule, d.against()),
		Detector: Name, Rule: rule, Service: d.config.Service, Environment: d.judged(), Signal: signal,
		Verdict: detectors.Quiet, At: now,
	}
}

func (d *Detector) blind(f detectors.Finding, why detectors.Blindness, reason string) detectors.Finding {
	f.Verdict, f.Blind = detectors.Blind, why
	f.Title = fmt.Sprintf("%s and %s of %s cannot be compared by %s (%s): %s", d.judged(), d.against(), d.config.Service, f.Signal, f.Rule, reason)
	return f
}

// words writes a stretch of time without its zeros.
func words(span time.Duration) string {
	if span%time.Hour == 0 {
		return fmt.Sprintf("%dh", span/time.Hour)
	}
	return fmt.Sprintf("%dm", span/time.Minute)
}
