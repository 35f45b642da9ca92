package undo_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/undo"
	"github.com/firebreak-dev/firebreak/detectors"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func change(id string, merged, effective time.Duration, paths ...string) bot.Change {
	c := bot.Change{ID: "github:acme/assistants#" + id, Kind: bot.Prompt, Repository: "acme/assistants", Branch: "main", MergedAt: noon.Add(-merged), Paths: paths}
	if effective != 0 {
		c.EffectiveAt = noon.Add(-effective)
	}
	return c
}

func incident(verdicts ...bot.Verdict) bot.Incident {
	return bot.Incident{
		ID: "inc-1", Service: "support", Onset: detectors.Onset{At: noon.Add(-30 * time.Minute)}, Ranking: bot.Ranking{None: .6}, Verdicts: verdicts,
	}
}

func TestWhatComesOfTakingAChangeBackIsSaid(t *testing.T) {
	guilty := change("1", time.Hour, 40*time.Minute, "prompts/a.md")
	guilty.Services = []string{"support", "search"}
	others := []bot.Change{
		guilty, change("2", 20*time.Minute, 10*time.Minute, "prompts/a.md"), change("3", 15*time.Minute, 0, "code.go"),
		change("4", 2*time.Hour, time.Hour, "prompts/a.md"),
		{ID: "elsewhere", Repository: "acme/other", MergedAt: noon},
	}
	for name, q := range map[string]struct {
		suspect bot.Suspect
		in      bot.Incident
		change  bot.Change
		want    []string
	}{
		"a change in effect, with one merged behind it and one on the same file": {
			bot.Suspect{Change: guilty.ID, Kind: bot.Prompt, Author: "ana", Probability: .8}, incident(), guilty, []string{
				"Undoes prompt #1 by ana, in effect since 40 min ago, 10 min before it began", "It is taken back for search too",
				"With it goes out what is merged in acme/assistants and not in effect yet: #3", "Later changes touch the same files, so that it may not apply: #2",
			},
		},
		"an unlikely one that a person cleared": {
			bot.Suspect{Change: "x", Kind: bot.Config, Title: "Timeouts", Probability: .1, At: noon.Add(-time.Hour)},
			incident(bot.Verdict{Change: "x", Word: bot.Cleared, By: "jo", Via: "slack"}),
			bot.Change{ID: "x"},
			[]string{
				"Undoes config Timeouts, merged 60 min ago, 30 min before it began; when it took effect nobody told",
				"It is not the likely cause: 10 %, against 60 % for none of the known changes", "jo said that it was not this change",
			},
		},
	} {
		if diff := cmp.Diff(q.want, undo.Consequences(noon, q.in, q.suspect, q.change, others)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestWhatWasTriedIsNotTriedAgain(t *testing.T) {
	guilty := change("1", time.Hour, 40*time.Minute)
	undoing, back := change("5", 20*time.Minute, 0), change("6", 10*time.Minute, 0)
	undoing.Reverts, back.Reverts = guilty.ID, undoing.ID
	rolledBack := guilty
	rolledBack.Rollout = []bot.RolloutStep{{At: noon.Add(-time.Hour), Share: .5}, {At: noon, Share: 0}}
	for name, q := range map[string]struct {
		in     bot.Incident
		others []bot.Change
		want   string
	}{
		"nothing speaks against it": {incident(), []bot.Change{guilty}, ""},
		"its roll-out is back":      {incident(), []bot.Change{rolledBack}, "it is undone already, by its own roll-out, back at 0 %"},
		"it is undone":              {incident(), []bot.Change{guilty, undoing}, "it is undone already, by " + undoing.ID},
		"it was brought back":       {incident(), []bot.Change{back, guilty, undoing}, ""},
		"it did not help":           {incident(bot.Verdict{Change: guilty.ID, Word: bot.Cleared, Via: bot.ByRollback, Reason: "was undone 20 min ago"}), nil, "it was tried, and it did not help: it was undone 20 min ago"},
		"a person cleared it":       {incident(bot.Verdict{Change: guilty.ID, Word: bot.Cleared, Via: "slack", By: "jo"}), nil, ""},
	} {
		if got := undo.Against(q.in, guilty.ID, q.others); got != q.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
