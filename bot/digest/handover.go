package digest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
)

// handover tells what the next one must know who goes on call.
func (m maker) handover(d *bot.Digest) {
	told := add(d, "Not over", m.openRows())
	told = add(d, "Waits", m.waitRows()) || told
	told = add(d, "Since "+m.clock(m.From), m.shiftRows()) || told
	told = add(d, fmt.Sprintf("Risky among %s since then", count(len(m.Changes), "change")), m.riskyRows()) || told
	told = add(d, "Budgets", m.budgetRows()) || told
	told = add(d, "Cannot be seen", m.blindRows()) || told
	add(d, "On call", m.dutyRows())
	add(d, "Today", m.windowRows(true))
	d.Empty = !told
	d.Title = m.headline("Handover, "+m.clock(m.Now), told)
}

// dutyRows tell who is on call, level by level, and until when.
func (m maker) dutyRows() []bot.Row {
	var order []string
	of := map[string][]string{}
	for _, duty := range m.Duties {
		text := duty.Sentence(m.clock)
		if _, known := of[text]; !known {
			order = append(order, text)
		}
		of[text] = append(of[text], duty.Service)
	}
	rows := make([]bot.Row, 0, len(order))
	for _, text := range order {
		label := list(of[text])
		if len(of[text]) == len(m.Duties) && len(m.Duties) > 1 {
			label = "all services"
		}
		rows = append(rows, bot.Row{Label: label, Text: text})
	}
	return bounded(rows)
}

// mostTold bounds what is told of one incident.
const mostTold = 4

// shiftRows tell what happened since From: of each incident what was decided, done and said, the newest of it.
func (m maker) shiftRows() []bot.Row {
	var rows []bot.Row
	for _, in := range m.Incidents {
		var said []string
		for _, e := range m.Entries[in.ID] {
			if e.At.Before(m.From) || e.At.After(m.Now) || !happened(e) {
				continue
			}
			said = append(said, m.clock(e.At)+" "+short(e.Sentence))
		}
		if len(said) == 0 {
			continue
		}
		if len(said) > mostTold {
			said = append([]string{fmt.Sprintf("%d more", len(said)-mostTold)}, said[len(said)-mostTold:]...)
		}
		rows = append(rows, bot.Row{Label: in.Service, Text: fmt.Sprintf("%s: %s", in.ID, strings.Join(said, "; ")), Link: m.page(in.ID)})
	}
	return bounded(rows)
}

// happened tells whether an entry is about something that was decided, done or said. A step that was not needed is not.
func happened(e bot.Entry) bool {
	var step struct {
		Kind string `json:"kind"`
	}
	if e.Kind == bot.EntryStep && json.Unmarshal(e.Data, &step) == nil && step.Kind == "skipped" {
		return false
	}
	return slices.Contains([]bot.EntryKind{
		bot.EntryOpened, bot.EntryWorsened, bot.EntryRecovered, bot.EntryReopened, bot.EntryResolved, bot.EntryAcknowledged, bot.EntryCause,
		bot.EntryVerdict, bot.EntryApproval, bot.EntryNote, bot.EntryMuted, bot.EntryReference, bot.EntryStep, bot.EntryPage,
	}, e.Kind)
}
