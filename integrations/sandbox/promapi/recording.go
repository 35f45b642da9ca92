package promapi

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// Recording keeps series that were written down with their times: a dump of a Prometheus, in its text format or in OpenMetrics.
// It is filled first and read then.
type Recording struct {
	series  []*stretch
	texts   map[string]*stretch // as they were written, so that labels are read once
	known   map[uint64][]*stretch
	names   map[string][]*stretch
	units   map[string]string
	samples int
	first   int64
	last    int64
}

var _ storage.Queryable = (*Recording)(nil)

// MaxRecorded bounds the samples of a recording; each takes 16 bytes.
const MaxRecorded = 30_000_000

// NewRecording makes an empty one.
func NewRecording() *Recording {
	return &Recording{texts: map[string]*stretch{}, known: map[uint64][]*stretch{}, names: map[string][]*stretch{}, units: map[string]string{}}
}

// Extent is the time of the first and of the last sample; zero times when there is none.
func (r *Recording) Extent() (first, last time.Time) {
	if r.samples == 0 {
		return time.Time{}, time.Time{}
	}
	return time.UnixMilli(r.first).UTC(), time.UnixMilli(r.last).UTC()
}

// Samples is how many samples there are.
func (r *Recording) Samples() int { return r.samples }

// Read adds what a text holds. A text that ends in # EOF is OpenMetrics, with times in seconds; any other is Prometheus' own text
// format, with times in milliseconds. Errors name the line.
func (r *Recording) Read(text []byte) error {
	perUnit := 1.
	if bytes.HasSuffix(bytes.TrimRight(text, "\r\n\t "), []byte("# EOF")) {
		perUnit = 1000
	}
	line := 0
	for raw := range bytes.Lines(text) {
		line++
		row := string(bytes.TrimSpace(raw))
		var err error
		switch {
		case row == "":
		case strings.HasPrefix(row, "#"):
			err = r.unit(strings.Fields(row))
		default:
			err = r.row(row, perUnit)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
	return nil
}

// unit takes in a "# UNIT metric unit": one metric has one.
func (r *Recording) unit(words []string) error {
	if len(words) != 4 || words[1] != "UNIT" {
		return nil
	}
	metric, unit := words[2], words[3]
	if known, twice := r.units[metric]; twice && known != unit {
		return fmt.Errorf("%s is in %s here and in %s before; record it in one unit", metric, unit, known)
	}
	r.units[metric] = unit
	return nil
}

// row takes in a sample: name{labels} value time, and what OpenMetrics may say of an exemplar behind it.
func (r *Recording) row(row string, perUnit float64) error {
	cut := strings.LastIndexByte(strings.SplitN(row, " # {", 2)[0], '}') + 1
	if cut == 0 {
		cut = strings.IndexAny(row+" ", " \t")
	}
	name, rest := row[:cut], strings.Fields(row[cut:])
	if len(rest) > 2 && rest[2] == "#" {
		rest = rest[:2]
	}
	switch {
	case len(rest) == 1:
		return fmt.Errorf("%s has no time; each sample of a recording needs one behind its value", name)
	case len(rest) != 2:
		return fmt.Errorf("%q is not name{labels} value time", row)
	}
	v, err := strconv.ParseFloat(rest[0], 64)
	if err != nil {
		return fmt.Errorf("the value %q of %s is no number", rest[0], name)
	}
	at, err := strconv.ParseFloat(rest[1], 64)
	if err != nil || math.Abs(at*perUnit) > 1<<53 {
		return fmt.Errorf("the time %q of %s is none; write %s since 1970", rest[1], name, map[float64]string{1: "milliseconds", 1000: "seconds"}[perUnit])
	}
	s := r.texts[name]
	if s == nil {
		lset, err := parseLabels(name)
		if err != nil {
			return err
		}
		s = r.of(lset)
		r.texts[name] = s
	}
	return r.add(s, int64(math.Round(at*perUnit)), v)
}

func (r *Recording) add(s *stretch, at int64, v float64) error {
	if n := len(s.times); n > 0 && at <= s.times[n-1] {
		if at == s.times[n-1] {
			return fmt.Errorf("%s has two samples at %s; remove one of them", s.labels, stamp(at))
		}
		return fmt.Errorf("%s goes back in time, from %s to %s; sort its samples by time", s.labels, stamp(s.times[n-1]), stamp(at))
	}
	if r.samples >= MaxRecorded {
		return fmt.Errorf("there are more than %d samples; record fewer series, fewer days or coarser", MaxRecorded)
	}
	if r.samples == 0 || at < r.first {
		r.first = at
	}
	if r.samples == 0 || at > r.last {
		r.last = at
	}
	r.samples++
	s.times, s.values = append(s.times, at), append(s.values, v)
	return nil
}

// parseLabels reads name{label="value",...}.
func parseLabels(text string) (labels.Labels, error) {
	b := labels.NewScratchBuilder(8)
	name, rest, braced := strings.Cut(text, "{")
	name = strings.TrimSpace(name)
	if name != "" {
		b.Add(model.MetricNameLabel, name)
	}
	rest = strings.TrimSpace(strings.TrimSuffix(rest, "}"))
	for rest != "" {
		label, after, found := strings.Cut(rest, "=")
		after = strings.TrimSpace(after)
		quoted, err := strconv.QuotedPrefix(after)
		if !found || err != nil || quoted[0] != '"' {
			return labels.EmptyLabels(), fmt.Errorf("the labels of %s cannot be read; write {name=\"value\", ...}", text)
		}
		value, err := strconv.Unquote(quoted)
		if err != nil {
			return labels.EmptyLabels(), fmt.Errorf("the label %s of %s cannot be read", label, text)
		}
		b.Add(strings.TrimSpace(label), value)
		rest = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(after[len(quoted):]), ","))
	}
	b.Sort()
	lset := b.Labels()
	if name := lset.Get(model.MetricNameLabel); name == "" || strings.ContainsAny(name, "\" }") || (braced && !strings.HasSuffix(text, "}")) {
		return labels.EmptyLabels(), fmt.Errorf("%q is not name{labels}", text)
	}
	return lset, nil
}

