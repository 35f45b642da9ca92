package expr

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// source is an expression as its author wrote it and as CEL reads it: durations outside of strings became calls.
type source struct {
	written string
	cel     string
	edits   []edit
}

// edit replaced written[from:to] by cel[at:at+size].
type edit struct{ from, to, at, size int }

// tokenKind is what the scanner tells apart. It knows only as much of CEL as it takes to leave strings alone.
type tokenKind int

const (
	tokenOther tokenKind = iota // one operator or space
	tokenWord
	tokenNumber
	tokenDuration
	tokenString
	tokenBroken // a string without an end
)

type token struct {
	kind     tokenKind
	from, to int
}

// scan finds the token that begins at i.
func scan(s string, i int) token {
	c := s[i]
	switch {
	case c == '/' && strings.HasPrefix(s[i:], "//"):
		end := strings.IndexByte(s[i:], '\n')
		if end < 0 {
			return token{tokenOther, i, len(s)}
		}
		return token{tokenOther, i, i + end}
	case c == '"' || c == '\'':
		return scanString(s, i, i, false)
	case isLetter(c):
		j := i
		for j < len(s) && (isLetter(s[j]) || isDigit(s[j])) {
			j++
		}
		if j < len(s) && (s[j] == '"' || s[j] == '\'') && isPrefix(s[i:j]) {
			return scanString(s, i, j, strings.ContainsAny(s[i:j], "rR"))
		}
		return token{tokenWord, i, j}
	case isDigit(c):
		if end := scanDuration(s, i); end > i {
			return token{tokenDuration, i, end}
		}
		j := i
		for j < len(s) && (isLetter(s[j]) || isDigit(s[j])) {
			j++
		}
		return token{tokenNumber, i, j}
	}
	_, size := utf8.DecodeRuneInString(s[i:])
	return token{tokenOther, i, i + size}
}

func isLetter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

func isPrefix(s string) bool {
	switch strings.ToLower(s) {
	case "r", "b", "br", "rb":
		return true
	}
	return false
}

// scanString finds the end of a string whose quotes begin at open.
func scanString(s string, from, open int, raw bool) token {
	quote := s[open : open+1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(s[open:], triple) {
		quote = triple
	}
	for i := open + len(quote); i < len(s); {
		switch {
		case strings.HasPrefix(s[i:], quote):
			return token{tokenString, from, i + len(quote)}
		case s[i] == '\\' && !raw:
			i += 2
		case s[i] == '\n' && len(quote) == 1:
			return token{tokenBroken, from, i}
		default:
			i++
		}
	}
	return token{tokenBroken, from, len(s)}
}

// scanDuration returns the end of a duration literal such as 1h30m at i, or i when there is none.
func scanDuration(s string, i int) int {
	if s[i] == '0' && i+1 < len(s) && s[i+1]|0x20 == 'x' {
		return i
	}
	end := i
	for j := i; j < len(s) && isDigit(s[j]); {
		for j < len(s) && isDigit(s[j]) {
			j++
		}
		if j+1 < len(s) && s[j] == '.' && isDigit(s[j+1]) {
			for j++; j < len(s) && isDigit(s[j]); j++ {
			}
		}
		size := unitAt(s, j)
		if size == 0 {
			return i
		}
		j += size
		end = j
	}
	if end < len(s) && isLetter(s[end]) {
		return i
	}
	return end
}

func unitAt(s string, i int) int {
	if strings.HasPrefix(s[min(i, len(s)):], "ms") {
		return 2
	}
	if i < len(s) && strings.IndexByte("smhdw", s[i]) >= 0 {
		return 1
	}
	return 0
}

// ParseDuration reads a duration as the language writes it: numbers with the units ms, s, m, h, d and w, the larger first.
func ParseDuration(s string) (time.Duration, bool) {
	negative := strings.HasPrefix(s, "-")
	rest := strings.TrimPrefix(s, "-")
	if rest == "0" {
		return 0, true
	}
	if rest == "" || !isDigit(rest[0]) || scanDuration(rest, 0) != len(rest) {
		return 0, false
	}
	var total float64
	for rest != "" {
		n := 0
		for n < len(rest) && (isDigit(rest[n]) || rest[n] == '.') {
			n++
		}
		value, err := strconv.ParseFloat(rest[:n], 64)
		if err != nil {
			return 0, false
		}
		size := unitAt(rest, n)
		total += value * float64(unit(rest[n:n+size]))
		rest = rest[n+size:]
	}
	if total >= float64(1<<63-1) {
		return 0, false
	}
	if negative {
		total = -total
	}
	return time.Duration(total), true
}

func unit(s string) time.Duration {
	switch s {
	case "ms":
		return time.Millisecond
	case "s":
		return time.Second
	case "m":
		return time.Minute
	case "h":
		return time.Hour
	case "d":
		return 24 * time.Hour
	default:
		return 7 * 24 * time.Hour
	}
}

// FormatDuration writes a duration as the language writes it, without zero parts: "1h30m", "30d". It drops what is below a
// millisecond.
func FormatDuration(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	var b strings.Builder
	if d < 0 {
		b.WriteByte('-')
		d = -d
	}
	for _, u := range []struct {
		name string
		size time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}} {
		if d >= u.size {
			b.WriteString(strconv.FormatInt(int64(d/u.size), 10))
			b.WriteString(u.name)
			d %= u.size
		}
	}
	if b.Len() == 0 || b.String() == "-" {
		return "0s"
	}
	return b.String()
}

// rewrite turns the duration literals of an expression into calls that CEL knows. It tells where a string without an end
// begins, or -1.
func rewrite(written string) (src source, broken int) {
	src.written = written
	var b strings.Builder
	for i := 0; i < len(written); {
		t := scan(written, i)
		text := written[t.from:t.to]
		switch t.kind {
		case tokenBroken:
			return src, t.from
		case tokenDuration:
			if d, ok := ParseDuration(text); ok {
				call := `duration("` + strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + `s")`
				src.edits = append(src.edits, edit{t.from, t.to, b.Len(), len(call)})
				text = call
			}
		default: // it stays as it is
		}
		b.WriteString(text)
		i = t.to
	}
	src.cel = b.String()
	return src, -1
}

// back turns a byte offset into the CEL text into one into the text as written.
func (s source) back(offset int) int {
	shift := 0
	for _, e := range s.edits {
		switch {
		case offset < e.at:
			return clamp(offset+shift, len(s.written))
		case offset < e.at+e.size:
			return e.from
		}
		shift = e.to - (e.at + e.size)
	}
	return clamp(offset+shift, len(s.written))
}

func clamp(i, limit int) int { return max(0, min(i, limit)) }

// bytesOf turns an offset in code points into one in bytes.
func bytesOf(s string, points int) int {
	for i := range s {
		if points == 0 {
			return i
		}
		points--
	}
	return len(s)
}
