package inputs

import (
	"sort"
	"strconv"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
)

// The bounds of reading one file.
const (
	// MaxSize is the largest file that is read, in bytes.
	MaxSize   = 1 << 20
	maxFields = 20_000
	maxDepth  = 64
	maxValue  = 200
	maxKey    = 100
)

// mapping is a mapping of a file: a YAML mapping, a JSON object, a TOML table.
type mapping struct {
	parent int
	key    string
	// item is its place in a list, from 1; zero where it stands in none.
	item int
	// fields are the places of its scalars in tree.fields.
	fields []int
	// holds are the keys of its mappings and lists.
	holds []string
}

// field is a scalar under a key. Values that are too long to be a version are empty.
type field struct {
	in         int
	key, value string
	line       int
}

// tree is what a file holds, as far as it was understood. The first mapping is the root.
type tree struct {
	mappings []mapping
	fields   []field
	// lines are the offsets at which lines begin.
	lines []int
	items map[listOf]int
}

type listOf struct {
	parent int
	key    string
}

func newTree(text string) *tree {
	t := &tree{mappings: []mapping{{parent: -1}}, lines: []int{0}, items: map[listOf]int{}}
	for i := range len(text) {
		if text[i] == '\n' {
			t.lines = append(t.lines, i+1)
		}
	}
	return t
}

// line is the number of the line at an offset, from 1.
func (t *tree) line(offset int) int {
	return sort.Search(len(t.lines), func(i int) bool { return t.lines[i] > offset })
}

func (t *tree) full() bool { return len(t.fields) >= maxFields || len(t.mappings) >= maxFields }

// open begins a mapping under a key of another.
func (t *tree) open(parent int, key string) int {
	key = short(key, maxKey)
	t.mappings = append(t.mappings, mapping{parent: parent, key: key})
	t.hold(parent, key)
	return len(t.mappings) - 1
}

// openItem begins a mapping in the list under a key of another.
func (t *tree) openItem(parent int, key string) int {
	m := t.open(parent, key)
	of := listOf{parent, t.mappings[m].key}
	t.items[of]++
	t.mappings[m].item = t.items[of]
	return m
}

func (t *tree) hold(parent int, key string) {
	if p := &t.mappings[parent]; len(p.holds) < maxKey {
		p.holds = append(p.holds, key)
	}
}

func (t *tree) add(in int, key, value string, offset int) {
	if key = strings.TrimSpace(key); key == "" || t.full() {
		return
	}
	if len(value) > maxValue || strings.ContainsAny(value, "\n\r") {
		value = ""
	}
	t.mappings[in].fields = append(t.mappings[in].fields, len(t.fields))
	t.fields = append(t.fields, field{in, short(key, maxKey), strings.TrimSpace(value), t.line(offset)})
}

// get is the value of the first of some keys that a mapping has.
func (t *tree) get(in int, keys ...string) string {
	for _, key := range keys {
		for _, i := range t.mappings[in].fields {
			if f := t.fields[i]; f.value != "" && plain(f.key) == key {
				return f.value
			}
		}
	}
	return ""
}

// name is how people would call a mapping: by the keys that lead to it, where an item of a list is told by its name.
func (t *tree) name(in int) string {
	var parts []string
	for ; in > 0 && len(parts) < maxDepth; in = t.mappings[in].parent {
		m := t.mappings[in]
		part := m.key
		if part != "" && !bot.IsPinned(part) {
			part = "…" // a sentence: content is not kept
		}
		if m.item > 0 {
			called := t.get(in, "name", "id", "slug", "model_name", "key")
			if !isName(called) {
				called = strconv.Itoa(m.item)
			}
			part += "[" + called + "]"
		}
		if part != "" {
			parts = append(parts, part)
		}
	}
	for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
		parts[i], parts[j] = parts[j], parts[i]
	}
	return short(strings.Join(parts, "."), maxValue)
}

// short cuts a text to a number of bytes, at a rune.
func short(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}

// plain is a key as the table has it: modelName, model-name and MODEL_NAME are model_name.
func plain(key string) string {
	var b strings.Builder
	lower := false
	for _, r := range key {
		switch {
		case r >= 'A' && r <= 'Z':
			if lower {
				b.WriteByte('_')
			}
			b.WriteRune(r + 'a' - 'A')
			lower = false
		case r == '-' || r == ' ' || r == '.':
			b.WriteByte('_')
			lower = false
		default:
			b.WriteRune(r)
			lower = r >= 'a' && r <= 'z' || r >= '0' && r <= '9'
		}
	}
	return b.String()
}
