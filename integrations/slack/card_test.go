package slack

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/firebreak-dev/firebreak/integrations/integrationstest"

	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

func TestTheCardAsPeopleSeeIt(t *testing.T) {
	readable := readLimits(t)
	resolved := refusals()
	resolved.State, resolved.Approvals, resolved.Suspects, resolved.None, resolved.Asked = bot.Resolved, nil, nil, 1, ""
	for name, card := range map[string]bot.Card{"card-open.json": refusals(), "card-resolved.json": resolved, "card-empty.json": {}} {
		m := render(card, picture{file: "F0000001", alt: "refusal ratio rose from 1 % to 9 %"}, true)
		blocks, err := json.MarshalIndent(map[string]any{"text": m.text, "blocks": m.blocks}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		integrationstest.Golden(t, "testdata/"+name, append(blocks, '\n'))
		valid(t, readable, m)
	}
}

func valid(t interface {
	Errorf(string, ...any)
	Helper()
}, l limits, m message,
) {
	t.Helper()
	raw, _ := json.Marshal(m.blocks)
	var blocks []any
	_ = json.Unmarshal(raw, &blocks)
	k := &kit{limits: l}
	k.message(blocks)
	k.unique(blocks)
	for _, f := range k.faults {
		t.Errorf("%s", f)
	}
}

func TestAnyCardIsAMessageThatSlackTakes(t *testing.T) {
	readable := readLimits(t)
	words := rapid.OneOf(rapid.String(), rapid.StringN(0, 4000, -1), rapid.SampledFrom([]string{"<!channel>", "<@U1>", "&amp;", "*x*", "\u202e", "\x00"}))
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) string { return words.Draw(t, name) }
		card := bot.Card{
			Incident: draw("incident"), Service: draw("service"), Headline: draw("headline"), URL: "https://x.example/" + draw("url"),
			Severity: rapid.SampledFrom([]detectors.Severity{"", "page", "ticket", "info"}).Draw(t, "severity"),
			State:    rapid.SampledFrom([]bot.State{"", bot.Open, bot.Acknowledged, bot.Resolved}).Draw(t, "state"),
			None:     rapid.Float64().Draw(t, "none"),
		}
		for range rapid.IntRange(0, 12).Draw(t, "facts") {
			card.Facts = append(card.Facts, bot.Fact{Label: draw("label"), Value: draw("value")})
		}
		for range rapid.IntRange(0, 8).Draw(t, "suspects") {
			card.Suspects = append(card.Suspects, bot.Suspect{
				Title: draw("title"), URL: draw("link"), Author: draw("author"), Probability: rapid.Float64().Draw(t, "p"),
				Reasons: []bot.Reason{{Sentence: draw("reason")}, {Sentence: draw("reason"), Weight: 1}, {Sentence: draw("reason")}},
			})
		}
		card.Doing = rapid.SliceOfN(words, 0, 10).Draw(t, "doing")
		for i := range rapid.IntRange(0, 8).Draw(t, "approvals") {
			card.Approvals = append(card.Approvals, bot.Approval{ID: "apr-" + strings.Repeat("x", i), Question: draw("question")})
		}
		m := render(card, picture{file: "F1", alt: draw("alt")}, true)
		valid(t, readable, m)
		if strings.ContainsAny(m.text, "<>") || utf8.RuneCountInString(m.text) > maxText {
			t.Errorf("the text holds mark-up or is too long: %q", m.text)
		}
		raw, _ := json.Marshal(m.blocks)
		var blocks []any
		_ = json.Unmarshal(raw, &blocks)
		noMarkup(t, blocks)
	})
}

// noMarkup looks for mentions and links in every text that Slack reads as mark-up.
func noMarkup(t *rapid.T, v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			noMarkup(t, e)
		}
	case map[string]any:
		if s, _ := v["text"].(string); v["type"] == "mrkdwn" && strings.ContainsAny(s, "<>") {
			t.Errorf("mark-up in %q", s)
		}
		for _, e := range v {
			noMarkup(t, e)
		}
	}
}

func TestEscapesAreNeverTornApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 60).Draw(t, "limit")
		s := escape(rapid.StringOf(rapid.SampledFrom([]rune("&<>ab 🔥\n"))).Draw(t, "s"), limit)
		if utf8.RuneCountInString(s) > limit || !utf8.ValidString(s) || strings.ContainsAny(s, "<>\n") {
			t.Fatalf("%q", s)
		}
		rest := strings.NewReplacer("&amp;", "", "&lt;", "", "&gt;", "").Replace(s)
		if strings.Contains(rest, "&") {
			t.Fatalf("a torn escape in %q", s)
		}
	})
}

func BenchmarkRender(b *testing.B) {
	card := refusals()
	b.ReportAllocs()
	for b.Loop() {
		_ = render(card, picture{file: "F1", alt: "chart"}, true)
	}
}
