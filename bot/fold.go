package bot

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"

	"github.com/firebreak-dev/firebreak/detectors"
)

// apply changes the incident by one entry. Data that cannot be decoded leaves the incident as it was, but for the time: a
// timeline is never refused.
func (in *Incident) apply(e Entry) {
	if in.ID == "" {
		in.ID, in.OpenedAt, in.State = e.Incident, e.At, Open
	}
	in.Updated = e.At
	switch e.Kind {
	case EntryOpened, EntryFinding, EntryWorsened, EntryBlind:
		in.applyFinding(e)
	case EntryReopened:
		in.applyFinding(e)
		in.State = Open
		if !in.AcknowledgedAt.IsZero() {
			in.State = Acknowledged
		}
		in.MitigatedAt, in.ResolvedAt, in.ResolvedBy, in.ReopenedAt = zero, zero, "", e.At
		in.doubt()
	case EntryRecovered:
		in.State, in.MitigatedAt = Mitigated, e.At
	case EntryResolved:
		in.State, in.ResolvedAt = Resolved, in.heard(e)
		if e.Actor != Self {
			in.ResolvedBy = e.Actor
		}
	case EntryAcknowledged:
		in.AcknowledgedAt, in.AcknowledgedBy = in.heard(e), e.Actor
		if in.State == Open {
			in.State = Acknowledged
		}
	case EntrySuspects:
		var r Ranking // a fresh one: JSON leaves what it does not name as it was, and the list of suspects is shared with earlier incidents
		if decodeInto(e.Data, &r) {
			in.Ranking = r
		}
	case EntryVerdict:
		var v Verdict
		if decodeInto(e.Data, &v) {
			in.judged(v)
		}
	case EntryLinked:
		var l Link
		if decodeInto(e.Data, &l) && l.Incident != "" {
			in.Linked = append(slices.Clone(in.Linked), l)
		}
	case EntryFollows, EntryLeads, EntryReleased:
		var l Link
		if decodeInto(e.Data, &l) && l.Incident != "" {
			in.lead(e.Kind, l)
		}
	case EntryReference:
		var r Reference
		if decodeInto(e.Data, &r) {
			in.refer(r)
		}
	case EntryCause:
		var cause struct {
			Change string `json:"change"`
		}
		decodeInto(e.Data, &cause)
		in.Cause = cause.Change
	case EntryMuted:
		var m Mute
		if decodeInto(e.Data, &m) {
			in.Muted = m
		}
	case EntryPage:
		in.heard(e)
	case EntryRun, EntryStep, EntryApproval, EntryNote, EntryReport:
	}
}

// lead notes who speaks for whom.
func (in *Incident) lead(kind EntryKind, l Link) {
	same := func(have Link) bool { return have.Incident == l.Incident }
	switch {
	case kind == EntryFollows:
		in.Lead = l
	case kind == EntryReleased && same(in.Lead):
		in.Lead = Link{}
	default:
		in.Followers = slices.DeleteFunc(slices.Clone(in.Followers), same)
		if kind == EntryLeads {
			in.Followers = append(in.Followers, l)
		}
	}
}

func (in *Incident) applyFinding(e Entry) {
	var f detectors.Finding
	if !decodeInto(e.Data, &f) || f.Key == "" {
		return
	}
	i, known := slices.BinarySearchFunc(in.Findings, f.Key, func(have detectors.Finding, key string) int {
		return cmp.Compare(have.Key, key)
	})
	if was := in.Turns[f.Key]; f.Verdict != detectors.Blind && was.Quiet != (f.Verdict == detectors.Quiet) {
		in.Turns = maps.Clone(in.Turns)
		if in.Turns == nil {
			in.Turns = map[string]Turn{}
		}
		in.Turns[f.Key] = Turn{At: f.At, Quiet: !was.Quiet}
	}
	if known {
		in.Findings[i] = f
	} else {
		in.Findings = slices.Insert(in.Findings, i, f)
	}
	if e.Kind == EntryOpened {
		in.Service, in.Environment = f.Service, f.Environment
	}
	in.refold(e, f)
}

// refold derives from the findings what the incident says as a whole.
func (in *Incident) refold(e Entry, f detectors.Finding) {
	if f.Verdict == detectors.Firing {
		if e.Kind == EntryOpened || f.Severity.Rank() > in.Severity.Rank() {
			in.Signal, in.Detector, in.Title = f.Signal, f.Detector, f.Title
		}
		in.Severity = detectors.Worst(in.Severity, f.Severity)
		if in.beganWith(e, f) {
			in.Onset, in.OnsetSignal = f.Onset, f.Signal
		}
	}
	in.Blind = detectors.Sighted
	loud := false
	for _, have := range in.Findings {
		switch have.Verdict {
		case detectors.Blind:
			in.Blind = have.Blind
			loud = true
		case detectors.Firing:
			loud = loud || !in.Echo(have)
		case detectors.Quiet:
		}
	}
	switch {
	case loud:
		in.QuietSince = zero
	case in.QuietSince.IsZero():
		in.QuietSince = e.At
	}
}

// beganWith tells whether a firing finding knows better than the others when the incident began. Of two signals the one that went
// wrong earlier does; of the same one, as long as it has not been quiet meanwhile, the closer look: the first finding of an incident
// is often made of coarse windows, and what they guess must not acquit the guilty change.
func (in *Incident) beganWith(e Entry, f detectors.Finding) bool {
	switch {
	case f.Onset.IsZero():
		return false
	case in.Onset.IsZero():
		return true
	case f.Signal == in.OnsetSignal && in.QuietSince.IsZero() && e.Kind != EntryReopened:
		return f.Onset.Latest.Sub(f.Onset.Earliest) < in.Onset.Latest.Sub(in.Onset.Earliest)
	default:
		return f.Onset.At.Before(in.Onset.At)
	}
}

// Echo tells whether a firing finding only remembers what has already ended: a slower and milder judgement of the same objective,
// whose long windows still hold the bad minutes after a faster one, which fired, went quiet. An incident recovers in spite of it.
//
// What is judged at the same time may arrive in any order, so one that begins to fire again when the other goes quiet is none: it
// takes over. And one that cannot be judged any more is still what it was when it was last seen.
func (in *Incident) Echo(f detectors.Finding) bool {
	if f.Verdict != detectors.Firing || f.Severity.Rank() >= in.Severity.Rank() {
		return false
	}
	began := in.Turns[f.Key]
	if began.Quiet {
		began.At = f.At
	}
	return slices.ContainsFunc(in.Findings, func(g detectors.Finding) bool {
		ended := in.Turns[g.Key]
		return g.Key != f.Key && g.Detector == f.Detector && g.Signal == f.Signal && g.Objective == f.Objective &&
			ended.Quiet && !ended.At.Equal(began.At)
	})
}

func decodeInto(data json.RawMessage, into any) bool {
	return len(data) > 0 && json.Unmarshal(data, into) == nil
}
