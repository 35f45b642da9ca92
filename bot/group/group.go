package group

import (
	"fmt"
	"math"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

// Transition says what a finding did to an incident.
type Transition string

// The transitions. Nothing leaves the timeline as it is.
const (
	Nothing   Transition = ""
	Opened    Transition = "opened"    // it began an incident
	Joined    Transition = "joined"    // a new thing fires in an open incident, no worse than what was known
	Worsened  Transition = "worsened"  // the severity of the incident rose
	Refreshed Transition = "refreshed" // the same finding with newer numbers
	WentBlind Transition = "blind"     // what fired cannot be judged any more
	WentQuiet Transition = "quiet"     // what fired is quiet
	Returned  Transition = "returned"  // what was quiet or blind fires again, before the incident recovered or as its echo
	Reopened  Transition = "reopened"  // what was recovered fires again
)

// Decision is what a finding does, and why.
type Decision struct {
	// Incident is the ID of the incident that the finding belongs to, empty when it belongs to none.
	Incident   string
	Transition Transition
	// Why is a sentence; a decision that does nothing has one, too.
	Why string
	// Entries are to be added to the incident's timeline, in this order.
	Entries []bot.Entry
}

// Place says what a finding does to the open incidents. Recently resolved ones may be among them: nothing joins them, but a finding
// that was judged before they were resolved does not open a second one.
func Place(now time.Time, f detectors.Finding, open []bot.Incident, cfg Config) Decision {
	cfg = cfg.WithDefaults()
	in, found := home(f, open)
	if !found {
		return placeAlone(now, f, open)
	}
	known, member := findingOf(in, f.Key)
	if member && !f.At.After(known.At) {
		return nothing(in.ID, "an older judgement than the one that is known")
	}
	switch f.Verdict {
	case detectors.Firing:
		return placeFiring(now, f, in, known, member, cfg)
	case detectors.Blind:
		return placeBlind(now, f, in, known, member, cfg)
	case detectors.Quiet:
		if !member {
			return nothing("", "quiet, and no part of the open incident")
		}
		if known.Verdict == detectors.Quiet {
			return nothing(in.ID, "still quiet")
		}
		return decide(now, in.ID, bot.EntryFinding, WentQuiet, f, "quiet: "+name(f), "what fired is quiet")
	default:
		return nothing("", fmt.Sprintf("unknown verdict %q", f.Verdict))
	}
}

// placeAlone judges a finding whose service has no open incident.
func placeAlone(now time.Time, f detectors.Finding, known []bot.Incident) Decision {
	switch {
	case f.Verdict == detectors.Quiet:
		return nothing("", "quiet, and no incident is open")
	case f.Verdict == detectors.Blind:
		return nothing("", "blind, and no incident is open")
	case f.Verdict != detectors.Firing:
		return nothing("", fmt.Sprintf("unknown verdict %q", f.Verdict))
	case f.Severity.Rank() <= detectors.Info.Rank():
		return nothing("", "only for information: it opens no incident")
	}
	for _, in := range known {
		if !sameScope(f, in) {
			continue
		}
		if !f.At.After(in.ResolvedAt) {
			return nothing(in.ID, "judged before the incident was resolved")
		}
		if in.ResolvedBy != "" && settled(f, in) {
			return nothing(in.ID, "somebody resolved it while it fired, and it is no worse since")
		}
		if last, member := findingOf(in, f.Key); member && in.Echo(last) && f.Severity.Rank() <= last.Severity.Rank() &&
			!f.Onset.At.After(in.ResolvedAt) {
			return nothing(in.ID, "its long windows still hold what has been resolved")
		}
	}
	id := incidentID(now, f)
	return decide(now, id, bot.EntryOpened, Opened, f, "opened: "+name(f)+since(f.Onset), "it fires and no incident is open")
}

// settled tells whether a finding is what a person had before their eyes who resolved the incident: it fired then, as severely, and
// began before. What began later, and what nobody can tell the beginning of, is something new.
func settled(f detectors.Finding, in bot.Incident) bool {
	last, member := findingOf(in, f.Key)
	return member && last.Verdict == detectors.Firing && f.Severity.Rank() <= last.Severity.Rank() &&
		!f.Onset.IsZero() && !f.Onset.At.After(in.ResolvedAt)
}

func placeFiring(now time.Time, f detectors.Finding, in bot.Incident, known detectors.Finding, member bool, cfg Config) Decision {
	informs := f.Severity.Rank() <= detectors.Info.Rank()
	if informs && (!member || known.Verdict == detectors.Quiet) {
		return nothing(in.ID, "only for information: it neither joins nor holds an incident")
	}
	if member && known.Verdict != detectors.Quiet {
		f.Onset = better(known.Onset, f.Onset)
	}
	switch {
	case in.State == bot.Mitigated && (!member || !in.Echo(f)):
		return decide(now, in.ID, bot.EntryReopened, Reopened, f, "reopened: "+name(f), "it fires again before the incident was resolved")
	case f.Severity.Rank() > in.Severity.Rank():
		why := fmt.Sprintf("severity rises from %s to %s", orNone(in.Severity), f.Severity)
		return decide(now, in.ID, bot.EntryWorsened, Worsened, f, fmt.Sprintf("worse, now %s: %s", f.Severity, name(f)), why)
	case !member:
		return decide(now, in.ID, bot.EntryFinding, Joined, f, "also: "+name(f)+since(f.Onset), "the same service has an open incident")
	case known.Verdict != detectors.Firing && in.State == bot.Mitigated:
		why := "its long windows still hold what has ended: the incident stays recovered"
		return decide(now, in.ID, bot.EntryFinding, Returned, f, "still remembers what ended: "+name(f), why)
	case known.Verdict != detectors.Firing:
		return decide(now, in.ID, bot.EntryFinding, Returned, f, "fires again: "+name(f), "it was "+string(known.Verdict)+" before")
	case f.Severity.Rank() < known.Severity.Rank() && f.At.Sub(known.At) < cfg.RefreshEvery:
		return nothing(in.ID, "milder, but told less than "+cfg.RefreshEvery.String()+" ago")
	case known.Severity != f.Severity:
		why := fmt.Sprintf("its severity went from %s to %s", orNone(known.Severity), orNone(f.Severity))
		return decide(now, in.ID, bot.EntryFinding, Refreshed, f, fmt.Sprintf("now %s: %s", orNone(f.Severity), name(f)), why)
	case !moved(known, f):
		return nothing(in.ID, "still fires, with the same numbers")
	case f.At.Sub(known.At) < cfg.RefreshEvery:
		return nothing(in.ID, "newer numbers, but told less than "+cfg.RefreshEvery.String()+" ago")
	default:
		return decide(now, in.ID, bot.EntryFinding, Refreshed, f, "now: "+name(f), "newer numbers")
	}
}

func placeBlind(now time.Time, f detectors.Finding, in bot.Incident, known detectors.Finding, member bool, cfg Config) Decision {
	if !member {
		return nothing("", "blind, and no part of the open incident")
	}
	if known.Verdict == detectors.Blind {
		if known.Blind == f.Blind {
			return nothing(in.ID, "still blind")
		}
		if f.At.Sub(known.At) < cfg.RefreshEvery {
			return nothing(in.ID, "still blind, for another reason; told less than "+cfg.RefreshEvery.String()+" ago")
		}
	}
	f.Onset = better(known.Onset, f.Onset)
	sentence := fmt.Sprintf("blind (%s): %s cannot be judged", words(f.Blind), signal(f))
	if detail := f.Title; detail != "" {
		sentence += ": " + detail
	}
	return decide(now, in.ID, bot.EntryBlind, WentBlind, f, sentence, "blind is not healthy: the incident does not recover meanwhile")
}

// home finds the open incident that a finding belongs to: the one that holds it already, else the oldest of its service and
// environment.
func home(f detectors.Finding, open []bot.Incident) (bot.Incident, bool) {
	var best bot.Incident
	found, holds := false, false
	for _, in := range open {
		if in.State == bot.Resolved || !sameScope(f, in) {
			continue
		}
		_, member := findingOf(in, f.Key)
		switch {
		case found && holds && !member:
		case !found, member && !holds, in.OpenedAt.Before(best.OpenedAt), in.OpenedAt.Equal(best.OpenedAt) && in.ID < best.ID:
			best, found, holds = in, true, member
		}
	}
	return best, found
}

func sameScope(f detectors.Finding, in bot.Incident) bool {
	return in.Service == f.Service && in.Environment == f.Environment
}

func findingOf(in bot.Incident, key string) (detectors.Finding, bool) {
	for _, f := range in.Findings {
		if f.Key == key {
			return f, true
		}
	}
	return detectors.Finding{}, false
}

// material is the relative difference from which a number is worth telling again.
const material = 0.10

// moved tells whether a finding says something that the known one did not: another title, other evidence, or a number that differs
// by a tenth.
func moved(known, f detectors.Finding) bool {
	if known.Title != f.Title || len(known.Evidence) != len(f.Evidence) {
		return true
	}
	for i, e := range f.Evidence {
		k := known.Evidence[i]
		if k.Name != e.Name || math.Abs(k.Value-e.Value) > material*math.Max(math.Abs(k.Value), math.Abs(e.Value)) {
			return true
		}
	}
	return false
}

// better keeps the onset that is known unless the new one is known more closely: a window that slides must not drag the beginning
// of the incident along.
func better(known, fresh detectors.Onset) detectors.Onset {
	switch {
	case fresh.IsZero():
		return known
	case known.IsZero():
		return fresh
	case fresh.Latest.Sub(fresh.Earliest) < known.Latest.Sub(known.Earliest):
		return fresh
	default:
		return known
	}
}
