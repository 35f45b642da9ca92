package drift

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
)

// Name is the detector's one name.
const Name = "drift"

const (
	week     = 7 * 24 * time.Hour
	news     = 24 * time.Hour // how long an answer is new
	recent   = time.Hour
	fewest   = 10. // requests within recent that a new answer needs
	leastOf  = .01 // of all requests within recent
	longStep = time.Hour
)

// Detector judges the models that answer one service.
type Detector struct {
	config Config
	step   time.Duration
}

var _ detectors.Detector = (*Detector)(nil)

// New makes the detector and refuses what Check refuses; step is the width of a sample, the evaluation interval.
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
		return nil, fmt.Errorf("drift: service %q: %w", c.Service, err)
	}
	return &Detector{config: c.WithDefaults(), step: step}, nil
}

// Name is "drift".
func (d *Detector) Name() string { return Name }

// Severity is the worst that the detector can say.
func (d *Detector) Severity() detectors.Severity { return d.config.Severity }

// model is what was asked for, in one environment.
type model struct{ environment, requested string }

// answer is what one value of the answering label did.
type answer struct {
	name string
	// first is the first step in which it was seen.
	first time.Time
	// recent are its requests within the last hour.
	recent float64
}

// Judge gives one finding for each environment and requested model, in a stable order.
func (d *Detector) Judge(now time.Time, w detectors.Windows) []detectors.Finding {
	answers := map[model][]answer{}
	for _, id := range w.Series(d.config.Requests) {
		requested, _, asked := id.Label(d.config.Requested)
		answered, _, ok := id.Label(d.config.Answered)
		if !asked || !ok || id.Service != d.config.Service || (d.config.Environment != "" && d.config.Environment != id.Environment) {
			continue
		}
		a := d.look(now, w, id)
		a.name = answered
		m := model{id.Environment, requested}
		answers[m] = merge(answers[m], a)
	}
	if len(answers) == 0 {
		f := d.finding(now, model{environment: d.config.Environment})
		return []detectors.Finding{d.blind(f, detectors.NoData, fmt.Sprintf("no series of it has the labels %s and %s", d.config.Requested, d.config.Answered))}
	}
	models := make([]model, 0, len(answers))
	for m := range answers {
		models = append(models, m)
	}
	slices.SortFunc(models, func(a, b model) int {
		return cmp.Or(cmp.Compare(a.environment, b.environment), cmp.Compare(a.requested, b.requested))
	})
	out := make([]detectors.Finding, 0, len(models))
	for _, m := range models {
		out = append(out, d.judge(now, m, answers[m]))
	}
	return out
}

// look finds when a series was first seen, within a week, and what it does now.
func (d *Detector) look(now time.Time, w detectors.Windows, id detectors.SeriesID) answer {
	var a answer
	counted := func(p detectors.Point) bool { return p.Total > 0 }
	points := w.Points(id, now.Add(-week), now, longStep)
	i := slices.IndexFunc(points, counted)
	if i < 0 {
		return a
	}
	a.first = points[i].At
	fine := w.Points(id, a.first.Add(-longStep), a.first, d.step)
	if j := slices.IndexFunc(fine, counted); j >= 0 {
		a.first = fine[j].At
	}
	for _, p := range w.Points(id, now.Add(-recent), now, recent) {
		a.recent += p.Total
	}
	return a
}

// merge adds an answer to the others, where several series (of regions, of versions) have the same.
func merge(answers []answer, a answer) []answer {
	if a.first.IsZero() {
		return answers
	}
	i := slices.IndexFunc(answers, func(b answer) bool { return b.name == a.name })
	if i < 0 {
		return append(answers, a)
	}
	answers[i].recent += a.recent
	if a.first.Before(answers[i].first) {
		answers[i].first = a.first
	}
	return answers
}

func (d *Detector) judge(now time.Time, m model, answers []answer) detectors.Finding {
	f := d.finding(now, m)
	if len(answers) == 0 {
		return d.blind(f, detectors.NoData, "there were no requests within a week")
	}
	oldest := slices.MinFunc(answers, func(a, b answer) int { return a.first.Compare(b.first) }).first
	if now.Sub(oldest) < news {
		return d.blind(f, detectors.WarmingUp, fmt.Sprintf("it has been seen for %s only", now.Sub(oldest).Round(time.Minute)))
	}
	total := 0.
	for _, a := range answers {
		total += a.recent
	}
	slices.SortFunc(answers, func(a, b answer) int { return cmp.Or(cmp.Compare(b.recent, a.recent), strings.Compare(a.name, b.name)) })
	for _, a := range answers {
		if a.recent == 0 {
			continue
		}
		f.Evidence = append(f.Evidence, detectors.Evidence{
			Name: "answers", Value: a.recent / total, Limit: leastOf, Unit: "ratio", Window: recent,
			Sentence: fmt.Sprintf("%s answered %.0f of %.0f requests for %s within an hour, first seen %s", a.name, a.recent, total, m.requested, a.first.UTC().Format("2 Jan 15:04 MST")),
		})
		isNew := now.Sub(a.first) < news && a.recent >= fewest && a.recent >= leastOf*total
		if !isNew || (f.Verdict == detectors.Firing && !a.first.After(f.Onset.Latest)) {
			continue // Of several new ones the newest is told: those before it were, when they came.
		}
		f.Verdict, f.Severity = detectors.Firing, d.config.Severity
		f.Title = fmt.Sprintf("%s is answered by another model: %s", m.requested, a.name)
		f.Onset = detectors.Onset{At: a.first.Add(-d.step / 2), Earliest: a.first.Add(-d.step), Latest: a.first}
	}
	return f
}

func (d *Detector) finding(now time.Time, m model) detectors.Finding {
	return detectors.Finding{
		Key:      fmt.Sprintf("%s/%s/%s/%s/%s", Name, d.config.Service, m.environment, d.config.Requests, m.requested),
		Detector: Name, Rule: "model", Service: d.config.Service, Environment: m.environment, Signal: d.config.Requests,
		Verdict: detectors.Quiet, At: now,
	}
}

func (d *Detector) blind(f detectors.Finding, why detectors.Blindness, reason string) detectors.Finding {
	f.Verdict, f.Blind = detectors.Blind, why
	f.Title = fmt.Sprintf("whether other models answer %s cannot be told by %s: %s", d.config.Service, f.Signal, reason)
	return f
}
