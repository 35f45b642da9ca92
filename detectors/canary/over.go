package canary

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/compare"
)

// What a canary did counts from its first request on, so that it may be looked at after each. What it did and does no more must not
// be held against it for a day: nobody could tell a rollback that helped from one that did not.

const (
	// lately is the least stretch in which something has ended.
	lately = 5 * time.Minute
	// missed is how many requests of the canary must be missing to believe that it gets none: the chance that they are missing by
	// chance is below 1 %.
	missed = 5
	// plenty is how many requests of a canary a mended share is judged by.
	plenty = 20
)

// share is what the canary and all versions together got in a step.
type share struct {
	at time.Time
	Counts
}

// shares are the steps since the canary came, in order: its requests as Bad of all as Total. A sample of a value counts as one.
func (d *Detector) shares(w detectors.Windows, signal, version string, from, to time.Time, step time.Duration) []share {
	at := map[time.Time]Counts{}
	for _, id := range w.Series(signal) {
		value, _, ok := d.version(id)
		if !ok {
			continue
		}
		for _, p := range w.Points(id, from, to, step) {
			n := p.Total
			if n == 0 && p.Value != 0 && !math.IsNaN(p.Value) {
				n = 1
			}
			c := at[p.At]
			c.Total += n
			if value == version {
				c.Bad += n
			}
			at[p.At] = c
		}
	}
	out := make([]share, 0, len(at))
	for t, c := range at {
		out = append(out, share{t, c})
	}
	slices.SortFunc(out, func(a, b share) int { return a.at.Compare(b.at) })
	return out
}

func counts(steps []share) []Counts {
	out := make([]Counts, 0, len(steps))
	for _, s := range steps {
		out = append(out, s.Counts)
	}
	return out
}

func sum(steps []share) (c Counts) {
	for _, s := range steps {
		c.Bad += s.Bad
		c.Total += s.Total
	}
	return c
}

// gone tells that a canary got requests and gets none any more: beyond chance, and for some minutes.
func gone(steps []share, now time.Time) (why string, is bool) {
	last := len(steps)
	for last > 0 && steps[last-1].Bad == 0 {
		last--
	}
	if last == 0 || now.Sub(steps[last-1].at) < lately {
		return "", false
	}
	before, since := sum(steps[:last]), sum(steps[last:])
	if before.Bad/before.Total*since.Total < missed {
		return "", false
	}
	return fmt.Sprintf("the canary gets no requests any more: none of %s since %s",
		compare.Number(since.Total), steps[last-1].at.UTC().Format("15:04 UTC")), true
}

// mended tells that a canary whose share was wrong gets the declared one now: what it got lately agrees with what was declared, and is a
// hundred times less likely under what it got before. It is looked at step by step: on its way to nothing a share passes the declared one.
func mended(declared float64, steps []share, now time.Time) (why string, is bool) {
	first := len(steps)
	for first > 0 && (declared*sum(steps[first:]).Total < plenty || now.Sub(steps[first].at) < lately) {
		first--
	}
	before, since := sum(steps[:first]), sum(steps[first:])
	if before.Total == 0 || declared*since.Total < plenty || Exposure(declared, counts(steps[first:])).Answer != Pass {
		return "", false
	}
	wrong := min(1-1e-9, max(1e-9, before.Bad/before.Total))
	if likelihood(declared, since.Bad, since.Total)-likelihood(wrong, since.Bad, since.Total) < -math.Log(limit) {
		return "", false
	}
	return fmt.Sprintf("the canary gets the declared share again: %s of the last %s requests (%s), declared %s",
		compare.Number(since.Bad), compare.Number(since.Total), compare.Share(since.Bad/since.Total), compare.Share(declared)), true
}

// ended makes a pass of a failure that has ended.
func ended(c Comparison, why string) Comparison {
	c.Answer, c.Reason = Pass, why
	c.Evidence = append(slices.Clone(c.Evidence), detectors.Evidence{Name: "ended", Sentence: why})
	return c
}
