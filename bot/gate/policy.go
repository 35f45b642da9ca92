package gate

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/configs/diag"
)

// Policy says what an evaluation must reach.
type Policy struct {
	// Name is the policy's, as "support-prompts".
	Name string `yaml:"name" doc:"the policy's name"`
	// Service is the service whose changes are gated.
	Service string `yaml:"service" doc:"the service whose changes are gated"`
	// MinSamples is how many samples a measure needs where its requirement says nothing; zero means 30.
	MinSamples float64 `yaml:"min_samples" doc:"samples that a measure needs to pass (30)"`
	// MaxAge is how old results may be; zero means that age does not matter.
	MaxAge time.Duration `yaml:"max_age" doc:"how old results may be; any age when left out"`
	// Metrics are the requirements.
	Metrics []Requirement `yaml:"metrics" doc:"what is required of which measure"`
}

// Requirement is what one measure must reach.
type Requirement struct {
	// Metric is the measure's name.
	Metric string `yaml:"metric" doc:"the measure's name in the results"`
	// Better is up or down; empty means up, or down where only at_most is given.
	Better string `yaml:"better" doc:"up or down; up when left out, down with at_most alone"`
	// AtLeast and AtMost are bounds.
	AtLeast Bound `yaml:"at_least" doc:"the least that passes, as 92% or 0.8"`
	AtMost  Bound `yaml:"at_most" doc:"the most that passes, as 1.5s, 250 or 1%"`
	// NotWorseBy is the margin against the last that passed: points of a share, else a percentage of the baseline, or a number
	// in the measure's own unit.
	NotWorseBy Bound `yaml:"not_worse_by" doc:"how much worse than the last that passed it may be: 2% are points of a share, else of the baseline"`
	// MinSamples is how many samples it needs; zero means the policy's.
	MinSamples float64 `yaml:"min_samples" doc:"samples that it needs to pass"`
	// Optional tells that results without it pass.
	Optional bool `yaml:"optional" doc:"results may lack it"`
}

// Bound is a number: plain, a percentage, or a duration in seconds.
type Bound struct {
	Value   float64
	Percent bool
	Set     bool
}

// UnmarshalText reads "92%", "0.8", "1200" or "1.5s".
func (b *Bound) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	number, percent := strings.CutSuffix(s, "%")
	if v, err := strconv.ParseFloat(strings.TrimSpace(number), 64); err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) {
		if percent {
			v /= 100
		}
		*b = Bound{Value: v, Percent: percent, Set: true}
		return nil
	}
	if d, err := time.ParseDuration(s); err == nil {
		*b = Bound{Value: d.Seconds(), Set: true}
		return nil
	}
	return fmt.Errorf("%q is no number: write 92%%, 0.8, 1200 or 1.5s", s)
}

// MarshalText writes the form that UnmarshalText reads.
func (b Bound) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

func (b Bound) String() string {
	switch {
	case !b.Set:
		return ""
	case b.Percent:
		return number(100*b.Value) + "%"
	default:
		return number(b.Value)
	}
}

// Check reports every fault of the policy.
func (p Policy) Check(r *diag.Report) {
	if p.Name == "" {
		r.Faultf("name", "missing", "a policy needs a name")
	}
	if len(p.Metrics) == 0 {
		r.Faultf("metrics", "missing", "a policy that asks for nothing lets everything pass").
			Suggest("write metrics: [{metric: accuracy, at_least: 92%%}]")
	}
	if p.MinSamples < 0 {
		r.Faultf("min_samples", "out-of-range", "%g samples cannot be had", p.MinSamples)
	}
	seen := map[string]bool{}
	for i, m := range p.Metrics {
		at := r.At("metrics").Index(i)
		m.check(at)
		if seen[m.Metric] && m.Metric != "" {
			at.Faultf("metric", "duplicate", "the measure %q has a requirement already", m.Metric)
		}
		seen[m.Metric] = true
	}
}

func (m Requirement) check(r *diag.Report) {
	if m.Metric == "" {
		r.Faultf("metric", "missing", "a requirement needs the name of a measure")
	}
	if !m.AtLeast.Set && !m.AtMost.Set && !m.NotWorseBy.Set {
		r.Faultf("", "missing", "nothing is required of it: give at_least, at_most or not_worse_by")
	}
	if m.AtLeast.Set && m.AtMost.Set && m.AtLeast.Value > m.AtMost.Value {
		r.Faultf("at_least", "never", "at least %s and at most %s: nothing can pass", m.AtLeast, m.AtMost)
	}
	if m.NotWorseBy.Set && m.NotWorseBy.Value < 0 {
		r.Faultf("not_worse_by", "out-of-range", "a margin of %s is below zero", m.NotWorseBy)
	}
	if m.MinSamples < 0 {
		r.Faultf("min_samples", "out-of-range", "%g samples cannot be had", m.MinSamples)
	}
	if m.Better != "" {
		r.OneOf("better", "bad-direction", "direction", m.Better, []string{"up", "down"})
	}
}

// up tells that more is better.
func (m Requirement) up() bool {
	if m.Better != "" {
		return m.Better == "up"
	}
	return m.AtLeast.Set || !m.AtMost.Set
}
