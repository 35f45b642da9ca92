package slack

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/firebreak-dev/firebreak/integrations/integrationstest"

	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
)

func morning() bot.Digest {
	return bot.Digest{
		Kind: "morning", Title: "Good morning, Thu 26 Nov: 1 incident is not over", Link: "https://firebreak.example",
		Sections: []bot.Section{{Title: "Not over", Rows: []bot.Row{
			{Label: "PAGE support-assistant", Text: "<!channel> the canary refuses 4 % more", Link: "https://firebreak.example/incidents/inc-1"},
		}}, {Title: "Cannot be seen", Rows: []bot.Row{{Text: "cost of search (no data)"}}}},
	}
}

func TestTheDigestAsPeopleSeeIt(t *testing.T) {
	m := renderDigest(morning())
	blocks, err := json.MarshalIndent(map[string]any{"text": m.text, "blocks": m.blocks}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	integrationstest.Golden(t, "testdata/digest-morning.json", append(blocks, '\n'))
	valid(t, readLimits(t), m)
}

func TestAnyDigestIsAMessageThatSlackTakes(t *testing.T) {
	readable := readLimits(t)
	words := rapid.OneOf(rapid.String(), rapid.StringN(0, 4000, -1), rapid.SampledFrom([]string{"<!channel>", "&amp;", "\u202e", "\x00", ""}))
	rapid.Check(t, func(t *rapid.T) {
		d := bot.Digest{Title: words.Draw(t, "title"), Link: "https://x.example/" + words.Draw(t, "link")}
		for range rapid.IntRange(0, 12).Draw(t, "sections") {
			s := bot.Section{Title: words.Draw(t, "section")}
			for range rapid.IntRange(0, 14).Draw(t, "rows") {
				s.Rows = append(s.Rows, bot.Row{Label: words.Draw(t, "label"), Text: words.Draw(t, "text"), Link: words.Draw(t, "link")})
			}
			d.Sections = append(d.Sections, s)
		}
		m := renderDigest(d)
		valid(t, readable, m)
		if strings.ContainsAny(m.text, "<>") || utf8.RuneCountInString(m.text) > maxText {
			t.Errorf("the text holds mark-up or is too long: %q", m.text)
		}
	})
}

func TestADigestIsFoundByItsKey(t *testing.T) {
	h := newHouse(t)
	if found, err := h.client.Told(t.Context(), "#support-ai", "digest/morning/2026-11-26T08:30"); found || err != nil {
		t.Errorf("before it is told: %t, %v", found, err)
	}
	if err := h.client.Tell(t.Context(), "#support-ai", "digest/morning/2026-11-26T08:30", morning()); err != nil {
		t.Fatal(err)
	}
	h.restart(t)
	if found, err := h.client.Told(t.Context(), "#support-ai", "digest/morning/2026-11-26T08:30"); !found || err != nil {
		t.Errorf("after it was told: %t, %v", found, err)
	}
	if found, _ := h.client.Told(t.Context(), "#support-ai", "digest/morning/2026-11-27T08:30"); found {
		t.Error("another one was told")
	}
	if err := h.client.Tell(t.Context(), "not a channel", "x", morning()); err == nil {
		t.Error("a channel that is none was told")
	}
}
