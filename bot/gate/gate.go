package gate

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"time"
)

// Answer is what a gate says.
type Answer string

// The answers, from the best to the worst.
const (
	Pass         Answer = "pass"
	Inconclusive Answer = "inconclusive"
	Fail         Answer = "fail"
)

// rank orders answers; the worst of a policy's requirements is its own.
func (a Answer) rank() int {
	switch a {
	case Pass:
		return 0
	case Inconclusive:
		return 1
	default:
		return 2
	}
}

// Outcome is the answer to one requirement, with its arithmetic.
type Outcome struct {
	Metric   string   `json:"metric"`
	Answer   Answer   `json:"answer"`
	Sentence string   `json:"sentence"`
	Value    *float64 `json:"value,omitempty"`
	Samples  float64  `json:"samples,omitempty"`
	// Low and High hold the true value with 90 % probability, where that is known.
	Low  *float64 `json:"low,omitempty"`
	High *float64 `json:"high,omitempty"`
	// Baseline is the value of the last that passed, Difference what this one is above it.
	Baseline   *float64 `json:"baseline,omitempty"`
	Difference *float64 `json:"difference,omitempty"`
}

// Verdict is the answer to a policy. A passed one is the baseline of the next.
type Verdict struct {
	Policy   string    `json:"policy"`
	Service  string    `json:"service,omitempty"`
	Revision string    `json:"revision,omitempty"`
	At       time.Time `json:"at"`
	Answer   Answer    `json:"answer"`
	Sentence string    `json:"sentence"`
	Outcomes []Outcome `json:"outcomes"`
	Results  Results   `json:"results"`
}

// minSamples is what a measure needs when nothing else is said.
const minSamples = 30

// Judge holds results against a policy. Last are those of the last evaluation that passed, nil where there is none: then a measure
// that has a bound of its own is held against that alone, and one that is required relative to the last is inconclusive. First
// tells that there cannot be an earlier one, so that somebody can begin.
func Judge(now time.Time, p Policy, results Results, last *Results, first bool) Verdict {
	v := Verdict{Policy: p.Name, Service: p.Service, At: now, Answer: Pass, Results: results}
	if age := now.Sub(results.At); p.MaxAge > 0 && (results.At.IsZero() || age > p.MaxAge) {
		sentence := fmt.Sprintf("the results are %s old, %s are allowed", age.Round(time.Minute), p.MaxAge)
		if results.At.IsZero() {
			sentence = fmt.Sprintf("nobody says how old the results are, %s are allowed", p.MaxAge)
		}
		v.Outcomes = append(v.Outcomes, Outcome{Metric: "age", Answer: Inconclusive, Sentence: sentence})
	}
	for _, r := range p.Metrics {
		r.MinSamples = cmp.Or(r.MinSamples, p.MinSamples, minSamples)
		v.Outcomes = append(v.Outcomes, r.judge(results, last, first))
	}
	count := map[Answer]int{}
	for _, o := range v.Outcomes {
		count[o.Answer]++
		if o.Answer.rank() > v.Answer.rank() {
			v.Answer = o.Answer
		}
	}
	switch v.Answer {
	case Pass:
		v.Sentence = fmt.Sprintf("all %d requirements are met", len(v.Outcomes))
	case Fail:
		v.Sentence = fmt.Sprintf("%d of %d requirements are missed", count[Fail], len(v.Outcomes))
	default:
		v.Sentence = fmt.Sprintf("%d of %d requirements cannot be told", count[Inconclusive], len(v.Outcomes))
	}
	return v
}

