package report

import (
	"fmt"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
)

// Markdown renders a report in GitHub's flavour. Every text from outside means itself in it.
func Markdown(r Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Incident %s\n\n%s\n\n", Escape(r.Incident), Escape(r.Title))
	if link(r.URL) != "" {
		fmt.Fprintf(&b, "[The incident's page](%s)\n\n", link(r.URL))
	}
	table(&b, r.Facts)
	sentences(&b, "## Impact", r.Impact)
	fmt.Fprintf(&b, "## How long it took\n\nTimes are in %s.\n\n", Escape(r.Zone))
	table(&b, r.Durations)
	b.WriteString("## What was seen\n\n")
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "- **%s** (%s)\n", Escape(f.Title), Escape(f.Verdict))
		for _, e := range f.Evidence {
			fmt.Fprintf(&b, "  - %s\n", Escape(e))
		}
	}
	if len(r.Findings) == 0 {
		b.WriteString("Nothing is on record.\n")
	}
	suspects(&b, r)
	b.WriteString("\n## What was decided and done\n\n")
	lines(&b, r.Done)
	b.WriteByte('\n')
	sentences(&b, "## What is not known", r.Unknown)
	sentences(&b, "## Open questions", r.Questions)
	references(&b, r.References)
	b.WriteString("## Timeline\n\n")
	lines(&b, r.Timeline)
	return b.String()
}

// sentences lists sentences under a heading, and leaves it out where there are none.
func sentences(b *strings.Builder, heading string, of []string) {
	if len(of) == 0 {
		return
	}
	fmt.Fprintf(b, "%s\n\n", heading)
	for _, s := range of {
		fmt.Fprintf(b, "- %s\n", Escape(s))
	}
	b.WriteByte('\n')
}

func references(b *strings.Builder, of []bot.Reference) {
	if len(of) == 0 {
		return
	}
	b.WriteString("## See\n\n")
	for _, r := range of {
		if address := link(r.URL); address != "" {
			fmt.Fprintf(b, "- [%s](%s), by %s\n", Escape(oneLine(r.Title)), address, Escape(oneLine(r.By)))
		}
	}
	b.WriteByte('\n')
}

func table(b *strings.Builder, facts []bot.Fact) {
	b.WriteString("| | |\n|---|---|\n")
	for _, f := range facts {
		fmt.Fprintf(b, "| %s | %s |\n", Escape(f.Label), Escape(f.Value))
	}
	b.WriteByte('\n')
}

func lines(b *strings.Builder, of []Line) {
	if len(of) == 0 {
		b.WriteString("Nothing.\n")
		return
	}
	b.WriteString("| Time | What | Who | |\n|---|---|---|---|\n")
	for _, l := range of {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", Escape(l.At), Escape(l.Kind), Escape(l.Actor), Escape(l.Sentence))
	}
}

func suspects(b *strings.Builder, r Report) {
	b.WriteString("\n## Suspects\n\n")
	if r.None.Name == "" {
		b.WriteString("The changes before it were not ranked.\n")
		return
	}
	b.WriteString("A suspect is a change, not a person. The terms are natural log-odds against none of these; their sum gives the probability.\n\n")
	for _, s := range r.Suspects {
		name := Escape(s.Name)
		if l := link(s.URL); l != "" {
			name = "[" + name + "](" + l + ")"
		}
		fmt.Fprintf(b, "### %.2f %s\n\n", s.Probability, name)
		if s.Title != "" {
			fmt.Fprintf(b, "“%s”", Escape(s.Title))
			if s.At != "" {
				fmt.Fprintf(b, ", %s", Escape(s.At))
			}
			b.WriteString("\n\n")
		}
		b.WriteString("| Term | Why |\n|--:|---|\n")
		for _, t := range s.Terms {
			fmt.Fprintf(b, "| %+.2f | %s |\n", t.Weight, Escape(t.Sentence))
		}
		fmt.Fprintf(b, "| **%+.2f** | **sum** |\n\n", s.Total)
	}
	if r.Rest != "" {
		fmt.Fprintf(b, "%s.\n\n", Escape(r.Rest))
	}
	fmt.Fprintf(b, "### %.2f none of these\n\n", r.None.Probability)
	for _, t := range r.None.Terms {
		fmt.Fprintf(b, "- %s\n", Escape(t.Sentence))
	}
	if len(r.Excluded) > 0 {
		b.WriteString("\n### Excluded\n\n")
	}
	for _, e := range r.Excluded {
		fmt.Fprintf(b, "- %s: %s\n", Escape(orElse(e.Title, e.Change)), Escape(e.Why.Sentence))
	}
}

// link gives an address that may stand between parentheses, empty for anything that is no web address.
func link(address string) string {
	return strings.NewReplacer("(", "%28", ")", "%29", "<", "%3C", ">", "%3E", "|", "%7C", "\\", "%5C", "`", "%60", "*", "%2A",
		"_", "\\_", "[", "%5B", "]", "%5D", "&", "\\&").Replace(WebAddress(address))
}

// WebAddress gives an address that leads to the web and shows where: "http" or "https", a host without a name before an "@", and
// nothing but the characters that RFC 3986 knows. Anything else is empty.
func WebAddress(address string) string {
	scheme, rest, found := strings.Cut(address, "://")
	if !found || !strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "http") {
		return ""
	}
	host := rest[:len(rest)-len(strings.TrimLeft(rest, hostCharacters))]
	after := rest[len(host):]
	if strings.Trim(host, ".:") == "" || after != "" && strings.IndexByte("/?#", after[0]) < 0 {
		return ""
	}
	if strings.Trim(after, hostCharacters+"/?#_~!$&'()*+,;=%@") != "" {
		return ""
	}
	return address
}

const hostCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.:[]"
