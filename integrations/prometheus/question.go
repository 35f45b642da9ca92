package prometheus

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/firebreak-dev/firebreak/detectors"
)

// partLabel names the part of a question that a series of the answer belongs to.
const partLabel = "firebreak_part"

// The parts of an answer: p3 is what selector 3 counted, n3 how many of its series were not there a tile ago, d3 what returned
// series had counted before they went away, f3 the first levels of a service that was never seen before.
const (
	partCount = 'p'
	partNew   = 'n'
	partKnown = 'd'
	partFirst = 'f'
)

// lookback is how far a series that appears is looked for in the past.
const lookback = time.Hour

// question is a compiled signal: what to send, and how to read the answer.
type question struct {
	signal  detectors.Signal
	targets []Target
	// keep are the labels that tell targets apart. Telling is the one of them, if any, that all targets have and that has the most
	// values; byValue lists the targets by its values, every lists all.
	keep    []string
	telling string
	byValue map[string][]int
	every   []int
	// slices are the labels that tell parts of a target apart.
	slices   []string
	admitted *admission
	asIs     bool

	// selectors, bad, total and requires are set for counted signals, value and sliced for values.
	selectors            []tally
	bad, total, requires *counter
	value, sliced        string
	// metrics are the names of the metrics that are read.
	metrics []string
	prices  *PriceBy
}

// newQuestion compiles a signal for the targets that it concerns.
func newQuestion(s SignalConfig, all []Target) (*question, error) {
	q := &question{asIs: s.Scope == ScopeAsIs, prices: s.Prices, admitted: newAdmission()}
	q.signal = detectors.Signal{Name: s.Name, Title: s.Title, Shape: s.Shape(), Unit: s.Unit, Worse: s.Worse}
	if q.signal.Title == "" {
		q.signal.Title = strings.NewReplacer("_", " ", "-", " ").Replace(s.Name)
	}
	if q.signal.Worse == "" {
		q.signal.Worse = detectors.Up
	}
	if q.signal.Unit == "" && q.signal.Shape == detectors.Ratio {
		q.signal.Unit = "ratio"
	}
	for _, t := range all {
		if len(s.Services) == 0 || slices.Contains(s.Services, t.Service) {
			q.targets = append(q.targets, t)
		}
	}
	for _, t := range q.targets {
		if len(t.Match) == 0 && !q.asIs && len(q.targets) > 1 {
			return nil, fmt.Errorf("signal %s: service %s has no match labels, so it cannot be told apart from others", s.Name, t.Service)
		}
	}
	for i := range q.targets {
		q.every = append(q.every, i)
	}
	narrow := q.tellApart()
	if !q.asIs {
		q.slices = slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(s.Slices))), func(l string) bool {
			return slices.Contains(q.keep, l)
		})
	}
	if s.Value != "" {
		return q, q.compileValue(s.Value, narrow)
	}
	return q, q.compileCounters(s, narrow)
}

// tellApart sets the labels to keep and gives the matchers that narrow selectors to the targets: one for each label that all
// of them have.
func (q *question) tellApart() []*labels.Matcher {
	if q.asIs {
		return nil
	}
	values := map[string]map[string]bool{}
	count := map[string]int{}
	for _, t := range q.targets {
		for name, value := range t.Match {
			if values[name] == nil {
				values[name] = map[string]bool{}
			}
			values[name][value] = true
			count[name]++
		}
	}
	q.keep = slices.Sorted(maps.Keys(values))
	for _, name := range q.keep {
		if count[name] == len(q.targets) && len(values[name]) > len(values[q.telling]) {
			q.telling = name
		}
	}
	q.byValue = map[string][]int{}
	for i, t := range q.targets {
		q.byValue[t.Match[q.telling]] = append(q.byValue[t.Match[q.telling]], i)
	}
	var narrow []*labels.Matcher
	for _, name := range q.keep {
		if count[name] < len(q.targets) {
			continue
		}
		known := slices.Sorted(maps.Keys(values[name]))
		if len(known) == 1 {
			narrow = append(narrow, labels.MustNewMatcher(labels.MatchEqual, name, known[0]))
			continue
		}
		for i, v := range known {
			known[i] = regexp.QuoteMeta(v)
		}
		narrow = append(narrow, labels.MustNewMatcher(labels.MatchRegexp, name, strings.Join(known, "|")))
	}
	return narrow
}

