package digest

import (
	"fmt"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/report"
)

// The bounds of a digest: what somebody reads.
const (
	mostRows  = 12
	mostTitle = 120
)

// clock tells a time of today, of this week, or of another one.
func (m maker) clock(t time.Time) string {
	local, now := t.In(m.Zone), m.Now.In(m.Zone)
	switch days := t.Sub(m.Now).Hours() / 24; {
	case local.Format(time.DateOnly) == now.Format(time.DateOnly):
		return local.Format("15:04 MST")
	case days > -6 && days < 6:
		return local.Format("Mon 15:04 MST")
	default:
		return local.Format("Mon 2 Jan 15:04 MST")
	}
}

// day names the day of a digest.
func (m maker) day() string { return m.Now.In(m.Zone).Format("Mon 2 Jan") }

// page is the address of an incident's page.
func (m maker) page(incident string) string {
	if m.URL == "" || incident == "" {
		return ""
	}
	return strings.TrimRight(m.URL, "/") + "/incidents/" + incident
}

// bounded keeps the first rows, and tells how many there are more.
func bounded(rows []bot.Row) []bot.Row {
	if len(rows) <= mostRows {
		return rows
	}
	return append(rows[:mostRows:mostRows], bot.Row{Text: fmt.Sprintf("and %d more", len(rows)-mostRows)})
}

// count is a number with its noun: "1 change", "3 changes".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// short keeps a stranger's words from filling a digest, on one line.
func short(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "�")), " ")
	if runes := []rune(s); len(runes) > mostTitle {
		return strings.TrimRight(string(runes[:mostTitle-1]), " ") + "…"
	}
	return s
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// list names things, at most a few.
func list(names []string) string {
	const most = 5
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most-1], ", "), len(names)-most+1)
	}
	return strings.Join(names, ", ")
}

// share tells a share in per cent as everywhere else.
func share(x float64) string { return report.Number(x, "ratio") }

// sentences are the reasons in words, the first few.
func sentences(reasons []bot.Reason, most int) string {
	out := make([]string, 0, most)
	for _, r := range reasons[:min(most, len(reasons))] {
		out = append(out, short(r.Sentence))
	}
	return strings.Join(out, "; ")
}
