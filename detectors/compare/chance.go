package compare

import (
	"fmt"
	"math"
	"strconv"

	"github.com/firebreak-dev/firebreak/detectors"
)

// upper is the chance that a standard normal number is z or more.
func upper(z float64) float64 { return math.Erfc(z/math.Sqrt2) / 2 }

// deflate takes a one-sided chance as if its statistic had scattered phi times as much.
func deflate(p, phi float64) float64 {
	if phi <= 1 || p <= 0 || p >= 1 {
		return p
	}
	z := math.Sqrt2 * math.Erfcinv(2*p)
	if math.IsInf(z, 0) {
		return p
	}
	return upper(z / math.Sqrt(phi))
}

// oneSided is the chance in the direction that counts; both directions are two tests.
func oneSided(up, down float64, worse detectors.Direction) float64 {
	switch worse {
	case detectors.Up:
		return up
	case detectors.Down:
		return down
	default:
		return min(1, 2*min(up, down))
	}
}

func chanceEvidence(p, limit float64) detectors.Evidence {
	return detectors.Evidence{
		Name: "chance", Value: p, Limit: limit,
		Sentence: fmt.Sprintf("the chance of such a difference between equals is %s, limit %s", Chance(p), Share(limit)),
	}
}

// decide answers by the chance of one test; few samples whose chance is doubtful are no pass.
func (c *Comparison) decide(worth, few bool) {
	switch {
	case c.P < Limit && worth:
		c.Answer, c.Reason = Fail, fmt.Sprintf("%s is worse than %s", c.sides.A, c.sides.B)
	case c.P < Limit:
		c.Answer, c.Reason = Pass, fmt.Sprintf("%s differs, by less than %s", c.sides.A, Share(least))
	case c.P < doubt && few && worth:
		c.Answer, c.Reason = Inconclusive, fmt.Sprintf("%s looks worse, and so few samples cannot tell whether it is chance", c.sides.A)
	default:
		c.Answer, c.Reason = Pass, fmt.Sprintf("%s is like %s, or better", c.sides.A, c.sides.B)
	}
}

// Number writes a count.
func Number(v float64) string { return strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64) }

// Share writes a share as a percentage.
func Share(v float64) string { return strconv.FormatFloat(100*v, 'g', 3, 64) + " %" }

// Chance writes a chance, and small ones as such.
func Chance(p float64) string {
	if p < 1e-4 {
		return "below 0.01 %"
	}
	return Share(p)
}
