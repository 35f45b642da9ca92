package outlier

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
const Name = "outlier"

const (
	far  = 6. // spreads that fire alone
	near = 3. // spreads that fire together
	pair = 2  // series that must be near together
	trio = 3  // series that must be far in the newest sample for that to be enough
)

// Detector judges the signals of one service.
type Detector struct {
	config  Config
	signals []detectors.Signal
	step    time.Duration
}

var _ detectors.Detector = (*Detector)(nil)

// New makes the detector of a service and refuses what Check refuses. Signals are those that the config names, in the same
// order; step is the width of a sample, the evaluation interval.
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
		return nil, fmt.Errorf("outlier: service %q: %w", c.Service, err)
	}
	return &Detector{config: c.WithDefaults(), signals: signals, step: step}, nil
}

// Name is "outlier".
func (d *Detector) Name() string { return Name }

// Severity is the worst that the detector can say.
func (d *Detector) Severity() detectors.Severity { return d.config.Severity }

// Judge gives one finding for each environment and signal, in their order.
func (d *Detector) Judge(now time.Time, w detectors.Windows) []detectors.Finding {
	byEnvironment := map[string][]track{}
	var environments []string
	for i, signal := range d.signals {
		series := w.Series(signal.Name)
		for _, id := range series {
			if id.Service != d.config.Service || hasWhole(series, id) || (d.config.Environment != "" && d.config.Environment != id.Environment) {
				continue
			}
			if !slices.Contains(environments, id.Environment) {
				environments = append(environments, id.Environment)
			}
			byEnvironment[id.Environment] = append(byEnvironment[id.Environment], d.follow(now, w, i, id))
		}
	}
	if len(environments) == 0 {
		environments = []string{d.config.Environment}
	}
	slices.Sort(environments)
	out := make([]detectors.Finding, 0, len(environments)*len(d.signals))
	for _, environment := range environments {
		out = append(out, d.judge(now, environment, byEnvironment[environment])...)
	}
	return out
}

// hasWhole tells that a series is a slice of another one here: a slice would confirm its own whole.
func hasWhole(series []detectors.SeriesID, id detectors.SeriesID) bool {
	whole := id
	whole.Slice = ""
	return id.Slice != "" && slices.Contains(series, whole)
}

// judge lets the series of one environment confirm each other.
func (d *Detector) judge(now time.Time, environment string, tracks []track) []detectors.Finding {
	together := confirm(tracks)
	began := d.onset(tracks, together)
	out := make([]detectors.Finding, len(d.signals))
	for i, signal := range d.signals {
		f := detectors.Finding{
			Key:      fmt.Sprintf("%s/%s/%s/%s/", Name, d.config.Service, environment, signal.Name),
			Detector: Name, Service: d.config.Service, Environment: environment, Signal: signal.Name,
			Verdict: detectors.Quiet, At: now,
		}
		worst := farthest(tracks, i, together)
		switch {
		case worst == nil:
			f.Verdict, f.Blind = detectors.Blind, detectors.NoData
			f.Title = fmt.Sprintf("%s of %s cannot be judged: it has no series", title(signal), d.config.Service)
		case worst.blind != detectors.Sighted:
			f.Verdict, f.Blind = detectors.Blind, worst.blind
			f.Title = fmt.Sprintf("%s of %s cannot be judged: %s", title(signal), d.config.Service, worst.detail)
		default:
			f.Evidence = worst.evidence(signal, together)
			if together.fires(*worst) {
				f.Verdict, f.Severity, f.Onset = detectors.Firing, d.config.Severity, began
				f.Title = fmt.Sprintf("%s is %s where %s is usual", title(signal), number(worst.value), number(worst.usual))
			}
		}
		out[i] = f
	}
	return out
}

// farthest is the series of a signal that fires, or else the one farthest out; a blind one only where there is no other.
func farthest(tracks []track, signal int, together confirmed) *track {
	var worst *track
	rank := func(t track) float64 {
		switch {
		case t.blind != detectors.Sighted:
			return -1
		case together.fires(t):
			return 1e9 + max(t.lasting, t.newest)
		default:
			return max(0, t.lasting)
		}
	}
	for i := range tracks {
		if tracks[i].signal == signal && (worst == nil || rank(tracks[i]) > rank(*worst)) {
			worst = &tracks[i]
		}
	}
	return worst
}

// confirmed is how many series are out at the same time.
type confirmed struct{ near, burst int }

func confirm(tracks []track) confirmed {
	var c confirmed
	for _, t := range tracks {
		if t.lasting >= near {
			c.near++
		}
		if t.newest >= far {
			c.burst++
		}
	}
	return c
}

func (c confirmed) fires(t track) bool {
	return t.lasting >= far || (t.lasting >= near && c.near >= pair) || (t.newest >= far && c.burst >= trio)
}

// How far before the first sample that is out the change may lie, in steps: see the package's doc.
const (
	latest    = .25
	likeliest = .75
	earliest  = 1.4 // 1.25, and a little for a change that showed too little to count at first
)

// onset is where the stretch begins that makes series fire.
func (d *Detector) onset(tracks []track, together confirmed) detectors.Onset {
	var first time.Time
	for _, t := range tracks {
		if together.fires(t) && (first.IsZero() || t.since.Before(first)) {
			first = t.since
		}
	}
	if first.IsZero() {
		return detectors.Onset{}
	}
	back := func(steps float64) time.Time { return first.Add(-time.Duration(steps * float64(d.step))) }
	return detectors.Onset{At: back(likeliest), Earliest: back(earliest), Latest: back(latest)}
}

func title(s detectors.Signal) string {
	if s.Title != "" {
		return s.Title
	}
	return s.Name
}

// number writes a value with three digits that count.
func number(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }
