package owners

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	// MaxSize is the size from which on GitHub does not load the file.
	MaxSize = 3 << 20
	// maxRules and maxFaults bound the work that a file may cost; no file of people comes near.
	maxRules, maxFaults = 10_000, 100
)

// File is a CODEOWNERS file. The zero value owns nothing.
type File struct {
	rules []Rule
	// Faults are the lines that GitHub skips as well, in their order.
	Faults []Fault
}

// Rule is one line: a pattern, and who owns what it matches.
type Rule struct {
	Line    int
	Pattern string
	// Owners are @user, @org/team and e-mail addresses as they are written; none means that nobody owns what it matches.
	Owners []string

	match pattern
}

// Fault is a line that says nothing, and why. Line 0 is the whole file.
type Fault struct {
	Line     int
	Sentence string
}

// String shows the line as people count it.
func (f Fault) String() string {
	if f.Line == 0 {
		return f.Sentence
	}
	return fmt.Sprintf("line %d: %s", f.Line, f.Sentence)
}

// Places are where GitHub looks for the file; the first that is there counts.
func Places() []string { return []string{".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"} }

// Parse reads a file. What is too large or no text owns nothing, and is told as a fault of line 0.
func Parse(data []byte) File {
	var f File
	switch {
	case len(data) > MaxSize:
		f.fault(0, "it is larger than 3 MB, so GitHub does not load it")
		return f
	case !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0:
		f.fault(0, "it is no text in UTF-8")
		return f
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	for number := 1; text != ""; number++ {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		if len(f.rules) == maxRules {
			f = File{}
			f.fault(0, "it has more than %d rules", maxRules)
			return f
		}
		f.line(number, strings.TrimRight(line, "\r"))
	}
	return f
}

func (f *File) line(number int, text string) {
	words := fields(text)
	if len(words) == 0 {
		return
	}
	p, problem := compile(words[0])
	if problem != "" {
		f.fault(number, "%s", problem)
		return
	}
	for _, owner := range words[1:] {
		if !isOwner(owner) {
			f.fault(number, "%q is no owner: write @user, @org/team or an e-mail address", shortened(owner))
			return
		}
	}
	f.rules = append(f.rules, Rule{Line: number, Pattern: words[0], Owners: words[1:], match: p})
}

func (f *File) fault(line int, format string, args ...any) {
	if len(f.Faults) < maxFaults {
		f.Faults = append(f.Faults, Fault{Line: line, Sentence: fmt.Sprintf(format, args...)})
	}
}

// Of is the rule that decides whose a path is: the last that matches it.
func (f File) Of(path string) (Rule, bool) {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i := len(f.rules) - 1; i >= 0; i-- {
		if f.rules[i].match.matches(segments) {
			return f.rules[i], true
		}
	}
	return Rule{}, false
}

// fields splits a line at blanks; in the pattern a backslash keeps the blank behind it, and # ends the line where it
// begins a word.
func fields(line string) []string {
	var words []string
	var word strings.Builder
	begun := false
	for i := 0; i < len(line); i++ {
		switch b := line[i]; {
		case b == '\\' && i+1 < len(line) && len(words) == 0:
			i++
			word.WriteByte(b)
			word.WriteByte(line[i])
			begun = true
		case b == ' ' || b == '\t':
			if begun {
				words = append(words, word.String())
				word.Reset()
				begun = false
			}
		case b == '#' && !begun:
			return words
		default:
			word.WriteByte(b)
			begun = true
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words
}

var (
	userOrTeam = regexp.MustCompile(`^@[A-Za-z0-9][A-Za-z0-9_.-]{0,99}(?:/[A-Za-z0-9_.-]{1,100})?$`)
	address    = regexp.MustCompile(`^[^\s@]{1,100}@[A-Za-z0-9.-]{1,200}$`)
)

func isOwner(word string) bool { return userOrTeam.MatchString(word) || address.MatchString(word) }

// IsTeam tells a team from a person.
func IsTeam(owner string) bool { return strings.HasPrefix(owner, "@") && strings.Contains(owner, "/") }

// IsAddress tells an e-mail address from a login.
func IsAddress(owner string) bool { return !strings.HasPrefix(owner, "@") }

func shortened(text string) string {
	const most = 40
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}
