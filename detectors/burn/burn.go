package burn

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
)

// Name is the detector's one name.
const Name = "burn"

// The bad events that a rule needs at least before it says anything: one error is an anecdote.
const (
	minBadPage   = 4
	minBadTicket = 3
)

// Detector judges one objective.
type Detector struct {
	config Config
	title  string
	step   time.Duration
	rules  []compiled
}

// compiled is a rule with the words that each judgement says of it.
type compiled struct {
	Rule
	limit       float64
	key         string // the end of a finding's key
	long, short phrases
}

// phrases are what is said of a window and its limit.
type phrases struct {
	span time.Duration
	// words is the window as YAML writes it, name that of its evidence, end the end of its sentence.
	words, name, end string
}

func phrasesOf(span time.Duration, limit float64) phrases {
	w := words(span)
	return phrases{span: span, words: w, name: "ratio_" + w, end: ") over " + w + ", limit " + share(limit)}
}

var _ detectors.Detector = (*Detector)(nil)

// New makes the detector of an objective and refuses what Check refuses. The title names the signal to people, as
// "refusal ratio"; step is the width of the points that the onset is read from, the evaluation interval.
func New(c Config, title string, step time.Duration) (*Detector, error) {
	report := diag.New()
	c.Check(report)
	if step < time.Second {
		report.Faultf("", "bad-step", "a step of %s is below a second", step)
	}
	faults := report.Faults()
	errs := make([]error, 0, len(faults))
	for _, f := range faults {
		errs = append(errs, fmt.Errorf("%s: %s", f.Path, f.Message))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("burn: objective %q: %w", c.Name, err)
	}
	c = c.WithDefaults()
	if title == "" {
		title = c.Name
	}
	d := &Detector{config: c, title: title, step: step, rules: make([]compiled, 0, len(c.Rules))}
	for _, rule := range c.Rules {
		limit := rule.Factor * d.allowed()
		d.rules = append(d.rules, compiled{
			Rule: rule, limit: limit, key: c.Name + "-" + words(rule.Long),
			long: phrasesOf(rule.Long, limit), short: phrasesOf(rule.Short, limit),
		})
	}
	return d, nil
}

// Name is "burn".
func (d *Detector) Name() string { return Name }

// Severity is the worst that the detector can say.
func (d *Detector) Severity() detectors.Severity {
	worst := detectors.None
	for _, r := range d.config.Rules {
		worst = detectors.Worst(worst, r.Severity)
	}
	return worst
}

// Objective is what is judged, with defaults filled in.
func (d *Detector) Objective() Config { return d.config }

// Judge gives one finding for each rule and environment, in the order of the environments and of the rules.
func (d *Detector) Judge(now time.Time, w detectors.Windows) []detectors.Finding {
	series := d.series(w)
	out := make([]detectors.Finding, 0, len(series)*len(d.config.Rules))
	for _, id := range series {
		out = d.judgeSeries(out, now, w, id)
	}
	return out
}

// byService are windows that find the series of one service among those of thousands.
type byService interface {
	SeriesOf(signal, service string) []detectors.SeriesID
}

// series are those of the objective. One that nobody has seen yet is judged too, and blind: an objective never vanishes.
func (d *Detector) series(w detectors.Windows) []detectors.SeriesID {
	var out []detectors.SeriesID
	known := w.Series
	if indexed, ok := w.(byService); ok {
		known = func(signal string) []detectors.SeriesID { return indexed.SeriesOf(signal, d.config.Service) }
	}
	for _, id := range known(d.config.Signal) {
		if id.Service == d.config.Service && id.Slice == "" && (d.config.Environment == "" || d.config.Environment == id.Environment) {
			out = append(out, id)
		}
	}
	if len(out) == 0 {
		out = append(out, detectors.SeriesID{Signal: d.config.Signal, Service: d.config.Service, Environment: d.config.Environment})
	}
	return out
}

// judgeSeries adds a finding for each rule.
func (d *Detector) judgeSeries(out []detectors.Finding, now time.Time, w detectors.Windows, id detectors.SeriesID) []detectors.Finding {
	var left budget
	var began detectors.Onset
	var known memory
	for i := range d.rules {
		rule := &d.rules[i]
		out = append(out, d.judge(now, w, id, rule, &known))
		f := &out[len(out)-1]
		if f.Verdict == detectors.Firing {
			if began.IsZero() {
				began, left = d.onset(now, w, id, rule.Rule), d.budget(now, w, id)
			}
			f.Onset = began
			f.Evidence = append(f.Evidence, usual(w, id, began)...)
			f.Evidence = append(f.Evidence, left.evidence(d.config)...)
			if e, ok := left.exhaustion(d.config, f.Evidence[0].Value/d.allowed()); ok {
				f.Evidence = append(f.Evidence, e)
			}
		}
	}
	return out
}

