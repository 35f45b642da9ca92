package slack

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
)

// limits are Block Kit's, by thing and property.
type limits map[string]map[string]any

func readLimits(tb testing.TB) limits {
	tb.Helper()
	var l limits
	if err := json.Unmarshal(integrationstest.Read(tb, "contracts", "slack", "block-kit", "limits.json"), &l); err != nil {
		tb.Fatal(err)
	}
	return l
}

func (l limits) max(thing, property, limit string) int {
	part := l[thing]
	if property != "" {
		part, _ = part[property].(map[string]any)
	}
	n, ok := part[limit].(float64)
	if !ok {
		panic(fmt.Sprintf("limits.json has no %s.%s.%s", thing, property, limit))
	}
	return int(n)
}

// kit validates what we render. It knows the blocks that we use and leaves others alone.
type kit struct {
	limits limits
	faults []string
}

func (k *kit) faultf(format string, args ...any) {
	k.faults = append(k.faults, fmt.Sprintf(format, args...))
}

// message checks a whole message, as the JSON of its blocks.
func (k *kit) message(blocks []any) {
	if len(blocks) == 0 || len(blocks) > 50 {
		k.faultf("a message has 1 to 50 blocks, not %d", len(blocks))
	}
	for _, b := range blocks {
		block, _ := b.(map[string]any)
		k.block(block)
	}
	if n := textLength(blocks); n > 13_200 {
		k.faultf("the message has %d characters: msg_blocks_too_long", n)
	}
}

// unique checks that no block has another's ID, which the fixtures do not heed.
func (k *kit) unique(blocks []any) {
	ids := map[string]bool{}
	for _, b := range blocks {
		block, _ := b.(map[string]any)
		if id, _ := block["block_id"].(string); id != "" {
			if ids[id] {
				k.faultf("block_id %q is there twice", id)
			}
			ids[id] = true
		}
	}
}

func textLength(v any) (n int) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			n += textLength(e)
		}
	case map[string]any:
		for key, e := range v {
			if s, ok := e.(string); ok && (key == "text" || key == "alt_text" || key == "url" || key == "value") {
				n += utf8.RuneCountInString(s)
			} else {
				n += textLength(e)
			}
		}
	}
	return n
}

func (k *kit) length(what string, v any, limit int) {
	s, ok := v.(string)
	if v != nil && !ok {
		k.faultf("%s is %T", what, v)
	}
	if n := utf8.RuneCountInString(s); n > limit {
		k.faultf("%s has %d characters, at most %d", what, n, limit)
	}
}

