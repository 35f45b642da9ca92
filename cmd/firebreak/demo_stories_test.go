package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

// TestStoriesOfTheDemo tells those stories of the demo that take less than a minute and in which nobody presses a button, side by side.
// `make bench-suspects` tells all of them.
func TestStoriesOfTheDemo(t *testing.T) {
	binary := buildBinary(t)
	for _, c := range []struct {
		name      string
		incidents int
		severity  string
		// pages and cards are what people got.
		pages, cards int
		first, last  string // what is named when the incident opens, and in the end
		// unlike is what must not be named first.
		unlike string
	}{
		{name: "quiet"},
		{name: "corpus-at-night", incidents: 1, severity: "ticket", cards: 1, last: "corpus-pipeline:support-2026-11-21"},
		{name: "low-traffic", incidents: 1, severity: "ticket", cards: 1},
		{name: "late-webhook", incidents: 1, severity: "page", pages: 1, cards: 1, unlike: "prompt-registry:support-system-14", last: "prompt-registry:support-system-14"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := tellStory(t, binary, c.name)
			if got.Scenario != c.name || got.Incidents != c.incidents || got.Incident.Severity != c.severity || got.Pages != c.pages || got.Cards != c.cards {
				t.Errorf("%d incidents (%s), %d pages and %d cards", got.Incidents, got.Incident.Severity, got.Pages, got.Cards)
			}
			if c.last != "" && got.Last.Change != c.last || c.unlike != "" && got.First.Change == c.unlike {
				t.Errorf("named first %+v, and in the end %+v", got.First, got.Last)
			}
			for _, p := range got.Promises {
				if !p.Kept {
					t.Errorf("not kept: %s", p.Sentence)
				}
			}
			if t.Failed() {
				whole, _ := json.MarshalIndent(got, "", "  ")
				t.Log(string(whole))
			}
		})
	}
}

// tellStory runs the demo in a process of its own, without the race detector, which would make its clock too fast.
func tellStory(t *testing.T, binary, name string) (s app.Summary) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "demo", "--scenario", name, "--once", "--json")
	var wrong bytes.Buffer
	cmd.Stderr = &wrong
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, wrong.String())
	}
	if err := json.Unmarshal(out, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestTheDemosHelpListsItsStories, a line each, and so does the manual.
func TestTheDemosHelpListsItsStories(t *testing.T) {
	var said, wrong bytes.Buffer
	if code := execute(t.Context(), []string{"demo", "--help"}, &said, &wrong); code != 0 {
		t.Fatal(wrong.String())
	}
	_, list, _ := strings.Cut(said.String(), "Stories:\n")
	list, _, _ = strings.Cut(list, "\n\n")
	var told []string
	for line := range strings.Lines(list) {
		name, about, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.TrimSpace(about) == "" {
			t.Errorf("%s says nothing of itself", name)
		}
		told = append(told, name)
	}
	if diff := cmp.Diff(app.Stories(), told); diff != "" {
		t.Errorf("the help (-known +told):\n%s", diff)
	}
	manual := manualOf(t, "docs/cli.md")
	if missing := slices.DeleteFunc(told, func(name string) bool { return strings.Contains(manual, "| `"+name+"` |") }); len(missing) > 0 {
		t.Errorf("docs/cli.md does not tell of %v", missing)
	}
}
