package digest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/report"
)

// weekly tells how the week was.
func (m maker) weekly(d *bot.Digest) {
	d.Noise, d.Woken = m.noise(), m.woken()
	opened := keep(m.Incidents, func(in bot.Incident) bool { return !in.OpenedAt.Before(m.From) && in.OpenedAt.Before(m.Now) })
	pages := 0
	for _, n := range d.Noise {
		pages += n.Pages
	}
	told := add(d, "In short", m.shortRows(opened, pages))
	told = add(d, "Not over", m.openRows()) || told
	told = add(d, "Over", m.endedRows()) || told
	told = add(d, "What each detector said", noiseRows(d.Noise)) || told
	told = add(d, "Woken at night", m.wokenRows(d.Woken)) || told
	told = add(d, "To be confirmed", m.unconfirmedRows()) || told
	told = add(d, "Budgets", m.budgetRows()) || told
	told = add(d, "Risky changes", m.riskyRows()) || told
	told = add(d, "Cannot be seen", m.blindRows()) || told
	d.Empty = !told
	first := m.From.In(m.Zone)
	d.Title = fmt.Sprintf("The week from %s to %s: %s, %s, %s", first.Format("Mon 2 Jan"), m.day(), count(len(opened), "incident"), count(pages, "page"),
		count(len(m.Changes), "change"))
}

// shortRows are the figures of the week: how soon incidents were seen, taken and over.
func (m maker) shortRows(opened []bot.Incident, pages int) []bot.Row {
	if len(opened) == 0 && len(m.Changes) == 0 {
		return nil
	}
	var seen, taken, over []time.Duration
	for _, in := range opened {
		seen = append(seen, max(in.OpenedAt.Sub(began(in)), 0))
		if !in.AcknowledgedAt.IsZero() {
			taken = append(taken, max(in.AcknowledgedAt.Sub(in.OpenedAt), 0))
		}
		if !in.ResolvedAt.IsZero() {
			over = append(over, lasted(in))
		}
	}
	risky := len(keep(m.Changes, func(c bot.Change) bool { return len(c.Flags) > 0 }))
	rows := make([]bot.Row, 0, 2)
	rows = append(rows, bot.Row{Label: "Changes", Text: fmt.Sprintf("%d, %d of them risky", len(m.Changes), risky)})
	if len(opened) == 0 {
		return rows
	}
	var parts []string
	for _, f := range []struct {
		what  string
		times []time.Duration
	}{{"seen after", seen}, {"taken after", taken}, {"over after", over}} {
		if len(f.times) > 0 {
			parts = append(parts, f.what+" "+report.Span(median(f.times)))
		}
	}
	return append(rows, bot.Row{Label: "Incidents", Text: fmt.Sprintf("%d, %s; half of them %s or less", len(opened), count(pages, "page"), strings.Join(parts, ", "))})
}

// median is the middle one, the later of two.
func median(of []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

// unconfirmedRows name incidents that are over and had a likely cause that nobody confirmed or cleared.
func (m maker) unconfirmedRows() []bot.Row {
	var rows []bot.Row
	for _, in := range m.ended() {
		prime, found := in.Prime()
		if !found || in.Cause != "" {
			continue
		}
		if _, judged := in.Verdict(prime.Change); judged {
			continue
		}
		rows = append(rows, bot.Row{Label: in.Service, Text: fmt.Sprintf("was it %s (%.2f)? %s", name(prime), prime.Probability, in.ID), Link: m.page(in.ID)})
	}
	return bounded(rows)
}
