package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

// Report is the story of an incident as data. Its texts are not escaped: Markdown and HTML do that.
type Report struct {
	Incident string
	Title    string
	URL      string
	// Facts are the labelled values of the head.
	Facts []bot.Fact
	// Impact says what was bad, and for how long.
	Impact []string
	// Durations run from the onset, as far as they are known: detected, acknowledged, mitigated, resolved.
	Durations []bot.Fact
	// Findings are what was seen, with the sentences of their evidence.
	Findings []Seen
	Suspects []Sum
	// None is "none of these", with its reasons.
	None     Sum
	Excluded []bot.Exclusion
	// Rest tells of suspects too unlikely to be listed.
	Rest string
	// References are addresses that people hung on it.
	References []bot.Reference
	// Unknown says what the timeline does not tell, Questions what people have to answer.
	Unknown   []string
	Questions []string
	// Done are the lines about what was decided and done, a part of the timeline.
	Done     []Line
	Timeline []Line
	// Zone names the zone of all times.
	Zone string
}

// Seen is a finding in words.
type Seen struct {
	Title    string
	Verdict  string
	Evidence []string
}

// Sum is a suspect with the terms that its log-odds are the sum of.
type Sum struct {
	Name        string
	Title       string
	URL         string // a web address, or empty
	Probability float64
	// At is when the change took effect or was merged, in the report's zone.
	At    string
	Terms []bot.Reason
	Total float64
}

// Line is a line of the timeline.
type Line struct {
	At       string
	Kind     string
	Actor    string
	Sentence string
}

// ReportOf makes the report of an incident, as things stand.
//
//nolint:revive // it stands beside CardOf, and both say what they make
func ReportOf(v View) Report {
	in := v.Incident
	r := Report{
		Incident: in.ID, Title: Headline(v), URL: v.url(), Durations: durations(v), Excluded: in.Ranking.Excluded,
		Zone: zoneName(v.Now.In(v.zone())),
	}
	r.Facts = append([]bot.Fact{
		{Label: "Service", Value: oneLine(in.Service)}, {Label: "State", Value: string(in.State)},
	}, facts(v)...)
	worst := worstOf(v.Entries)
	for _, f := range in.Findings {
		r.Findings = append(r.Findings, seen(f, worst))
	}
	for _, s := range in.Ranking.Suspects {
		if s.Probability < leastSuspect && len(r.Suspects) > 0 {
			break
		}
		r.Suspects = append(r.Suspects, v.sum(s))
	}
	if !in.Ranking.At.IsZero() {
		r.None = Sum{Name: "none of these", Probability: in.Ranking.None, Terms: in.Ranking.NoneReasons}
	}
	r.Rest = rest(in.Ranking, len(r.Suspects))
	r.Impact, r.Unknown, r.Questions, r.References = impact(v, worst), unknown(v), questions(v), in.References
	for _, e := range v.Entries {
		line := Line{At: v.stamp(e.At), Kind: string(e.Kind), Actor: oneLine(e.Actor), Sentence: oneLine(e.Sentence)}
		r.Timeline = append(r.Timeline, line)
		if acted(e.Kind) {
			r.Done = append(r.Done, line)
		}
	}
	return r
}

// stamp is a time of the timeline, to the second.
func (v View) stamp(t time.Time) string { return t.In(v.zone()).Format("2006-01-02 15:04:05") }

// acted tells whether an entry is about something that was decided or done.
func acted(k bot.EntryKind) bool {
	switch k {
	case bot.EntryRun, bot.EntryStep, bot.EntryApproval, bot.EntryAcknowledged, bot.EntryCause, bot.EntryVerdict:
		return true
	default:
		return false
	}
}

