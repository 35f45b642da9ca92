package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot/gate"
)

// The bounds of a file.
const (
	// MaxBytes is the largest file that is read.
	MaxBytes = 64 << 20
	// mostMeasures bounds what one file may hold.
	mostMeasures = 10_000
	mostName     = 200
)

// formats are those that are known, by what people call them.
const formats = "promptfoo, OpenAI evals, lm-eval, DeepEval, JUnit XML and plain JSON"

// Read reads a file of an evaluation.
func Read(data []byte) (gate.Results, error) {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff")))
	var out gate.Results
	var err error
	switch {
	case len(data) > MaxBytes:
		return out, fmt.Errorf("it is larger than %d MiB", MaxBytes>>20)
	case len(data) == 0:
		return out, errors.New("it is empty")
	case data[0] == '<':
		out, err = readJUnit(data)
	case data[0] == '{':
		out, err = readJSON(data)
	default:
		err = errors.New("it is neither JSON nor XML")
	}
	if err != nil {
		return gate.Results{}, fmt.Errorf("%w; known are %s", err, formats)
	}
	return out, check(out)
}

// check refuses what no requirement could be held against.
func check(r gate.Results) error {
	switch {
	case len(r.Measures) == 0:
		return errors.New("it holds no measure")
	case len(r.Measures) > mostMeasures:
		return fmt.Errorf("it holds %d measures, %d are read at most", len(r.Measures), mostMeasures)
	}
	for _, m := range r.Measures {
		if m.Name == "" || len(m.Name) > mostName {
			return fmt.Errorf("a measure has a name of %d bytes", len(m.Name))
		}
		if math.IsNaN(m.Value) || math.IsInf(m.Value, 0) || m.Samples < 0 || m.Error < 0 || (m.Share && (m.Value < 0 || m.Value > 1)) {
			return fmt.Errorf("the measure %q is %g of %g samples", m.Name, m.Value, m.Samples)
		}
	}
	return nil
}

// readJSON tells the tools apart by the members of the document.
func readJSON(data []byte) (gate.Results, error) {
	var top map[string]json.RawMessage
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&top); err != nil {
		return gate.Results{}, fmt.Errorf("it is no JSON: %w", err)
	}
	if dec.More() {
		return readEvals(data) // a document on each line
	}
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return len(top[n]) > 0 })
	}
	switch {
	case has("testCases", "test_cases"):
		return readDeepEval(data)
	case has("metrics"), has("measures"):
		return readPlain(data)
	case has("results") && has("n-samples", "n-shot", "versions", "configs"):
		return readLMEval(data)
	case has("results"):
		return readPromptfoo(data)
	case has("final_report", "spec"):
		return readEvals(data)
	default:
		return gate.Results{}, fmt.Errorf("nobody known writes JSON with the members %q", slices.Sorted(maps.Keys(top)))
	}
}

// plain is the form of our own, and that of a kept verdict's results.
type plain struct {
	At       time.Time                  `json:"at"`
	Metrics  map[string]json.RawMessage `json:"metrics"`
	Measures []gate.Measure             `json:"measures"`
}

func readPlain(data []byte) (gate.Results, error) {
	var p plain
	if err := json.Unmarshal(data, &p); err != nil {
		return gate.Results{}, fmt.Errorf("the plain form: %w", err)
	}
	out := gate.Results{At: p.At, Measures: p.Measures}
	for _, name := range slices.Sorted(maps.Keys(p.Metrics)) {
		m, err := plainMeasure(name, p.Metrics[name])
		if err != nil {
			return out, fmt.Errorf("the metric %q: %w", name, err)
		}
		out.Measures = append(out.Measures, m)
	}
	return out, nil
}

func plainMeasure(name string, raw json.RawMessage) (gate.Measure, error) {
	m := gate.Measure{Name: name}
	if json.Unmarshal(raw, &m.Value) == nil {
		return m, nil
	}
	var long struct {
		Value, Samples, Error, Passed, Total *float64
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&long); err != nil {
		return m, err
	}
	number := func(v *float64) float64 {
		if v == nil {
			return 0
		}
		return *v
	}
	switch {
	case long.Total != nil && long.Passed != nil && *long.Total > 0:
		return share(name, *long.Passed, *long.Total), nil
	case long.Value != nil:
		m.Value, m.Samples, m.Error = *long.Value, number(long.Samples), number(long.Error)
		return m, nil
	default:
		return m, errors.New("it needs value, or passed and total")
	}
}

// share is so many of all.
func share(name string, passed, total float64) gate.Measure {
	return gate.Measure{Name: name, Value: passed / total, Samples: total, Share: true}
}

// tally collects the samples of a mean.
type tally struct{ n, mean, squares float64 }

// add takes in a sample by Welford's rule; what is no number is no sample.
func (t *tally) add(v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return
	}
	t.n++
	d := v - t.mean
	t.mean += d / t.n
	t.squares += d * (v - t.mean)
}

func (t *tally) measure(name string) gate.Measure {
	m := gate.Measure{Name: name, Value: t.mean, Samples: t.n}
	if t.n > 1 {
		m.Error = math.Sqrt(t.squares / (t.n - 1) / t.n)
	}
	return m
}

// tallies are means by name.
type tallies map[string]*tally

func (t tallies) add(name string, v float64) {
	if t[name] == nil {
		t[name] = &tally{}
	}
	t[name].add(v)
}

// measures are the means that have samples, by name.
func (t tallies) measures() []gate.Measure {
	var out []gate.Measure
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if t[name].n > 0 {
			out = append(out, t[name].measure(name))
		}
	}
	return out
}
