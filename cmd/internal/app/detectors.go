package app

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/absent"
	"github.com/firebreak-dev/firebreak/detectors/burn"
	"github.com/firebreak-dev/firebreak/detectors/canary"
	"github.com/firebreak-dev/firebreak/detectors/drift"
	"github.com/firebreak-dev/firebreak/detectors/outlier"
	"github.com/firebreak-dev/firebreak/detectors/parity"
	"github.com/firebreak-dev/firebreak/detectors/shift"
	"github.com/firebreak-dev/firebreak/detectors/watch"
	"github.com/firebreak-dev/firebreak/integrations/prometheus"
)

// DetectorsConfig says what is looked at beside objectives. Each entry belongs to the package that it is named after.
type DetectorsConfig struct {
	Shift   []shift.Watch    `yaml:"shift" doc:"signals that are not what they used to be"`
	Outlier []outlier.Config `yaml:"outlier" doc:"signals that leave their normal range together"`
	Canary  []canary.Config  `yaml:"canary" doc:"new versions beside old ones, and their share of the traffic"`
	Drift   []drift.Config   `yaml:"drift" doc:"models that a vendor changes under the same name"`
	Parity  []parity.Config  `yaml:"parity" doc:"what differs between two environments"`
	Absent  []absent.Config  `yaml:"absent" doc:"what should be seen and is not"`
}

func (d DetectorsConfig) empty() bool {
	return len(d.Shift)+len(d.Outlier)+len(d.Canary)+len(d.Drift)+len(d.Parity)+len(d.Absent) == 0
}

// detectors are the judges that the configuration asks for. This is the one list of them.
func (c Config) detectors(watched []watch.Watched) ([]detectors.Detector, error) {
	b := judges{step: c.Watch.WithDefaults().Interval, signals: map[string]detectors.Signal{}}
	for _, w := range watched {
		b.signals[w.Signal.Name] = w.Signal
	}
	for _, o := range c.Objectives {
		b.add(burn.New(o, b.signals[o.WithDefaults().Signal].Title, b.step))
	}
	series := c.shiftSeries()
	for _, s := range c.Detectors.Shift {
		for _, one := range s.Configs(b.named(s.Signals), series) {
			b.add(shift.New(one))
		}
	}
	for _, o := range c.Detectors.Outlier {
		b.add(outlier.New(o, b.named(o.Signals), b.step))
	}
	for _, a := range c.Detectors.Absent {
		b.add(absent.New(a, b.step))
	}
	if from := c.deliverers(); len(from) > 0 {
		b.add(absent.NewDeliveries(deliveriesSignal, bot.Self, from, b.step), nil)
	}
	for _, k := range c.Detectors.Canary {
		b.compare(canary.New(k, b.named(k.Signals), b.step))
	}
	for _, d := range c.Detectors.Drift {
		b.compare(drift.New(d, b.step))
	}
	for _, p := range c.Detectors.Parity {
		b.compare(parity.New(p, b.named(p.Signals), b.step))
	}
	return b.all, b.err
}

// judges collects detectors until one cannot be made.
type judges struct {
	step    time.Duration
	signals map[string]detectors.Signal
	all     []detectors.Detector
	err     error
}

func (b *judges) add(d detectors.Detector, err error) {
	b.err = cmp.Or(b.err, err)
	b.all = append(b.all, d)
}

// compare adds a detector that compares. Too little to compare is one of its answers, and no loss of sight.
func (b *judges) compare(d detectors.Detector, err error) { b.add(comparing{d}, err) }

// named are signals by their names; those of a checked configuration exist.
func (b *judges) named(names []string) []detectors.Signal {
	out := make([]detectors.Signal, 0, len(names))
	for _, name := range names {
		out = append(out, cmp.Or(b.signals[name], detectors.Signal{Name: name}))
	}
	return out
}

// comparing marks a detector whose blindness is an answer.
type comparing struct{ detectors.Detector }

var _ watch.Comparing = comparing{}

// Comparing says that it compares.
func (comparing) Comparing() {}

