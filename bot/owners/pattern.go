package owners

import (
	"strings"
	"unicode/utf8"
)

// pattern is a compiled pattern: the segments of a path that it wants, where "**" stands for any number of them.
type pattern struct {
	segments []segment
	// below tells that it also matches everything below what it names: a folder owns its files.
	below bool
}

// segment is one name of a pattern. Most are meant as they are written.
type segment struct {
	text           string
	plain, anyDeep bool
}

func segmentsOf(names []string) []segment {
	out := make([]segment, 0, len(names))
	for _, name := range names {
		out = append(out, segment{text: name, plain: !strings.ContainsAny(name, `*?\`), anyDeep: name == "**"})
	}
	return out
}

// compile reads a pattern, or says what is wrong with it.
func compile(text string) (p pattern, problem string) {
	switch {
	case strings.HasPrefix(text, "!"):
		return p, "! does not negate here: name the exception with its own owners below"
	case strings.HasPrefix(text, `\#`):
		return p, `a pattern cannot begin with \#`
	case strings.ContainsAny(text, "[]"):
		return p, "[ ] is no range here: write one line for each"
	case strings.Contains(text, "***"):
		return p, "*** means nothing: write ** for any number of folders"
	case text == "/" || strings.Contains(text, "//"):
		return p, "an empty name between slashes matches nothing"
	}
	segments := strings.Split(text, "/")
	folder := segments[len(segments)-1] == ""
	if folder {
		segments = segments[:len(segments)-1]
	}
	switch {
	case segments[0] == "":
		segments = segments[1:] // a slash at the beginning binds it to the root
	case len(segments) == 1:
		segments = append([]string{"**"}, segments...) // a bare name lies anywhere
	}
	last := segments[len(segments)-1]
	if folder {
		// Only what lies below: a file of that name is no folder.
		return pattern{segments: segmentsOf(append(segments, "*")), below: true}, ""
	}
	// docs/* owns the files of docs and not those of its folders; a name owns all that lies below it.
	return pattern{segments: segmentsOf(segments), below: last != "*" || len(segments) == 2 && segments[0] == "**"}, ""
}

// matches tells whether a path, as its segments, is meant. Going back to the last ** is enough, since a later one can only take
// what an earlier one could have left to it; so the work is at most the product of the two lengths.
func (p pattern) matches(path []string) bool {
	want, have := 0, 0
	star, from := -1, 0
	for {
		switch {
		case want == len(p.segments):
			if have == len(path) || p.below {
				return true
			}
		case p.segments[want].anyDeep:
			star, from = want, have
			want++
			if want == len(p.segments) {
				return have < len(path)
			}
			continue
		case have < len(path) && p.segments[want].matches(path[have]):
			want++
			have++
			continue
		}
		if star < 0 || from >= len(path) {
			return false
		}
		from++
		want, have = star+1, from
	}
}

func (s segment) matches(name string) bool {
	if s.plain {
		return s.text == name
	}
	return wild(s.text, name)
}

// wild matches one name: * is any text, ? one character, and a backslash keeps the next character from meaning anything.
func wild(want, have string) bool {
	i, j := 0, 0
	star, from := -1, 0
	for j < len(have) {
		switch {
		case i < len(want) && want[i] == '*':
			star, from = i, j
			i++
		case i < len(want) && want[i] == '?':
			i++
			j += width(have[j:])
		case i+1 < len(want) && want[i] == '\\' && want[i+1] == have[j]:
			i += 2
			j++
		case i < len(want) && want[i] != '\\' && want[i] == have[j]:
			i++
			j++
		case star >= 0:
			from += width(have[from:])
			i, j = star+1, from
		default:
			return false
		}
	}
	for i < len(want) && want[i] == '*' {
		i++
	}
	return i == len(want)
}

func width(text string) int {
	_, n := utf8.DecodeRuneInString(text)
	return n
}
