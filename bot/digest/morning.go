package digest

import (
	"fmt"

	"github.com/firebreak-dev/firebreak/bot"
)

// morning tells what has somebody to know who begins the day. Where nothing is, it says when changes are welcome today, and that is all.
func (m maker) morning(d *bot.Digest) {
	open, ended := m.openRows(), m.endedRows()
	risky := m.riskyRows()
	told := add(d, "Not over", open)
	told = add(d, "Since "+m.clock(m.From), ended) || told
	told = add(d, "Waits", m.waitRows()) || told
	told = add(d, fmt.Sprintf("Risky among %s since then", count(len(m.Changes), "change")), risky) || told
	told = add(d, "Budgets", m.budgetRows()) || told
	told = add(d, "Cannot be seen", m.blindRows()) || told
	add(d, "Today", m.windowRows(true))
	d.Empty = !told
	d.Title = m.headline("Good morning, "+m.day(), told)
}

// headline says in a line what there is.
func (m maker) headline(head string, told bool) string {
	n := len(m.unresolved())
	switch {
	case n > 0:
		verb := "are"
		if n == 1 {
			verb = "is"
		}
		return fmt.Sprintf("%s: %s %s not over", head, count(n, "incident"), verb)
	case told:
		return head + ": no incident is open"
	default:
		return head + ": nothing to tell"
	}
}
