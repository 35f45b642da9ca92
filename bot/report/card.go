package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

// The bounds of a card: what one look takes in.
const (
	cardSuspects = 5
	cardDoing    = 6
	leastSuspect = 0.02
)

// CardOf makes the card of an incident. Chart and Alt are left empty: who has the series draws them.
func CardOf(v View) bot.Card {
	in := v.Incident
	card := bot.Card{
		Incident: in.ID, Service: in.Service, Headline: Headline(v), Severity: in.Severity, State: in.State,
		Facts: facts(v), None: in.Ranking.None, Doing: doing(v), Approvals: open(v), URL: v.url(), Updated: in.Updated,
		Weighed: weighed(v), Log: logged(v),
	}
	for _, s := range in.Ranking.Suspects {
		if s.Probability >= leastSuspect && len(card.Suspects) < cardSuspects {
			card.Suspects = append(card.Suspects, s)
		}
	}
	if len(card.Suspects) > 0 && !slices.ContainsFunc(in.Verdicts, func(v bot.Verdict) bool { return v.Word == bot.Confirmed }) {
		card.Asked = card.Suspects[0].Change
	}
	return card
}

// Headline is one line of plain words: what is wrong, since when, and what probably did it.
func Headline(v View) string {
	in := v.Incident
	service := orElse(oneLine(in.Service), "an unnamed service")
	var what string
	switch {
	case in.State == bot.Resolved && in.ResolvedBy != "":
		what = fmt.Sprintf("%s: %s resolved it at %s, %s after it began", service, oneLine(in.ResolvedBy), v.clock(in.ResolvedAt),
			Span(max(in.ResolvedAt.Sub(v.beganAt()), 0)))
	case in.State == bot.Resolved:
		what = fmt.Sprintf("%s is well again: resolved at %s", service, v.clock(in.ResolvedAt))
		if !in.QuietSince.IsZero() {
			what += fmt.Sprintf(", %s of trouble since %s", Span(in.QuietSince.Sub(v.beganAt())), v.began())
		}
	case in.State == bot.Mitigated:
		what = fmt.Sprintf("%s recovered at %s", service, v.clock(in.MitigatedAt))
		if !in.QuietSince.IsZero() {
			what = fmt.Sprintf("%s recovered: quiet since %s, %s after it began", service, v.clock(in.QuietSince),
				Span(in.QuietSince.Sub(v.beganAt())))
		}
	case in.Blind != detectors.Sighted:
		what = fmt.Sprintf("%s cannot be seen (%s)", service, spaced(string(in.Blind)))
		if f, ok := speaker(in); ok {
			what += fmt.Sprintf("; last known: %s since %s", complaint(f), v.began())
		}
	default:
		f, _ := speaker(in)
		what = fmt.Sprintf("%s %s since %s", service, complaint(f), v.began())
		if in.Service == bot.Self {
			what = fmt.Sprintf("%s, since %s", orElse(oneLine(f.Title), service+" is blind"), v.began())
		}
	}
	if in.Service == bot.Self {
		return what + "." // no change is ever looked for that did it
	}
	return what + ". " + accusation(in)
}

// speaker is the finding that speaks for the incident: of those that fire (else of all) one of the incident's own signal, and the
// worst of these.
func speaker(in bot.Incident) (detectors.Finding, bool) {
	var best detectors.Finding
	rank := -1
	for _, f := range in.Findings {
		r := f.Severity.Rank()
		if f.Verdict == detectors.Firing {
			r += 100
		}
		if f.Signal == in.Signal && f.Detector == in.Detector {
			r += 10
		}
		if r > rank {
			best, rank = f, r
		}
	}
	if rank < 0 {
		return detectors.Finding{Signal: in.Signal, Detector: in.Detector, Title: in.Title}, in.Title != "" || in.Signal != ""
	}
	return best, true
}

