package suspect

import (
	"math"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

// node is one point of a distribution that stands for an equal or given share of it.
type node struct {
	at    float64 // minutes
	share float64
}

// standard are the middles of nine equal shares of the normal distribution, fine those of fifteen: a time from merged to effective
// spreads wider than an onset, and a coarse sum over it misses the minutes that matter.
var standard = [...]float64{-1.5932, -0.9674, -0.5895, -0.2822, 0, 0.2822, 0.5895, 0.9674, 1.5932}

var fine = [...]float64{
	-1.8339, -1.2816, -0.9674, -0.7279, -0.5244, -0.3407, -0.1679, 0.0000,
	0.1679, 0.3407, 0.5244, 0.7279, 0.9674, 1.2816, 1.8339,
}

// z90 is half the width of the interval that holds 90 % of a normal distribution, in standard deviations.
const z90 = 1.6449

// skew is the least uncertainty of an onset: clocks of a forge, a deployer and a metrics store disagree by seconds, and samples are
// taken every fifteen or more.
const skew = 30 * time.Second

// onsetOf gives the onset of the incident. One that nobody estimated lies, broadly, in the half hour before the incident was opened.
func onsetOf(in bot.Incident) detectors.Onset {
	o := in.Onset
	if o.IsZero() {
		o = detectors.Onset{
			At: in.OpenedAt.Add(-10 * time.Minute), Earliest: in.OpenedAt.Add(-30 * time.Minute), Latest: in.OpenedAt,
		}
	}
	if o.Earliest.IsZero() || o.Earliest.After(o.At) {
		o.Earliest = o.At
	}
	if o.Latest.Before(o.At) {
		o.Latest = o.At
	}
	return o
}

// nodesOf spreads an onset over nine points, in minutes after its best guess. Its interval need not be even, and is never taken to be
// narrower than the skew of clocks.
func nodesOf(o detectors.Onset) []node {
	before, after := widths(o)
	out := make([]node, 0, len(standard))
	for _, z := range standard {
		width := after
		if z < 0 {
			width = before
		}
		out = append(out, node{at: z * width, share: 1 / float64(len(standard))})
	}
	return out
}

// widths are the standard deviations of an onset before and after its best guess, in minutes.
func widths(o detectors.Onset) (before, after float64) {
	return math.Max(o.At.Sub(o.Earliest).Minutes(), skew.Minutes()) / z90, math.Max(o.Latest.Sub(o.At).Minutes(), skew.Minutes()) / z90
}

// nodes spreads a lag over fifteen points, in minutes.
func (l Lag) nodes() []node {
	out := make([]node, 0, len(fine))
	for _, z := range fine {
		out = append(out, node{at: l.Median.Minutes() * math.Exp(z*l.Spread), share: 1 / float64(len(fine))})
	}
	return out
}

// curve is a lag made ready for many densities.
type curve struct {
	log, spread, scale float64
	// nodes stand for it where the onset is known far less well than it.
	nodes []node
}

func (l Lag) curve() curve {
	return curve{log: math.Log(l.Median.Minutes()), spread: l.Spread, scale: 1 / (l.Spread * math.Sqrt(2*math.Pi)), nodes: l.nodes()}
}

func curves(lags map[bot.Kind]Lag) map[bot.Kind]curve {
	out := make(map[bot.Kind]curve, len(lags))
	for kind, lag := range lags {
		out[kind] = lag.curve()
	}
	return out
}

// density is the probability per minute that the lag is x minutes.
func (c curve) density(x float64) float64 {
	if x <= 0 {
		return 0
	}
	z := (math.Log(x) - c.log) / c.spread
	return math.Exp(-z*z/2) * c.scale / x
}

// slow is the share of causes that work so slowly or so rarely that their lag says nothing: a prompt that only fails on Mondays.
const slow = 0.02

// selfMade tells of kinds that nobody merges.
func selfMade(k bot.Kind) bool { return k == bot.Vendor || k == bot.Price }

// learnt is a lag as this team's own changes show it, held to what it was while they are few.
func (l Lag) learnt(seen []time.Duration) Lag {
	const pseudo = 5
	n, usual := float64(len(seen)), math.Log(l.Median.Minutes())
	sum, squares := pseudo*usual, 0.0
	for _, d := range seen {
		sum += math.Log(math.Max(d.Minutes(), 1.0/60))
	}
	mean := sum / (n + pseudo)
	for _, d := range seen {
		off := math.Log(math.Max(d.Minutes(), 1.0/60)) - mean
		squares += off * off
	}
	variance := (squares + pseudo*l.Spread*l.Spread) / (n + pseudo)
	return Lag{Median: time.Duration(math.Exp(mean) * float64(time.Minute)), Spread: math.Sqrt(variance)}
}

// timing tells how the change's time stands to the onset.
type timing struct {
	// at is when it took effect, or, while that is unknown, when it was merged.
	at time.Time
	// guessed is true when only the merge is known.
	guessed bool
	// ahead is by how much earlier it may have happened: the clock that told the time may be ahead, or it was only seen by samples.
	ahead   time.Duration
	sampled bool
	// steps are those of a roll-out, up to the onset; none where it came at once.
	steps []rise
}

// timingOf says which of a change's times counts. What nobody merges takes effect when it is seen.
func timingOf(c *bot.Change) timing {
	first := bot.FirstStep(c.Rollout)
	switch {
	case !first.IsZero():
		return timing{at: first}
	case !c.EffectiveAt.IsZero():
		return timing{at: c.EffectiveAt}
	case selfMade(c.Kind) || c.MergedAt.IsZero():
		return timing{at: c.At()}
	default:
		return timing{at: c.MergedAt, guessed: true}
	}
}

// clockwork holds what all candidates of one incident share.
type clockwork struct {
	onset detectors.Onset
	near  spans
	// far is what of near matters to changes that lie further back than farFrom minutes: among many candidates most are old, and to them
	// a minute more or less is nothing.
	far     spans
	farFrom float64
	// before and after are the widths of the onset.
	before, after float64
	lags          map[bot.Kind]curve
	// span is the stretch of time, in minutes, over which innocent changes are spread evenly.
	span float64
}

// spans are when it may have begun, and how long a deployment that was not seen may have taken.
type spans struct{ onsets, deploy []node }

// farther is by how many times the time from a change to the onset has to exceed what is not known of both for that to be smoothed.
const farther = 4

func clockworkOf(o detectors.Onset, deploy Lag, lags map[bot.Kind]Lag, span float64) clockwork {
	near := spans{nodesOf(o), deploy.nodes()}
	k := clockwork{onset: o, near: near, far: spans{merged(near.onsets, 1), merged(near.deploy, 3)}, lags: curves(lags), span: span}
	widest := near.deploy[len(near.deploy)-1].at
	for _, n := range near.onsets {
		widest = math.Max(widest, math.Abs(n.at))
	}
	k.farFrom = farther * widest
	k.before, k.after = widths(o)
	return k
}

// merged puts neighbouring nodes together to so many, each at the mean of those that it stands for.
func merged(nodes []node, n int) []node {
	size := (len(nodes) + n - 1) / n
	out := make([]node, 0, n)
	for part := range slices.Chunk(nodes, size) {
		var m node
		for _, p := range part {
			m.at, m.share = m.at+p.at*p.share, m.share+p.share
		}
		m.at /= m.share
		out = append(out, m)
	}
	return out
}

// ratio is the density of the change's time if it is guilty over its density if it is innocent.
func (k clockwork) ratio(kind bot.Kind, t timing) float64 {
	lag := k.curve(kind)
	density := k.around(lag, t.at, t)
	if len(t.steps) > 0 {
		density = 0
		for _, s := range t.steps {
			density += s.gain * k.around(lag, s.at, t)
		}
	}
	return (1-slow)*density*k.span + slow
}

// curve is the lag of a kind, that of code for one that has none.
func (k clockwork) curve(kind bot.Kind) curve {
	if lag, known := k.lags[kind]; known {
		return lag
	}
	return k.lags[bot.Code]
}

// around is the density of what happened at a time, whose clock may be right, wrong by all of what it may be ahead, or anything between.
func (k clockwork) around(lag curve, at time.Time, t timing) float64 {
	ago := k.onset.At.Sub(at).Minutes()
	if t.ahead == 0 {
		return k.fits(lag, ago, t.guessed)
	}
	early := t.ahead.Minutes()
	return (k.fits(lag, ago, t.guessed) + k.fits(lag, ago+early/2, t.guessed) + k.fits(lag, ago+early, t.guessed)) / 3
}

// fits is the density of what happened so many minutes before the onset, which is integrated over, as is a deployment that was not
// seen.
func (k clockwork) fits(lag curve, ago float64, guessed bool) float64 {
	if (k.before+k.after)/2 > blurred*math.Exp(lag.log) {
		return k.within(lag, ago, guessed)
	}
	of, sum := k.near, 0.0
	if ago > k.farFrom {
		of = k.far
	}
	for _, o := range of.onsets {
		if !guessed {
			sum += o.share * lag.density(ago+o.at)
			continue
		}
		for _, d := range of.deploy {
			sum += o.share * d.share * lag.density(ago+o.at-d.at)
		}
	}
	return sum
}

// blurred is by how many times an onset may be known less well than a lag is long until its few points lie too far apart to meet the lag.
const blurred = 4

// within is the same density as fits, summed the other way round: the points stand for the lag, and the onset is what has a density.
func (k clockwork) within(lag curve, ago float64, guessed bool) float64 {
	sum := 0.0
	for _, l := range lag.nodes {
		if !guessed {
			sum += l.share * k.began(l.at-ago)
			continue
		}
		for _, d := range k.near.deploy {
			sum += l.share * d.share * k.began(l.at+d.at-ago)
		}
	}
	return sum
}

// began is the density per minute that it began x minutes after the best guess.
func (k clockwork) began(x float64) float64 {
	width := k.after
	if x < 0 {
		width = k.before
	}
	z := x / width
	return math.Exp(-z*z/2) / (width * math.Sqrt(2*math.Pi))
}
