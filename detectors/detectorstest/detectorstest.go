// Package detectorstest is the exam that all detectors share.
//
// The question: does a detector keep what every reader of findings relies on? Keys are stable and unique, evidence is there
// wherever something fires or is blind, empty windows are blind and never quiet, judging twice gives the same, and what was
// given stays untouched.
//
// It is for tests only. Windows is a plain stand-in for window.Store: exact sums over points that a test writes down.
package detectorstest

import (
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// Subject is a detector with windows in which it fires.
type Subject struct {
	Detector detectors.Detector
	// Now and Firing are a time and windows at which at least one finding fires.
	Now    time.Time
	Firing detectors.Windows
}

// Exam puts the questions. The factory makes a fresh subject each time.
func Exam(t *testing.T, factory func(t *testing.T) Subject) {
	t.Helper()
	t.Run("fires where it should, with all that a reader needs", func(t *testing.T) {
		s := factory(t)
		found := s.Detector.Judge(s.Now, s.Firing)
		if !slices.ContainsFunc(found, func(f detectors.Finding) bool { return f.Verdict == detectors.Firing }) {
			t.Errorf("nothing fires among %d findings", len(found))
		}
		examine(t, s.Detector, s.Now, found)
	})
	t.Run("is blind on empty windows", func(t *testing.T) {
		s := factory(t)
		found := s.Detector.Judge(s.Now, &Windows{})
		if len(found) == 0 {
			t.Error("it says nothing of empty windows")
		}
		for _, f := range found {
			if f.Verdict != detectors.Blind {
				t.Errorf("%s is %s on empty windows", f.Key, f.Verdict)
			}
		}
		examine(t, s.Detector, s.Now, found)
	})
	t.Run("gives the same keys in the same order whatever it sees", func(t *testing.T) {
		s := factory(t)
		keys := func(w detectors.Windows) []string {
			found := s.Detector.Judge(s.Now, w)
			out := make([]string, 0, len(found))
			for _, f := range found {
				out = append(out, f.Key)
			}
			return out
		}
		if a, b := keys(s.Firing), keys(s.Firing); !slices.Equal(a, b) {
			t.Errorf("the keys change: %v, then %v", a, b)
		}
	})
	t.Run("judges twice alike and keeps nothing", func(t *testing.T) {
		s := factory(t)
		a := s.Detector.Judge(s.Now, s.Firing)
		s.Detector.Judge(s.Now.Add(time.Hour), &Windows{})
		if b := s.Detector.Judge(s.Now, s.Firing); !reflect.DeepEqual(a, b) {
			t.Errorf("the second judgement differs:\n%+v\n%+v", a, b)
		}
		if b := factory(t).Detector.Judge(s.Now, s.Firing); !reflect.DeepEqual(a, b) {
			t.Errorf("another detector of the same make judges otherwise:\n%+v\n%+v", a, b)
		}
	})
}

func examine(t *testing.T, d detectors.Detector, now time.Time, found []detectors.Finding) {
	t.Helper()
	seen := map[string]bool{}
	for _, f := range found {
		if seen[f.Key] {
			t.Errorf("the key %s is given twice", f.Key)
		}
		seen[f.Key] = true
		for _, fault := range faults(d, now, f) {
			t.Errorf("%s: %s", f.Key, fault)
		}
	}
}

// faults lists what a reader of a finding would miss.
func faults(d detectors.Detector, now time.Time, f detectors.Finding) []string {
	var out []string
	say := func(wrong bool, format string, args ...any) {
		if wrong {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	start := strings.Join([]string{d.Name(), f.Service, f.Environment, f.Signal, ""}, "/")
	say(!strings.HasPrefix(f.Key, start), "the key does not begin with %s", start)
	say(f.Detector != d.Name(), "the detector is %q", f.Detector)
	say(f.Service == "" || f.Signal == "", "it has no service or no signal")
	say(!f.At.Equal(now), "it was judged at %s", f.At)
	switch f.Verdict {
	case detectors.Quiet:
		say(f.Severity != detectors.None || f.Blind != "", "quiet with severity %q and blindness %q", f.Severity, f.Blind)
	case detectors.Firing:
		say(f.Severity == detectors.None, "it fires without a severity")
		say(f.Title == "", "it fires without a title")
		say(len(f.Evidence) == 0, "it fires without evidence")
		say(f.Onset.At.After(now), "it began after now")
		say(f.Onset.At.Before(f.Onset.Earliest) || f.Onset.At.After(f.Onset.Latest), "its onset lies outside of its interval")
	case detectors.Blind:
		say(f.Blind == detectors.Sighted, "it is blind without a reason")
		say(f.Title == "", "it is blind without words")
	default:
		say(true, "the verdict is %q", f.Verdict)
	}
	for _, e := range f.Evidence {
		say(e.Name == "" || e.Sentence == "", "evidence without a name or a sentence: %+v", e)
		say(e.Value != e.Value, "evidence %s is not a number", e.Name)
	}
	return out
}

// Windows are exact sums over points, each of which stands for the step that ends at it. A span is covered from Known on; the
// zero Known means from the first point of a series.
type Windows struct {
	Known  time.Time
	Values map[detectors.SeriesID][]detectors.Point
	// Blind is given back for every sum when it is set.
	Blind detectors.Blindness
}

var _ detectors.Windows = (*Windows)(nil)

// Add appends a point of counts.
func (w *Windows) Add(id detectors.SeriesID, at time.Time, bad, total float64) {
	if w.Values == nil {
		w.Values = map[detectors.SeriesID][]detectors.Point{}
	}
	p := detectors.Point{At: at, Bad: bad, Total: total}
	if total > 0 {
		p.Value = bad / total
	}
	w.Values[id] = append(w.Values[id], p)
}

// Sum adds up the points in (to-span, to].
func (w *Windows) Sum(id detectors.SeriesID, to time.Time, span time.Duration) detectors.Sum {
	if w.Blind != "" {
		return detectors.Sum{Blind: w.Blind, Detail: "the test says so"}
	}
	points := w.Values[id]
	if len(points) == 0 {
		return detectors.Sum{Blind: detectors.NoData, Detail: "there are no points"}
	}
	known := w.Known
	if known.IsZero() {
		known = points[0].At
	}
	s := detectors.Sum{Covered: min(span, to.Sub(known))}
	for _, p := range between(points, to.Add(-span), to) {
		s.Bad += p.Bad
		s.Total += p.Total
	}
	if s.Covered < span {
		s.Blind, s.Detail = detectors.WarmingUp, fmt.Sprintf("%s of %s is known yet", s.Covered, span)
	}
	return s
}

// Points adds up the points of each step in (from, to].
func (w *Windows) Points(id detectors.SeriesID, from, to time.Time, step time.Duration) []detectors.Point {
	var out []detectors.Point
	for end := from.Add(step); !end.After(to); end = end.Add(step) {
		p := detectors.Point{At: end}
		seen := false
		for _, q := range between(w.Values[id], end.Add(-step), end) {
			p.Bad += q.Bad
			p.Total += q.Total
			seen = true
		}
		if seen && p.Total > 0 {
			p.Value = p.Bad / p.Total
			out = append(out, p)
		}
	}
	return out
}

// Series lists the series that have points.
func (w *Windows) Series(signal string) []detectors.SeriesID {
	var out []detectors.SeriesID
	for id := range w.Values {
		if id.Signal == signal {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, func(a, b detectors.SeriesID) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return out
}

// between finds the points in (from, to] of a list that is sorted by time.
func between(points []detectors.Point, from, to time.Time) []detectors.Point {
	i := sort.Search(len(points), func(i int) bool { return points[i].At.After(from) })
	j := sort.Search(len(points), func(j int) bool { return points[j].At.After(to) })
	return points[i:j]
}
