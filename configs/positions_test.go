package configs_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/configs"
)

// writer writes a random document and remembers what it wrote where.
type writer struct {
	*rapid.T
	out strings.Builder
	// leaves are the scalars by path: their first characters as written.
	leaves map[string]string
}

func (w *writer) chance(label string) bool { return rapid.IntRange(0, 3).Draw(w.T, label) == 0 }

// noise writes what must not move any position: comments and empty lines.
func (w *writer) noise(indent string) {
	if w.chance("comment") {
		w.out.WriteString(indent + "# a comment: with { brackets ] and \"quotes\"\n")
	}
	if w.chance("empty line") {
		w.out.WriteString("\n")
	}
}

func (w *writer) key(i int) string {
	return rapid.SampledFrom([]string{"name", "größe", "a-b", "日本", "k_1"}).Draw(w.T, "key") + strconv.Itoa(i)
}

// block writes a value in block style behind "key:" or "-", and returns it.
func (w *writer) block(path, indent string, depth int) any {
	kinds := []string{"plain", "single", "double", "literal", "folded", "flow", "map", "list"}
	if depth > 3 {
		kinds = kinds[:6]
	}
	switch kind := rapid.SampledFrom(kinds).Draw(w.T, "kind"); kind {
	case "map":
		w.out.WriteString("\n")
		return w.blockMap(path, indent+"  ", depth)
	case "list":
		w.out.WriteString("\n")
		return w.blockList(path, indent+"  ", depth)
	case "literal", "folded":
		return w.lines(path, indent, kind)
	default:
		w.out.WriteString(strings.Repeat(" ", rapid.IntRange(1, 3).Draw(w.T, "spaces")))
		v := w.flow(path, kind, depth)
		if w.chance("comment behind") {
			w.out.WriteString("  # behind: é")
		}
		w.out.WriteString("\n")
		return v
	}
}

func (w *writer) lines(path, indent, kind string) any {
	lines := rapid.SliceOfN(rapid.SampledFrom([]string{"sum(x)", "  deeper", "日本 = 1", "", "# no comment"}), 1, 4).Draw(w.T, "lines")
	first := rapid.SampledFrom([]string{"rate(a[5m])", "é {"}).Draw(w.T, "first")
	marker, join := " |-", "\n"
	if kind == "folded" {
		marker, join = " >-", " "
		lines = []string{"second", "third"}
	}
	lines = append([]string{first}, append(lines, "end")...)
	w.out.WriteString(marker + "\n")
	for _, line := range lines {
		if line != "" {
			w.out.WriteString(indent + "  " + line)
		}
		w.out.WriteString("\n")
	}
	w.leaves[path] = marker[1:]
	return strings.Join(lines, join)
}

func (w *writer) blockMap(path, indent string, depth int) any {
	out := map[string]any{}
	for i := range rapid.IntRange(1, 4).Draw(w.T, "entries") {
		w.noise(indent)
		key := w.key(i)
		w.out.WriteString(indent + key + ":")
		out[key] = w.block(strings.TrimPrefix(path+"."+key, "."), indent, depth+1)
	}
	return out
}

func (w *writer) blockList(path, indent string, depth int) any {
	var out []any
	for i := range rapid.IntRange(1, 3).Draw(w.T, "items") {
		w.noise(indent)
		w.out.WriteString(indent + "-")
		out = append(out, w.block(fmt.Sprintf("%s[%d]", path, i), indent, depth+1))
	}
	return out
}

// flow writes a value that stands in one line.
func (w *writer) flow(path, kind string, depth int) any {
	switch kind {
	case "single":
		return w.leaf(path, "'it''s é'", "it's é")
	case "double":
		return w.leaf(path, `"a\nb \"c\" \u00e9"`, "a\nb \"c\" é")
	case "flow":
		if depth > 3 {
			return w.leaf(path, "x", "x")
		}
		if rapid.Bool().Draw(w.T, "braces") {
			out := map[string]any{}
			w.out.WriteString("{")
			for i := range rapid.IntRange(1, 3).Draw(w.T, "entries") {
				if i > 0 {
					w.out.WriteString(", ")
				}
				key := w.key(i)
				w.out.WriteString(key + ": ")
				out[key] = w.flow(path+"."+key, w.flowKind(), depth+1)
			}
			w.out.WriteString("}")
			return out
		}
		var out []any
		w.out.WriteString("[")
		for i := range rapid.IntRange(1, 3).Draw(w.T, "items") {
			if i > 0 {
				w.out.WriteString(", ")
			}
			out = append(out, w.flow(fmt.Sprintf("%s[%d]", path, i), w.flowKind(), depth+1))
		}
		w.out.WriteString("]")
		return out
	default:
		switch rapid.IntRange(0, 4).Draw(w.T, "plain") {
		case 0:
			return w.leaf(path, "42", int64(42))
		case 1:
			return w.leaf(path, "true", true)
		case 2:
			return w.leaf(path, "99.9%", "99.9%")
		case 3:
			return w.leaf(path, "${env:SOME_NAME}", "${env:SOME_NAME}")
		default:
			return w.leaf(path, "größer als 5m", "größer als 5m")
		}
	}
}

func (w *writer) flowKind() string {
	return rapid.SampledFrom([]string{"plain", "single", "double", "flow"}).Draw(w.T, "flow kind")
}

func (w *writer) leaf(path, written string, value any) any {
	w.leaves[path] = written
	w.out.WriteString(written)
	return value
}

// TestEveryValueIsFoundWhereItWasWritten writes random documents and asks for the position and the value of each scalar.
func TestEveryValueIsFoundWhereItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &writer{T: t, leaves: map[string]string{}}
		want := w.blockMap("", "", 0)
		source := w.out.String()
		if rapid.Bool().Draw(t, "Windows") {
			source = strings.ReplaceAll(source, "\n", "\r\n")
		}
		var got any
		doc, diags := configs.Load("f.yaml", []byte(source), &got, configs.Env{})
		if len(diags) > 0 {
			t.Fatalf("cannot be read: %v\n%s", diags, source)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("read something else: %s\n%s", d, source)
		}
		lines := strings.Split(strings.ReplaceAll(source, "\r\n", "\n"), "\n")
		for path, written := range w.leaves {
			at, ok := doc.Position(path)
			if !ok || at.Line > len(lines) {
				t.Fatalf("%s was not found in\n%s", path, source)
			}
			there := []rune(lines[at.Line-1])
			if at.Col > len(there) || !strings.HasPrefix(string(there[at.Col-1:]), written) {
				t.Fatalf("%s is said to stand at %d:%d, it is written %s in\n%s", path, at.Line, at.Col, written, source)
			}
		}
	})
}
