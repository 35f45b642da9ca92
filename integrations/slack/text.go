package slack

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of Block Kit, in characters. Slack refuses a whole message for one that is too long.
const (
	maxHeader   = 150
	maxSection  = 3000
	maxField    = 2000
	maxAlt      = 2000
	maxFileAlt  = 1000 // of an uploaded file, which is not Block Kit's
	maxButton   = 75
	maxValue    = 2000
	maxURL      = 3000
	maxBlockID  = 255
	maxText     = 3000
	maxElements = 10
)

// joiners are the characters without width that letters and emoji of real languages need.
const joiners = "\u200c\u200d"

// clean makes one line of a text from outside: no control characters, none that turn the reading direction or that nobody sees, no broken
// bytes.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.In(r, unicode.Zl, unicode.Zp):
			return ' '
		case unicode.Is(unicode.Cf, r) && !strings.ContainsRune(joiners, r):
			return -1
		default:
			return r
		}
	}, strings.ToValidUTF8(s, "�"))
	return strings.Join(strings.Fields(s), " ")
}

// cut shortens to at most limit characters, between characters, and shows that something is missing.
func cut(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	if limit < 1 {
		return ""
	}
	runes := []rune(s)[:limit]
	runes[limit-1] = '…'
	return string(runes)
}

// line is clean and cut.
func line(s string, limit int) string { return cut(clean(s), limit) }

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escape makes a text harmless where Slack reads mark-up: without these three there is no mention, no link, no broadcast.
// The escaped form stays within limit, and no escape is torn apart.
func escape(s string, limit int) string {
	s = clean(s)
	whole := escaper.Replace(s)
	if utf8.RuneCountInString(whole) <= limit {
		return whole
	}
	used, end := 0, 0
	for i, r := range s {
		if used += utf8.RuneCountInString(escaper.Replace(string(r))); used > limit-1 {
			break
		}
		end = i + utf8.RuneLen(r)
	}
	return cut(escaper.Replace(s[:end])+"…", limit)
}

var unescaper = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// unescape gives the text behind Slack's three escapes.
func unescape(s string) string { return unescaper.Replace(s) }

// link tells whether an address may be put behind a word or a button.
func link(s string) bool {
	return (strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")) &&
		len(s) <= maxURL && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
}

// multiline is clean line by line, for texts that are lists.
func multiline(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
