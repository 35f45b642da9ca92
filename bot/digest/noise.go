package digest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

// noise counts of each detector how much it said since From, and what came of it, the loudest first.
func (m maker) noise() []bot.Noise {
	by := map[string]*bot.Noise{}
	of := func(detector string) *bot.Noise {
		if by[detector] == nil {
			by[detector] = &bot.Noise{Detector: detector}
		}
		return by[detector]
	}
	for _, in := range m.Incidents {
		opener := ""
		muted := false
		for _, e := range m.Entries[in.ID] {
			f, is := findingOf(e)
			if is && opener == "" {
				opener = f.Detector
			}
			if e.Kind == bot.EntryMuted {
				muted = true
			}
			if e.At.Before(m.From) || !e.At.Before(m.Now) {
				continue
			}
			if is && f.Verdict == detectors.Firing && f.Detector != "" {
				of(f.Detector).Firings++
			}
			if m.paged(e) && opener != "" {
				of(opener).Pages++
			}
		}
		if opener = cmp.Or(opener, in.Detector); opener != "" && !in.OpenedAt.Before(m.From) && in.OpenedAt.Before(m.Now) {
			outcome(of(opener), in, muted)
		}
	}
	out := make([]bot.Noise, 0, len(by))
	for _, n := range by {
		out = append(out, *n)
	}
	slices.SortFunc(out, func(a, b bot.Noise) int {
		return cmp.Or(cmp.Compare(b.Incidents, a.Incidents), cmp.Compare(b.Firings, a.Firings), cmp.Compare(a.Detector, b.Detector))
	})
	return out
}

// outcome counts what came of an incident, as one thing. What was confirmed was no noise, whatever else happened to it.
func outcome(n *bot.Noise, in bot.Incident, muted bool) {
	n.Incidents++
	none, judged := in.Verdict(bot.NoneOfThese)
	switch {
	case in.Cause != "" || judged && none.Word == bot.Confirmed:
		n.Confirmed++
	case muted:
		n.Muted++
	case in.State != bot.Resolved:
		n.Open++
	case in.ResolvedBy != "" && in.QuietSince.IsZero():
		n.Dismissed++
	case in.AcknowledgedAt.IsZero() && in.ResolvedBy == "":
		n.Passed++
	default:
		n.Unsaid++
	}
}

// findingOf is the finding that an entry tells of.
func findingOf(e bot.Entry) (detectors.Finding, bool) {
	switch e.Kind {
	case bot.EntryOpened, bot.EntryFinding, bot.EntryWorsened, bot.EntryReopened:
	default:
		return detectors.Finding{}, false
	}
	var f detectors.Finding
	return f, json.Unmarshal(e.Data, &f) == nil && f.Key != ""
}

// paged tells whether an entry says that a page went out.
func (m maker) paged(e bot.Entry) bool {
	if e.Kind != bot.EntryStep {
		return false
	}
	var step struct {
		Action string `json:"action"`
		State  string `json:"state"`
	}
	return json.Unmarshal(e.Data, &step) == nil && step.State == "done" && slices.Contains(m.Paging, step.Action)
}

// noiseRows say it in words. What did not happen is left out.
func noiseRows(noise []bot.Noise) []bot.Row {
	rows := make([]bot.Row, 0, len(noise))
	for _, n := range noise {
		text := fmt.Sprintf("%s, %s, %s", count(n.Firings, "firing"), count(n.Incidents, "incident"), count(n.Pages, "page"))
		var of []string
		for _, o := range []struct {
			n    int
			what string
		}{
			{n.Confirmed, "confirmed"},
			{n.Muted, "muted"},
			{n.Dismissed, "closed by hand while it fired"},
			{n.Passed, "went by itself and nobody was on it"},
			{n.Unsaid, "nobody said what did it"},
			{n.Open, "not over"},
		} {
			if o.n > 0 {
				of = append(of, fmt.Sprintf("%d %s", o.n, o.what))
			}
		}
		if len(of) > 0 {
			text += ": " + strings.Join(of, ", ")
		}
		rows = append(rows, bot.Row{Label: n.Detector, Text: text})
	}
	return bounded(rows)
}
