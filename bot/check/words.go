package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/report"
)

func escape(s string) string { return report.Escape(s) }

// summary is what an author reads first: may it land, why, what would make it better, and when.
func summary(s Subject, c Conclusion, overridden bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", outcome(s, c, overridden))
	if len(s.Assessment.Reasons) > 0 {
		b.WriteString("\n| points | why | what would lower it |\n|---:|---|---|\n")
		for _, r := range s.Assessment.Reasons {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", points(r.Weight), escape(r.Sentence), escape(r.Lower))
		}
	}
	for _, line := range []string{moment(s), wayBack(s.Pull.Change), unseen(s), asked(s, overridden), refused(s)} {
		if line != "" {
			b.WriteString("\n" + line + "\n")
		}
	}
	return b.String()
}

// outcome is the verdict in one sentence.
func outcome(s Subject, c Conclusion, overridden bool) string {
	a := s.Assessment
	head := fmt.Sprintf("**%s risk to land now** (%s points).", level(a.Level), points(a.Score))
	switch {
	case overridden:
		return head + fmt.Sprintf(" %s lets it land until %s: %s", escape(s.Override.By), clock(s.Override.Until, zone(s)), escape(s.Override.Reason))
	case s.Pull.Draft && !s.Group:
		return head + " It is a draft: nothing is held up."
	case len(a.Reasons) == 0:
		return head + " Nothing that is known speaks against it."
	case c.Blocks():
		return head + " It should not land now."
	case !s.Policy.Required && s.Policy.asIfRequired(a.Level).Blocks():
		return head + " It should not land now; the check is advisory here and holds nothing up."
	default:
		return head
	}
}

func (p Policy) asIfRequired(level bot.Level) Conclusion {
	p.Required = true
	return p.Of(level)
}

func level(l bot.Level) string { return strings.ToUpper(string(l)[:1]) + string(l)[1:] }

func points(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// moment says until when the calendar lets changes in, or from when on it does again.
func moment(s Subject) string {
	var said []string
	for _, o := range s.Openings {
		who := "every service"
		if o.Service != "" {
			who = escape(o.Service)
		}
		switch {
		case o.Open && !o.Until.IsZero():
			said = append(said, fmt.Sprintf("%s takes changes until %s", who, clock(o.Until, o.Zone)))
		case !o.Open && o.Until.IsZero():
			said = append(said, who+" takes no changes, and no end of that is known")
		case !o.Open:
			said = append(said, fmt.Sprintf("%s takes changes again from %s on", who, clock(o.Until, o.Zone)))
		}
	}
	if len(said) == 0 {
		return ""
	}
	slices.Sort(said)
	return "**When:** " + strings.Join(slices.Compact(said), "; ") + "."
}

func wayBack(c bot.Change) string {
	if c.Rollback == "" {
		return ""
	}
	return "**Way back:** " + escape(c.Rollback) + "."
}

func unseen(s Subject) string {
	if len(s.Assessment.Unknown) == 0 {
		return ""
	}
	return "**Not looked at:** " + escape(strings.Join(s.Assessment.Unknown, ", ")) + ". It counts neither for nor against the change."
}

// asked tells of an override that was asked for, or of one that is void or over.
func asked(s Subject, overridden bool) string {
	head, who := s.Pull.Change.Revision, escape(s.Policy.Who())
	switch {
	case overridden:
		return ""
	case s.Asked != nil && s.Asked.Head == head:
		return fmt.Sprintf("**Override asked for** by %s: %s. It can be granted by %s, by the button or by `/firebreak override REASON`.",
			escape(s.Asked.By), escape(s.Asked.Reason), who)
	case s.Override != nil && s.Override.Head != head:
		return fmt.Sprintf("The override of %s held for other commits and is void.", escape(s.Override.By))
	case s.Override != nil:
		return fmt.Sprintf("The override of %s ended on %s.", escape(s.Override.By), clock(s.Override.Until, zone(s)))
	default:
		return ""
	}
}

func refused(s Subject) string {
	if s.Refused == "" {
		return ""
	}
	return "**No override:** " + escape(plain(s.Refused, maxReason)) + "."
}

// details are what is looked up: versions, files by kind, whose policy it is.
func details(s Subject) string {
	var b strings.Builder
	if len(s.Pull.Change.Inputs) > 0 {
		b.WriteString("### Versions\n\n| kind | what | before | after |\n|---|---|---|---|\n")
		for i, in := range s.Pull.Change.Inputs {
			if i == mostListed {
				fmt.Fprintf(&b, "\nand %d more\n", len(s.Pull.Change.Inputs)-i)
				break
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", in.Kind, escape(in.Name), escape(dash(in.Old)), escape(dash(in.New)))
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "### What it touches\n\n%s\n", touched(s))
	fmt.Fprintf(&b, "\n### Rules\n\n%s\n", rulesOf(s))
	return b.String()
}

// mostListed bounds lists: nobody reads more, and a forge takes 65,535 characters.
const mostListed = 40

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// touched lists services and files, by kind.
func touched(s Subject) string {
	var b strings.Builder
	c := s.Pull.Change
	if len(c.Services) == 0 {
		b.WriteString("No known service.")
	} else {
		b.WriteString("Services: " + escape(strings.Join(c.Services, ", ")) + ".")
	}
	count := map[bot.Kind][]string{}
	for _, f := range s.Pull.Files {
		kind := s.Kinds[f.Path]
		if kind == "" {
			kind = bot.Code
		}
		count[kind] = append(count[kind], f.Path)
	}
	for _, kind := range bot.Kinds() {
		if paths := count[kind]; len(paths) > 0 {
			fmt.Fprintf(&b, "\n- %s: %s", kind, some(paths))
		}
	}
	if hidden := s.Pull.Total - len(s.Pull.Files); hidden > 0 {
		fmt.Fprintf(&b, "\n- %d of %d files could not be looked at: GitHub lists no more than 3,000", hidden, s.Pull.Total)
	}
	return b.String()
}

func some(paths []string) string {
	const few = 5
	out := make([]string, 0, few)
	for _, p := range paths[:min(few, len(paths))] {
		out = append(out, escape(p))
	}
	text := strings.Join(out, ", ")
	if more := len(paths) - few; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// rulesOf says by which policy it was judged, and what it lets people do.
func rulesOf(s Subject) string {
	p := s.Policy
	var b strings.Builder
	fmt.Fprintf(&b, "Low is %s, medium %s, high %s, critical %s", p.Levels.Low, p.Levels.Medium, p.Levels.High, p.Levels.Critical)
	if p.Required {
		b.WriteString("; the check is required.")
	} else {
		b.WriteString("; the check is advisory, so that nothing is held up.")
	}
	fmt.Fprintf(&b, " Overrides, for %s at most, are granted by %s.", short(p.Overrides.Longest), escape(p.Who()))
	if d := p.Baking(s.Assessment.Level); d > 0 {
		fmt.Fprintf(&b, " After it has landed it is watched for %s.", short(d))
	}
	if s.Faulty != "" {
		fmt.Fprintf(&b, "\n\n**%s cannot be used**, so the policy of the server holds: %s", PolicyFile, escape(s.Faulty))
	}
	return b.String()
}

// zone is the zone in which the times of a pull request are told: that of its first service.
func zone(s Subject) string {
	if len(s.Openings) > 0 {
		return s.Openings[0].Zone
	}
	return "UTC"
}

// clock is a time on the wall clock of a zone.
func clock(t time.Time, zone string) string {
	if where, err := time.LoadLocation(zone); err == nil {
		t = t.In(where)
	}
	return t.Format("Mon 2006-01-02 15:04 MST")
}