// judge holds one requirement against the results.
func (r Requirement) judge(results Results, last *Results, first bool) Outcome {
	o := Outcome{Metric: r.Metric, Answer: Pass}
	m, found := results.Find(r.Metric)
	switch {
	case !found && r.Optional:
		o.Sentence = "it was not measured, and need not be"
		return o
	case !found:
		return o.say(Inconclusive, "it was not measured")
	case math.IsNaN(m.Value) || math.IsInf(m.Value, 0):
		return o.say(Inconclusive, "it is not a number")
	}
	o.Value, o.Samples = &m.Value, m.Samples
	low, high, known := m.interval()
	if known {
		o.Low, o.High = &low, &high
	}
	o = r.bounds(o, m, low, high, known)
	switch {
	case !r.NotWorseBy.Set:
	case last != nil:
		o = r.relative(o, m, *last)
	case first || r.AtLeast.Set || r.AtMost.Set:
		o = o.say(Pass, "there is no earlier one to compare it with")
	default:
		o = o.say(Inconclusive, "there is no evaluation that passed to compare it with")
	}
	if o.Answer == Pass && known && m.Samples > 0 && m.Samples < r.MinSamples {
		o = o.say(Inconclusive, fmt.Sprintf("of %g samples only, %g are needed", m.Samples, r.MinSamples))
	}
	return o
}

// say adds a sentence, and the answer where it is worse.
func (o Outcome) say(a Answer, sentence string) Outcome {
	if a.rank() > o.Answer.rank() {
		o.Answer = a
	}
	if o.Sentence != "" {
		sentence = o.Sentence + "; " + sentence
	}
	o.Sentence = sentence
	return o
}

func (r Requirement) bounds(o Outcome, m Measure, low, high float64, known bool) Outcome {
	value := m.words(m.Value)
	if known {
		value += fmt.Sprintf(" (%s to %s)", m.words(low), m.words(high))
	} else {
		value += " (of an unknown number of samples)"
	}
	for _, b := range []struct {
		bound            Bound
		what             string
		meets, mustBreak bool
	}{
		{r.AtLeast, "at least", m.Value >= r.AtLeast.Value, high < r.AtLeast.Value},
		{r.AtMost, "at most", m.Value <= r.AtMost.Value, low > r.AtMost.Value},
	} {
		if !b.bound.Set {
			continue
		}
		sentence := fmt.Sprintf("%s, %s %s is required", value, b.what, m.words(b.bound.Value))
		switch {
		case b.meets:
			o = o.say(Pass, sentence)
		case b.mustBreak:
			o = o.say(Fail, sentence)
		default:
			o = o.say(Inconclusive, sentence+": missed by less than chance may do")
		}
	}
	return o
}

func (r Requirement) relative(o Outcome, m Measure, last Results) Outcome {
	b, found := last.Find(r.Metric)
	if !found {
		return o.say(Inconclusive, "the last evaluation that passed did not measure it")
	}
	d, low, high, known := difference(m, b)
	o.Baseline, o.Difference = &b.Value, &d
	margin := r.NotWorseBy.Value
	if r.NotWorseBy.Percent && !m.Share {
		margin *= math.Abs(b.Value)
	}
	worse, least, most := -d, -high, -low // how much worse it is, and the interval of that
	if !r.up() {
		worse, least, most = d, low, high
	}
	sentence := fmt.Sprintf("%s against %s of the last that passed, %s worse is allowed", m.words(m.Value), b.words(b.Value), m.words(margin))
	switch {
	case worse <= 0, worse <= margin && !known, most <= margin:
		return o.say(Pass, sentence)
	case worse > margin && (!known || least > 0):
		return o.say(Fail, sentence)
	default:
		return o.say(Inconclusive, sentence+fmt.Sprintf(": %s worse at best and %s at worst", m.words(max(0, least)), m.words(most)))
	}
}

// words writes a value of the measure for people.
func (m Measure) words(v float64) string {
	if m.Share {
		return number(100*v) + " %"
	}
	return number(v)
}

// number writes four significant digits, and large numbers whole.
func number(v float64) string {
	if math.Abs(v) >= 1000 && math.Abs(v) < 1e15 {
		return strconv.FormatFloat(math.Round(v), 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}
