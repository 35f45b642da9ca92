package bot

import (
	"cmp"
	"slices"
	"time"
)

// RolloutStep is a share of the traffic that a change serves from a time on, in [0, 1]; zero means that it was taken back.
type RolloutStep struct {
	At    time.Time `json:"at"`
	Share float64   `json:"share"`
}

// mostRolloutSteps bounds the steps that are kept of one change: its first ones, and the last.
const mostRolloutSteps = 100

// MergeRollouts puts what was told of a roll-out in order of time, whatever the order in which it was told. Of two words on one moment the
// told one counts.
func MergeRollouts(known, told []RolloutStep) []RolloutStep {
	if len(told) == 0 {
		return known
	}
	all := slices.Concat(told, known) // of equal times the first stays
	slices.SortStableFunc(all, func(a, b RolloutStep) int { return a.At.Compare(b.At) })
	all = slices.CompactFunc(all, func(a, b RolloutStep) bool { return a.At.Equal(b.At) })
	if len(all) > mostRolloutSteps {
		all = append(all[:mostRolloutSteps-1], all[len(all)-1])
	}
	return all
}

// ShareAt is the share of the traffic that a change served at a time by the steps of its roll-out; known is false before the first one,
// and where there are none.
func (c Change) ShareAt(t time.Time) (share float64, known bool) {
	for _, s := range c.Rollout {
		if s.At.After(t) {
			break
		}
		share, known = s.Share, true
	}
	return share, known
}

// TakenBack is when a roll-out last went back to nothing, and stayed there; zero where it did not.
func (c Change) TakenBack() time.Time {
	if n := len(c.Rollout); n > 1 && c.Rollout[n-1].Share == 0 {
		return c.Rollout[n-1].At
	}
	return time.Time{}
}

// Climb is how a signal went while a change was rolled out in steps: a stretch for each share, in order of time, cut where the incident
// began.
type Climb struct {
	Change    string    `json:"change"`
	Signal    string    `json:"signal"`
	Stretches []Stretch `json:"stretches"`
}

// Stretch is the mean of a signal while a share of the traffic met a change, with its standard error. After tells that it lies after the
// incident began.
type Stretch struct {
	From  time.Time `json:"from"`
	Share float64   `json:"share"`
	Mean  float64   `json:"mean"`
	Error float64   `json:"error"`
	After bool      `json:"after,omitempty"`
}

// FirstStep is when a roll-out first reached anybody, zero where nobody told.
func FirstStep(steps []RolloutStep) time.Time {
	for _, s := range steps {
		if s.Share > 0 {
			return s.At
		}
	}
	return time.Time{}
}

// lastShare is the newest share that a roll-out reached, zero where none is known.
func lastShare(steps []RolloutStep) float64 {
	if len(steps) == 0 {
		return 0
	}
	return steps[len(steps)-1].Share
}

// MergeExposure is the share that counts after the steps of a roll-out were merged: the newest one, or what was declared.
func MergeExposure(steps []RolloutStep, told, known float64) float64 {
	return cmp.Or(lastShare(steps), told, known)
}
