package suspect

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

const (
	// fewestAhead is how many changes of a source have to come from the future for its clock to be doubted.
	fewestAhead = 3
	// hardlyAhead is within what times are rounded, mostAhead beyond what a time is wrong rather than a clock.
	hardlyAhead = 2 * time.Second
	mostAhead   = 15 * time.Minute
)

// skewsOf estimates by how much the clocks of sources are ahead of ours: nobody can tell of a change before it happened, so of those
// that were heard of before their own time the median difference is what is missing at least. A clock that is behind cannot be told
// from a message that took long.
func skewsOf(changes []*bot.Change) map[string]bot.Skew {
	ahead := map[string][]time.Duration{}
	for _, c := range changes {
		// When it took effect is often told later, and by others.
		if d := c.MergedAt.Sub(c.Seen); !c.Seen.IsZero() && d > hardlyAhead && d <= mostAhead {
			ahead[c.Source] = append(ahead[c.Source], d)
		}
	}
	out := map[string]bot.Skew{}
	for source, all := range ahead {
		if len(all) >= fewestAhead {
			slices.Sort(all)
			out[source] = bot.Skew{Source: source, Ahead: all[len(all)/2].Seconds(), Changes: len(all)}
		}
	}
	return out
}

// listed are skews in an order of their own.
func listed(skews map[string]bot.Skew) []bot.Skew {
	if len(skews) == 0 {
		return nil
	}
	return slices.SortedFunc(maps.Values(skews), func(a, b bot.Skew) int { return cmp.Compare(a.Source, b.Source) })
}

// doubt says in a sentence's end that the time of a change may be too late.
func (t timing) doubt(source string) string {
	if t.ahead == 0 {
		return ""
	}
	if t.sampled {
		return fmt.Sprintf(", or up to %s earlier: it was seen by samples", span(t.ahead))
	}
	return fmt.Sprintf(", or up to %s earlier: the clock of %s is ahead", span(t.ahead), source)
}
