package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

// manual is a document that people read.
type manual struct{ file, text string }

func manuals(t *testing.T) []manual {
	t.Helper()
	found, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	found = append(found, "../../README.md", "../../CONTRIBUTING.md", "../../SECURITY.md", "../../ARCHITECTURE.md", "../../CHANGELOG.md")
	var out []manual
	for _, file := range found {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, manual{strings.TrimPrefix(file, "../../"), string(data)})
	}
	return out
}

func manualOf(t *testing.T, file string) string {
	t.Helper()
	for _, m := range manuals(t) {
		if m.file == file {
			return m.text
		}
	}
	t.Fatalf("there is no %s", file)
	return ""
}

// words splits a line as a shell does, as far as the documents need it: quotes, comments, and what ends a command.
func words(line string) (commands [][]string) {
	var command []string
	for _, m := range regexp.MustCompile(`"([^"]*)"|'([^']*)'|(\s#.*|^#.*)|(&&|[;|&>])|([^\s"';|&>]+)`).FindAllStringSubmatch(line, -1) {
		switch {
		case m[3] != "":
			return append(commands, command)
		case m[4] == ">":
			command = append(command, ">")
		case m[4] != "":
			commands, command = append(commands, command), nil
		default:
			command = append(command, m[1]+m[2]+m[5])
		}
	}
	return append(commands, command)
}

// understood tells what is wrong with the arguments of a command line; it runs nothing. Of a mere mention within a sentence, only the
// names of commands and flags are looked at.
func understood(args []string, mention bool) error {
	root := newRoot()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd(args...)
	root.InitDefaultVersionFlag()
	if at := slices.Index(args, ">"); at >= 0 {
		args = args[:at]
	}
	command, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	if mention {
		for _, arg := range rest {
			name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
			short := len(name) == 1 && command.Flags().ShorthandLookup(name) != nil
			if strings.HasPrefix(arg, "-") && name != "help" && !short && command.Flags().Lookup(name) == nil {
				return errors.New("unknown flag: " + arg)
			}
		}
		return nil
	}
	switch err := command.ParseFlags(rest); {
	case errors.Is(err, pflag.ErrHelp):
		return nil
	case err != nil:
		return err
	}
	return command.ValidateArgs(command.Flags().Args())
}

// TestDocsCommandLinesAreUnderstood reads every command line of the documents by the program's own commands and flags, and every
// target of make by the Makefile.
func TestDocsCommandLinesAreUnderstood(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	try := func(file, line string, mention bool) {
		for _, command := range words(line) {
			for len(command) > 0 && strings.Contains(command[0], "=") {
				command = command[1:]
			}
			switch {
			case len(command) == 0:
			case filepath.Base(command[0]) == "firebreak":
				read++
				if len(command) > 1 && command[1] == "COMMAND" {
					continue
				}
				if err := understood(command[1:], mention); err != nil {
					t.Errorf("%s: %s: %v", file, line, err)
				}
			case command[0] == "make" && len(command) > 1 && !regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(command[1])+`:`).Match(makefile):
				t.Errorf("%s: %s: there is no such target", file, line)
			}
		}
	}
	inline := regexp.MustCompile("`((?:\\./bin/)?firebreak(?: [^`]*)?|make [^`]*)`")
	for _, m := range manuals(t) {
		kind := ""
		for line := range strings.Lines(m.text) {
			line = strings.TrimRight(line, "\n")
			switch {
			case strings.HasPrefix(line, "```"):
				kind = strings.TrimPrefix(line, "```")
			case kind == "sh":
				try(m.file, line, false)
			case kind == "":
				for _, code := range inline.FindAllStringSubmatch(line, -1) {
					try(m.file, code[1], true)
				}
			}
		}
	}
	if read < 40 {
		t.Errorf("only %d command lines were found", read)
	}
}

// TestDocsTellEveryCommandAndFlag finds what docs/cli.md does not tell.
func TestDocsTellEveryCommandAndFlag(t *testing.T) {
	text := manualOf(t, "docs/cli.md")
	sections := regexp.MustCompile(`(?m)^## `).Split(text, -1)
	for _, command := range newRoot().Commands() {
		if slices.Contains([]string{"help", "completion"}, command.Name()) {
			continue
		}
		section := ""
		for _, s := range sections {
			if title, _, _ := strings.Cut(s, "\n"); slices.Contains(strings.Split(title, ", "), "firebreak "+command.Name()) {
				section = s
			}
		}
		if section == "" {
			t.Errorf("docs/cli.md has no section about firebreak %s", command.Name())
			continue
		}
		command.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && f.Name != "help" && !strings.Contains(section, "`--"+f.Name+"`") {
				t.Errorf("the section about firebreak %s does not tell of --%s", command.Name(), f.Name)
			}
		})
	}
	for _, name := range []string{"FIREBREAK_URL", "FIREBREAK_TOKEN", "NO_COLOR"} {
		if !strings.Contains(text, "| `"+name+"` |") {
			t.Errorf("docs/cli.md does not tell of %s", name)
		}
	}
}

