package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
)

// cmdPosts prints what a vendor has received, as it stands there now.
func cmdPosts(_ *testscript.TestScript, w *world, _ bool, args []string) (string, error) {
	if err := want(args, 1, "slack, slack-rooms, slack-threads, pagerduty, pagerduty-notes or github"); err != nil {
		return "", err
	}
	var b strings.Builder
	switch args[0] {
	case "slack":
		w.slackPosts(&b, false)
	case "slack-threads":
		w.slackPosts(&b, true)
	case "slack-rooms":
		for _, room := range w.slack.Rooms() {
			fmt.Fprintf(&b, "#%s: %s\n", room.Name, strings.Join(room.Members, ", "))
		}
	case "pagerduty":
		w.pages(&b)
	case "pagerduty-notes":
		w.pagerNotes(&b)
	case "github":
		w.pulls(&b)
	default:
		return "", fmt.Errorf("no vendor %q", args[0])
	}
	if gate := w.gate(args[0]); gate != nil {
		for _, u := range gate.Unexpected() {
			fmt.Fprintf(&b, "UNEXPECTED %s\n", u)
		}
	}
	return w.anonymous(b.String()), nil
}

// slackPosts prints messages as people see them: words, and buttons in brackets. What the bot writes in the threads of cards, which comes
// behind and is edited all the time, is told apart.
func (w *world) slackPosts(b *strings.Builder, threads bool) {
	for _, m := range w.slack.Messages() {
		if strings.Contains(string(m.Metadata), `"thread/`) != threads {
			continue
		}
		channel := m.Channel
		if c, ok := w.slack.Channel(m.Channel); ok {
			channel = "#" + c.Name
		}
		fmt.Fprintf(b, "%s\n", channel)
		if m.Ephemeral != "" {
			fmt.Fprintf(b, "  (only for %s)\n", m.Ephemeral)
		}
		shown := w.blockLines(m)
		if len(shown) == 0 {
			shown = strings.Split(read(m.Text), "\n")
		}
		if strings.Contains(read(m.Text), "CALLS ") {
			shown = append(shown, "(notification) "+read(m.Text))
		}
		for _, line := range shown {
			fmt.Fprintf(b, "  %s\n", line)
		}
	}
}

// blockLines are the words of a message's blocks, one line for each text, and its buttons.
func (w *world) blockLines(m slackfake.Message) []string {
	var blocks []any
	if json.Unmarshal(m.Blocks, &blocks) != nil {
		return nil
	}
	var out []string
	for _, block := range blocks {
		lines := texts(block)
		if id, _ := block.(map[string]any)["block_id"].(string); id == "doing" {
			// Steps that go side by side end in any order.
			for i := range lines {
				lines[i] = w.anonymous(lines[i])
			}
			slices.Sort(lines[min(1, len(lines)):])
		}
		out = append(out, lines...)
	}
	sortReasons(out)
	for _, button := range slackfake.Buttons(m) {
		out = append(out, "["+button.Text+"]")
	}
	return out
}

// sortReasons puts the reasons below each suspect in an order of their own: which weighs more may hang on a few seconds.
// Other lists keep theirs, which is part of what they say.
func sortReasons(lines []string) {
	for i := range lines {
		if !suspectLine.MatchString(lines[i]) {
			continue
		}
		reasons := lines[i+1:]
		if end := slices.IndexFunc(reasons, func(line string) bool { return !strings.HasPrefix(line, "- ") }); end >= 0 {
			reasons = reasons[:end]
		}
		slices.Sort(reasons)
	}
}

// suspectLine begins a suspect on a card: its place and its probability.
var suspectLine = regexp.MustCompile(`^\d+\. `)