func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }

func (r *Recording) of(lset labels.Labels) *stretch {
	hash := lset.Hash()
	for _, s := range r.known[hash] {
		if labels.Equal(s.labels, lset) {
			return s
		}
	}
	s := &stretch{labels: lset}
	r.series = append(r.series, s)
	r.known[hash] = append(r.known[hash], s)
	name := lset.Get(model.MetricNameLabel)
	r.names[name] = append(r.names[name], s)
	return s
}

// Querier reads the recording between two times (milliseconds, both ends inclusive).
func (r *Recording) Querier(mint, maxt int64) (storage.Querier, error) {
	return &replayed{recording: r, mint: mint, maxt: maxt}, nil
}

type replayed struct {
	recording  *Recording
	mint, maxt int64
}

func (q *replayed) Close() error { return nil }

// Select returns the matching series that have a value within the querier's time, sorted.
func (q *replayed) Select(_ context.Context, _ bool, _ *storage.SelectHints, ms ...*labels.Matcher) storage.SeriesSet {
	return &seriesSet{series: q.match(ms), at: -1}
}

func (q *replayed) match(ms []*labels.Matcher) []stretch {
	candidates := q.recording.series
	for _, m := range ms {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			candidates = q.recording.names[m.Value]
		}
	}
	var out []stretch
	for _, s := range candidates {
		if !fits(s.labels, ms) {
			continue
		}
		from := sort.Search(len(s.times), func(i int) bool { return s.times[i] >= q.mint })
		to := sort.Search(len(s.times), func(i int) bool { return s.times[i] > q.maxt })
		if from < to {
			out = append(out, stretch{labels: s.labels, times: s.times[from:to], values: s.values[from:to]})
		}
	}
	slices.SortFunc(out, func(a, b stretch) int { return labels.Compare(a.labels, b.labels) })
	return out
}

// LabelValues lists the values of a label among the matching series, sorted.
func (q *replayed) LabelValues(
	_ context.Context, name string, _ *storage.LabelHints, ms ...*labels.Matcher,
) ([]string, annotations.Annotations, error) {
	return valuesOf(q.match(ms), name), nil, nil
}

// LabelNames lists the names of labels among the matching series, sorted.
func (q *replayed) LabelNames(
	_ context.Context, _ *storage.LabelHints, ms ...*labels.Matcher,
) ([]string, annotations.Annotations, error) {
	return namesOf(q.match(ms)), nil, nil
}
