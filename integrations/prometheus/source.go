package prometheus

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/watch"
)

// widest is the widest tile that one subtraction may span: a reset inside a tile hides what came before it. Wider tiles are
// asked in pieces and added up here.
const widest = 5 * time.Minute

// Source answers watch's queries from one Prometheus.
type Source struct {
	client    *Client
	questions map[string]*question
	names     []string
}

var _ watch.Source = (*Source)(nil)

// NewSource compiles the signals for the targets. Signals should have passed Check.
func NewSource(client *Client, signals []SignalConfig, targets []Target) (*Source, error) {
	s := &Source{client: client, questions: map[string]*question{}}
	for _, signal := range signals {
		if s.questions[signal.Name] != nil {
			return nil, fmt.Errorf("prometheus: signal %s is given twice", signal.Name)
		}
		q, err := newQuestion(signal, targets)
		if err != nil {
			return nil, fmt.Errorf("prometheus: %w", err)
		}
		s.questions[signal.Name] = q
		s.names = append(s.names, signal.Name)
	}
	return s, nil
}

// Targets makes the targets of services: one for each environment where the label that tells environments apart is known and
// the service names its environments, else one for the service.
func Targets(services []bot.Service, environmentLabel string) []Target {
	var out []Target
	for _, s := range services {
		if environmentLabel == "" || len(s.Environments) == 0 {
			out = append(out, Target{Service: s.Name, Match: s.Match})
			continue
		}
		for _, environment := range s.Environments {
			t := Target{Service: s.Name, Environment: environment, Match: map[string]string{environmentLabel: environment}}
			for k, v := range s.Match {
				t.Match[k] = v
			}
			out = append(out, t)
		}
	}
	return out
}

// Watched lists the signals with the series that are expected of them, in the order of NewSource.
func (s *Source) Watched() []watch.Watched {
	out := make([]watch.Watched, 0, len(s.names))
	for _, name := range s.names {
		q := s.questions[name]
		w := watch.Watched{Signal: q.signal}
		for i := range q.targets {
			w.Series = append(w.Series, q.series(i))
		}
		out = append(out, w)
	}
	return out
}

func (q *question) series(target int) detectors.SeriesID {
	t := q.targets[target]
	return detectors.SeriesID{Signal: q.signal.Name, Service: t.Service, Environment: t.Environment}
}

// Ask answers one query with one question, and a second one where series appeared.
func (s *Source) Ask(ctx context.Context, asked watch.Query) (watch.Answer, error) {
	q := s.questions[asked.Signal]
	if q == nil {
		return watch.Answer{}, &watch.Sightless{Reason: detectors.Garbage, Err: fmt.Errorf("signal %q is not known", asked.Signal)}
	}
	if len(q.targets) == 0 {
		return watch.Answer{}, nil
	}
	width := min(asked.Step, widest)
	if width < time.Second || asked.Step%width != 0 || !asked.From.Before(asked.To) {
		return watch.Answer{}, fmt.Errorf("prometheus: no tiles of %s in (%s, %s]", asked.Step, asked.From, asked.To)
	}
	r := &reading{question: q, from: asked.From, width: width, steps: int(asked.To.Sub(asked.From) / width)}
	r.rows = newRows(len(q.targets))
	if q.value != "" {
		if err := s.askValue(ctx, r); err != nil {
			return watch.Answer{Samples: r.samples}, err
		}
		return watch.Answer{Readings: r.values(int(asked.Step / width)), Samples: r.samples, Notes: r.notes}, nil
	}
	if err := s.askCounts(ctx, r); err != nil {
		return watch.Answer{Samples: r.samples}, err
	}
	readings, err := r.counts(int(asked.Step / width))
	return watch.Answer{Readings: readings, Samples: r.samples, Notes: r.notes}, err
}