// complaint says what is wrong as a verb with its number: "refuses 9.8 % (usually 1.4 %)".
func complaint(f detectors.Finding) string {
	level, known := levelOf(f)
	if !known || !tellsLevel(f.Detector) {
		return "has trouble: " + orElse(oneLine(f.Title), spaced(f.Signal))
	}
	number := Number(level.Value, level.Unit)
	if usual, ok := evidence(f, "usual"); ok {
		number += " (usually " + Number(usual.Value, level.Unit) + ")"
	}
	name := strings.ToLower(f.Signal)
	switch {
	case strings.Contains(name, "refus") && level.Unit == "ratio":
		return "refuses " + number
	case strings.Contains(name, "error") && level.Unit == "ratio":
		return "fails " + number
	case f.Detector == "burn" && level.Unit == "ratio":
		return fmt.Sprintf("misses %s for %s", orElse(oneLine(f.Objective), spaced(f.Signal)), number)
	default:
		return fmt.Sprintf("has %s at %s", spaced(f.Signal), number)
	}
}

// tellsLevel says that the findings of a detector are about the level of their signal. The numbers of comparisons are shares and
// chances, which nobody should take for it.
func tellsLevel(detector string) bool {
	switch detector {
	case "canary", "drift", "parity", "absent", "outlier":
		return false
	default:
		return true
	}
}

// notLevels are numbers of a finding that are not the level of its signal.
func notLevel(name string) bool {
	switch name {
	case "budget_left", "exhaustion", "few_events", "usual":
		return true
	default:
		return false
	}
}

// levelOf is the newest level of the signal among a finding's evidence: that of the shortest window.
func levelOf(f detectors.Finding) (detectors.Evidence, bool) {
	var best detectors.Evidence
	found := false
	for _, e := range f.Evidence {
		switch e.Unit {
		case "ratio", "seconds", "usd":
		default:
			continue
		}
		if !notLevel(e.Name) && (!found || e.Window < best.Window) {
			best, found = e, true
		}
	}
	return best, found
}

func evidence(f detectors.Finding, name string) (detectors.Evidence, bool) {
	for _, e := range f.Evidence {
		if e.Name == name {
			return e, true
		}
	}
	return detectors.Evidence{}, false
}

// accusation says in one sentence what probably did it. It speaks of changes, never of people.
func accusation(in bot.Incident) string {
	r := in.Ranking
	if in.Cause != "" {
		name := ShortName(in.Cause, "")
		for _, s := range r.Suspects {
			if s.Change == in.Cause {
				name = named(s)
			}
		}
		return "Caused by " + name + concluded(in, in.Cause) + "."
	}
	if v, judged := in.Verdict(bot.NoneOfThese); judged && v.Word == bot.Confirmed {
		return "None of the known changes did it" + concluded(in, bot.NoneOfThese) + "."
	}
	switch {
	case r.At.IsZero():
		return "Suspects are being ranked."
	case len(r.Suspects) == 0:
		return "No known change came before it."
	case r.None >= r.Suspects[0].Probability:
		return fmt.Sprintf("Probably none of the known changes (%.2f).", r.None)
	case r.Suspects[0].Probability >= 0.5:
		return fmt.Sprintf("Likely %s (%.2f).", named(r.Suspects[0]), r.Suspects[0].Probability)
	default:
		return fmt.Sprintf("Perhaps %s (%.2f).", named(r.Suspects[0]), r.Suspects[0].Probability)
	}
}

// concluded tells in brackets from where it is known.
func concluded(in bot.Incident, change string) string {
	switch v, judged := in.Verdict(change); {
	case !judged:
		return ""
	case v.Personal():
		return " (confirmed by " + oneLine(v.By) + ")"
	default:
		return " (its rollback helped)"
	}
}

// named is a suspect as people call it: "prompt #482".
func named(s bot.Suspect) string {
	return strings.TrimSpace(string(s.Kind) + " " + ShortName(s.Change, s.Title))
}

