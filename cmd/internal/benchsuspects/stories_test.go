package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

func TestStoriesArePrintedInARowEach(t *testing.T) {
	var out bytes.Buffer
	err := printStories(&out, []story{
		{Summary: app.Summary{Scenario: "quiet", Truth: "nothing happened"}, Broken: []string{}},
		{Summary: app.Summary{
			Scenario: "late-webhook", Truth: "prompt 14", Pages: 1, Cards: 1,
			First: app.Named{Change: "github:acme/assistants#479", Probability: 0.4, None: 0.55, SaidNone: true},
			Last:  app.Named{Change: "prompt-registry:support-14", Probability: 0.83, None: 0.1, TruthRank: 1},
		}, Broken: []string{"one page", "one card"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for line := range strings.Lines(out.String()) {
		rows = append(rows, strings.Join(strings.Fields(line), " "))
	}
	if got, want := strings.Join(rows[3:], "\n"), "quiet nothing happened - - - - 0 0 -\nlate-webhook prompt 14 none of these 0.55 - support-14 0.83 1 1 1 one page; one card"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
