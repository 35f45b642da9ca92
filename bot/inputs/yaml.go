package inputs

import "strings"

// block reads the block style of YAML by its indentation, line by line: templates, and files that a strict parser refuses, are read as
// far as they look like YAML.
type block struct {
	flow
	// levels are the mappings that are open, the outermost first.
	levels []level
}

// level is an open mapping: the column of its keys, and the last of them.
type level struct {
	column, in int
	pending    string
}

func readYAML(text string, t *tree) {
	b := &block{flow: flow{text: text, t: t}, levels: []level{{}}}
	document := 0
	for b.at < len(text) && !t.full() {
		line := text[b.at : b.at+lineEnd(text[b.at:])]
		word := strings.TrimRight(line, " \t\r")
		if word == "---" || strings.HasPrefix(line, "--- ") || word == "..." {
			if b.at > 0 && len(t.fields)+len(t.mappings) > 1 {
				document = t.openItem(0, "")
			}
			b.levels = []level{{in: document}}
			b.next()
			continue
		}
		b.line(line)
	}
}

// next goes to the next line.
func (b *block) next() { b.at = min(len(b.text), b.at+lineEnd(b.text[b.at:])+1) }

func (b *block) line(line string) {
	column := len(line) - len(strings.TrimLeft(line, " \t"))
	rest := line[column:]
	if strings.TrimSpace(rest) == "" || strings.ContainsAny(rest[:1], "#%") || strings.HasPrefix(rest, "{{") || strings.HasPrefix(rest, "{%") {
		b.next()
		return
	}
	for rest == "-" || strings.HasPrefix(rest, "- ") || strings.HasPrefix(rest, "-\t") {
		inner := column + 1 + len(rest[1:]) - len(strings.TrimLeft(rest[1:], " \t"))
		b.dash(column, inner)
		column, rest = inner, line[min(inner, len(line)):]
		if b.t.full() {
			break
		}
	}
	if strings.TrimSpace(rest) == "" {
		b.next()
		return
	}
	b.at += column
	b.entry(column, rest)
}

// dash begins an item of the list under the pending key.
func (b *block) dash(column, inner int) {
	b.close(column)
	top := b.levels[len(b.levels)-1]
	if len(b.levels) > maxDepth {
		return
	}
	b.levels = append(b.levels, level{column: inner, in: b.t.openItem(top.in, top.pending)})
}

// close ends the mappings whose keys stand farther right.
func (b *block) close(column int) {
	for len(b.levels) > 1 && b.levels[len(b.levels)-1].column > column {
		b.levels = b.levels[:len(b.levels)-1]
	}
}

// entry reads "key: value", or an item of a list that is none.
func (b *block) entry(column int, rest string) {
	key, n := keyOf(rest)
	if n == 0 {
		b.bare(rest)
		return
	}
	b.close(column)
	top := &b.levels[len(b.levels)-1]
	if top.column < column && len(b.levels) <= maxDepth {
		b.levels = append(b.levels, level{column: column, in: b.t.open(top.in, top.pending)})
		top = &b.levels[len(b.levels)-1]
	}
	top.pending = key
	value := strings.TrimLeft(rest[n:], " \t")
	b.at += len(rest) - len(value)
	value = b.undecorated(value)
	switch {
	case value == "" || value[0] == '#':
		b.next()
	case value[0] == '|' || value[0] == '>':
		b.skip(column)
	case value[0] == '{' && !strings.HasPrefix(value, "{{") || value[0] == '[':
		b.value(top.in, key, len(b.levels))
		b.next()
	case value[0] == '*':
		b.next() // an alias: what it stands for is not looked up
	case value[0] == '"' || value[0] == '\'':
		begin := b.at
		b.t.add(top.in, key, b.quoted(), begin)
		b.next()
	default:
		b.t.add(top.in, key, uncommented(value), b.at)
		b.next()
	}
}

// undecorated passes anchors and tags before a value.
func (b *block) undecorated(value string) string {
	for value != "" && (value[0] == '&' || value[0] == '!') {
		_, after, _ := strings.Cut(value, " ")
		after = strings.TrimLeft(after, " \t")
		b.at += len(value) - len(after)
		value = after
	}
	return strings.TrimRight(value, " \t\r")
}

// bare reads what stands alone in a line: an item of a list, or a flow.
func (b *block) bare(rest string) {
	top := b.levels[len(b.levels)-1]
	if m := b.t.mappings[top.in]; m.item > 0 && len(m.fields) == 0 && rest[0] != '{' {
		top.in = m.parent // what is no mapping has no fields of its own
	}
	switch rest[0] {
	case '{':
		if !strings.HasPrefix(rest, "{{") {
			b.fill(top.in, len(b.levels))
		}
	case '[':
		b.list(top.in, top.pending, len(b.levels))
	case '"', '\'':
		begin := b.at
		listed(b.t, top.in, b.quoted(), begin)
	default:
		listed(b.t, top.in, uncommented(rest), b.at)
	}
	b.next()
}

// skip passes the lines of a text in a block: they are farther right than its key.
func (b *block) skip(column int) {
	for b.next(); b.at < len(b.text); b.next() {
		line := b.text[b.at : b.at+lineEnd(b.text[b.at:])]
		inner := strings.TrimLeft(line, " \t")
		if strings.TrimSpace(inner) != "" && len(line)-len(inner) <= column {
			return
		}
	}
}

// keyOf is the key that a line begins with and how long it is with its colon; zero for a line without one.
func keyOf(rest string) (key string, n int) {
	if rest[0] == '"' || rest[0] == '\'' {
		value, end := unquote(rest)
		if colon := strings.TrimLeft(rest[end:], " \t"); strings.HasPrefix(colon, ":") {
			return value, len(rest) - len(colon) + 1
		}
		return "", 0
	}
	if strings.ContainsAny(rest[:1], "{[|>*&!@`") {
		return "", 0
	}
	for i := 0; i < len(rest) && i <= 2*maxKey; i++ {
		if rest[i] == ':' && (i+1 == len(rest) || strings.ContainsAny(rest[i+1:i+2], " \t\r")) {
			return strings.TrimSpace(rest[:i]), i + 1
		}
		if rest[i] == '#' && i > 0 && rest[i-1] == ' ' {
			return "", 0
		}
	}
	return "", 0
}
