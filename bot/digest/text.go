package digest

import (
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
)

// Text is a digest in lines, as a terminal shows it.
func Text(d bot.Digest) string {
	var b strings.Builder
	b.WriteString(d.Title + "\n")
	for _, s := range d.Sections {
		b.WriteString("\n" + s.Title + "\n")
		for _, r := range s.Rows {
			b.WriteString("  " + strings.TrimSpace(Line(r)) + "\n")
		}
	}
	if d.Link != "" {
		b.WriteString("\n" + d.Link + "\n")
	}
	return b.String()
}

// Line is a row in one line.
func Line(r bot.Row) string {
	switch {
	case r.Label == "":
		return r.Text
	case r.Text == "":
		return r.Label
	default:
		return strings.TrimSuffix(r.Label, ":") + ": " + r.Text
	}
}