// TestDocsTellEveryField compares the fields that docs/cli.md tells of with the objects that -o json prints.
func TestDocsTellEveryField(t *testing.T) {
	text := manualOf(t, "docs/cli.md")
	for title, object := range map[string]any{
		"firebreak incidents": bot.Incident{}, "firebreak changes": bot.Change{}, "firebreak demo": app.Summary{},
	} {
		_, section, _ := strings.Cut(text, "\n## "+title+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		_, table, _ := strings.Cut(section, "\n| field | what |\n")
		table, _, _ = strings.Cut(table, "\n\n")
		var told []string
		for line := range strings.Lines(table) {
			for _, m := range regexp.MustCompile("`([a-z_]+)(?:\\[\\])?`").FindAllStringSubmatch(strings.Split(line, " | ")[0], -1) {
				told = append(told, m[1])
			}
		}
		var fields []string
		for i := range reflect.TypeOf(object).NumField() {
			if name, _, _ := strings.Cut(reflect.TypeOf(object).Field(i).Tag.Get("json"), ","); name != "-" {
				fields = append(fields, name)
			}
		}
		slices.Sort(told)
		slices.Sort(fields)
		if diff := cmp.Diff(fields, told); diff != "" {
			t.Errorf("%s (-printed +told):\n%s", title, diff)
		}
	}
	approval, _, _ := strings.Cut(strings.SplitAfter(text, "\n## firebreak approve")[1], "\n## ")
	for i := range reflect.TypeFor[bot.Approval]().NumField() {
		name, _, _ := strings.Cut(reflect.TypeFor[bot.Approval]().Field(i).Tag.Get("json"), ",")
		if !strings.Contains(approval, "`"+name+"`") {
			t.Errorf("the section about approve does not tell of %s", name)
		}
	}
}

// TestDocsShowWhatCheckSays runs firebreak check on the faulty file of docs/configuration.md and compares what it says, and in which
// form it says it as JSON, with the documents.
func TestDocsShowWhatCheckSays(t *testing.T) {
	text, cli := manualOf(t, "docs/configuration.md"), manualOf(t, "docs/cli.md")
	_, broken, found := strings.Cut(text, "\n```yaml broken\n")
	broken, rest, ends := strings.Cut(broken, "\n```\n")
	_, shown, follows := strings.Cut(rest, "\n```text\n")
	shown, _, closes := strings.Cut(shown, "```\n")
	if !found || !ends || !follows || !closes {
		t.Fatal("the faulty file or what is said about it was not found")
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile(defaultConfig, []byte(broken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var said, wrong bytes.Buffer
	if code := execute(t.Context(), []string{"check"}, &said, &wrong); code != exitFailed || wrong.Len() > 0 {
		t.Errorf("the exit code is %d, want %d: %s", code, exitFailed, wrong.String())
	}
	if diff := cmp.Diff(said.String(), shown); diff != "" {
		t.Errorf("check (-said +shown):\n%s", diff)
	}

	said.Reset()
	execute(t.Context(), []string{"check", "-o", "json"}, &said, &wrong)
	_, example, _ := strings.Cut(cli, "\n```json\n")
	example, _, _ = strings.Cut(example, "\n```\n")
	if diff := cmp.Diff(shapeOf(t, said.String()), shapeOf(t, example)); diff != "" {
		t.Errorf("check -o json (-said +shown):\n%s", diff)
	}
}

// shapeOf is the JSON with only the first element of each list of objects, and without what the values are.
func shapeOf(t *testing.T, text string) any {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	var shape func(any) any
	shape = func(value any) any {
		switch v := value.(type) {
		case map[string]any:
			out := map[string]any{}
			for key, inner := range v {
				out[key] = shape(inner)
			}
			return out
		case []any:
			if len(v) == 0 {
				return []any{}
			}
			return []any{shape(v[0])}
		default:
			return reflect.TypeOf(v).String()
		}
	}
	return shape(value)
}
