package slack

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	api "github.com/slack-go/slack"
)

// Limits of what holds blocks, beside those of text.go.
const (
	maxMessageBlocks = 50
	maxViewBlocks    = 100
	maxMessageText   = 13_000 // all texts of a message together; above about 13,200 Slack says msg_blocks_too_long
	maxActionID      = 255
	maxMeta          = 3000
	maxViewTitle     = 24
	maxOptions       = 100
	maxOption        = 75
	maxOptionValue   = 150
	maxLabel         = 2000
	maxPlaceholder   = 150
	maxFields        = 10
	maxContext       = 10
	maxActions       = 25
	maxInput         = 3000
)

// faultsOf says what Slack would refuse of some blocks, before it does: a message that is refused whole tells nobody anything.
func faultsOf(blocks []api.Block, most int) []string {
	raw, err := json.Marshal(blocks)
	if err != nil {
		return []string{"the blocks are no JSON: " + err.Error()}
	}
	var all []map[string]any
	if err := json.Unmarshal(raw, &all); err != nil {
		return []string{"the blocks are no list: " + err.Error()}
	}
	f := &fitting{ids: map[string]bool{}}
	f.count("blocks", len(all), most)
	for _, b := range all {
		f.block(b)
	}
	if most == maxMessageBlocks && f.text > maxMessageText {
		f.faultf("the texts have %d characters together, at most %d", f.text, maxMessageText)
	}
	return f.faults
}

// fitting goes through blocks and gathers what is too much.
type fitting struct {
	faults []string
	ids    map[string]bool
	text   int
}

func (f *fitting) faultf(format string, args ...any) {
	f.faults = append(f.faults, fmt.Sprintf(format, args...))
}

func (f *fitting) count(what string, n, most int) {
	if n < 1 || n > most {
		f.faultf("%d %s, at most %d", n, what, most)
	}
}

func (f *fitting) length(what string, v any, most int) {
	s, _ := v.(string)
	if n := utf8.RuneCountInString(s); n > most {
		f.faultf("%s has %d characters, at most %d", what, n, most)
	}
}

// words checks a text object; an absent one is left alone.
func (f *fitting) words(what string, v any, most int) {
	o, ok := v.(map[string]any)
	if !ok {
		return
	}
	s, _ := o["text"].(string)
	if s == "" {
		f.faultf("%s is empty", what)
	}
	f.text += utf8.RuneCountInString(s)
	f.length(what, s, most)
}

func items(v any) []map[string]any {
	list, _ := v.([]any)
	out := make([]map[string]any, 0, len(list))
	for _, e := range list {
		o, _ := e.(map[string]any)
		out = append(out, o)
	}
	return out
}

func (f *fitting) block(b map[string]any) {
	if id, _ := b["block_id"].(string); id != "" {
		f.length("block_id", id, maxBlockID)
		if f.ids[id] {
			f.faultf("block_id %q is there twice", id)
		}
		f.ids[id] = true
	}
	switch kind, _ := b["type"].(string); kind {
	case "header":
		f.words("header", b["text"], maxHeader)
	case "section":
		f.words("section", b["text"], maxSection)
		if fields := items(b["fields"]); b["fields"] != nil {
			f.count("fields", len(fields), maxFields)
			for _, field := range fields {
				f.words("field", field, maxField)
			}
		}
		if e, ok := b["accessory"].(map[string]any); ok {
			f.element(e)
		}
	case "context":
		f.count("elements of a context", len(items(b["elements"])), maxContext)
		for _, e := range items(b["elements"]) {
			f.words("context", e, maxSection)
		}
	case "actions":
		f.count("buttons", len(items(b["elements"])), maxActions)
		for _, e := range items(b["elements"]) {
			f.element(e)
		}
	case "input":
		f.words("label", b["label"], maxLabel)
		f.words("hint", b["hint"], maxLabel)
		e, _ := b["element"].(map[string]any)
		f.element(e)
	case "image":
		f.length("alt_text", b["alt_text"], maxAlt)
	case "rich_text":
		f.rich(b)
	}
}

func (f *fitting) element(e map[string]any) {
	f.length("action_id", e["action_id"], maxActionID)
	f.words("placeholder", e["placeholder"], maxPlaceholder)
	switch kind, _ := e["type"].(string); kind {
	case "button":
		f.words("button", e["text"], maxButton)
		f.length("value", e["value"], maxValue)
		f.length("url", e["url"], maxURL)
	case "static_select":
		f.count("options", len(items(e["options"])), maxOptions)
		for _, o := range items(e["options"]) {
			f.words("option", o["text"], maxOption)
			f.length("value of an option", o["value"], maxOptionValue)
		}
	case "plain_text_input":
		f.length("initial value", e["initial_value"], maxInput)
	}
}

// rich counts the texts of rich text, wherever they stand.
func (f *fitting) rich(o map[string]any) {
	for _, e := range items(o["elements"]) {
		f.length("link", e["url"], maxURL)
		if s, is := e["text"].(string); is {
			if s == "" && e["type"] == "text" {
				f.faultf("an empty text in rich text")
			}
			f.text += utf8.RuneCountInString(s)
		}
		f.rich(e)
	}
}

// fit is a message that Slack takes: as it is where it keeps within the limits, else its text alone.
func (c *Client) fit(m message) message {
	if len(m.blocks) == 0 {
		return m
	}
	faults := faultsOf(m.blocks, maxMessageBlocks)
	if len(faults) == 0 {
		return m
	}
	c.misfit("message", faults)
	return message{text: m.text, blocks: []api.Block{api.NewSectionBlock(plain(unescape(m.text)+morePage, maxSection), nil, nil)}}
}

// morePage ends what was cut where the rest stands on the page.
const morePage = " … there is more on the page"

// misfit tells operators that something was too large for Slack: that is a fault of ours.
func (c *Client) misfit(what string, faults []string) {
	c.oversize.WithLabelValues(what).Inc()
	c.options.Logger.Error("slack: something was too large and is shown shortened", "what", what, "faults", faults[:min(len(faults), 3)])
}