// facts are the labelled values, in the order in which somebody who was just woken asks for them.
func facts(v View) []bot.Fact {
	in := v.Incident
	out := []bot.Fact{{Label: "Since", Value: fmt.Sprintf("%s (%s)", v.began(), howLong(v))}}
	add := func(label, value string) {
		if value != "" {
			out = append(out, bot.Fact{Label: label, Value: value})
		}
	}
	add("Severity", string(in.Severity))
	f, _ := speaker(in)
	if level, ok := levelOf(f); ok && level.Sentence != "" {
		add("Objective", strings.TrimPrefix(oneLine(f.Objective)+": "+oneLine(level.Sentence), ": "))
	} else {
		add("Objective", oneLine(f.Objective))
	}
	add("Budget", budget(f))
	add("Also", others(in, f))
	if in.Blind != detectors.Sighted {
		add("Sight", "lost: "+spaced(string(in.Blind))+"; blind is not healthy")
	}
	add("Follows", follows(in))
	add("Also hit", followers(in))
	add("Linked", linked(in))
	add("See", referred(in))
	add("Who", who(v))
	if in.Muted.Holds(v.Now) && in.State != bot.Resolved {
		add("Muted", cut(fmt.Sprintf("until %s by %s: %s", v.clock(in.Muted.Until), oneLine(in.Muted.By), oneLine(in.Muted.Reason)), 200))
	}
	add("Environment", oneLine(in.Environment))
	return out
}

func howLong(v View) string {
	in := v.Incident
	if !in.QuietSince.IsZero() {
		return "for " + Span(in.QuietSince.Sub(v.beganAt()))
	}
	return Span(max(v.Now.Sub(v.beganAt()), 0)) + " ago"
}

// budget tells what is left of the error budget, and for how long.
func budget(f detectors.Finding) string {
	left, ok := evidence(f, "budget_left")
	if !ok {
		return ""
	}
	s := orElse(oneLine(left.Sentence), Number(left.Value, "ratio")+" left")
	if gone, ok := evidence(f, "exhaustion"); ok {
		s += "; " + oneLine(gone.Sentence)
	}
	return s
}

// others names the other signals that fire.
func others(in bot.Incident, f detectors.Finding) string {
	var names []string
	seen := map[string]bool{f.Signal: true}
	for _, o := range in.Findings {
		if o.Verdict == detectors.Firing && !seen[o.Signal] {
			seen[o.Signal] = true
			names = append(names, spaced(o.Signal))
		}
	}
	return cut(strings.Join(names, ", "), 200)
}

// follows tells which incident speaks for this one, and why.
func follows(in bot.Incident) string {
	if in.Lead.Incident == "" {
		return ""
	}
	return cut(fmt.Sprintf("%s (%s): %s", oneLine(in.Lead.Service), oneLine(in.Lead.Incident), oneLine(in.Lead.Why)), 200)
}

// followers folds the services for which this incident speaks, and says why.
func followers(in bot.Incident) string {
	if len(in.Followers) == 0 {
		return ""
	}
	const shown = 5
	var names []string
	for _, l := range in.Followers[:min(len(in.Followers), shown)] {
		names = append(names, oneLine(l.Service))
	}
	text := strings.Join(names, ", ")
	if len(in.Followers) == 1 {
		text += " (" + oneLine(in.Followers[0].Incident) + ")"
	}
	if more := len(in.Followers) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	newest := in.Followers[len(in.Followers)-1]
	return cut(text+": "+oneLine(newest.Why), 300)
}

// linked names the incidents that probably have the same cause.
func linked(in bot.Incident) string {
	names := make([]string, 0, len(in.Linked))
	for _, l := range in.Linked {
		if l.Incident == in.Lead.Incident || slices.ContainsFunc(in.Followers, func(f bot.Link) bool { return f.Incident == l.Incident }) {
			continue
		}
		names = append(names, fmt.Sprintf("%s (%s)", oneLine(l.Service), oneLine(l.Incident)))
	}
	text := strings.Join(names, ", ")
	if len(in.Linked) == 1 && text != "" {
		text += ": " + oneLine(in.Linked[0].Why)
	}
	return cut(text, 200)
}

