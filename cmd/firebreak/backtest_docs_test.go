package main

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

// TestDocsShowTheBacktestOfTheStory holds the example of docs/backtest.md against the story that runs it.
func TestDocsShowTheBacktestOfTheStory(t *testing.T) {
	text := manualOf(t, "docs/backtest.md")
	story, err := os.ReadFile("testdata/stories/0021_backtest.txtar")
	if err != nil {
		t.Fatal(err)
	}
	parts := regexp.MustCompile(`(?m)^-- (.*) --\n`).Split(string(story), -1)
	names := regexp.MustCompile(`(?m)^-- (.*) --\n`).FindAllStringSubmatch(string(story), -1)
	shown := 0
	for i, data := range parts[1:] {
		name := names[i][1]
		block := "```text\n" + data
		switch name {
		case "known.yaml", "changes.jsonl", "printed.txt":
			block += "```\n"
		case "recorded/support-assistant/refusal_ratio.csv": // its first rows
			block = "```text\n" + strings.Join(strings.SplitAfter(data, "\n")[:3], "") + "```\n"
		default:
			continue
		}
		shown++
		if !strings.Contains(text, block) {
			t.Errorf("docs/backtest.md does not show %s as the story has it:\n%s", name, block)
		}
	}
	if shown != 4 {
		t.Errorf("%d of 4 files of the story were looked at", shown)
	}
}

// TestDocsTellEveryFieldOfABacktest compares the table of docs/backtest.md with what -o json prints.
func TestDocsTellEveryFieldOfABacktest(t *testing.T) {
	_, table, _ := strings.Cut(manualOf(t, "docs/backtest.md"), "\n## JSON\n")
	table, _, _ = strings.Cut(table, "\n## ")
	told := map[string]bool{}
	for _, m := range regexp.MustCompile("`([a-z_]+)(?:\\[\\])?`").FindAllStringSubmatch(table, -1) {
		told[m[1]] = true
	}
	var look func(of reflect.Type)
	look = func(of reflect.Type) {
		for i := range of.NumField() {
			field := of.Field(i)
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if field.Anonymous {
				look(field.Type)
				continue
			}
			if !told[name] {
				t.Errorf("docs/backtest.md does not tell of %s", name)
			}
			if field.Type.Kind() == reflect.Slice && field.Type.Elem().PkgPath() == of.PkgPath() {
				look(field.Type.Elem())
			}
		}
	}
	look(reflect.TypeFor[app.BacktestResult]())
}
