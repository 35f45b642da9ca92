package figures

import (
	"math"
	"time"
)

// Figure is one number that is promised, as it was measured.
type Figure struct {
	// Suite is what it was measured on, as "nab"; Data is the folder of a recording.
	Suite string `json:"suite"`
	Data  string `json:"data,omitempty"`
	// What says what was measured, Unit in what.
	What string  `json:"what"`
	Unit string  `json:"unit,omitempty"`
	Got  float64 `json:"got"`
	// Bar is what must be reached and Better what would be better still; nil where nothing is promised.
	Bar    *Bar `json:"bar,omitempty"`
	Better *Bar `json:"better,omitempty"`
	// Met tells that the bar is reached, BetterMet that the better one is.
	Met       bool `json:"met"`
	BetterMet bool `json:"better_met"`
	// Baselines are what others reach.
	Baselines []Baseline `json:"baselines,omitempty"`
	// Detail is a sentence that goes with it.
	Detail string `json:"detail,omitempty"`
}

// Bar is a bound.
type Bar struct {
	// AtLeast and AtMost bound the figure; nil where it is not bound on that side.
	AtLeast *float64 `json:"at_least,omitempty"`
	AtMost  *float64 `json:"at_most,omitempty"`
}

// Baseline is the figure of another method.
type Baseline struct {
	Name string  `json:"name"`
	Got  float64 `json:"got"`
	// Published is true for figures that others have told of the development split, which another split need not repeat; false for
	// what was computed here on the same data.
	Published bool `json:"published,omitempty"`
}

func atLeast(v float64) *Bar         { return &Bar{AtLeast: &v} }
func atMost(v float64) *Bar          { return &Bar{AtMost: &v} }
func between(low, high float64) *Bar { return &Bar{AtLeast: &low, AtMost: &high} }

// met tells whether a figure keeps a bound. What is not a number keeps none.
func (b *Bar) met(v float64) bool {
	switch {
	case b == nil:
		return true
	case math.IsNaN(v):
		return false
	}
	return (b.AtLeast == nil || v >= *b.AtLeast) && (b.AtMost == nil || v <= *b.AtMost)
}

// done fills in what follows from the rest. What is not a number cannot be said in JSON, and is said as -1.
func (f Figure) done() Figure {
	f.Met, f.BetterMet = f.Bar.met(f.Got), f.Better != nil && f.Better.met(f.Got)
	f.Got = finite(f.Got)
	for i, b := range f.Baselines {
		f.Baselines[i].Got = finite(b.Got)
	}
	return f
}

func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return -1
	}
	return math.Round(v*1e6) / 1e6
}

// Missing is a suite that could not be measured.
type Missing struct {
	Suite string `json:"suite"`
	Why   string `json:"why"`
}

// Report is everything that was measured in one run.
type Report struct {
	Data    string    `json:"data"`
	Began   time.Time `json:"began"`
	Seconds float64   `json:"seconds"`
	Figures []Figure  `json:"figures"`
	Missing []Missing `json:"missing"`
}

// Met tells that every bar is reached.
func (r Report) Met() bool {
	for _, f := range r.Figures {
		if !f.Met {
			return false
		}
	}
	return true
}

// median is that of sorted values; of an even number, the upper one.
func median(sorted []float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	return sorted[len(sorted)/2]
}
