package pagerduty

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/configs/secret"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/integrations/integrationstest"
	"github.com/firebreak-dev/firebreak/playbooks"
)

// TestWhatPagerDutyIsToldIsGolden keeps every event, note and field as it is sent, and paints it as text in the manual, so that a change of words
// is seen by whoever reads a change.
func TestWhatPagerDutyIsToldIsGolden(t *testing.T) {
	var b strings.Builder
	b.WriteString("# What people read in PagerDuty\n\nPainted from the golden files of `integrations/pagerduty/testdata`; `UPDATE=1 go test ./integrations/pagerduty` paints it anew.\n")
	for _, p := range pictures(t) {
		raw, err := json.MarshalIndent(p.sent, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		integrationstest.Golden(t, filepath.Join("testdata", p.name+".json"), append(raw, '\n'))
		var said map[string]any
		if err := json.Unmarshal(raw, &said); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s:\n\n```text\n%s```\n", p.name, p.what, painted(said))
	}
	integrationstest.Golden(t, filepath.Join("..", "..", "docs", "pictures", "pagerduty.md"), []byte(b.String()))
}

type picture struct {
	name, what string
	sent       any
}

func pictures(t *testing.T) []picture {
	t.Helper()
	c := New(Config{RoutingKey: secret.New("93facc04764012d7bfb002500d5d1a6e")}, Options{Now: func() time.Time { return clock(14, 10) }})
	t.Cleanup(c.Close)
	card := bot.Card{
		Incident: "inc-06fm8q5cw2", Service: "support-assistant", Severity: detectors.Page, State: bot.Open,
		Headline: "support-assistant refuses 8.5 % (usually 0.02 %) since 13:52 UTC ±30 s",
		Facts:    []bot.Fact{{Label: "Since", Value: "13:52 UTC (18 minutes)"}},
		Suspects: known().Ranking.Suspects, None: .02,
		Doing:     []string{"paged", "posted the incident's card to Slack", "asks: Revert acme/assistants#482?"},
		Approvals: []bot.Approval{{ID: "apr-1", Question: "Revert acme/assistants#482?"}},
		URL:       "https://firebreak.example/incidents/inc-06fm8q5cw2", Updated: clock(14, 3),
	}
	call := playbooks.Call{Incident: card.Incident, Service: card.Service, Playbook: "prompt-regression"}
	first, said := noteOf(known(), nil, 0)
	later := known()
	later.Ranking.Suspects[0], later.Ranking.Suspects[1] = later.Ranking.Suspects[1], later.Ranking.Suspects[0]
	later.Ranking.Suspects[0].Probability, later.Ranking.Suspects[1].Probability = .71, .2
	second, _ := noteOf(later, said, 1)
	names := map[string]string{}
	for _, word := range fieldWords() {
		names[word] = "bot_" + word
	}
	return []picture{
		{"event-page", "The event that wakes somebody", c.pageEvent(card, call)},
		{"event-escalation", "The event that wakes the next one, since nobody decided", escalationEvent(card, call)},
		{"event-change", "A change of the ledger, as it stands beside incidents", changeEvent(risky())},
		{"note-first", "The first note on an incident, whoever raised it", map[string]any{"note": map[string]any{"content": first}}},
		{"note-later", "A later note, which says only what is new", map[string]any{"note": map[string]any{"content": second}}},
		{"custom-fields", "The custom fields, where the account has them", map[string]any{"custom_fields": fieldsOf(names, known())}},
	}
}

func clock(hour, minute int) time.Time { return time.Date(2026, 11, 20, hour, minute, 0, 0, time.UTC) }

func risky() bot.Change {
	return bot.Change{
		ID: "github:acme/assistants#482", Kind: bot.Prompt, Source: "github", Repository: "acme/assistants", Title: "Support prompt: never promise a refund",
		Author: "lena-hartmann", URL: "https://github.com/acme/assistants/pull/482", Services: []string{"support-assistant"}, Environment: "production",
		MergedAt: clock(13, 50), EffectiveAt: clock(13, 52), Rollback: "github.revert", Revision: "4f2c1e9",
		Flags: []bot.Reason{{Code: "window", Sentence: "landed in the closed window friday-afternoon"}, {Code: "review", Sentence: "nobody reviewed it"}},
	}
}

func known() bot.Brief {
	return bot.Brief{
		Service: "support-assistant", At: clock(14, 10), Incident: "inc-06fm8q5cw2", Headline: "support-assistant refuses 8.5 % (usually 0.02 %)",
		Ranking: bot.Ranking{At: clock(14, 10), None: .02, Suspects: []bot.Suspect{
			{Change: "github:acme/assistants#482", Kind: bot.Prompt, Title: "Support prompt: never promise a refund", Author: "lena-hartmann", Probability: .93, Reasons: []bot.Reason{
				{Code: "lag", Sentence: "took effect 40 s before it began", Weight: 2.1}, {Code: "scope", Sentence: "changes support-assistant itself", Weight: 1.3},
			}},
			{Change: "github:acme/assistants#479", Kind: bot.Retrieval, Title: "Support: fetch 8 passages instead of 6", Author: "jonas-weber", Probability: .05, Reasons: []bot.Reason{
				{Code: "scope", Sentence: "changes support-assistant itself", Weight: 1.3},
			}},
		}},
		Risky:      []bot.Change{risky()},
		Objectives: []bot.Standing{{Objective: "useful-answers", State: "firing", Sentence: "burns its budget 14.4 times too fast over an hour; 81 % is left"}},
		Playbooks:  []string{"prompt-regression waits for a decision"},
		URL:        "https://firebreak.example/incidents/inc-06fm8q5cw2",
	}
}

// painted is what was sent, a line for each word that people read.
func painted(v map[string]any) string {
	var b strings.Builder
	var paint func(indent, name string, v any)
	paint = func(indent, name string, v any) {
		switch v := v.(type) {
		case map[string]any:
			if name != "" {
				fmt.Fprintf(&b, "%s%s:\n", indent, name)
				indent += "  "
			}
			keys := make([]string, 0, len(v))
			for k := range v {
				if v[k] != "" { // the routing key is put in when it is sent
					keys = append(keys, k)
				}
			}
			slices.Sort(keys)
			for _, k := range keys {
				paint(indent, k, v[k])
			}
		case []any:
			fmt.Fprintf(&b, "%s%s:\n", indent, name)
			for _, one := range v {
				paint(indent+"  ", "-", one)
			}
		case string:
			if lines := strings.Split(strings.TrimRight(v, "\n"), "\n"); len(lines) > 1 {
				fmt.Fprintf(&b, "%s%s:\n", indent, name)
				for _, l := range lines {
					fmt.Fprintln(&b, strings.TrimRight(indent+"  "+l, " "))
				}
				return
			}
			fmt.Fprintf(&b, "%s%s: %s\n", indent, name, v)
		default:
			fmt.Fprintf(&b, "%s%s: %v\n", indent, name, v)
		}
	}
	paint("", "", v)
	return b.String()
}
