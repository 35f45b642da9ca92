package inputs

import (
	"strconv"
	"strings"
)

// flow reads JSON, the flow style of YAML, and inline tables of TOML: braces, brackets, quoted and plain scalars, with comments and
// trailing commas forgiven.
type flow struct {
	text string
	at   int
	t    *tree
}

// readJSON reads one or several JSON values, as in a file of lines.
func readJSON(text string, t *tree) {
	f := &flow{text: text, t: t}
	for n := 1; !t.full(); n++ {
		f.space()
		if f.at >= len(text) {
			return
		}
		before := f.at
		switch {
		case text[f.at] == '{' && n == 1:
			f.fill(0, 0)
		case text[f.at] == '{':
			f.fill(t.openItem(0, ""), 0)
		default:
			f.value(0, "", 0)
		}
		if f.at == before {
			f.at++ // what is no JSON
		}
	}
}

// space passes blanks and comments.
func (f *flow) space() {
	for f.at < len(f.text) {
		rest := f.text[f.at:]
		switch {
		case strings.ContainsRune(" \t\r\n,", rune(rest[0])):
			f.at++
		case rest[0] == '#' || strings.HasPrefix(rest, "//"):
			f.at += lineEnd(rest)
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest, "*/")
			if end < 0 {
				f.at = len(f.text)
				return
			}
			f.at += end + 2
		default:
			return
		}
	}
}

func lineEnd(text string) int {
	if i := strings.IndexByte(text, '\n'); i >= 0 {
		return i
	}
	return len(text)
}

// value reads what stands under a key of a mapping.
func (f *flow) value(in int, key string, depth int) {
	f.space()
	if f.at >= len(f.text) || depth > maxDepth || f.t.full() {
		f.at = len(f.text)
		return
	}
	begin := f.at
	switch f.text[f.at] {
	case '{':
		f.fill(f.t.open(in, key), depth+1)
	case '[':
		f.list(in, key, depth+1)
	case '}', ']', ':':
		f.at++
	default:
		f.t.add(in, key, f.scalar(), begin)
	}
}

// fill reads a mapping's fields, from its brace on.
func (f *flow) fill(m, depth int) {
	f.at++ // the brace
	for {
		f.space()
		if f.at >= len(f.text) || f.t.full() {
			f.at = len(f.text)
			return
		}
		if f.text[f.at] == '}' {
			f.at++
			return
		}
		before := f.at
		key := f.key()
		f.space()
		if f.at < len(f.text) && (f.text[f.at] == ':' || f.text[f.at] == '=') {
			f.at++
			f.value(m, key, depth)
		}
		if f.at == before {
			f.at++
		}
	}
}

func (f *flow) list(in int, key string, depth int) {
	f.at++ // the bracket
	f.t.hold(in, short(key, maxKey))
	for {
		f.space()
		if f.at >= len(f.text) || f.t.full() || depth > maxDepth {
			f.at = len(f.text)
			return
		}
		before := f.at
		switch f.text[f.at] {
		case ']':
			f.at++
			return
		case '{':
			f.fill(f.t.openItem(in, key), depth+1)
		case '[':
			f.list(f.t.openItem(in, key), "", depth+1)
		default:
			if f.text[f.at] != '}' {
				listed(f.t, in, f.scalar(), before)
			}
		}
		if f.at == before {
			f.at++
		}
	}
}

// listed reads KEY=value, as compose files list an environment.
func listed(t *tree, in int, text string, offset int) {
	if key, value, found := strings.Cut(text, "="); found && isName(key) {
		t.add(in, key, value, offset)
	}
}

func (f *flow) key() string {
	if c := f.text[f.at]; c == '"' || c == '\'' {
		return f.quoted()
	}
	end := strings.IndexAny(f.text[f.at:], ":=,}]\n")
	if end < 0 {
		end = len(f.text) - f.at
	}
	key := f.text[f.at : f.at+end]
	f.at += end
	return strings.TrimSpace(key)
}

func (f *flow) scalar() string {
	if c := f.text[f.at]; c == '"' || c == '\'' {
		return f.quoted()
	}
	end := strings.IndexAny(f.text[f.at:], ",}]\n")
	if end < 0 {
		end = len(f.text) - f.at
	}
	text := f.text[f.at : f.at+end]
	f.at += end
	return uncommented(text)
}

// quoted reads a quoted text; of one that is too long to be a version nothing is kept.
func (f *flow) quoted() string {
	value, n := unquote(f.text[f.at:])
	f.at += n
	return value
}

// unquote gives the text of a quoted scalar and how long it is with its quotes.
func unquote(text string) (value string, n int) {
	quote := text[0]
	if triple := strings.Repeat(string(quote), 3); strings.HasPrefix(text, triple) {
		end := strings.Index(text[3:], triple)
		if end < 0 {
			return "", len(text)
		}
		return short(text[3:3+end], maxValue+1), end + 6
	}
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote == '"':
			i++
		case text[i] == quote:
			raw := text[1:i]
			if len(raw) > maxValue {
				return "", i + 1
			}
			if quote == '"' && strings.Contains(raw, `\`) {
				plain, err := strconv.Unquote(`"` + strings.ReplaceAll(raw, `\/`, "/") + `"`)
				if err != nil {
					return "", i + 1
				}
				raw = plain
			}
			return raw, i + 1
		}
	}
	return "", len(text)
}

// uncommented is a plain scalar without the comment behind it.
func uncommented(text string) string {
	for _, mark := range []string{" #", "\t#", " //"} {
		text, _, _ = strings.Cut(text, mark)
	}
	return strings.TrimSpace(text)
}
