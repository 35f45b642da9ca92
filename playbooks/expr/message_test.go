package expr_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/playbooks/expr"
)

var received = time.Date(2026, 11, 20, 15, 4, 5, 0, time.UTC)

func message(t *testing.T, text string) expr.Message {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var body any
	if err := decoder.Decode(&body); err != nil {
		t.Fatal(err)
	}
	body, err := expr.Values(body)
	if err != nil {
		t.Fatal(err)
	}
	return expr.Message{Body: body, Received: received}
}

func TestTemplatesReadMessages(t *testing.T) {
	m := message(t, `{"prompt": {"name": "support", "version": 9007199254740993, "labels": ["production"]}, "share": 0.25, "note": "${body.share}"}`)
	env := expr.NewMessages()
	for text, want := range map[string]any{
		`${body.prompt.name} v${body.prompt.version}`:           "support v9007199254740993",
		`${body.?prompt.?commit.orValue("no message")}`:         "no message",
		`${"production" in body.prompt.labels ? "live" : "no"}`: "live",
		`${received}`:  "2026-11-20T15:04:05Z",
		`${body.note}`: "${body.share}", // a value is never read as a template
		`prompt`:       "prompt",
	} {
		template, problems := env.Template(text, expr.String)
		if len(problems) > 0 {
			t.Errorf("%s: %v", text, problems)
			continue
		}
		if got, err := template.Render(m); err != nil || got != want {
			t.Errorf("%s gave %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestConditionsReadMessages(t *testing.T) {
	m := message(t, `{"type": "prompt-version", "action": "created", "n": 3}`)
	env := expr.NewMessages()
	for text, want := range map[string]bool{
		`body.type == "prompt-version" && body.action in ["created", "updated"]`: true,
		`has(body.prompt)`: false,
		`body.n > 2.5`:     true,
	} {
		condition, problems := env.Condition(text)
		if len(problems) > 0 {
			t.Errorf("%s: %v", text, problems)
			continue
		}
		if got, err := condition.Eval(m); err != nil || got != want {
			t.Errorf("%s is %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestExpressionsOverMessagesSeeNothingElse(t *testing.T) {
	env := expr.NewMessages()
	for _, text := range []string{`incident.id == "x"`, `burn(1h) > 1`, `now > received`, `body.a`, `size(suspects) > 0`} {
		if _, problems := env.Condition(text); len(problems) == 0 && text != `body.a` {
			t.Errorf("%s was taken", text)
		}
	}
}

func TestAMissingFieldIsAnErrorAndNeverEmpty(t *testing.T) {
	template, problems := expr.NewMessages().Template(`${body.prompt.name}`, expr.String)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if got, err := template.Render(message(t, `{}`)); err == nil {
		t.Errorf("gave %v", got)
	}
}

func TestAnExpensiveExpressionOverAMessageIsRefusedOrStopped(t *testing.T) {
	env := expr.NewMessages()
	condition, problems := env.Condition(`body.exists(a, body.exists(b, body.exists(c, a + b + c == -1)))`)
	if len(problems) > 0 {
		return // refused at load
	}
	long := "[" + strings.Repeat("1,", 9999) + "1]"
	if _, err := condition.Eval(message(t, long)); err == nil {
		t.Error("a billion steps were taken")
	}
}

func TestABodyOfTooManyLevelsIsRefused(t *testing.T) {
	var body any
	if err := json.Unmarshal([]byte(strings.Repeat("[", 100)+strings.Repeat("]", 100)), &body); err != nil {
		t.Fatal(err)
	}
	if _, err := expr.Values(body); err == nil {
		t.Error("it was taken")
	}
}