// durations are counted from the onset; what has not happened is left out.
func durations(v View) []bot.Fact {
	in, began := v.Incident, v.beganAt()
	var out []bot.Fact
	add := func(label string, at time.Time) {
		if !at.IsZero() {
			out = append(out, bot.Fact{Label: label, Value: fmt.Sprintf("%s, after %s", v.stamp(at), Span(at.Sub(began)))})
		}
	}
	out = append(out, bot.Fact{Label: "Began", Value: v.began()})
	add("Detected", in.OpenedAt)
	add("Acknowledged", in.AcknowledgedAt)
	add("Signals back", in.QuietSince)
	add("Mitigated", in.MitigatedAt)
	add("Resolved", in.ResolvedAt)
	return out
}

// worstOf gives for each finding the judgement that was worst while it fired: of the highest severity, then of the highest first
// number. What is quiet by now still has to be told as it was.
func worstOf(entries []bot.Entry) map[string]detectors.Finding {
	worst := make(map[string]detectors.Finding)
	for _, e := range entries {
		var f detectors.Finding
		switch e.Kind {
		case bot.EntryOpened, bot.EntryFinding, bot.EntryWorsened, bot.EntryReopened:
			if json.Unmarshal(e.Data, &f) != nil || f.Verdict != detectors.Firing {
				continue
			}
		default:
			continue
		}
		known, seen := worst[f.Key]
		if !seen || f.Severity.Rank() > known.Severity.Rank() ||
			f.Severity == known.Severity && firstNumber(f) > firstNumber(known) {
			worst[f.Key] = f
		}
	}
	return worst
}

func firstNumber(f detectors.Finding) float64 {
	if len(f.Evidence) == 0 {
		return 0
	}
	return abs(f.Evidence[0].Value)
}

// seen tells a finding as it is, with the evidence of when it was worst.
func seen(f detectors.Finding, worst map[string]detectors.Finding) Seen {
	told := f
	verdict := string(f.Verdict)
	if f.Verdict == detectors.Firing {
		verdict += ", " + string(f.Severity)
	}
	if f.Blind != detectors.Sighted {
		verdict += ": " + spaced(string(f.Blind))
	}
	if w, ok := worst[f.Key]; ok {
		told = w
		if f.Verdict != detectors.Firing {
			verdict = "was firing, " + string(w.Severity) + "; now " + verdict
		}
	}
	s := Seen{Title: orElse(oneLine(told.Title), spaced(f.Signal)+" ("+f.Detector+")"), Verdict: verdict}
	for _, e := range told.Evidence {
		if e.Sentence != "" {
			s.Evidence = append(s.Evidence, oneLine(e.Sentence))
		}
	}
	return s
}

// sum lists the reasons of a suspect, the weightiest first, and adds them up.
func (v View) sum(s bot.Suspect) Sum {
	out := Sum{
		Name: named(s), Title: oneLine(s.Title), URL: WebAddress(s.URL), Probability: s.Probability, Terms: slices.Clone(s.Reasons),
	}
	if !s.At.IsZero() {
		out.At = v.stamp(s.At)
	}
	slices.SortStableFunc(out.Terms, func(a, b bot.Reason) int { return cmp.Compare(abs(b.Weight), abs(a.Weight)) })
	for _, t := range out.Terms {
		out.Total += t.Weight
	}
	return out
}

func abs(x float64) float64 { return max(x, -x) }

// rest tells how many suspects are not listed, and how likely they are together.
func rest(r bot.Ranking, listed int) string {
	n, p := r.RestCount, r.Rest
	for _, s := range r.Suspects[min(listed, len(r.Suspects)):] {
		n, p = n+1, p+s.Probability
	}
	if n == 0 {
		return ""
	}
	noun := "changes"
	if n == 1 {
		noun = "change"
	}
	return fmt.Sprintf("%d more %s, together %.2f", n, noun, p)
}

// FileName is the name under which a report is kept: the incident's ID and the ending, with nothing that a file system or a URL would
// take amiss.
func FileName(incident, ending string) string {
	safe := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, strings.ToLower(incident))
	return cut(orElse(safe, "incident"), 100) + "." + ending
}
