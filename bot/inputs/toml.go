package inputs

import "strings"

// readTOML reads TOML, and what is like it: INI files, properties, environment files.
func readTOML(text string, t *tree) {
	f := &flow{text: text, t: t}
	table := 0
	for f.at < len(text) && !t.full() {
		line := text[f.at : f.at+lineEnd(text[f.at:])]
		word := strings.TrimSpace(line)
		switch {
		case word == "" || word[0] == '#' || word[0] == ';':
		case strings.HasPrefix(word, "[[") && strings.Contains(word, "]]"):
			table = openTable(t, word[2:strings.Index(word, "]]")], true)
		case word[0] == '[' && strings.Contains(word, "]"):
			table = openTable(t, word[1:strings.Index(word, "]")], false)
		default:
			f.assign(table, line)
			continue
		}
		f.at = min(len(text), f.at+len(line)+1)
	}
}

// openTable begins the table of a header, as [agents.support]. A table that was begun by another header is a mapping of its own with
// the same name, which comes to the same.
func openTable(t *tree, header string, item bool) int {
	in := 0
	parts := dotted(header)
	for i, part := range parts {
		if item && i == len(parts)-1 {
			return t.openItem(in, part)
		}
		in = t.lastOr(in, part)
	}
	return in
}

// lastOr is the newest mapping under a key, made where there is none.
func (t *tree) lastOr(parent int, key string) int {
	key = short(key, maxKey)
	const near = 200 // a header's parent was begun shortly before
	for i := len(t.mappings) - 1; i > 0 && i >= len(t.mappings)-near; i-- {
		if m := t.mappings[i]; m.parent == parent && m.key == key {
			return i
		}
	}
	return t.open(parent, key)
}

// dotted takes a dotted key apart.
func dotted(key string) []string {
	var parts []string
	for key = strings.TrimSpace(key); key != "" && len(parts) < maxDepth; {
		var part string
		if key[0] == '"' || key[0] == '\'' {
			value, n := unquote(key)
			part, key = value, strings.TrimPrefix(strings.TrimSpace(key[n:]), ".")
		} else {
			part, key, _ = strings.Cut(key, ".")
		}
		parts, key = append(parts, strings.TrimSpace(part)), strings.TrimSpace(key)
	}
	return parts
}

// assign reads "key = value" and goes behind it.
func (f *flow) assign(table int, line string) {
	equals := strings.IndexByte(line, '=')
	if equals < 0 {
		f.at = min(len(f.text), f.at+len(line)+1)
		return
	}
	parts := dotted(strings.TrimPrefix(strings.TrimSpace(line[:equals]), "export "))
	value := strings.TrimLeft(line[equals+1:], " \t")
	f.at += len(line) - len(value)
	if len(parts) > 0 {
		for _, part := range parts[:len(parts)-1] {
			table = f.t.lastOr(table, part)
		}
		key := parts[len(parts)-1]
		switch {
		case value == "":
		case value[0] == '{' || value[0] == '[' || value[0] == '"' || value[0] == '\'':
			f.value(table, key, 1)
		default:
			f.t.add(table, key, uncommented(value), f.at)
		}
	}
	if f.at < len(f.text) {
		f.at = min(len(f.text), f.at+lineEnd(f.text[f.at:])+1)
	}
}
