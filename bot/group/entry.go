package group

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

// actor is who makes these entries.
const actor = "firebreak"

func nothing(incident, why string) Decision { return Decision{Incident: incident, Why: why} }

// decide makes the decision that adds one entry about a finding. One judgement makes at most one entry in an incident: its key is
// made of the finding and of when it was judged.
func decide(
	now time.Time, incident string, kind bot.EntryKind, tr Transition, f detectors.Finding, sentence, why string,
) Decision {
	f.Evidence = finite(f.Evidence)
	data, err := json.Marshal(f)
	if err != nil { // every field can be encoded: a value that could not was made finite above
		return nothing(incident, "the finding cannot be encoded: "+err.Error())
	}
	e := entry(now, incident, kind, key("finding", f.Key, f.At), sentence, data)
	return Decision{Incident: incident, Transition: tr, Why: why, Entries: []bot.Entry{e}}
}

func entry(now time.Time, incident string, kind bot.EntryKind, key, sentence string, data json.RawMessage) bot.Entry {
	return bot.Entry{
		ID: bot.StableID("ent", now, incident, key), Incident: incident, At: now, Kind: kind, Key: key,
		Actor: actor, Sentence: sentence, Data: data,
	}
}

func key(what, of string, at time.Time) string {
	k := what
	if of != "" {
		k += "/" + of
	}
	return k + "/" + strconv.FormatInt(at.UnixMicro(), 10)
}

// finite copies the evidence with every number that JSON cannot carry set to zero; its sentence still says what it was.
func finite(evidence []detectors.Evidence) []detectors.Evidence {
	out := slices.Clone(evidence)
	for i := range out {
		for _, v := range []*float64{&out[i].Value, &out[i].Limit} {
			if math.IsNaN(*v) || math.IsInf(*v, 0) {
				*v = 0
			}
		}
	}
	return out
}

// incidentID is made from the service, the environment and the time, so that placing the same finding again gives the same
// incident.
func incidentID(now time.Time, f detectors.Finding) string {
	return bot.StableID("inc", now, f.Service, f.Environment)
}

// name is the finding in words.
func name(f detectors.Finding) string {
	if f.Title != "" {
		return f.Title
	}
	if f.Rule != "" {
		return fmt.Sprintf("%s (%s, %s)", signal(f), f.Detector, f.Rule)
	}
	return fmt.Sprintf("%s (%s)", signal(f), f.Detector)
}

func signal(f detectors.Finding) string {
	if f.Signal == "" {
		return f.Key
	}
	return strings.ReplaceAll(f.Signal, "_", " ")
}

func words(b detectors.Blindness) string {
	if b == detectors.Sighted {
		return "unknown reason"
	}
	return strings.ReplaceAll(string(b), "_", " ")
}

func orNone(s detectors.Severity) string {
	if s == detectors.None {
		return "none"
	}
	return string(s)
}

// since says when it began, with the half width of the interval where that is a minute or more.
func since(o detectors.Onset) string {
	if o.IsZero() {
		return ""
	}
	s := ", since " + clock(o.At)
	if half := o.Latest.Sub(o.Earliest) / 2; half >= 30*time.Second {
		s += " ±" + span(half)
	}
	return s
}

func clock(t time.Time) string { return t.UTC().Format("15:04 UTC") }

// span is a duration in plain words, rounded to what matters.
func span(d time.Duration) string {
	switch {
	case d < 90*time.Second:
		return fmt.Sprintf("%d s", int(d.Round(time.Second).Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
	default:
		return fmt.Sprintf("%.1f h", d.Hours())
	}
}