// shiftSeries is how many series are watched for shifts.
func (c Config) shiftSeries() int {
	n := 0
	for _, s := range c.Detectors.Shift {
		apart := 1
		if i := slices.IndexFunc(c.Services, func(o ServiceConfig) bool { return o.Name == s.Service }); i >= 0 && s.Environment == "" {
			apart = max(1, len(c.environments(c.Services[i])))
		}
		n += apart * len(s.Signals)
	}
	return n
}

// environments are those by which the series of a service are told apart; none where they are not.
func (c Config) environments(s ServiceConfig) []string {
	if c.Prometheus.EnvironmentLabel == "" {
		return nil
	}
	return s.Environments
}

// slices are the labels by which detectors need signals to be told apart.
func (d DetectorsConfig) slices() map[string][]string {
	out := map[string][]string{}
	for _, c := range d.Canary {
		label := c.WithDefaults().Label
		for _, signal := range append(slices.Clone(c.Signals), c.Requests) {
			out[signal] = append(out[signal], label)
		}
	}
	for _, c := range d.Drift {
		w := c.WithDefaults()
		out[w.Requests] = append(out[w.Requests], w.Requested, w.Answered)
	}
	for _, c := range d.Parity {
		out[c.Requests] = append(out[c.Requests], c.Versions...)
	}
	return out
}

// withSlices adds to signals the labels that detectors need.
func (d DetectorsConfig) withSlices(signals []prometheus.SignalConfig) []prometheus.SignalConfig {
	needed := d.slices()
	for i, s := range signals {
		all := slices.Concat(s.Slices, needed[s.Name])
		slices.Sort(all)
		signals[i].Slices = slices.Compact(all)
	}
	return signals
}

// detectorScope is what one entry of the section looks at.
type detectorScope struct {
	service, environment string
	// signals are named under their fields; counted ones must be made of counters.
	signals map[string][]string
	counted []string
	// alone tells that it looks at one environment only.
	alone bool
}

// checkDetectors adds to the owners' checks what only the root knows: that services, environments and signals exist.
func (c Config) checkDetectors(r *diag.Report) {
	for i, e := range c.Detectors.Shift {
		e.Check(r.At("shift").Index(i))
		c.checkScope(r.At("shift").Index(i), detectorScope{service: e.Service, environment: e.Environment, signals: map[string][]string{"signals": e.Signals}})
	}
	for i, e := range c.Detectors.Outlier {
		e.Check(r.At("outlier").Index(i))
		c.checkScope(r.At("outlier").Index(i), detectorScope{service: e.Service, environment: e.Environment, signals: map[string][]string{"signals": e.Signals}})
	}
	for i, e := range c.Detectors.Canary {
		e.Check(r.At("canary").Index(i))
		c.checkScope(r.At("canary").Index(i), detectorScope{
			service: e.Service, environment: e.Environment, alone: true,
			signals: map[string][]string{"signals": e.Signals, "requests": {e.Requests}}, counted: []string{"requests"},
		})
	}
	for i, e := range c.Detectors.Drift {
		e.Check(r.At("drift").Index(i))
		c.checkScope(r.At("drift").Index(i), detectorScope{
			service: e.Service, environment: e.Environment, signals: map[string][]string{"requests": {e.Requests}}, counted: []string{"requests"},
		})
	}
	for i, e := range c.Detectors.Parity {
		at := r.At("parity").Index(i)
		e.Check(at)
		c.checkScope(at, detectorScope{service: e.Service, signals: map[string][]string{"signals": e.Signals, "requests": {e.Requests}}, counted: []string{"requests"}})
		c.checkEnvironments(at, e)
	}
	for i, e := range c.Detectors.Absent {
		e.Check(r.At("absent").Index(i))
		c.checkScope(r.At("absent").Index(i), detectorScope{
			service: e.Service, environment: e.Environment, counted: []string{"calls", "requests"},
			signals: map[string][]string{"signals": e.Signals, "calls": {e.Calls}, "requests": {e.Requests}, "targets": {e.Targets}},
		})
	}
	c.checkSlices(r)
}