// texts gathers the words inside a block; the parts of a rich text section make one line.
func texts(node any) []string {
	switch n := node.(type) {
	case []any:
		var out []string
		for _, one := range n {
			out = append(out, texts(one)...)
		}
		return out
	case map[string]any:
		switch n["type"] {
		case "button":
			return nil
		case "image":
			title, _, _ := strings.Cut(fmt.Sprint(n["alt_text"]), ",") // the rest names what was there when it was drawn
			return []string{"(picture: " + title + ")"}
		case "rich_text_section":
			elements, _ := n["elements"].([]any)
			line := ""
			for _, e := range elements {
				part, _ := e.(map[string]any)
				line += fmt.Sprint(part["text"])
			}
			return []string{line}
		case "rich_text_list":
			elements := texts(n["elements"])
			for i := range elements {
				elements[i] = "- " + elements[i]
			}
			return elements
		}
		if text, is := n["text"].(string); is {
			if n["type"] == "mrkdwn" {
				text = read(text)
			}
			return strings.Split(strings.ReplaceAll(text, "*\n", "* "), "\n")
		}
		var out []string
		for _, field := range []string{"text", "fields", "elements", "accessory"} {
			out = append(out, texts(n[field])...)
		}
		return out
	}
	return nil
}

// read is mark-up as people see it; one that would call them is shown to do so.
func read(mrkdwn string) string {
	mrkdwn = strings.ReplaceAll(mrkdwn, "<!", "CALLS ")
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(mrkdwn)
}

// pages prints PagerDuty's alerts.
func (w *world) pages(b *strings.Builder) {
	for _, a := range w.pager.Alerts() {
		again := ""
		if a.Triggers > 1 {
			again = fmt.Sprintf(", triggered ×%d", a.Triggers)
		}
		fmt.Fprintf(b, "%s (%s%s) %s\n", a.Severity, a.State, again, a.Summary)
		var details map[string]any
		_ = json.Unmarshal(a.Details, &details) // what is no object is shown by its absence
		names := make([]string, 0, len(details))
		for name := range details {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			if name == "What Firebreak does" {
				continue // how far it has come by then is chance
			}
			fmt.Fprintf(b, "  %s: %v\n", name, details[name])
		}
	}
}

// pulls prints GitHub's pull requests and the latest state of what was deployed.
func (w *world) pulls(b *strings.Builder) {
	for _, p := range w.hub.Pulls() {
		fmt.Fprintf(b, "%s#%d %q", p.Repository, p.Number, p.Title)
		if p.Reverts != 0 {
			fmt.Fprintf(b, " reverts #%d", p.Reverts)
		}
		if p.Merged() {
			fmt.Fprintf(b, " merged by %s\n", p.MergedBy)
		} else {
			fmt.Fprintf(b, " %s\n", p.State)
		}
	}
	for _, d := range w.hub.Deployments() {
		state := "created"
		if n := len(d.Statuses); n > 0 {
			state = d.Statuses[n-1].State
		}
		fmt.Fprintf(b, "deployment of %q: %s\n", d.Description, state)
	}
}

// blurs are what differs from run to run, and what stands for it.
var blurs = []struct {
	pattern *regexp.Regexp
	as      string
}{
	// How much of the history is known by then is chance.
	{regexp.MustCompile(` \(usually [^)]*\)`), ""},
	{regexp.MustCompile(`\b(inc|ent|apr|run)-[0-9a-z]{8,}\b`), "$1-ID"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?( ?[A-Z]+|Z)?`), "DATE"},
	{regexp.MustCompile(`\b\d\d:\d\d(:\d\d)?\b( (CET|UTC))?`), "CLOCK"},
	{regexp.MustCompile(`\b\d+(\.\d+)?( ?(min|h|s|d|hours?|minutes?|seconds?|days?))\b(,? (and )?\d+ ?(min|h|s|hours?|minutes?|seconds?)\b)*`), "SPAN"},
	{regexp.MustCompile(`[<>]?\b\d+(\.\d+)?( ?%)`), "N$2"},
	{regexp.MustCompile(`(^|[ (±])\d+(\.\d+)?\b`), "${1}N"},
}

// anonymous replaces what differs from run to run.
func (w *world) anonymous(text string) string {
	text = strings.NewReplacer(w.server.URL, "STANDINS", "http://"+w.bot, "FIREBREAK").Replace(text)
	for _, blur := range blurs {
		text = blur.pattern.ReplaceAllString(text, blur.as)
	}
	return text
}
