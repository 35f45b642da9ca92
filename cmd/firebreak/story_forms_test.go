package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/firebreak-dev/firebreak/integrations/sandbox/slackfake"
)

// cmdForm waits for the newest form of Slack's that shows some words, and sends it off ("form WHO send WORDS FIELD=VALUE…"), or chooses
// something in it ("form WHO choose WORDS FIELD OPTION").
func cmdForm(ts *testscript.TestScript, w *world, _ bool, args []string) (string, error) {
	if len(args) < 3 {
		return "", errors.New("takes who, send or choose, and words of the form")
	}
	who := slackfake.User{ID: args[0], Name: args[0]}
	v, err := w.formOf(args[2])
	if err != nil {
		return "", err
	}
	if args[1] == "choose" && len(args) == 5 {
		body, err := w.slack.Choose(v, args[3], args[4], who)
		return w.interact(ts, body, err)
	}
	values := map[string]string{}
	for _, field := range args[3:] {
		name, value, is := strings.Cut(field, "=")
		if !is {
			return "", fmt.Errorf("%q is no FIELD=VALUE", field)
		}
		values[name] = value
	}
	body, err := w.slack.Submit(v, values, who)
	if err != nil {
		return "", err
	}
	status, answer, err := w.post(ctxOf(ts), "/slack/interactions", body, w.slack.Sign(body, time.Now()))
	if err != nil {
		return "", err
	}
	return "", w.slack.Answered(v, status, []byte(answer))
}

// formOf waits for a form.
func (w *world) formOf(words string) (found slackfake.View, err error) {
	err = await(func() error {
		views := w.slack.Views()
		for i := len(views) - 1; i >= 0; i-- {
			if views[i].Type == "modal" && !views[i].Closed && strings.Contains(w.viewText(views[i]), words) {
				found = views[i]
				return nil
			}
		}
		return fmt.Errorf("no form shows %q", words)
	})
	return found, err
}

func (w *world) interact(ts *testscript.TestScript, body []byte, err error) (string, error) {
	if err != nil {
		return "", err
	}
	status, answer, err := w.post(ctxOf(ts), "/slack/interactions", body, w.slack.Sign(body, time.Now()))
	return answered(status, answer, err, false)
}

// cmdViews prints the forms and pages that stand in Slack now, as people see them.
func cmdViews(_ *testscript.TestScript, w *world, _ bool, _ []string) (string, error) {
	var b strings.Builder
	for _, v := range w.slack.Views() {
		if !v.Closed {
			_, _ = io.WriteString(&b, w.viewText(v))
		}
	}
	return w.anonymous(b.String()), nil
}

func (w *world) viewText(v slackfake.View) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s for %s\n", v.Type, v.User)
	var shape struct {
		Title  any `json:"title"`
		Submit any `json:"submit"`
		Blocks []struct {
			ID    string `json:"block_id"`
			Label any    `json:"label"`
		} `json:"blocks"`
	}
	_ = json.Unmarshal(v.View, &shape) // the stand-in checked it
	for _, line := range texts(shape.Title) {
		fmt.Fprintf(&b, "  # %s\n", line)
	}
	for _, block := range shape.Blocks {
		for _, line := range texts(block.Label) {
			fmt.Fprintf(&b, "  %s?: %s\n", block.ID, line)
		}
	}
	for _, line := range w.blockLines(slackfake.Message{Blocks: v.Blocks()}) {
		fmt.Fprintf(&b, "  %s\n", line)
	}
	for _, line := range texts(shape.Submit) {
		fmt.Fprintf(&b, "  [%s]\n", line)
	}
	for field, fault := range v.Errors {
		fmt.Fprintf(&b, "  %s! %s\n", field, fault)
	}
	return b.String()
}

// newest is the newest message in Slack that has some words.
func (w *world) newest(words string) (slackfake.Message, error) {
	messages := w.slack.Messages()
	for i := len(messages) - 1; i >= 0; i-- {
		if m := messages[i]; m.Ephemeral == "" && strings.Contains(m.Text+string(m.Blocks), words) {
			return m, nil
		}
	}
	return slackfake.Message{}, fmt.Errorf("no message has %q", words)
}

// cmdChat is what people do in Slack without a button: "chat WHO write CHANNEL TEXT [THREAD]" (in the thread of the newest message with those
// words), "chat WHO mark EMOJI WORDS", "chat WHO shortcut WORDS", "chat WHO home"; and what happens to a channel: "chat - channel NAME archived".
func cmdChat(ts *testscript.TestScript, w *world, _ bool, args []string) (string, error) {
	if len(args) < 2 {
		return "", errors.New("takes who and what")
	}
	who, rest := slackfake.User{ID: args[0], Name: args[0]}, args[2:]
	switch verb := fmt.Sprint(args[1], len(rest)); verb {
	case "write2", "write3":
		thread := ""
		if len(rest) == 3 {
			m, err := w.newest(rest[2])
			if err != nil {
				return "", err
			}
			thread = cmp.Or(m.Thread, m.TS)
		}
		_, err := w.slack.Write(rest[0], rest[1], thread, who)
		return "", err
	case "mark2":
		m, err := w.newest(rest[1])
		if err != nil {
			return "", err
		}
		body, err := w.slack.React(m, rest[0], who)
		return w.event(ts, body, err)
	case "shortcut1":
		m, err := w.newest(rest[0])
		if err != nil {
			return "", err
		}
		body, err := w.slack.Shortcut("firebreak_note", m, who)
		return w.interact(ts, body, err)
	case "home0":
		body, err := w.slack.OpenHome(who)
		return w.event(ts, body, err)
	case "channel2":
		w.slack.Upset(rest[0], map[string]slackfake.Trouble{"archived": slackfake.Archived, "uninvited": slackfake.NotIn, "hidden": slackfake.Hidden}[rest[1]])
		return "", nil
	default:
		return "", fmt.Errorf("nobody can %q", args[1:])
	}
}

func (w *world) event(ts *testscript.TestScript, body []byte, err error) (string, error) {
	if err != nil {
		return "", err
	}
	status, answer, err := w.post(ctxOf(ts), "/slack/events", body, w.slack.Sign(body, time.Now()))
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("answered %d %s", status, answer)
	}
	return "", err
}
