package hook

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// The bounds of what is kept of a text from outside, in characters.
const (
	// TitleLength is that of a title.
	TitleLength = 300
	// WordLength is that of a name, an ID, a revision.
	WordLength = 200
)

// Line makes one line of at most n characters of a text from outside: no control characters, nothing that turns its direction.
func Line(s string, n int) string {
	if len(s) > 8*n+64 {
		s = s[:8*n+64]
	}
	s, _, _ = strings.Cut(strings.TrimSpace(strings.ToValidUTF8(s, "�")), "\n")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > n {
		s = string(r[:n-1]) + "…"
	}
	return s
}

// Word is a name from outside.
func Word(s string) string { return Line(s, WordLength) }

// Title is a title from outside.
func Title(s string) string { return Line(s, TitleLength) }

// Link keeps only addresses that are safe to link to.
func Link(s string) string {
	if len(s) > 2000 || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return ""
	}
	if strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") {
		return s
	}
	return ""
}

// Moment is a time in whatever form it was sent: RFC 3339, a date and time, Unix seconds or milliseconds. Anything else is zero.
type Moment struct{ time.Time }

// UnmarshalJSON never fails: one odd time must not cost us the rest.
func (m *Moment) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) != nil {
		text = string(data)
	}
	m.Time = Time(text)
	return nil
}

// Time reads a time; what is none is the zero time.
func Time(text string) time.Time {
	text = strings.TrimSpace(text)
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return ofUnix(n)
	}
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05 MST", "2006-01-02 15:04:05 -0700", time.DateTime, time.DateOnly,
	} {
		if at, err := time.Parse(layout, text); err == nil {
			return sane(at.UTC())
		}
	}
	return time.Time{}
}

// ofUnix takes seconds, milliseconds or microseconds, whichever makes a time between 2001 and 2100.
func ofUnix(n float64) time.Time {
	for _, perSecond := range []float64{1, 1e3, 1e6} {
		if s := n / perSecond; s >= 1e9 && s < 4.2e9 {
			whole, rest := math.Modf(s)
			return time.Unix(int64(whole), int64(rest*1e9)).UTC().Round(time.Millisecond)
		}
	}
	return time.Time{}
}

// sane drops times that nobody means, as 0001-01-01.
func sane(at time.Time) time.Time {
	if at.Year() < 1990 || at.Year() > 2200 {
		return time.Time{}
	}
	return at
}

// FirstTime returns the first time that is known.
func FirstTime(all ...time.Time) time.Time {
	for _, t := range all {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}
