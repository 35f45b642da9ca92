package bot_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
)

func TestAVersionIsAShortWordAndNoSecret(t *testing.T) {
	for text, want := range map[string]bool{
		"gpt-4o-2024-08-06": true, "3": true, "azure/gpt-4o": true, "us.anthropic.claude-3-5-sonnet-20241022-v2:0": true, "sha256:abc": true,
		"faq@12": true, "2.5e-06": true, "straße-1": true, "https://models.example.org/v1": true,
		"": false, "You are kind": false, "a\nb": false, "a\x00": false, "\u202egpt": false, "sk-live-1": false, "ghp_abc": false,
		"https://me:pw@host/": false, "${MODEL}": false, "{{ .model }}": false, strings.Repeat("x", 201): false, "\xff": false,
	} {
		if got := bot.IsPinned(text); got != want {
			t.Errorf("%q is a version: %t, want %t", text, got, want)
		}
	}
}

func TestLabelsMayNameInputs(t *testing.T) {
	got := bot.LabelledInputs(map[string]string{
		"retrieval:faq": "12", "model:chat": "gpt-4o", "team": "search", "model:": "x", "flag:dark": "on", "prompt:chat": "You are kind", "policy:p": "",
	})
	want := []bot.Input{{Kind: bot.Model, Name: "chat", New: "gpt-4o"}, {Kind: bot.Retrieval, Name: "faq", New: "12"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestARecordRefusesWhatIsNoInput(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	fine := bot.Input{Kind: bot.Model, Name: "chat", Path: "a.yaml", Line: 3, Old: "a", New: "b"}
	c, err := bot.Record{Title: "x", Inputs: []bot.Input{fine}}.Change(now)
	if d := cmp.Diff([]bot.Input{fine}, c.Inputs); err != nil || d != "" {
		t.Fatal(err, d)
	}
	for want, edit := range map[string]func(*bot.Input){
		"unknown kind of input":  func(in *bot.Input) { in.Kind = bot.Code },
		"needs a name":           func(in *bot.Input) { in.Name = "" },
		"one line of plain text": func(in *bot.Input) { in.Path = "a\nb" },
		"cannot be negative":     func(in *bot.Input) { in.Line = -1 },
		"the version of the":     func(in *bot.Input) { in.New = "You are kind" },
		"the old version of the": func(in *bot.Input) { in.Old = "You were kind" },
	} {
		in := fine
		edit(&in)
		if _, err := (bot.Record{Title: "x", Inputs: []bot.Input{in}}).Change(now); err == nil || bot.CodeOf(err) != bot.Invalid || !strings.Contains(bot.MessageOf(err), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := (bot.Record{Title: "x", Inputs: make([]bot.Input, 201)}).Change(now); err == nil || !strings.Contains(bot.MessageOf(err), "200 at most") {
		t.Error(err)
	}
}
