package inputs

import (
	"path"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
)

// maxPins bounds what is told of one file, maxRead what is compared.
const (
	maxPins = 100
	maxRead = 5000
)

// Pin is a version that a file pins.
type Pin struct {
	Kind    bot.Kind
	Name    string
	Version string
	Line    int
}

// Readable tells whether files of this name are read at all; the others hold no pins that this package understands.
func Readable(file string) bool { return formatOf(file) != nil }

// Read finds the pins of a file. The kind is what the file itself is (package classify says), "" where it is none: it decides what a
// version at the top of the file is the version of. Files that are too large or of no known format have no pins.
func Read(kind bot.Kind, file string, content []byte) []Pin {
	pins := read(kind, file, content)
	return pins[:min(len(pins), maxPins)]
}

func read(kind bot.Kind, file string, content []byte) []Pin {
	format := formatOf(file)
	if format == nil || len(content) > MaxSize {
		return nil
	}
	text := strings.TrimPrefix(strings.ToValidUTF8(string(content), "\uFFFD"), "\uFEFF")
	if strings.IndexByte(text, 0) >= 0 {
		return nil // not a text
	}
	t := newTree(text)
	format(text, t)
	return t.pins(kind, stem(file))
}

// formatOf chooses how to read a file, by its name.
func formatOf(file string) func(text string, t *tree) {
	base := strings.ToLower(path.Base(file))
	if strings.HasPrefix(base, ".env") || strings.HasPrefix(base, ".model-version") {
		if base[1] == 'm' {
			return readWord
		}
		return readTOML
	}
	for _, template := range []string{".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".gotmpl"} {
		base = strings.TrimSuffix(base, template) // values.yaml.gotmpl
	}
	switch path.Ext(base) {
	case ".yaml", ".yml":
		return readYAML
	case ".json", ".jsonc", ".json5", ".jsonl", ".ndjson", ".lock":
		return readJSON
	case ".toml", ".ini", ".cfg", ".conf", ".properties", ".env", ".tfvars":
		return readTOML
	case ".md", ".mdx", ".markdown", ".txt", ".prompt", ".prompty", ".promptl", ".mustache", ".hbs", ".liquid", ".xml", "": //nolint:misspell // .prompty is a file format
		return readFront
	}
	return nil
}

// readFront reads the front matter of a text: YAML between lines of ---, TOML between lines of +++.
func readFront(text string, t *tree) {
	for fence, read := range map[string]func(string, *tree){"---": readYAML, "+++": readTOML} {
		first, rest, _ := strings.Cut(text, "\n")
		if strings.TrimRight(first, " \t\r") != fence {
			continue
		}
		for at := 0; at < len(rest); {
			line := rest[at : at+lineEnd(rest[at:])]
			if strings.TrimRight(line, " \t\r") == fence {
				read("\n"+rest[:at], t.after(len(first)))
				return
			}
			at += len(line) + 1
		}
	}
}

// after makes offsets count from a place in the text: a front matter is read without its first line.
func (t *tree) after(offset int) *tree {
	for i := range t.lines {
		t.lines[i] -= offset
	}
	return t
}

// readWord reads a file that is nothing but a version.
func readWord(text string, t *tree) {
	if word := strings.TrimSpace(text); bot.IsPinned(word) {
		t.add(0, "model_version", word, 0)
	}
}

// stem names a file without its folder and its ends.
func stem(file string) string {
	base := path.Base(file)
	if name, _, found := strings.Cut(strings.TrimLeft(base, "."), "."); found && name != "" {
		return name
	}
	return base
}
