package risk

import (
	"fmt"
	"math"

	"github.com/firebreak-dev/firebreak/bot"
)

// Size counts once for each time that a change has doubled beyond these, in sevenths, and at most sizeMost times: with the
// shipped weight the most that leaves size alone below high. Below them a change is as small as people make them.
const (
	smallLines, smallFiles = 25, 5
	sizeMost               = 39. / 7
	// unread are the doublings, at 400 lines, from which on reviewers are known to find little.
	unread = 4
)

// size grades lines and files by doublings, since the first hundred lines tell more than the tenth hundred; the greater of the two counts.
func size(f Facts) []bot.Reason {
	times := max(doublings(f.Lines, smallLines), doublings(f.Files, smallFiles))
	if times == 0 {
		return nil
	}
	lower := "split it"
	if times >= unread {
		lower = "split it: nobody can review so much at once"
	}
	return []bot.Reason{{
		Code: Size, Weight: times, Lower: lower, Sentence: fmt.Sprintf("it changes %s in %s", count(f.Lines, "line"), count(f.Files, "file")),
	}}
}

// doublings is how often n has doubled beyond small, in whole sevenths.
func doublings(n, small int) float64 {
	if n <= small {
		return 0
	}
	return math.Min(sizeMost, math.Floor(7*math.Log2(float64(n)/float64(small)))/7)
}

// count words a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
