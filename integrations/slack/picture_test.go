package slack

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
)

// TestThePicturesInTheManual paints every card, form, page and digest of the golden files as text, so that a change of words is seen by
// whoever reads a change.
func TestThePicturesInTheManual(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# What people see in Slack\n\nPainted from the golden files of `integrations/slack/testdata`; `UPDATE=1 go test ./integrations/slack` paints it anew.\n")
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var v map[string]any
		if err := json.Unmarshal(raw, &v); err != nil || v["blocks"] == nil {
			continue // what is no message and no view
		}
		fmt.Fprintf(&b, "\n## %s\n\n```text\n%s```\n", strings.TrimSuffix(filepath.Base(f), ".json"), painted(v))
	}
	integrationstest.Golden(t, filepath.Join("..", "..", "docs", "pictures", "slack.md"), []byte(b.String()))
}

// painted is a message or a view as text.
func painted(v map[string]any) string {
	var b strings.Builder
	if title := textOf(v["title"]); title != "" {
		fmt.Fprintf(&b, "┌ %s\n", title)
	}
	for _, e := range list(v["blocks"]) {
		block, _ := e.(map[string]any)
		for line := range strings.Lines(strings.TrimRight(paintBlock(block), "\n") + "\n") {
			b.WriteString(strings.TrimRight("│ "+line, " \n") + "\n")
		}
	}
	switch submit, closing := textOf(v["submit"]), textOf(v["close"]); {
	case submit != "":
		fmt.Fprintf(&b, "└ [%s] [%s]\n", closing, submit)
	case closing != "":
		fmt.Fprintf(&b, "└ [%s]\n", closing)
	case v["text"] != nil:
		fmt.Fprintf(&b, "└ in a notification: %s\n", v["text"])
	}
	return b.String()
}

func textOf(v any) string {
	o, _ := v.(map[string]any)
	s, _ := o["text"].(string)
	return s
}

func paintBlock(b map[string]any) string {
	switch b["type"] {
	case "header":
		return "# " + textOf(b["text"])
	case "section":
		lines := []string{}
		if s := textOf(b["text"]); s != "" {
			lines = append(lines, s)
		}
		for _, f := range list(b["fields"]) {
			lines = append(lines, strings.ReplaceAll(textOf(f), "\n", ": "))
		}
		if e, ok := b["accessory"].(map[string]any); ok {
			lines = append(lines, paintElement(e))
		}
		return strings.Join(lines, "\n")
	case "context":
		var words []string
		for _, e := range list(b["elements"]) {
			words = append(words, textOf(e))
		}
		return strings.Join(words, " ")
	case "image":
		return fmt.Sprintf("(picture: %v)", b["alt_text"])
	case "actions":
		var buttons []string
		for _, e := range list(b["elements"]) {
			o, _ := e.(map[string]any)
			buttons = append(buttons, paintElement(o))
		}
		return strings.Join(buttons, " ")
	case "input":
		e, _ := b["element"].(map[string]any)
		out := textOf(b["label"]) + "\n  " + paintElement(e)
		if hint := textOf(b["hint"]); hint != "" {
			out += "\n  " + hint
		}
		return out
	case "rich_text":
		var parts []string
		for _, e := range list(b["elements"]) {
			parts = append(parts, paintRich(e))
		}
		return strings.Join(parts, "\n")
	default:
		return fmt.Sprintf("(%v)", b["type"])
	}
}

func paintElement(e map[string]any) string {
	switch e["type"] {
	case "static_select":
		var out []string
		first := textOf(e["initial_option"])
		if o, ok := e["initial_option"].(map[string]any); ok {
			first = textOf(o["text"])
		}
		for _, o := range list(e["options"]) {
			option, _ := o.(map[string]any)
			mark := "( )"
			if textOf(option["text"]) == first {
				mark = "(•)"
			}
			out = append(out, mark+" "+textOf(option["text"]))
		}
		return strings.Join(out, "\n  ")
	case "plain_text_input":
		first, _ := e["initial_value"].(string)
		return fmt.Sprintf("[%-40s] at most %v characters", first, e["max_length"])
	case "button":
		label := "[" + textOf(e["text"]) + "]"
		if e["url"] != nil {
			label += fmt.Sprintf("→ %v", e["url"])
		}
		return label
	default:
		return fmt.Sprintf("(%v)", e["type"])
	}
}

func paintRich(v any) string {
	o, _ := v.(map[string]any)
	var parts []string
	for _, e := range list(o["elements"]) {
		parts = append(parts, paintRich(e))
	}
	switch o["type"] {
	case "rich_text_list":
		indent, _ := o["indent"].(float64)
		for i := range parts {
			parts[i] = strings.Repeat("  ", int(indent)) + "• " + parts[i]
		}
		return strings.Join(parts, "\n")
	case "link":
		return fmt.Sprintf("%v→ %v", o["text"], o["url"])
	case "text":
		s, _ := o["text"].(string)
		return s
	default:
		return strings.Join(parts, "")
	}
}
