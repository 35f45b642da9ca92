package suspect

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

const (
	// settle is how long a step of a roll-out takes to show, at most a quarter of it: connections are kept, caches are warm. Judgement.
	settle = 2 * time.Minute
	// fewestStretches is what it takes to tell a climb from a jump.
	fewestStretches = 3
	// mostClimbs bounds the changes whose steps are looked at.
	mostClimbs = 20
	// rough is by how much of its whole way a signal may miss what was expected before that counts: shares are rounded, and users differ.
	rough = .1
	// worthSaying is the log-odds from which steps are spoken of.
	worthSaying = .5
)

// Climbs tells how an incident's signals went from step to step of the changes that were rolled out in several. Changes that work slowly
// are left out: what they do at one step shows at the next.
func Climbs(now time.Time, in bot.Incident, changes []bot.Change, w detectors.Windows) []bot.Climb {
	onset := onsetOf(in)
	if onset.At.IsZero() || w == nil {
		return nil
	}
	var out []bot.Climb
	for _, c := range changes {
		first := bot.FirstStep(c.Rollout)
		if first.IsZero() || len(c.Rollout) < fewestStretches-1 || first.After(onset.Latest) || c.Kind == bot.Retrieval || c.Kind == bot.Embedding {
			continue
		}
		for _, signal := range signalsOf(in) {
			id := detectors.SeriesID{Signal: signal, Service: in.Service, Environment: in.Environment}
			if stretches := stretchesOf(c, onset, now, id, w); len(stretches) >= fewestStretches {
				out = append(out, bot.Climb{Change: c.ID, Signal: signal, Stretches: stretches})
			}
		}
		if len(out) >= mostClimbs {
			break
		}
	}
	return out
}

// signalsOf are the signals of an incident, the one that began first in the lead.
func signalsOf(in bot.Incident) []string {
	signals := []string{in.Signal}
	if in.OnsetSignal != "" && in.OnsetSignal != in.Signal {
		signals = append(signals, in.OnsetSignal)
	}
	return signals
}

// stretchesOf measures the signal before the first step and on each. Of the step in which the incident began only what came after counts:
// whether it began with the step or by itself, the time before cannot tell.
func stretchesOf(c bot.Change, onset detectors.Onset, now time.Time, id detectors.SeriesID, w detectors.Windows) []bot.Stretch {
	steps := c.Rollout
	before := steps[0].At.Add(-spanBefore)
	var out []bot.Stretch
	measure := func(from, to time.Time, share float64) {
		after := to.After(onset.Latest)
		if after && from.Before(onset.Latest) {
			from = onset.Latest
		}
		s := sideOf(w.Points(id, from, to, time.Minute))
		if to.After(from) && s.enough() {
			out = append(out, bot.Stretch{From: from, Share: share, Mean: s.mean, Error: math.Sqrt(s.variance / s.n), After: after})
		}
	}
	measure(before, steps[0].At, 0)
	for i, step := range steps {
		end := now
		if i+1 < len(steps) && steps[i+1].At.Before(now) {
			end = steps[i+1].At
		}
		if length := end.Sub(step.At); length > 0 {
			measure(step.At.Add(min(settle, length/4)), end, step.Share)
		}
	}
	return out
}

// climbed weighs whether the signal went with the steps of a change: a guilty one that reaches ten times the traffic moves the whole ten
// times as far. What that explains better or worse than a jump at the onset, which an innocent one would see, is its weight, within bounds.
func (c *inquiry) climbed(cand *candidate) []bot.Reason {
	for _, climb := range c.incident.Climbs {
		if climb.Change != cand.change.ID {
			continue
		}
		switch odds := oddsOf(climb.Stretches); {
		case odds >= worthSaying:
			return []bot.Reason{{
				Code: "stepped", Weight: math.Min(odds, c.weights.Stepped),
				Sentence: "the signal went with its share of the traffic: " + stairs(climb.Stretches),
			}}
		case odds <= -worthSaying:
			return []bot.Reason{{
				Code: "unstepped", Weight: math.Max(odds, c.weights.Unstepped),
				Sentence: "the signal did not go with its share of the traffic: " + stairs(climb.Stretches),
			}}
		default:
			return nil
		}
	}
	return nil
}

