package digest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
)

// windowRows tell when changes are welcome from now to a moment; services with the same windows share a row.
func (m maker) windowRows(today bool) []bot.Row {
	services := make([]string, 0, len(m.Windows))
	for s := range m.Windows {
		services = append(services, s)
	}
	slices.Sort(services)
	var order []string
	of := map[string][]string{}
	for _, s := range services {
		text := m.windowText(m.Windows[s], today)
		if text == "" {
			continue
		}
		if _, known := of[text]; !known {
			order = append(order, text)
		}
		of[text] = append(of[text], s)
	}
	rows := make([]bot.Row, 0, len(order))
	for _, text := range order {
		label := list(of[text])
		if len(of[text]) == len(services) && len(services) > 1 {
			label = "all services"
		}
		rows = append(rows, bot.Row{Label: label, Text: text})
	}
	return bounded(rows)
}

// mostTurns bounds how many openings and closings are told of a service.
const mostTurns = 6

// windowText words the openings of one service: how it is now, and each turn.
func (m maker) windowText(openings []bot.Opening, today bool) string {
	if len(openings) == 0 {
		return ""
	}
	parts := []string{"changes are " + welcome(openings[0])}
	day := m.Now.In(m.Zone).Format("2006-01-02")
	for i, o := range openings[1:] {
		if today && o.At.In(m.Zone).Format("2006-01-02") != day {
			break
		}
		if i == mostTurns {
			parts = append(parts, "and so on")
			break
		}
		parts = append(parts, fmt.Sprintf("from %s %s", m.clock(o.At), welcome(o)))
	}
	if seen := unseen(openings); seen != "" {
		parts = append(parts, "not looked at: "+seen)
	}
	return strings.Join(parts, "; ")
}

func welcome(o bot.Opening) string {
	word := "unwelcome"
	if o.Open {
		word = "welcome"
	}
	if why := sentences(o.Reasons, 2); why != "" {
		word += " (" + why + ")"
	}
	return word
}

func unseen(openings []bot.Opening) string {
	var out []string
	for _, o := range openings {
		for _, what := range o.Unseen {
			if !slices.Contains(out, what) {
				out = append(out, short(what))
			}
		}
	}
	return strings.Join(out, "; ")
}
