package report

import (
	"strings"
	"unicode"
)

// harmless turns characters that no reader should be shown as such into spaces: controls, line ends, and what changes the direction of
// writing.
func harmless(r rune) rune {
	if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control) || r == '\uFEFF' {
		return ' '
	}
	return r
}

// marks are the characters that mean something to Markdown wherever they stand, in GitHub's flavour and in CommonMark.
const marks = "\\`*_[]<>|~&#${}"

// Escape makes a text mean itself in Markdown, in one line: nothing in it starts a heading, a list, a link, a table cell, HTML, code,
// or a formula, and no person or team is notified by a name in it.
func Escape(s string) string {
	var b strings.Builder
	line := oneLine(s)
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case strings.IndexByte(marks, c) >= 0:
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '@': // an empty comment parts the sign from the name, so that it is no mention and no address
			b.WriteString("@<!-- -->")
		case c == ':' && strings.HasPrefix(line[i+1:], "//"), c == '.' && strings.HasSuffix(strings.ToLower(line[:i]), "www"):
			b.WriteByte('\\') // no address makes a link of itself
			b.WriteByte(c)
		case startsBlock(line, i):
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// startsBlock tells whether the character would begin a list or a rule, standing where it does: "-", "+" or "=" first, or "." and ")" behind
// nothing but digits.
func startsBlock(line string, i int) bool {
	switch line[i] {
	case '-', '+', '=':
		return i == 0
	case '.', ')':
		return i > 0 && strings.Trim(line[:i], "0123456789") == ""
	default:
		return false
	}
}