// memory keeps the sums of one judgement: what is long for one rule is short for another.
type memory struct {
	spans [8]time.Duration
	sums  [8]detectors.Sum
	n     int
}

func (m *memory) sum(w detectors.Windows, id detectors.SeriesID, now time.Time, span time.Duration) detectors.Sum {
	for i, s := range m.spans[:m.n] {
		if s == span {
			return m.sums[i]
		}
	}
	sum := w.Sum(id, now, span)
	if m.n < len(m.spans) {
		m.spans[m.n], m.sums[m.n] = span, sum
		m.n++
	}
	return sum
}

// allowed is the share of bad events that the objective lets pass.
func (d *Detector) allowed() float64 { return 1 - d.config.Target }

func (d *Detector) judge(now time.Time, w detectors.Windows, id detectors.SeriesID, rule *compiled, known *memory) detectors.Finding {
	f := detectors.Finding{
		Key:      Name + "/" + id.Service + "/" + id.Environment + "/" + id.Signal + "/" + rule.key,
		Detector: Name, Rule: rule.long.words, Service: id.Service, Environment: id.Environment,
		Signal: id.Signal, Objective: d.config.Name, Verdict: detectors.Quiet, At: now,
	}
	limit := rule.limit
	long := look(known.sum(w, id, now, rule.Long), rule.Long)
	short := look(known.sum(w, id, now, rule.Short), rule.Short)
	f.Evidence = []detectors.Evidence{long.evidence(limit, rule.long), short.evidence(limit, rule.short)}
	for _, v := range [...]*view{&long, &short} {
		if v.blind != detectors.Sighted {
			f.Verdict, f.Blind = detectors.Blind, v.blind
			f.Title = fmt.Sprintf("%s cannot be judged over %s: %s", d.title, words(v.span), v.detail)
			return f
		}
	}
	if !(long.ratio > limit && short.ratio > limit) {
		if long.warming && long.covered < long.span/2 {
			f.Verdict, f.Blind = detectors.Blind, detectors.WarmingUp
			f.Title = fmt.Sprintf("%s cannot be judged over %s yet: %s", d.title, words(long.span), long.detail)
		}
		return f
	}
	if why, few := d.few(rule.Rule, long); few {
		f.Evidence = append(f.Evidence, detectors.Evidence{Name: "few_events", Sentence: why, Value: long.total, Limit: d.config.MinEvents, Unit: "events", Window: rule.Long})
		return f
	}
	f.Verdict, f.Severity = detectors.Firing, rule.Severity
	f.Title = fmt.Sprintf("%s burns the budget of %s %s times too fast", d.title, d.config.Name, number(round3(long.ratio/d.allowed())))
	return f
}

// few tells whether there are too few events for the rule's severity, and says so.
func (d *Detector) few(rule Rule, long view) (string, bool) {
	needTotal, needBad := 0., float64(minBadTicket)
	if rule.Severity == detectors.Page {
		needTotal, needBad = d.config.MinEvents, minBadPage
	}
	if long.bad >= needBad-1e-9 && long.total >= needTotal-1e-9 {
		return "", false
	}
	return fmt.Sprintf("%s bad of %s events over %s are too few: a %s needs %s bad of %s",
		number(long.bad), number(long.total), words(rule.Long), rule.Severity, number(needBad), number(needTotal)), true
}

// view is one window as it is judged.
type view struct {
	span       time.Duration
	bad, total float64
	covered    time.Duration
	ratio      float64
	warming    bool
	blind      detectors.Blindness
	detail     string
}

// look makes a view of a sum. A window that is still filling is judged as if what is missing had been healthy traffic of the
// same rate.
func look(s detectors.Sum, span time.Duration) view {
	v := view{span: span, bad: s.Bad, total: s.Total, covered: s.Covered, blind: s.Blind, detail: s.Detail}
	if s.Blind == detectors.WarmingUp && s.Covered > 0 {
		v.blind, v.warming = detectors.Sighted, true
	}
	if v.blind == detectors.Sighted && (s.Bad < 0 || s.Bad > s.Total*1.01+1) {
		v.blind, v.detail = detectors.Garbage, fmt.Sprintf("%s bad of %s events cannot be", number(s.Bad), number(s.Total))
	}
	whole := s.Total
	if v.warming && s.Covered < span {
		whole *= float64(span) / float64(s.Covered)
	}
	if whole > 0 {
		v.ratio = min(1, s.Bad/whole)
	}
	return v
}

