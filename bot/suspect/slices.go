package suspect

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

const (
	// spanBefore is how far back before the onset a slice is compared with itself.
	spanBefore = 3 * time.Hour
	// fewestEvents and fewestPoints are what it takes to say anything of a side: events where they are counted, else minutes.
	fewestEvents, fewestPoints = 30, 5
	// surely is how many standard errors apart two sides must be for the difference to count.
	surely = 3
	// wentAlong and stayedPut are the shares of the whole's shift from which on a slice moved with it, and up to which it did not. In between
	// nothing is said.
	wentAlong, stayedPut = .5, .25
	// mostSlices bounds what is looked at.
	mostSlices = 200
)

// Slices tells how an incident's signals moved, and which slices moved with the whole and which did not. What there is too little of to say is left
// out. A slice that was not there before is held against what the whole was then.
func Slices(now time.Time, in bot.Incident, w detectors.Windows) []bot.Slice {
	onset := onsetOf(in)
	if onset.At.IsZero() || w == nil {
		return nil
	}
	var out []bot.Slice
	for _, signal := range signalsOf(in) {
		out = append(out, slicesOf(now, in, onset, signal, w)...)
	}
	slices.SortFunc(out, func(a, b bot.Slice) int {
		return cmp.Or(cmp.Compare(a.Signal, b.Signal), cmp.Compare(a.Label, b.Label), cmp.Compare(a.Value, b.Value))
	})
	return out
}

func slicesOf(now time.Time, in bot.Incident, onset detectors.Onset, signal string, w detectors.Windows) []bot.Slice {
	sides := func(id detectors.SeriesID) (before, after side) {
		return sideOf(w.Points(id, onset.Earliest.Add(-spanBefore), onset.Earliest, time.Minute)), sideOf(w.Points(id, onset.Latest, now, time.Minute))
	}
	whole := detectors.SeriesID{Signal: signal, Service: in.Service, Environment: in.Environment}
	was, is := sides(whole)
	shift := is.mean - was.mean
	if !was.enough() || !is.enough() || shift == 0 {
		return nil
	}
	out := []bot.Slice{{Signal: signal, Before: was.mean, After: is.mean, Moved: true, Share: is.counted}}
	for _, id := range w.Series(signal) {
		label, value, single := onlyLabel(id.Slice)
		if id.Service != in.Service || id.Environment != in.Environment || !single || len(out) == mostSlices {
			continue
		}
		before, after := sides(id)
		if !before.enough() {
			before = was
		}
		if moved, known := follows(before, after, shift); known {
			out = append(out, bot.Slice{Signal: signal, Label: label, Value: value, Before: before.mean, After: after.mean, Moved: moved, Share: after.counted})
		}
	}
	return out
}

// side is a stretch of time of one series.
type side struct {
	mean, variance float64
	// n is how many events there were where they are counted, else how many minutes; counted tells which.
	n       float64
	counted bool
}

func sideOf(points []detectors.Point) side {
	var s side
	var bad, sum, squares float64
	for _, p := range points {
		if p.Total > 0 {
			s.counted = true
			bad, s.n = bad+p.Bad, s.n+p.Total
		} else if !s.counted && !math.IsNaN(p.Value) {
			sum, squares, s.n = sum+p.Value, squares+p.Value*p.Value, s.n+1
		}
	}
	switch {
	case s.n == 0:
	case s.counted:
		s.mean = bad / s.n
		s.variance = max(s.mean*(1-s.mean), 1/(s.n+2)) // of none at all nobody knows that there never are any
	default:
		s.mean = sum / s.n
		s.variance = max(squares/s.n-s.mean*s.mean, 0)
	}
	return s
}

func (s side) enough() bool {
	if s.counted {
		return s.n >= fewestEvents
	}
	return s.n >= fewestPoints
}

