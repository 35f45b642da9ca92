package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/cmd/internal/app"
)

// TestStoriesOfTheDemo tells those stories of the demo that take less than a minute and in which nobody presses a button, side by side.
// `make bench-suspects` tells all of them.
func TestStoriesOfTheDemo(t *testing.T) {
	binary := buildBinary(t)
	stories := []struct {
		name      string
		speed     string
		incidents int
		severity  string
		// pages and cards are what people got.
		pages, cards int
		first, last  string // what is named when the incident opens, and in the end
		// unlike is what must not be named first.
		unlike string
	}{
		{name: "quiet", speed: "150"},
		{name: "corpus-at-night", incidents: 1, severity: "ticket", cards: 1, last: "corpus-pipeline:support-2026-11-21"},
		{name: "low-traffic", incidents: 1, severity: "ticket", cards: 1},
		{name: "late-webhook", incidents: 1, severity: "page", pages: 1, cards: 1, unlike: "prompt-registry:support-system-14", last: "prompt-registry:support-system-14"},
	}
	type ending struct {
		app.Summary
		err error
	}
	endings := make([]ending, len(stories))
	var told sync.WaitGroup
	for i, c := range stories { // all at once: a story is mostly waiting
		told.Go(func() { endings[i].Summary, endings[i].err = tellStory(t.Context(), binary, c.name, c.speed) })
	}
	told.Wait()
	for i, c := range stories {
		t.Run(c.name, func(t *testing.T) {
			got := endings[i]
			if got.err != nil {
				t.Fatal(got.err)
			}
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
				whole, _ := json.MarshalIndent(got.Summary, "", "  ")
				t.Log(string(whole))
			}
		})
	}
}

// tellStory runs the demo in a process of its own, without the race detector, which would make its clock too fast.
func tellStory(ctx context.Context, binary, name, speed string) (s app.Summary, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	args := []string{"demo", "--scenario", name, "--once", "--json"}
	if speed != "" {
		args = append(args, "--speed", speed)
	}
	cmd := exec.CommandContext(ctx, binary, args...)
	var wrong bytes.Buffer
	cmd.Stderr = &wrong
	out, err := cmd.Output()
	if err != nil {
		return s, fmt.Errorf("%w\n%s", err, wrong.String())
	}
	return s, json.Unmarshal(out, &s)
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