// evidence says what a window holds. Thousands of objectives are judged every few seconds, so the sentence is put together by hand.
func (v *view) evidence(limit float64, p phrases) detectors.Evidence {
	e := detectors.Evidence{Name: p.name, Value: v.ratio, Limit: limit, Unit: "ratio", Window: v.span}
	switch {
	case v.blind != detectors.Sighted:
		e.Sentence = "over " + p.words + ": " + v.detail
		return e
	case v.total == 0:
		e.Sentence = "no events over " + p.words
		return e
	}
	var room [128]byte
	b := appendNumber(room[:0], v.bad)
	b = appendNumber(append(b, " of "...), v.total)
	b = appendShare(append(b, " events bad ("...), v.ratio)
	e.Sentence = string(append(b, p.end...))
	if v.warming {
		e.Sentence += fmt.Sprintf(" (%s known, the rest taken as healthy)", words(v.covered.Truncate(time.Second)))
	}
	return e
}

// usualSpan is over how long before the onset it is said what is usual; usualEvents is how many events that takes.
const (
	usualSpan   = 6 * time.Hour
	usualEvents = 50
)

// usual says what the ratio was before it began, where enough of that time is known.
func usual(w detectors.Windows, id detectors.SeriesID, began detectors.Onset) []detectors.Evidence {
	if began.IsZero() {
		return nil
	}
	s := w.Sum(id, began.Earliest, usualSpan)
	if (s.Blind != detectors.Sighted && s.Blind != detectors.WarmingUp) || s.Total < usualEvents || s.Bad < 0 {
		return nil
	}
	return []detectors.Evidence{{
		Name: "usual", Value: s.Ratio(), Unit: "ratio", Window: usualSpan,
		Sentence: fmt.Sprintf("%s before it began (%s of %s events)", share(s.Ratio()), number(s.Bad), number(s.Total)),
	}}
}

// budget is what is left of the objective.
type budget struct {
	left  float64 // share of the period's budget; negative when overspent
	known bool
	whole bool
}

func (d *Detector) budget(now time.Time, w detectors.Windows, id detectors.SeriesID) budget {
	s := w.Sum(id, now, d.config.Period)
	if (s.Blind != detectors.Sighted && s.Blind != detectors.WarmingUp) || s.Total <= 0 || s.Covered <= 0 {
		return budget{}
	}
	events := s.Total * max(1, float64(d.config.Period)/float64(s.Covered))
	return budget{left: 1 - s.Bad/(events*d.allowed()), known: true, whole: s.Blind == detectors.Sighted}
}

func (b budget) evidence(c Config) []detectors.Evidence {
	if !b.known {
		return nil
	}
	e := detectors.Evidence{Name: "budget_left", Value: b.left, Unit: "ratio", Window: c.Period}
	switch {
	case b.left < 0:
		e.Sentence = fmt.Sprintf("the budget of %s for %s is overspent by %s", words(c.Period), percent(c.Target), share(-b.left))
	default:
		e.Sentence = fmt.Sprintf("%s of the budget of %s for %s is left", share(b.left), words(c.Period), percent(c.Target))
	}
	if !b.whole {
		e.Sentence += ", as far as the period is known"
	}
	return []detectors.Evidence{e}
}

// exhaustion says when the budget is gone if it goes on like this.
func (b budget) exhaustion(c Config, burn float64) (detectors.Evidence, bool) {
	if !b.known || b.left <= 0 || burn <= 0 {
		return detectors.Evidence{}, false
	}
	left := time.Duration(math.Min(b.left*float64(c.Period)/burn, float64(c.Period)))
	left = left.Truncate(time.Minute)
	return detectors.Evidence{
		Name: "exhaustion", Value: left.Seconds(), Unit: "seconds", Window: c.Period,
		Sentence: fmt.Sprintf("at this rate the budget is gone in %s", words(max(left, time.Minute))),
	}, true
}

// share writes a ratio for people, with three digits that count.
func share(ratio float64) string { return string(appendShare(nil, ratio)) }

func appendShare(b []byte, ratio float64) []byte {
	return append(strconv.AppendFloat(b, round3(100*ratio), 'g', -1, 64), " %"...)
}

// round3 keeps three digits that count.
func round3(v float64) float64 {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return v
	}
	scale := math.Pow(10, 2-math.Floor(math.Log10(math.Abs(v))))
	if scale < 1 {
		return math.Round(v)
	}
	return math.Round(v*scale) / scale
}