func (s *Source) askValue(ctx context.Context, r *reading) error {
	r.grid = newGrid(len(r.targets), r.steps)
	answered := 0
	err := s.ask(ctx, r, r.value, 0, r.steps-1, func(series *Series) error {
		if answered++; r.asIs && answered > 1 {
			return garbage("the query gives several series where one is wanted")
		}
		for _, target := range r.matching(series.Metric) {
			r.hold(series, target)
		}
		return nil
	})
	if err != nil || r.sliced == "" {
		return err
	}
	return s.ask(ctx, r, r.sliced, 0, r.steps-1, func(series *Series) error {
		for _, target := range r.matching(series.Metric) {
			if row, ok := r.slice(target, series.Metric); ok {
				r.hold(series, row)
			}
		}
		return nil
	})
}

func (s *Source) askCounts(ctx context.Context, r *reading) error {
	q := r.question
	r.leaves = make([]grid, len(q.selectors))
	for i := range r.leaves {
		r.leaves[i] = newGrid(len(q.targets), r.steps)
	}
	fresh := make([][]bool, len(q.selectors))
	take := func(series *Series) error { return r.take(series, fresh) }
	if err := s.ask(ctx, r, q.count(r.width), 0, r.steps-1, take); err != nil {
		return err
	}
	var which []int
	marked := make([]bool, r.steps)
	for i, steps := range fresh {
		if steps == nil {
			continue
		}
		which = append(which, i)
		for j, is := range steps {
			marked[j] = marked[j] || is
		}
	}
	again := func(series *Series) error { return r.take(series, nil) }
	for _, run := range runs(marked) {
		if err := s.ask(ctx, r, q.appeared(r.width, which), run[0], run[1], again); err != nil {
			return err
		}
	}
	return nil
}

// ask sends a question for the tiles first to last.
func (s *Source) ask(ctx context.Context, r *reading, query string, first, last int, each func(*Series) error) error {
	at := func(i int) time.Time { return r.from.Add(time.Duration(i+1) * r.width) }
	samples, err := s.client.Range(ctx, query, at(first), at(last), r.width, each)
	r.samples += samples
	return err
}

// mostRuns bounds how many second questions one query sends.
const mostRuns = 8

// runs joins marked steps into stretches; stretches that lie close together become one.
func runs(marked []bool) [][2]int {
	var out [][2]int
	for i, is := range marked {
		if !is {
			continue
		}
		if n := len(out); n > 0 && (i-out[n-1][1] <= 4 || n == mostRuns) {
			out[n-1][1] = i
			continue
		}
		out = append(out, [2]int{i, i})
	}
	return out
}

// matching lists the targets whose labels a series carries.
func (q *question) matching(metric map[string]string) []int {
	if q.asIs {
		return q.every
	}
	near := q.every
	if q.telling != "" {
		near = q.byValue[metric[q.telling]]
	}
	if len(near) == 1 && q.targets[near[0]].fits(metric) {
		return near // as nearly always; nothing is allocated
	}
	var out []int
	for _, i := range near {
		if q.targets[i].fits(metric) {
			out = append(out, i)
		}
	}
	return out
}

func (t Target) fits(metric map[string]string) bool {
	for name, value := range t.Match {
		if metric[name] != value {
			return false
		}
	}
	return true
}

// weight is what one counted thing of a series is worth: one, or the price of a token. A remark says what has no price.
func (q *question) weight(metric map[string]string, leaf int) (worth float64, remark string) {
	if q.prices == nil {
		return 1, ""
	}
	var name string
	for _, l := range q.prices.ModelLabels {
		name = cmp.Or(name, metric[l])
	}
	i := slices.IndexFunc(q.prices.Table, func(p Price) bool { return p.fits(name) })
	if i < 0 {
		return 0, fmt.Sprintf("tokens of the model %.80q have no price and cost nothing here", name)
	}
	counted, _, _ := strings.Cut(q.selectors[leaf].selector, "{")
	kind := cmp.Or(metric[q.prices.TypeLabel], kindOf(counted))
	dollars, known := q.prices.Table[i].of(kind)
	if !known {
		return 0, fmt.Sprintf("tokens of the kind %.80q have no price and cost nothing here", kind)
	}
	return dollars / 1e6, ""
}

func garbage(format string, args ...any) error {
	return &watch.Sightless{Reason: detectors.Garbage, Err: fmt.Errorf(format, args...)}
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
