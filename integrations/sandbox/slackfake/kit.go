package slackfake

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// faults says what Slack would not take of some blocks: its published limits, and what it wants of each kind of block.
func faults(blocks []any, most int) []string {
	k := &kit{ids: map[string]bool{}, actions: map[string]bool{}}
	if len(blocks) == 0 || len(blocks) > most {
		k.faultf("must have 1 to %d blocks", most)
	}
	for _, b := range blocks {
		o, _ := b.(map[string]any)
		k.block(o)
	}
	return k.list
}

type kit struct {
	list         []string
	ids, actions map[string]bool
}

func (k *kit) faultf(format string, args ...any) {
	k.list = append(k.list, fmt.Sprintf(format, args...))
}

func (k *kit) short(what string, v any, most int) {
	if s, _ := v.(string); utf8.RuneCountInString(s) > most {
		k.faultf("must be no more than %d characters [%s]", most, what)
	}
}

// text wants a text object that says something.
func (k *kit) text(what string, v any, most int, mrkdwn bool) {
	o, ok := v.(map[string]any)
	s, _ := o["text"].(string)
	switch {
	case !ok:
		k.faultf("missing required field: %s", what)
	case o["type"] != "plain_text" && (!mrkdwn || o["type"] != "mrkdwn"):
		k.faultf("unsupported type: %v [%s]", o["type"], what)
	case s == "":
		k.faultf("must be more than 0 characters [%s]", what)
	}
	k.short(what, s, most)
}

func (k *kit) optional(what string, v any, most int) {
	if v != nil {
		k.text(what, v, most, false)
	}
}

func elements(v any) []map[string]any {
	list, _ := v.([]any)
	out := make([]map[string]any, len(list))
	for i, e := range list {
		out[i], _ = e.(map[string]any)
	}
	return out
}

func (k *kit) block(b map[string]any) {
	if id, _ := b["block_id"].(string); id != "" {
		k.short("block_id", id, 255)
		if k.ids[id] {
			k.faultf("block_id already exists: %s", id)
		}
		k.ids[id] = true
	}
	switch b["type"] {
	case "header":
		k.text("header", b["text"], 150, false)
	case "section":
		k.section(b)
	case "context":
		k.between("elements of context", len(elements(b["elements"])), 10)
		for _, e := range elements(b["elements"]) {
			if e["type"] != "image" {
				k.text("context", e, 3000, true)
			}
		}
	case "actions":
		k.between("elements of actions", len(elements(b["elements"])), 25)
		for _, e := range elements(b["elements"]) {
			k.element(e)
		}
	case "input":
		k.text("label", b["label"], 2000, false)
		k.optional("hint", b["hint"], 2000)
		e, _ := b["element"].(map[string]any)
		k.element(e)
	case "image":
		k.short("alt_text", b["alt_text"], 2000)
	case "rich_text", "divider", "markdown":
	default:
		k.faultf("unsupported block type: %v", b["type"])
	}
}

func (k *kit) section(b map[string]any) {
	if b["text"] == nil && b["fields"] == nil {
		k.faultf("missing required field: text")
	}
	if b["text"] != nil {
		k.text("section", b["text"], 3000, true)
	}
	if b["fields"] != nil {
		k.between("fields", len(elements(b["fields"])), 10)
		for _, f := range elements(b["fields"]) {
			k.text("field", f, 2000, true)
		}
	}
	if e, ok := b["accessory"].(map[string]any); ok {
		k.element(e)
	}
}

func (k *kit) between(what string, n, most int) {
	if n < 1 || n > most {
		k.faultf("must have 1 to %d [%s]", most, what)
	}
}

func (k *kit) element(e map[string]any) {
	k.short("action_id", e["action_id"], 255)
	k.optional("placeholder", e["placeholder"], 150)
	switch e["type"] {
	case "button":
		k.text("button", e["text"], 75, false)
		k.short("value", e["value"], 2000)
		k.short("url", e["url"], 3000)
	case "static_select", "radio_buttons":
		options := elements(e["options"])
		k.between("options", len(options), 100)
		values := make([]any, 0, len(options))
		for _, o := range options {
			k.text("option", o["text"], 75, false)
			k.short("value of an option", o["value"], 150)
			values = append(values, o["value"])
		}
		if first, ok := e["initial_option"].(map[string]any); ok && !contains(values, first["value"]) {
			k.faultf("initial_option is no option")
		}
	case "plain_text_input":
		most, _ := e["max_length"].(float64)
		if most > 3000 {
			k.faultf("must be no more than 3000 [max_length]")
		}
		if most == 0 {
			most = 3000
		}
		k.short("initial_value", e["initial_value"], int(most))
	case nil:
		k.faultf("missing required field: element")
	}
}

func contains(all []any, one any) bool {
	for _, v := range all {
		if v == one {
			return true
		}
	}
	return false
}

// decoded gives blocks as they were sent.
func decoded(raw json.RawMessage) []any {
	var out []any
	_ = json.Unmarshal(raw, &out) // not a list is no blocks
	return out
}
