package backtest

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

// Tell makes of an incident and its timeline what a backtest tells of it. Until is the end of the past.
func Tell(in bot.Incident, entries []bot.Entry, until time.Time) Incident {
	out := Incident{
		ID: in.ID, Service: in.Service, Environment: in.Environment, Severity: in.Severity, Title: in.Title, Signal: in.Signal,
		Detector: in.Detector, Onset: in.Onset, OpenedAt: in.OpenedAt, RecoveredAt: in.MitigatedAt, ResolvedAt: in.ResolvedAt,
		Suspects: in.Ranking.Suspects, None: in.Ranking.None,
	}
	if out.Suspects == nil {
		out.Suspects = []bot.Suspect{}
	}
	for _, e := range entries {
		first := map[detectors.Severity]*time.Time{detectors.Page: &out.PagedAt, detectors.Ticket: &out.TicketedAt}[severityOf(e)]
		if first != nil && first.IsZero() {
			*first = e.At
		}
	}
	out.LastedSeconds = out.end(until).Sub(out.OpenedAt).Seconds()
	return out
}

// severityOf is the severity of what fires by an entry.
func severityOf(e bot.Entry) detectors.Severity {
	switch e.Kind {
	case bot.EntryOpened, bot.EntryFinding, bot.EntryWorsened, bot.EntryReopened:
		var f detectors.Finding
		if json.Unmarshal(e.Data, &f) == nil && f.Verdict == detectors.Firing {
			return f.Severity
		}
	default:
	}
	return detectors.None
}

// end is when it was over, or the end of the past.
func (in Incident) end(until time.Time) time.Time {
	switch {
	case !in.RecoveredAt.IsZero():
		return in.RecoveredAt
	case !in.ResolvedAt.IsZero():
		return in.ResolvedAt
	default:
		return until
	}
}

// begin is its onset, as far as it is known.
func (in Incident) begin() time.Time {
	if !in.Onset.IsZero() && in.Onset.At.Before(in.OpenedAt) {
		return in.Onset.At
	}
	return in.OpenedAt
}

// told is when and how loudly somebody first heard of it.
func (in Incident) told() (at time.Time, by detectors.Severity) {
	switch {
	case !in.PagedAt.IsZero():
		return in.PagedAt, detectors.Page
	case !in.TicketedAt.IsZero():
		return in.TicketedAt, detectors.Ticket
	default:
		return time.Time{}, detectors.None
	}
}

// Score holds the incidents of a result against the known ones, and counts. Without known ones there is nothing false; an empty list
// that was handed in says that all was well.
func Score(r Result, known []Known) Result {
	r.Known, r.Caught, r.Missed, r.False, r.Pages, r.Tickets = []Checked{}, 0, 0, 0, 0, 0
	r.Incidents = slices.Clone(r.Incidents)
	for i := range r.Incidents {
		in := &r.Incidents[i]
		switch _, by := in.told(); by {
		case detectors.Page:
			r.Pages++
		case detectors.Ticket:
			r.Tickets++
		default:
		}
		in.Answer = Unknown
		if known != nil && in.Service != bot.Self {
			in.Answer = False
		}
	}
	for _, k := range known {
		c := check(k, r)
		if c.Caught {
			r.Caught++
		} else {
			r.Missed++
		}
		r.Known = append(r.Known, c)
	}
	for _, in := range r.Incidents {
		if in.Answer == False {
			r.False++
		}
	}
	return r
}

// check looks for a known incident among the incidents, and marks those that belong to it.
func check(k Known, r Result) Checked {
	out := Checked{Known: k}
	var first *Incident
	for i := range r.Incidents {
		in := &r.Incidents[i]
		if !belongs(k, *in, r.To) {
			continue
		}
		in.Answer = Confirmed
		if first == nil || sooner(*in, *first) {
			first = in
		}
	}
	if first == nil {
		return out
	}
	at, by := first.told()
	out.Caught, out.By, out.Incident, out.DelaySeconds = by != detectors.None, by, first.ID, at.Sub(k.From).Seconds()
	for i, s := range first.Suspects {
		if k.Change != "" && s.Change == k.Change {
			out.SuspectRank, out.SuspectProbability = i+1, s.Probability
		}
	}
	return out
}

// sooner tells whether one incident says it louder than another, or as loudly and earlier.
func sooner(a, b Incident) bool {
	at, by := a.told()
	other, than := b.told()
	if by != than {
		return by.Rank() > than.Rank()
	}
	return at.Before(other)
}

func belongs(k Known, in Incident, until time.Time) bool {
	return in.Service == k.Service && (k.Environment == "" || k.Environment == in.Environment) &&
		!in.begin().After(k.To) && !in.end(until).Before(k.From)
}
