// Package detectors holds the nouns of watching: what is observed (Signal, Series), what a detector may read (Windows) and
// what it says (Finding).
//
// It answers no question itself; the packages below it do, one way of seeing each. Nothing here or in a detector asks a
// network, a clock or a log: Judge takes now and values and gives values with reasons. "No data" is never "healthy": a
// detector that cannot see says Blind, with the reason.
package detectors

import (
	"math"
	"time"
)

// Shape says what kind of numbers a signal is made of.
type Shape string

const (
	// Ratio is counted: bad events out of all events.
	Ratio Shape = "ratio"
	// Count is counted: events (or tokens, or dollars) per tile of time.
	Count Shape = "count"
	// Value is sampled: a number that is read as it is, such as a quantile of latency.
	Value Shape = "value"
)

// Direction says which way a signal moves when things get worse.
type Direction string

// The directions of a signal.
const (
	Up     Direction = "up"
	Down   Direction = "down"
	Either Direction = "either"
)

// Signal is a named series for a service.
type Signal struct {
	// Name is the signal's name in YAML, metrics and findings, as "refusal_ratio".
	Name string
	// Title is the name for people, as "refusal ratio".
	Title string
	Shape Shape
	// Unit is one of "ratio", "seconds", "usd", "requests", "tokens" or empty.
	Unit string
	// Worse is the direction in which the signal moves when the service gets worse.
	Worse Direction
}

// SeriesID names one series: a signal of a service in an environment, or of one slice of it.
type SeriesID struct {
	Signal      string `json:"signal"`
	Service     string `json:"service"`
	Environment string `json:"environment,omitempty"`
	// Slice is empty for the whole service, else canonical labels as `prompt_version="482"`.
	Slice string `json:"slice,omitempty"`
}

// Point is the mean or the sum of one step of time that ends at At.
type Point struct {
	At    time.Time
	Value float64
	// Bad and Total are set for counted shapes.
	Bad, Total float64
}

// Blindness is why something cannot be seen. The empty one means sight.
type Blindness string

// The reasons for being blind; they are also the values of the metric label "reason".
const (
	Sighted      Blindness = ""
	NoData       Blindness = "no_data"
	Stale        Blindness = "stale"
	Partial      Blindness = "partial"
	TooExpensive Blindness = "too_expensive"
	Timeout      Blindness = "timeout"
	Unreachable  Blindness = "unreachable"
	Garbage      Blindness = "garbage"
	WarmingUp    Blindness = "warming_up"
)

// Blindnesses lists all reasons, for metrics that start at zero.
func Blindnesses() []Blindness {
	return []Blindness{NoData, Stale, Partial, TooExpensive, Timeout, Unreachable, Garbage, WarmingUp}
}

// Sum is what a window holds.
type Sum struct {
	// Bad and Total are event counts for counted shapes; for Value, Total is the number of samples and Bad their sum.
	Bad, Total float64
	// Covered is how much of the asked span was really seen.
	Covered time.Duration
	// Blind says why the sum cannot be trusted; Sighted when it can.
	Blind Blindness
	// Detail is a sentence for the operator that goes with Blind.
	Detail string
}

// Ratio is Bad/Total, NaN without events.
func (s Sum) Ratio() float64 {
	if s.Total == 0 {
		return math.NaN()
	}
	return s.Bad / s.Total
}

// Windows is what a detector may read: sums and points of kept tiles, never a query.
type Windows interface {
	// Sum adds up the tiles in (to-span, to].
	Sum(id SeriesID, to time.Time, span time.Duration) Sum
	// Points returns one point per step in (from, to], oldest first; steps without data are left out.
	Points(id SeriesID, from, to time.Time, step time.Duration) []Point
	// Series lists the known series of a signal, in a stable order.
	Series(signal string) []SeriesID
}

// Verdict is what a detector says of one thing that it judged.
type Verdict string

// The verdicts.
const (
	Quiet  Verdict = "quiet"
	Firing Verdict = "firing"
	Blind  Verdict = "blind"
)

// Severity says who should hear of a finding. Its order is that of Rank.
type Severity string

// The severities, from nothing to waking somebody.
const (
	None   Severity = ""
	Info   Severity = "info"
	Ticket Severity = "ticket"
	Page   Severity = "page"
)

// Rank orders severities; a higher one is worse.
func (s Severity) Rank() int {
	switch s {
	case Info:
		return 1
	case Ticket:
		return 2
	case Page:
		return 3
	default:
		return 0
	}
}

// Worst returns the worse of two severities.
func Worst(a, b Severity) Severity {
	if b.Rank() > a.Rank() {
		return b
	}
	return a
}

// Onset is when something began: a point and the interval that holds it with 90 % probability.
type Onset struct {
	At       time.Time `json:"at"`
	Earliest time.Time `json:"earliest"`
	Latest   time.Time `json:"latest"`
}

// IsZero tells that nothing is known.
func (o Onset) IsZero() bool { return o.At.IsZero() }

// Evidence is one number that a verdict rests on, with the sentence that people read.
type Evidence struct {
	// Name is stable, as "burn_1h".
	Name string `json:"name"`
	// Sentence says it in words, as "error ratio 2.9 % over 1h, limit 1.44 %".
	Sentence string  `json:"sentence"`
	Value    float64 `json:"value"`
	// Limit is what Value was compared with; zero where there is none.
	Limit  float64       `json:"limit,omitempty"`
	Unit   string        `json:"unit,omitempty"`
	Window time.Duration `json:"window,omitempty"`
	Query  string        `json:"query,omitempty"`
}

// Finding is what a detector says of one series by one of its rules.
type Finding struct {
	// Key is the same for the same thing at every judgement: detector/service/environment/signal/rule, never a value.
	Key         string   `json:"key"`
	Detector    string   `json:"detector"`
	Rule        string   `json:"rule,omitempty"`
	Service     string   `json:"service"`
	Environment string   `json:"environment,omitempty"`
	Signal      string   `json:"signal"`
	Objective   string   `json:"objective,omitempty"`
	Verdict     Verdict  `json:"verdict"`
	Severity    Severity `json:"severity,omitempty"`
	Onset       Onset    `json:"onset,omitzero"`
	// At is when it was judged.
	At time.Time `json:"at"`
	// Title is one line of plain words, as "refusals burn the budget 22 times too fast".
	Title    string     `json:"title,omitempty"`
	Evidence []Evidence `json:"evidence,omitempty"`
	// Blind is the reason of a Blind verdict.
	Blind Blindness `json:"blind,omitempty"`
}

// Detector is a pure judge of windows.
type Detector interface {
	// Name is the detector's one name in YAML, metrics, findings and docs.
	Name() string
	// Judge gives one finding per thing that it looks at, quiet ones included, in a stable order.
	Judge(now time.Time, w Windows) []Finding
}

// Chunk is a persisted stretch of one series. Its Data is package window's own format.
type Chunk struct {
	Series SeriesID
	// Start is the beginning of the stretch; a later chunk with the same series and start replaces it.
	Start time.Time
	Data  []byte
}