func (q *question) compileValue(query string, narrow []*labels.Matcher) error {
	lifted := func(keep []string) (string, error) {
		expr, f := parse(query)
		if f == nil {
			f = checkValue(expr)
		}
		if f != nil {
			return "", fmt.Errorf("signal %s: value: %w", q.signal.Name, f)
		}
		q.metrics = metricsOf(expr)
		if !q.asIs {
			lift(expr, narrow, keep)
		}
		return expr.String(), nil
	}
	var err error
	if q.value, err = lifted(q.keep); err == nil && len(q.slices) > 0 {
		q.sliced, err = lifted(slices.Concat(q.keep, q.slices))
	}
	return err
}

func (q *question) compileCounters(s SignalConfig, narrow []*labels.Matcher) error {
	var found selectors
	read := func(field, query string) (*counter, error) {
		expr, f := parse(query)
		if f == nil {
			var c *counter
			if c, f = compile(expr, &found); f == nil {
				return c, nil
			}
		}
		return nil, fmt.Errorf("signal %s: %s: %w", q.signal.Name, field, f)
	}
	var err error
	if q.total, err = read("total", s.Total); err != nil {
		return err
	}
	if s.Bad != "" {
		if q.bad, err = read("bad", s.Bad); err != nil {
			return err
		}
	}
	if s.Requires != "" {
		if q.requires, err = read("requires", s.Requires); err != nil {
			return err
		}
	}
	for _, s := range found.list {
		narrowSelector(s.vector, narrow)
		if !slices.Contains(q.metrics, s.vector.Name) {
			q.metrics = append(q.metrics, s.vector.Name)
		}
		q.selectors = append(q.selectors, tally{selector: s.vector.String(), of: s.of})
	}
	return nil
}

// tally is a counter as a question writes it.
type tally struct{ selector, of string }

// now is what it has counted.
func (c tally) now() string { return c.wrap(c.selector) }

// before is what it had counted a tile ago.
func (c tally) before(width time.Duration) string {
	return c.wrap(c.selector + " offset " + seconds(width))
}

// past is the last that was known of it before the tile.
func (c tally) past(width time.Duration) string {
	return c.wrap(fmt.Sprintf("last_over_time(%s[%s] offset %s)", c.selector, seconds(lookback), seconds(width)))
}

func (c tally) wrap(expr string) string {
	if c.of == "" {
		return expr
	}
	return c.of + "(" + expr + ")"
}

// by is the grouping of counted parts.
func (q *question) by() string {
	group := slices.Concat(q.keep, q.slices)
	if q.prices != nil {
		for _, l := range append(slices.Clone(q.prices.ModelLabels), q.prices.TypeLabel) {
			if !slices.Contains(group, l) {
				group = append(group, l)
			}
		}
	}
	return "by (" + strings.Join(group, ", ") + ")"
}

// part marks a part of the question, so that all come back in one answer.
func part(kind rune, i int, expr string) string {
	return fmt.Sprintf(`label_replace(%s, "%s", "%c%d", "%s", ".*")`, expr, partLabel, kind, i, partLabel)
}

// count is the question for tiles of the given width.
func (q *question) count(width time.Duration) string {
	parts := make([]string, 0, 2*len(q.selectors))
	for i, s := range q.selectors {
		now, before := s.now(), s.before(width)
		parts = append(parts,
			part(partCount, i, fmt.Sprintf("sum %s (((%s - %s) >= 0) or %s)", q.by(), now, before, now)),
			part(partNew, i, fmt.Sprintf("count (%s unless %s)", now, before)))
	}
	return strings.Join(parts, " or ")
}

// appeared is the question for what series that appeared really counted.
func (q *question) appeared(width time.Duration, which []int) string {
	keep := strings.Join(q.keep, ", ")
	seen := make([]string, 0, len(q.selectors))
	for _, i := range q.total.leaves() {
		seen = append(seen, fmt.Sprintf("group by (%s) (%s)", keep, q.selectors[i].past(width)))
	}
	parts := make([]string, 0, 2*len(which))
	for _, i := range which {
		now, past, before := q.selectors[i].now(), q.selectors[i].past(width), q.selectors[i].before(width)
		parts = append(parts,
			part(partKnown, i, fmt.Sprintf("sum %s ((%s <= %s) unless %s)", q.by(), past, now, before)),
			part(partFirst, i, fmt.Sprintf("(sum %s (%s unless %s) unless on (%s) (%s))", q.by(), now, past, keep, strings.Join(seen, " or "))))
	}
	return strings.Join(parts, " or ")
}

// seconds writes a duration as every version of PromQL reads it.
func seconds(d time.Duration) string { return fmt.Sprintf("%ds", int64(d/time.Second)) }