// follows tells whether a slice moved as the whole did; known is false where it cannot be told.
func follows(before, after side, shift float64) (moved, known bool) {
	if !after.enough() || !before.enough() {
		return false, false
	}
	difference := after.mean - before.mean
	doubt := math.Sqrt(before.variance/before.n + after.variance/after.n)
	share := difference / shift
	switch {
	case share >= wentAlong && math.Abs(difference) >= surely*doubt:
		return true, true
	case share <= stayedPut && surely*doubt <= (wentAlong-share)*math.Abs(shift):
		return false, true
	default:
		return false, false
	}
}

// onlyLabel takes a slice of one label apart.
func onlyLabel(slice string) (label, value string, ok bool) {
	label, quoted, found := strings.Cut(slice, "=")
	if !found {
		return "", "", false
	}
	value, err := strconv.Unquote(quoted)
	return label, value, err == nil && label != "" && value != ""
}

// sliced is what the slices say of a candidate that brought the version of one: that this alone moved, that it did not, or that others
// moved as much.
func (c *inquiry) sliced(cand *candidate) []bot.Reason {
	for _, s := range c.incident.Slices {
		if s.Label == "" || !brought(cand.change, s) {
			continue
		}
		var still, moved *bot.Slice
		for i, other := range c.incident.Slices {
			if other.Signal != s.Signal || other.Label != s.Label || other.Value == s.Value {
				continue
			}
			if other.Moved {
				moved = &c.incident.Slices[i]
			} else {
				still = &c.incident.Slices[i]
			}
		}
		name := s.Label + " " + s.Value
		switch {
		case !s.Moved:
			return []bot.Reason{{Code: "slice", Weight: c.weights.SliceStayed, Sentence: name + ", which it brought, did not move"}}
		case moved != nil:
			return []bot.Reason{{
				Code: "slice", Weight: c.weights.SliceShared, Sentence: s.Label + " " + moved.Value + " moved as " + s.Value + " did, which it brought",
			}}
		case still != nil:
			return []bot.Reason{{
				Code: "slice", Weight: c.weights.SliceMoved,
				Sentence: "only " + name + ", which it brought, moved (" + figure(s.Before) + " to " + figure(s.After) + "); " + still.Value + " did not",
			}}
		}
	}
	return nil
}

// slack is by how much a share of the traffic may be exceeded before it is held to be impossible: shares and means are rough.
const slack = 1.5

// dose excludes, all but, that a change which reached a share of the traffic moved the whole by more than that share could.
func (c *inquiry) dose(cand *candidate) []bot.Reason {
	exposure := reached(cand.change, c.now)
	if exposure <= 0 || exposure >= 1 {
		return nil
	}
	for _, s := range c.incident.Slices {
		if s.Label != "" || !s.Share || s.After <= s.Before {
			continue
		}
		if most := exposure * (1 - s.Before); s.After-s.Before > slack*most {
			return []bot.Reason{{Code: "dose", Weight: c.weights.Dose, Sentence: fmt.Sprintf(
				"reached %s of the traffic, too little to move the whole from %s to %s", percent(exposure), percent(s.Before), percent(s.After),
			)}}
		}
	}
	return nil
}

// brought tells whether a slice is the version that a change brought: one that it pins, its commit, or, of a version, its number.
func brought(change *bot.Change, s bot.Slice) bool {
	for _, in := range change.Inputs {
		if in.New != "" && strings.EqualFold(in.New, s.Value) {
			return true
		}
	}
	const shortCommit = 7
	if len(s.Value) >= shortCommit && len(change.Revision) >= shortCommit && strings.HasPrefix(strings.ToLower(change.Revision), strings.ToLower(s.Value)) {
		return true
	}
	versioned := strings.Contains(s.Label, "version") || strings.Contains(s.Label, "prompt")
	return versioned && change.Number > 0 && strings.TrimPrefix(s.Value, "#") == strconv.Itoa(change.Number)
}

func figure(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }
