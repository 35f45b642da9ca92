package report

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

// PostmortemOf is what is known of an incident, what is not, and the whole document.
func PostmortemOf(v View) bot.Postmortem {
	r, in, began := ReportOf(v), v.Incident, v.beganAt()
	p := bot.Postmortem{
		Incident: in.ID, Title: r.Title, State: in.State, Onset: began.UTC(), Cause: in.Cause, Seconds: map[string]float64{},
		Impact: notNil(r.Impact), Unknown: notNil(r.Unknown), Questions: notNil(r.Questions), Markdown: Markdown(r), URL: r.URL,
	}
	for name, at := range map[string]time.Time{
		"detected": in.OpenedAt, "acknowledged": in.AcknowledgedAt, "signals_back": in.QuietSince, "mitigated": in.MitigatedAt, "resolved": in.ResolvedAt,
	} {
		if !at.IsZero() {
			p.Seconds[name] = at.Sub(began).Seconds()
		}
	}
	return p
}

func notNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// impact says what was bad, and for how long: the trouble from the onset to the quiet, and of each finding the number of when it was
// worst.
func impact(v View, worst map[string]detectors.Finding) []string {
	in := v.Incident
	if in.ID == "" {
		return nil
	}
	var out []string
	switch {
	case !in.QuietSince.IsZero():
		out = append(out, fmt.Sprintf("%s was in trouble for %s.", whose(in), Span(max(in.QuietSince.Sub(v.beganAt()), 0))))
	case in.State == bot.Resolved:
		out = append(out, fmt.Sprintf("%s was in trouble for %s, until somebody said that it is over.", whose(in), Span(max(in.ResolvedAt.Sub(v.beganAt()), 0))))
	default:
		out = append(out, fmt.Sprintf("%s is in trouble, for %s so far.", whose(in), Span(max(v.Now.Sub(v.beganAt()), 0))))
	}
	for _, f := range in.Findings {
		w, fired := worst[f.Key]
		if !fired {
			continue
		}
		if level, known := levelOf(w); known && level.Sentence != "" {
			out = append(out, fmt.Sprintf("At its worst: %s.", oneLine(level.Sentence)))
		}
		if left, known := evidence(w, "budget_left"); known && left.Sentence != "" {
			out = append(out, fmt.Sprintf("Then %s.", oneLine(left.Sentence)))
		}
	}
	return out
}

func whose(in bot.Incident) string { return orElse(oneLine(in.Service), "An unnamed service") }

// wideOnset is how far apart the ends of an onset may lie before it is said that it is not known better.
const wideOnset = 10 * time.Minute

// unknown says what the timeline does not tell.
func unknown(v View) []string {
	in := v.Incident
	if in.ID == "" {
		return nil
	}
	var out []string
	switch o := in.Onset; {
	case o.IsZero():
		out = append(out, "When it began. Times are counted from when it was seen.")
	case o.Latest.Sub(o.Earliest) >= wideOnset:
		out = append(out, fmt.Sprintf("When exactly it began: between %s and %s.", v.stamp(o.Earliest), v.stamp(o.Latest)))
	}
	confirmedNone, judged := in.Verdict(bot.NoneOfThese)
	switch {
	case in.Service == bot.Self || in.Cause != "":
	case judged && confirmedNone.Word == bot.Confirmed:
		out = append(out, "What did it: none of the known changes, as "+oneLine(confirmedNone.By)+" said.")
	case in.Ranking.At.IsZero():
		out = append(out, "What did it: suspects were not ranked.")
	default:
		out = append(out, "What did it: nobody confirmed a suspect, and no rollback proved one.")
	}
	blind := 0
	for _, e := range v.Entries {
		if e.Kind == bot.EntryBlind {
			blind++
		}
	}
	switch {
	case in.Blind != detectors.Sighted:
		out = append(out, "How it is now: it cannot be seen ("+spaced(string(in.Blind))+").")
	case blind > 0:
		out = append(out, "How it was while a part of it could not be seen.")
	}
	if in.State == bot.Resolved && in.ResolvedBy != "" && in.QuietSince.IsZero() {
		out = append(out, "Whether its signals came back: it was resolved by a person while they had not.")
	}
	return out
}

// slowDetection is how long trouble may go unseen before somebody has to say why.
const slowDetection = 15 * time.Minute

// questions are what people have to answer who look back at it.
func questions(v View) []string {
	in := v.Incident
	if in.ID == "" {
		return nil
	}
	var out []string
	if prime, found := in.Prime(); found && in.Cause == "" {
		if _, judged := in.Verdict(prime.Change); !judged {
			out = append(out, fmt.Sprintf("Was it %s (%.2f)? Confirm or clear it, so that suspects are weighed better.", named(prime), prime.Probability))
		}
	}
	if in.Cause != "" {
		out = append(out, fmt.Sprintf("What would have kept %s from landing, or from reaching everybody at once?", ShortName(in.Cause, "")))
	}
	if late := in.OpenedAt.Sub(v.beganAt()); late > slowDetection {
		out = append(out, fmt.Sprintf("Why was it seen only %s after it began?", Span(late)))
	}
	if in.AcknowledgedAt.IsZero() && in.Severity == detectors.Page {
		out = append(out, "Why did nobody say that they are on it?")
	}
	for _, a := range v.Approvals {
		if a.Decision == bot.Expired {
			out = append(out, "Who should have answered, and could not: "+cut(oneLine(a.Question), 200))
		}
	}
	for _, failed := range failures(v.Entries) {
		out = append(out, "Why did this not work: "+cut(failed, 200))
	}
	return out
}

// failures are the steps whose last word is that they failed, the first few.
func failures(entries []bot.Entry) []string {
	const most = 5
	type step struct {
		Run  string `json:"run"`
		Step string `json:"step"`
		Kind string `json:"kind"`
	}
	var order []step
	last := map[step]string{}
	for _, e := range entries {
		var s step
		if e.Kind != bot.EntryStep || json.Unmarshal(e.Data, &s) != nil || s.Step == "" {
			continue
		}
		of := step{Run: s.Run, Step: s.Step}
		if _, known := last[of]; !known {
			order = append(order, of)
		}
		last[of] = ""
		if s.Kind == "erred" {
			last[of] = oneLine(e.Sentence)
		}
	}
	var out []string
	for _, of := range order {
		if said := last[of]; said != "" && len(out) < most {
			out = append(out, said)
		}
	}
	return out
}