func (c Config) checkScope(r *diag.Report, s detectorScope) {
	if s.service != "" && r.OneOf("service", "unknown-service", "service", s.service, c.names()) {
		c.checkEnvironment(r, s)
	}
	all, counted, known := c.signalNames()
	if !known {
		return
	}
	for field, names := range s.signals {
		for i, name := range names {
			at, key, allowed, what := r, field, all, "signal"
			if slices.Contains(s.counted, field) {
				allowed, what = counted, "counted signal"
			}
			if field == "signals" {
				at, key = r.At(field).Index(i), ""
			}
			if name != "" {
				at.OneOf(key, "unknown-signal", what, name, allowed)
			}
		}
	}
}

func (c Config) checkEnvironment(r *diag.Report, s detectorScope) {
	i := slices.IndexFunc(c.Services, func(o ServiceConfig) bool { return o.Name == s.service })
	known := c.environments(c.Services[i])
	switch {
	case s.environment != "" && len(known) > 0:
		r.OneOf("environment", "unknown-environment", "environment of "+s.service, s.environment, known)
	case s.environment != "":
		r.Faultf("environment", "unknown-environment", "the series of %s are not told apart by environment", s.service).
			Suggest("set prometheus.environment_label and the service's environments, or remove environment")
	case s.alone && len(known) > 1:
		r.Faultf("environment", "missing", "%s runs in %d environments: which one?", s.service, len(known)).Allow(known...)
	}
}

// checkEnvironments tells of environments that the service of a comparison does not have.
func (c Config) checkEnvironments(r *diag.Report, p parity.Config) {
	i := slices.IndexFunc(c.Services, func(o ServiceConfig) bool { return o.Name == p.Service })
	if i < 0 {
		return
	}
	known := c.environments(c.Services[i])
	if len(known) == 0 {
		r.Faultf("environments", "unknown-environment", "the series of %s are not told apart by environment", p.Service).
			Suggest("set prometheus.environment_label and the service's environments")
		return
	}
	for j, environment := range p.Environments {
		r.At("environments").Index(j).OneOf("", "unknown-environment", "environment of "+p.Service, environment, known)
	}
}

// checkSlices tells of signals that cannot be told apart by the labels that a detector needs.
func (c Config) checkSlices(r *diag.Report) {
	signals, err := c.Signals.Signals()
	if err != nil {
		return
	}
	needed := c.Detectors.slices()
	for _, s := range c.Detectors.withSlices(signals) {
		if len(needed[s.Name]) == 0 {
			continue
		}
		inner := diag.New()
		s.Check(inner)
		for _, f := range inner.Faults() {
			if strings.HasPrefix(f.Path, "slices") {
				r.Faultf("", f.Code, "the signal %s is needed in slices: %s", s.Name, f.Message)
			}
		}
	}
}

// signalNames are those of all signals, and of those that are made of counters. They are not known while a pack cannot be read,
// which is told where the signals are checked.
func (c Config) signalNames() (all, counted []string, known bool) {
	signals, err := c.signals()
	if err != nil {
		return nil, nil, false
	}
	for _, s := range signals {
		all = append(all, s.Name)
		if s.Shape() != detectors.Value {
			counted = append(counted, s.Name)
		}
	}
	return all, counted, true
}

// signals are those of the packs, the user's own, and one for each objective that brings events of its own, told apart by the
// labels that detectors need.
func (c Config) signals() ([]prometheus.SignalConfig, error) {
	signals, err := c.Signals.Signals()
	if err != nil {
		return nil, fmt.Errorf("signals: %w", err)
	}
	for _, o := range c.Objectives {
		if o.OwnEvents() {
			signals = append(signals, prometheus.SignalConfig{
				Name: o.Name, Bad: o.Bad, Total: o.Total, Scope: o.Scope, Unit: "ratio", Worse: detectors.Up, Services: []string{o.Service},
			})
		}
	}
	return c.Detectors.withSlices(signals), nil
}