// oddsOf is how much better the steps explain the means than a jump at the onset does, as the logarithm of a likelihood ratio. Both have
// two numbers to fit.
func oddsOf(stretches []bot.Stretch) float64 {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, s := range stretches {
		lo, hi = math.Min(lo, s.Mean), math.Max(hi, s.Mean)
	}
	if !(hi > lo) {
		return 0
	}
	missed := rough * (hi - lo)
	weight := func(s bot.Stretch) float64 { return 1 / (s.Error*s.Error + missed*missed) }
	jump, up := misfit(stretches, weight, func(s bot.Stretch) float64 {
		if s.After {
			return 1
		}
		return 0
	})
	steps, by := misfit(stretches, weight, func(s bot.Stretch) float64 { return s.Share })
	if up*by < 0 {
		return 0 // one of them says that it got better
	}
	return (jump - steps) / 2
}

// misfit is what is left of the means after a line over x, in squares of standard errors, and the slope of it.
func misfit(stretches []bot.Stretch, weight, x func(bot.Stretch) float64) (left, slope float64) {
	var n, sx, sy, sxx, sxy float64
	for _, s := range stretches {
		w, at := weight(s), x(s)
		n, sx, sy, sxx, sxy = n+w, sx+w*at, sy+w*s.Mean, sxx+w*at*at, sxy+w*at*s.Mean
	}
	if spread := n*sxx - sx*sx; spread > 1e-12*n*n {
		slope = (n*sxy - sx*sy) / spread
	}
	base := (sy - slope*sx) / n
	for _, s := range stretches {
		left += weight(s) * math.Pow(s.Mean-base-slope*x(s), 2)
	}
	return left, slope
}

// stairs tells the means share by share, the first and the last few.
func stairs(stretches []bot.Stretch) string {
	const most = 5
	shown := stretches
	if len(shown) > most {
		shown = slices.Concat(shown[:1], shown[len(shown)-most+1:])
	}
	parts := make([]string, 0, len(shown))
	for _, s := range shown {
		parts = append(parts, fmt.Sprintf("%s at %s", figure(s.Mean), shareWords(s.Share)))
	}
	return strings.Join(parts, ", ")
}

func shareWords(share float64) string {
	switch share {
	case 0:
		return "0 %"
	case 1:
		return "100 %"
	default:
		return percent(share)
	}
}

// rise is a step of a roll-out by which a change reached more than ever before: how much more of what could be seen, in shares of all that
// it had reached when the incident began.
type rise struct {
	at          time.Time
	share, gain float64
}

// risesOf are the steps up to a time, none where it came at once.
func risesOf(c *bot.Change, until time.Time) []rise {
	var out []rise
	most := 0.0
	for _, s := range c.Rollout {
		if s.At.After(until) {
			break
		}
		if s.Share > most {
			out = append(out, rise{s.At, s.Share, visible(s.Share) - visible(most)})
			most = s.Share
		}
	}
	if len(out) < 2 {
		return nil
	}
	for i := range out {
		out[i].gain /= visible(most)
	}
	return out
}

// visible is how readily a change that meets a share of the traffic is seen in the whole (halfVisible).
func visible(share float64) float64 { return share / (share + halfVisible) }

// likeliest is the step that explains the onset best.
func (k clockwork) likeliest(lag curve, steps []rise) rise {
	return slices.MaxFunc(steps, func(a, b rise) int {
		of := func(r rise) float64 { return r.gain * k.fits(lag, k.onset.At.Sub(r.at).Minutes(), false) }
		return cmp.Compare(of(a), of(b))
	})
}
