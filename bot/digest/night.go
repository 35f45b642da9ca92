package digest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// How long after a page somebody who turns up is taken for the one whom it woke: whom the pager names at once, and who takes it.
const (
	namedWithin = 10 * time.Minute
	takenWithin = time.Hour
)

// woken finds who was paged at night since From, by each person's own clock, or the service's where that is not known. A page counts
// once for each person, and two pages of one incident within an hour are one waking.
func (m maker) woken() []bot.Woken {
	by := map[string]*bot.Woken{}
	for _, in := range slices.Backward(m.Incidents) {
		entries := m.Entries[in.ID]
		for _, e := range entries {
			if !m.paged(e) || e.At.Before(m.From) || !e.At.Before(m.Now) {
				continue
			}
			people := pagedPeople(entries, e.At)
			if len(people) == 0 {
				people = []string{""}
			}
			for _, who := range people {
				m.wake(by, who, in, e.At)
			}
		}
	}
	out := make([]bot.Woken, 0, len(by))
	for _, w := range by {
		out = append(out, *w)
	}
	slices.SortFunc(out, func(a, b bot.Woken) int {
		return cmp.Or(cmp.Compare(len(b.Times), len(a.Times)), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Zone, b.Zone))
	})
	return out
}

// wake counts a page, where it was night.
func (m maker) wake(by map[string]*bot.Woken, who string, in bot.Incident, at time.Time) {
	zone := m.home(who, in.Service)
	if !m.Night.has(at.In(zone)) {
		return
	}
	key := who + "\x00" + zone.String()
	w := by[key]
	if w == nil {
		w = &bot.Woken{Name: who, Zone: zone.String()}
		by[key] = w
	}
	for i := range w.Times {
		if w.Incidents[i] == in.ID && at.Sub(w.Times[i]).Abs() < takenWithin {
			return
		}
	}
	w.Times, w.Incidents = append(w.Times, at.UTC()), append(w.Incidents, in.ID)
}

// home is the zone in which somebody sleeps: the person's, the service's, the digest's.
func (m maker) home(who, service string) *time.Location {
	if zone := m.Homes[strings.ToLower(who)]; who != "" && zone != nil {
		return zone
	}
	if zone := m.ServiceZones[service]; zone != nil {
		return zone
	}
	return m.Zone
}

// pagedPeople are those whom a page reached: whom the pager named soon after it, and else who took it soon.
func pagedPeople(entries []bot.Entry, at time.Time) []string {
	var named []string
	taker := ""
	for _, e := range entries {
		after := e.At.Sub(at)
		if after < -time.Minute || after > takenWithin {
			continue
		}
		var w bot.PageWord
		told := json.Unmarshal(e.Data, &w) == nil
		if told && after <= namedWithin && len(named) == 0 {
			named = slices.Clone(w.Page.Assigned)
		}
		if e.Kind == bot.EntryAcknowledged && e.Actor != bot.Self && taker == "" {
			taker = e.Actor
		}
	}
	if len(named) == 0 && taker != "" {
		named = []string{taker}
	}
	slices.Sort(named)
	return slices.Compact(named)
}

// wokenRows say it in words.
func (m maker) wokenRows(woken []bot.Woken) []bot.Row {
	rows := make([]bot.Row, 0, len(woken))
	for _, w := range woken {
		zone, err := time.LoadLocation(w.Zone)
		if err != nil {
			zone = m.Zone
		}
		const most = 4
		var when []string
		for i, at := range w.Times {
			if i == most {
				when = append(when, fmt.Sprintf("and %d more", len(w.Times)-i))
				break
			}
			when = append(when, fmt.Sprintf("%s (%s)", at.In(zone).Format("Mon 15:04 MST"), w.Incidents[i]))
		}
		times := "once"
		if len(w.Times) > 1 {
			times = fmt.Sprintf("%d times", len(w.Times))
		}
		rows = append(rows, bot.Row{Label: orElse(short(w.Name), "somebody, nobody said who"), Text: times + ": " + strings.Join(when, ", ")})
	}
	return bounded(rows)
}