func (k *kit) text(what string, v any, limit int, types ...string) {
	o, ok := v.(map[string]any)
	if !ok {
		k.faultf("%s is no text object", what)
		return
	}
	if kind, _ := o["type"].(string); !slices.Contains(types, kind) {
		k.faultf("%s is of type %q", what, kind)
	}
	if o["text"] == "" || o["text"] == nil {
		k.faultf("%s is empty", what)
	}
	k.length(what, o["text"], min(limit, k.limits.max("text", "", "max_length")))
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func (k *kit) block(b map[string]any) {
	kind, _ := b["type"].(string)
	k.length("block_id", b["block_id"], k.limits.max("block_id", "", "max_length"))
	switch kind {
	case "header":
		k.text("header.text", b["text"], k.limits.max("header", "text", "max_length"), "plain_text")
	case "section":
		k.section(b)
	case "context":
		k.count("context.elements", list(b["elements"]), k.limits.max("context", "elements", "max_items"))
		for _, e := range list(b["elements"]) {
			if o, _ := e.(map[string]any); o["type"] == "image" {
				k.image(o)
			} else {
				k.text("context.element", e, 3000, "plain_text", "mrkdwn")
			}
		}
	case "actions":
		k.count("actions.elements", list(b["elements"]), k.limits.max("actions", "elements", "max_items"))
		k.elements(list(b["elements"]))
	case "image":
		k.image(b)
	case "rich_text":
		for _, e := range list(b["elements"]) {
			k.rich(e)
		}
	case "markdown":
		if b["text"] == "" {
			k.faultf("markdown.text is empty")
		}
		k.length("markdown.text", b["text"], k.limits.max("markdown", "text", "max_length"))
	case "input":
		k.text("input.label", b["label"], k.limits.max("input", "label", "max_length"), "plain_text")
		if b["hint"] != nil {
			k.text("input.hint", b["hint"], k.limits.max("input", "hint", "max_length"), "plain_text")
		}
		e, _ := b["element"].(map[string]any)
		if kind, _ := e["type"].(string); kind == "" || kind == "button" {
			k.faultf("an input of %q", kind)
		}
		k.elements([]any{b["element"]})
	case "button", "static_select", "plain_text_input":
		k.elements([]any{b})
	case "":
		k.faultf("a block without a type")
	}
}

func (k *kit) count(what string, all []any, limit int) {
	if len(all) == 0 || len(all) > limit {
		k.faultf("%s are %d, at most %d", what, len(all), limit)
	}
}

func (k *kit) section(b map[string]any) {
	if b["text"] == nil && b["fields"] == nil {
		k.faultf("a section without text and fields")
	}
	if b["text"] != nil {
		k.text("section.text", b["text"], k.limits.max("section", "text", "max_length"), "plain_text", "mrkdwn")
	}
	fields, isList := b["fields"].([]any)
	if !isList {
		return
	}
	k.count("section.fields", fields, k.limits.max("section", "fields", "max_items"))
	for _, f := range fields {
		if o, _ := f.(map[string]any); o["text"] != "" { // Slack takes an empty field
			k.text("section.field", f, k.limits.max("section", "fields", "item_max_length"), "plain_text", "mrkdwn")
		}
	}
}

func (k *kit) image(b map[string]any) {
	if (b["image_url"] == nil) == (b["slack_file"] == nil) {
		k.faultf("an image has either image_url or slack_file")
	}
	if b["alt_text"] == nil {
		k.faultf("an image without alt_text")
	}
	k.length("image.alt_text", b["alt_text"], k.limits.max("image", "alt_text", "max_length"))
	k.length("image.image_url", b["image_url"], k.limits.max("image", "image_url", "max_length"))
}

func (k *kit) elements(all []any) {
	ids := map[string]bool{}
	for _, e := range all {
		o, _ := e.(map[string]any)
		k.length("action_id", o["action_id"], k.limits.max("action_id", "", "max_length"))
		if id, _ := o["action_id"].(string); id != "" {
			if ids[id] {
				k.faultf("action_id %q is there twice", id)
			}
			ids[id] = true
		}
		switch o["type"] {
		case "button":
		case "static_select":
			k.choice(o)
			continue
		case "plain_text_input":
			if n, _ := o["max_length"].(float64); int(n) > k.input() {
				k.faultf("plain_text_input.max_length is %v", n)
			}
			k.length("plain_text_input.initial_value", o["initial_value"], k.input())
			continue
		default:
			continue
		}
		k.text("button.text", o["text"], k.limits.max("button", "text", "max_length"), "plain_text")
		k.length("button.value", o["value"], k.limits.max("button", "value", "max_length"))
		k.length("button.url", o["url"], k.limits.max("button", "url", "max_length"))
		k.length("button.accessibility_label", o["accessibility_label"], k.limits.max("button", "accessibility_label", "max_length"))
		if c, ok := o["confirm"].(map[string]any); ok {
			k.text("confirmation.title", c["title"], k.limits.max("confirmation", "title", "max_length"), "plain_text")
			k.text("confirmation.text", c["text"], k.limits.max("confirmation", "text", "max_length"), "plain_text", "mrkdwn")
			k.text("confirmation.confirm", c["confirm"], k.limits.max("confirmation", "confirm", "max_length"), "plain_text")
			k.text("confirmation.deny", c["deny"], k.limits.max("confirmation", "deny", "max_length"), "plain_text")
		}
	}
}

// input is how much somebody may write into a field.
func (k *kit) input() int {
	most, _ := k.limits["plain_text_input"]["max_length"].(map[string]any)
	n, _ := most["max"].(float64)
	return int(n)
}

// choice checks a list to choose from.
func (k *kit) choice(o map[string]any) {
	if o["placeholder"] != nil {
		k.text("select.placeholder", o["placeholder"], k.limits.max("select", "placeholder", "max_length"), "plain_text")
	}
	groups := list(o["option_groups"])
	options := list(o["options"])
	if len(groups) > k.limits.max("select", "option_groups", "max_items") {
		k.faultf("%d groups", len(groups))
	}
	for _, g := range groups {
		group, _ := g.(map[string]any)
		k.text("option_group.label", group["label"], k.limits.max("option_group", "label", "max_length"), "plain_text")
		k.count("option_group.options", list(group["options"]), k.limits.max("option_group", "options", "max_items"))
	}
	if len(groups) == 0 {
		k.count("select.options", options, k.limits.max("select", "options", "max_items"))
	}
	for _, e := range options {
		option, _ := e.(map[string]any)
		k.text("option.text", option["text"], k.limits.max("option", "text", "max_length"), "plain_text", "mrkdwn")
		k.length("option.value", option["value"], k.limits.max("option", "value", "max_length"))
		k.length("option.url", option["url"], k.limits.max("option", "url", "max_length"))
		if option["description"] != nil {
			k.text("option.description", option["description"], k.limits.max("option", "description", "max_length"), "plain_text", "mrkdwn")
		}
	}
}

// view checks a modal or a home.
func (k *kit) view(v map[string]any) {
	blocks := list(v["blocks"])
	k.count("view.blocks", blocks, k.limits.max("view", "blocks", "max_items"))
	for _, b := range blocks {
		block, _ := b.(map[string]any)
		k.block(block)
	}
	for _, part := range []string{"title", "close", "submit"} {
		if v[part] != nil {
			k.text("view."+part, v[part], k.limits.max("view", part, "max_length"), "plain_text")
		}
	}
	k.length("view.private_metadata", v["private_metadata"], k.limits.max("view", "private_metadata", "max_length"))
	k.length("view.callback_id", v["callback_id"], k.limits.max("view", "callback_id", "max_length"))
}

// rich checks what Slack refuses as invalid_blocks: unknown kinds, empty texts, links without an address.
func (k *kit) rich(v any) {
	o, _ := v.(map[string]any)
	switch kind, _ := o["type"].(string); kind {
	case "rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted":
		if kind == "rich_text_list" && o["style"] != "bullet" && o["style"] != "ordered" {
			k.faultf("a list of style %v", o["style"])
		}
		if len(list(o["elements"])) == 0 {
			k.faultf("%s without elements", kind)
		}
		for _, e := range list(o["elements"]) {
			k.rich(e)
		}
	case "text":
		if o["text"] == "" || o["text"] == nil {
			k.faultf("an empty text in rich text")
		}
	case "link":
		k.length("link.url", o["url"], 3000)
		if u, _ := o["url"].(string); !link(u) {
			k.faultf("a link to %q", u)
		}
	}
}

func TestTheValidatorTakesWhatSlackTakes(t *testing.T) {
	l := readLimits(t)
	root := integrationstest.Shared(t, "contracts", "slack", "block-kit", "fixtures", "valid")
	files, err := filepath.Glob(filepath.Join(root, "*", "*.json"))
	if err != nil || len(files) < 50 {
		t.Fatalf("%d fixtures, %v", len(files), err)
	}
	for _, f := range files {
		folder := filepath.Base(filepath.Dir(f))
		if folder == "objects" || folder == "rich_text" {
			continue // parts without a place in a message of their own
		}
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var v map[string]any
		if err := json.Unmarshal(raw, &v); err != nil {
			t.Fatal(err)
		}
		k := &kit{limits: l}
		if blocks, ok := v["blocks"].([]any); ok && folder == "views" {
			k.view(v)
		} else if ok {
			k.message(blocks)
		} else if folder == "blocks" || folder == "elements" {
			k.block(v)
		}
		if len(k.faults) > 0 {
			t.Errorf("%s: %v", filepath.Base(f), k.faults)
		}
	}
}

// broken makes, for each named rule about what we render, a block that breaks it.
func broken() map[string]string {
	long := func(n int) string { return strings.Repeat("🔥", n) }
	text := func(s string) string { return `{"type":"plain_text","text":"` + s + `"}` }
	button := func(extra string) string {
		return `{"type":"button","text":` + text("x") + extra + `}`
	}
	confirm := func(title, body, yes, no string) string {
		return button(`,"confirm":{"title":` + text(title) + `,"text":` + text(body) + `,"confirm":` + text(yes) + `,"deny":` + text(no) + `}`)
	}
	choose := func(options string) string { return `{"type":"static_select","options":[` + options + `]}` }
	option := func(label, extra string) string { return `{"text":` + text(label) + `,"value":"x"` + extra + `}` }
	group := func(label, options string) string {
		return `{"type":"static_select","option_groups":[{"label":` + text(label) + `,"options":[` + options + `]}]}`
	}
	ask := func(extra string) string {
		return `{"type":"input","label":` + text("x") + `,"element":{"type":"plain_text_input"}` + extra + `}`
	}
	modal := func(extra string) string {
		return `{"type":"modal","blocks":[{"type":"divider"}],"title":` + text("x") + extra + `}`
	}
	many := func(n int, s string) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }
	return map[string]string{
		"text-empty":                            `{"type":"section","text":` + text("") + `}`,
		"text-too-long":                         `{"type":"section","text":` + text(long(3001)) + `}`,
		"button-action-id-too-long":             button(`,"action_id":"` + long(256) + `"`),
		"button-text-too-long":                  `{"type":"button","text":` + text(long(76)) + `}`,
		"button-url-too-long":                   button(`,"url":"` + long(3001) + `"`),
		"button-value-too-long":                 button(`,"value":"` + long(2001) + `"`),
		"button-accessibility-label-too-long":   button(`,"accessibility_label":"` + long(76) + `"`),
		"confirmation-title-too-long":           confirm(long(101), "x", "x", "x"),
		"confirmation-text-too-long":            confirm("x", long(301), "x", "x"),
		"confirmation-confirm-too-long":         confirm("x", "x", long(31), "x"),
		"confirmation-deny-too-long":            confirm("x", "x", "x", long(31)),
		"actions-too-many-elements":             `{"type":"actions","elements":[` + many(26, button("")) + `]}`,
		"context-too-many-elements":             `{"type":"context","elements":[` + many(11, text("x")) + `]}`,
		"context-invalid-element":               `{"type":"context","elements":[` + button("") + `]}`,
		"header-text-too-long":                  `{"type":"header","text":` + text(long(151)) + `}`,
		"image-url-too-long":                    `{"type":"image","alt_text":"x","image_url":"` + long(3001) + `"}`,
		"image-alt-text-too-long":               `{"type":"image","image_url":"x","alt_text":"` + long(2001) + `"}`,
		"image-url-and-slack-file":              `{"type":"image","alt_text":"x","image_url":"x","slack_file":{"id":"F1"}}`,
		"markdown-empty":                        `{"type":"markdown","text":""}`,
		"markdown-too-long":                     `{"type":"markdown","text":"` + long(12001) + `"}`,
		"section-text-too-long":                 `{"type":"section","text":` + text(long(3001)) + `}`,
		"section-too-many-fields":               `{"type":"section","fields":[` + many(11, text("x")) + `]}`,
		"section-field-too-long":                `{"type":"section","fields":[` + text(long(2001)) + `]}`,
		"section-missing-content":               `{"type":"section"}`,
		"option-text-too-long":                  choose(option(long(76), "")),
		"option-value-too-long":                 choose(`{"text":` + text("x") + `,"value":"` + long(151) + `"}`),
		"option-url-too-long":                   choose(option("x", `,"url":"`+long(3001)+`"`)),
		"option-description-too-long":           choose(option("x", `,"description":`+text(long(76)))),
		"option-group-label-too-long":           group(long(76), option("x", "")),
		"option-group-empty":                    group("x", ""),
		"option-group-too-many-options":         group("x", many(101, option("x", ""))),
		"select-placeholder-too-long":           `{"type":"static_select","placeholder":` + text(long(151)) + `,"options":[` + option("x", "") + `]}`,
		"select-too-many-options":               choose(many(101, option("x", ""))),
		"select-too-many-option-groups":         `{"type":"static_select","option_groups":[` + many(101, `{"label":`+text("x")+`,"options":[`+option("x", "")+`]}`) + `]}`,
		"plain-text-input-max-length-too-large": `{"type":"plain_text_input","max_length":3001}`,
		"input-label-too-long":                  `{"type":"input","label":` + text(long(2001)) + `,"element":{"type":"plain_text_input"}}`,
		"input-hint-too-long":                   ask(`,"hint":` + text(long(2001))),
		"input-invalid-element":                 `{"type":"input","label":` + text("x") + `,"element":` + button("") + `}`,
		"view-missing-blocks":                   `{"type":"modal","blocks":[],"title":` + text("x") + `}`,
		"view-too-many-blocks":                  `{"type":"modal","blocks":[` + many(101, `{"type":"divider"}`) + `],"title":` + text("x") + `}`,
		"view-private-metadata-too-long":        modal(`,"private_metadata":"` + long(3001) + `"`),
		"view-callback-id-too-long":             modal(`,"callback_id":"` + long(256) + `"`),
		"view-title-too-long":                   `{"type":"modal","blocks":[{"type":"divider"}],"title":` + text(long(25)) + `}`,
		"view-close-too-long":                   modal(`,"close":` + text(long(25))),
		"view-submit-too-long":                  modal(`,"submit":` + text(long(25))),
		"block-id-too-long":                     `{"type":"divider","block_id":"` + long(256) + `"}`,
	}
}

