package shift

import (
	"fmt"
	"sync"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// Detector judges one signal of one service.
type Detector struct {
	config Config

	mu       sync.Mutex
	memories map[detectors.SeriesID]*memory
}

var _ detectors.Detector = (*Detector)(nil)

// New makes a detector.
func New(c Config) (*Detector, error) {
	c = c.WithDefaults()
	if c.Signal.Title == "" {
		c.Signal.Title = c.Signal.Name
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	return &Detector{config: c, memories: map[detectors.SeriesID]*memory{}}, nil
}

// Name is "shift".
func (d *Detector) Name() string { return Name }

// Severity is the worst that the detector can say.
func (d *Detector) Severity() detectors.Severity { return d.config.Severity }

// The rules: the height of a series, and its shape.
const (
	ruleLevel = "level"
	ruleShape = "shape"
)

// Judge gives two findings for each environment of the service: of the level and of the shape.
func (d *Detector) Judge(now time.Time, w detectors.Windows) []detectors.Finding {
	d.mu.Lock()
	defer d.mu.Unlock()
	series := d.series(w)
	out := make([]detectors.Finding, 0, 2*len(series))
	for _, id := range series {
		out = append(out, d.judge(now, w, id)...)
	}
	return out
}

// series are those of the signal. One that nobody has seen yet is judged too, and blind.
func (d *Detector) series(w detectors.Windows) []detectors.SeriesID {
	c := d.config
	var out []detectors.SeriesID
	for _, id := range w.Series(c.Signal.Name) {
		if id.Service == c.Service && id.Slice == "" && (c.Environment == "" || c.Environment == id.Environment) {
			out = append(out, id)
		}
	}
	if len(out) == 0 {
		out = append(out, detectors.SeriesID{Signal: c.Signal.Name, Service: c.Service, Environment: c.Environment})
	}
	return out
}

func (d *Detector) judge(now time.Time, w detectors.Windows, id detectors.SeriesID) []detectors.Finding {
	until := now.Truncate(time.Minute)
	level, shape := d.finding(now, id, ruleLevel), d.finding(now, id, ruleShape)
	seen := w.Sum(id, until, recent)
	if seen.Blind != detectors.Sighted && seen.Blind != detectors.WarmingUp {
		d.blind(&level, seen.Blind, seen.Detail)
		d.blind(&shape, seen.Blind, seen.Detail)
		return []detectors.Finding{level, shape}
	}
	m := d.memory(w, id, until)
	d.judgeLevel(&level, m, tally{seen.Bad, seen.Total, recent.Minutes()})
	d.judgeShape(&shape, m, until)
	return []detectors.Finding{level, shape}
}

func (d *Detector) finding(now time.Time, id detectors.SeriesID, rule string) detectors.Finding {
	return detectors.Finding{
		Key:      fmt.Sprintf("%s/%s/%s/%s/%s", Name, id.Service, id.Environment, id.Signal, rule),
		Detector: Name, Rule: rule, Service: id.Service, Environment: id.Environment, Signal: id.Signal,
		Verdict: detectors.Quiet, At: now,
	}
}

func (d *Detector) blind(f *detectors.Finding, why detectors.Blindness, detail string) {
	f.Verdict, f.Blind = detectors.Blind, why
	f.Title = fmt.Sprintf("the %s of the %s cannot be judged: %s", f.Rule, d.config.Signal.Title, detail)
}

// memory is what is remembered of a series, brought up to a minute.
func (d *Detector) memory(w detectors.Windows, id detectors.SeriesID, until time.Time) *memory {
	m := d.memories[id]
	if m == nil || !m.advance(w, id, until) {
		m = remember(w, id, d.config.Signal, until, float64(fortnight*d.config.Series))
		d.memories[id] = m
	}
	return m
}

func (d *Detector) judgeLevel(f *detectors.Finding, m *memory, seen tally) {
	if !m.level.Ready() {
		d.blind(f, detectors.WarmingUp, "what is normal is not known yet; it takes some hours")
		return
	}
	family := m.level.normal.family
	usual, _ := m.level.Normal()
	a, on := m.level.Alarm()
	if on {
		usual = m.level.Shown(a.Normal)
	}
	if family.weight(seen) > 0 {
		f.Evidence = append(f.Evidence, d.level(family, seen, usual, a, on))
	}
	if !on {
		return
	}
	f.Verdict, f.Severity, f.Onset = detectors.Firing, d.severity(a.Up), a.Onset
	shifted := m.level.Shown(a.Normal + a.Size)
	way := direction(a.Up)
	f.Title = fmt.Sprintf("%s went %s from %s to %s", d.config.Signal.Title, way, d.words(usual), d.words(shifted))
	f.Evidence = append(f.Evidence, detectors.Evidence{
		Name: "usual", Value: usual, Unit: d.config.Signal.Unit, Sentence: "usually " + d.words(usual),
	}, detectors.Evidence{
		Name: "shift", Value: shifted, Limit: usual, Unit: d.config.Signal.Unit,
		Sentence: fmt.Sprintf("%s since between %s and %s, found at %s", way, clock(a.Onset.Earliest), clock(a.Onset.Latest), clock(a.At)),
	})
}

// severity is that of a shift: one that is not for the worse is news.
func (d *Detector) severity(up bool) detectors.Severity {
	worse := d.config.Signal.Worse
	if (worse == detectors.Up && !up) || (worse == detectors.Down && up) {
		return detectors.Info
	}
	return d.config.Severity
}

// told is how long a new shape is told.
const told = time.Hour

func (d *Detector) judgeShape(f *detectors.Finding, m *memory, until time.Time) {
	if !m.shape.scorer.ready() {
		d.blind(f, detectors.WarmingUp, "a day must be known before shapes can be compared")
		return
	}
	if m.shape.told.IsZero() || until.Sub(m.shape.told) >= told {
		return
	}
	longest := time.Duration(lengths[len(lengths)-1]) * rowWidth
	f.Verdict, f.Severity = detectors.Firing, detectors.Info
	f.Onset = detectors.Onset{At: m.shape.told.Add(-longest / 4), Earliest: m.shape.told.Add(-longest), Latest: m.shape.told}
	f.Title = fmt.Sprintf("%s moves as it has not in the last days", d.config.Signal.Title)
	f.Evidence = []detectors.Evidence{{
		Name: "novelty", Value: m.shape.times, Limit: striking, Window: longest,
		Sentence: fmt.Sprintf("the course up to %s is %.1f times as far from every earlier one as is usual, limit %.1f", clock(m.shape.told), m.shape.times, striking),
	}}
}