// referred are the addresses that people hung on the incident, the newest first.
func referred(in bot.Incident) string {
	var out []string
	for _, r := range slices.Backward(in.References) {
		out = append(out, titled(r))
	}
	return cut(strings.Join(out, ", "), 300)
}

// titled is an address with what people call it.
func titled(r bot.Reference) string {
	title, address := cut(oneLine(r.Title), 80), oneLine(r.URL)
	if title == "" || title == address {
		return address
	}
	return title + " " + address
}

func who(v View) string {
	in := v.Incident
	owner := ""
	if s, ok := v.Services[in.Service]; ok && s.Owner != "" {
		owner = oneLine(s.Owner)
	}
	if in.AcknowledgedBy != "" {
		s := fmt.Sprintf("%s, since %s", oneLine(in.AcknowledgedBy), v.clock(in.AcknowledgedAt))
		if owner != "" {
			s += "; owner " + owner
		}
		return s
	}
	if owner != "" {
		return "nobody yet; owner " + owner
	}
	return "nobody yet"
}

// doing are the sentences about what is being done, newest last; an open question stands at the end.
func doing(v View) []string {
	var out []string
	turned := lastTurn(v.Entries)
	for i, e := range v.Entries {
		switch e.Kind {
		case bot.EntryStep:
			if !skipped(e) {
				out = append(out, v.clock(e.At)+" "+cut(oneLine(e.Sentence), 300))
			}
		case bot.EntryRun, bot.EntryCause, bot.EntryVerdict, bot.EntryReport, bot.EntryRecovered, bot.EntryReopened, bot.EntryResolved,
			bot.EntryAcknowledged, bot.EntryBlind, bot.EntryNote, bot.EntryMuted, bot.EntryPage, bot.EntryApproval, bot.EntryReference:
			out = append(out, v.clock(e.At)+" "+cut(oneLine(e.Sentence), 300))
		case bot.EntrySuspects:
			if i == turned {
				out = append(out, v.clock(e.At)+" "+cut(oneLine(e.Sentence), 300))
			}
		case bot.EntryOpened, bot.EntryFinding, bot.EntryWorsened, bot.EntryLinked, bot.EntryFollows, bot.EntryLeads, bot.EntryReleased:
		}
	}
	out = out[max(0, len(out)-cardDoing):]
	for _, a := range open(v) {
		of := "anyone"
		if len(a.Of) > 0 {
			of = oneLine(strings.Join(a.Of, ", "))
		}
		out = append(out, fmt.Sprintf("Waiting for %s until %s: %s", of, v.clock(a.Expires), cut(oneLine(a.Question), 300)))
	}
	return out
}

// lastTurn is the newest entry that tells of another first suspect, -1 where there is none: of several a card tells one.
func lastTurn(entries []bot.Entry) int {
	for i := len(entries) - 1; i >= 0; i-- {
		var r struct {
			Changed string `json:"changed"`
		}
		if entries[i].Kind == bot.EntrySuspects && json.Unmarshal(entries[i].Data, &r) == nil && r.Changed != "" {
			return i
		}
	}
	return -1
}

// skipped tells of a step that was not needed. The page and the report have it with the reason; at a glance it is noise.
func skipped(e bot.Entry) bool {
	var step struct {
		Kind string `json:"kind"`
	}
	return json.Unmarshal(e.Data, &step) == nil && step.Kind == "skipped"
}

// open are the incident's questions that somebody can still answer.
func open(v View) []bot.Approval {
	var out []bot.Approval
	for _, a := range v.Approvals {
		if a.Decision == "" && (a.Incident == "" || a.Incident == v.Incident.ID) && (a.Expires.IsZero() || v.Now.Before(a.Expires)) {
			if !a.Expires.IsZero() {
				a.Expires = a.Expires.In(v.zone()) // people here read their own clock
			}
			out = append(out, a)
		}
	}
	return out
}

func spaced(name string) string { return strings.ReplaceAll(oneLine(name), "_", " ") }

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
