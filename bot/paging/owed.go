package paging

import (
	"strconv"

	"github.com/firebreak-dev/firebreak/bot"
)

// Verb is what a pager is told of a page.
type Verb string

// The verbs. Nothing is owed where the pager knows as much.
const (
	Nothing     Verb = ""
	Acknowledge Verb = "acknowledge"
	Resolve     Verb = "resolve"
)

// Owed is what the pager has to be told of an incident that it was told to page for, because it happened here and the pager has not
// said since that it is otherwise.
func Owed(in bot.Incident) Verb {
	switch {
	case in.Page.Status == bot.PageResolved:
		return Nothing // there is nothing left that could be told
	case in.State == bot.Resolved:
		return Resolve
	case in.AcknowledgedAt.IsZero() || in.Page.Status == bot.PageAcknowledged:
		return Nothing
	default:
		return Acknowledge
	}
}

func itoa(n int) string { return strconv.Itoa(n) }