func TestTheValidatorRefusesWhatSlackRefuses(t *testing.T) {
	l := readLimits(t)
	var manifest struct {
		Cases []struct{ ID, Constraint string }
	}
	if err := json.Unmarshal(integrationstest.Read(t, "contracts", "slack", "block-kit", "fixtures", "invalid", "manifest.json"), &manifest); err != nil {
		t.Fatal(err)
	}
	rendered := []string{
		"text", "button", "confirmation", "actions", "context", "header", "image", "markdown", "section", "block_id", "action_id",
		"option", "option_group", "select", "plain_text_input", "input", "view",
	}
	cases := broken()
	for _, c := range manifest.Cases {
		thing, _, _ := strings.Cut(c.Constraint, ".")
		if !slices.Contains(rendered, thing) {
			continue
		}
		raw, ok := cases[c.ID]
		delete(cases, c.ID)
		if !ok {
			t.Errorf("no broken block for the rule %s (%s)", c.ID, c.Constraint)
			continue
		}
		var v map[string]any
		if err := json.Unmarshal([]byte(raw), &v); err != nil {
			t.Fatal(c.ID, err)
		}
		k := &kit{limits: l}
		if v["type"] == "modal" {
			k.view(v)
		} else {
			k.block(v)
		}
		if len(k.faults) == 0 {
			t.Errorf("%s is taken", c.ID)
		}
	}
	if len(cases) > 0 {
		t.Errorf("no such rules: %v", slices.Sorted(maps.Keys(cases)))
	}
}
