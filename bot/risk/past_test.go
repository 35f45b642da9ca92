package risk_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/risk"
)

func TestThePastIsCounted(t *testing.T) {
	at := func(days int) time.Time { return now().AddDate(0, 0, -days) }
	change := func(id, author string, days int, more func(*bot.Change)) bot.Change {
		c := bot.Change{
			ID: id, Author: author, Repository: "acme/assistants", Kind: bot.Prompt, Services: []string{"support"}, Rollback: "github.revert", MergedAt: at(days),
		}
		if more != nil {
			more(&c)
		}
		return c
	}
	changes := []bot.Change{
		change("1", "ana", 1, nil),
		change("2", "Ana", 5, nil),
		change("3", "ana", 6, nil),
		change("4", "ben", 5, nil),
		change("5", "ben", 4, func(c *bot.Change) { c.Reverts = "4" }),
		change("6", "ana", 40, nil),
		change("7", "ana", 50, func(c *bot.Change) { c.Exposure, c.Services = 0.1, []string{"sales"} }),
		change("8", "ana", -1, nil),
		change("9", "", 3, func(c *bot.Change) { c.Inputs = []bot.Input{{Kind: bot.Model, Name: "model", New: "gpt-4o"}} }),
		change("10", "", 8, func(c *bot.Change) { c.Inputs = []bot.Input{{Kind: bot.Model, Name: "model", New: "gpt-4"}} }),
	}
	incidents := []bot.Incident{
		{ID: "a", Cause: "1", Ranking: bot.Ranking{Suspects: []bot.Suspect{{Change: "3", Probability: 0.9}}}},
		{ID: "b", Ranking: bot.Ranking{Suspects: []bot.Suspect{{Change: "2", Probability: 0.5}, {Change: "3", Probability: 0.4}}}},
		{ID: "c", Cause: "6"},
		{ID: "d", Ranking: bot.Ranking{Suspects: []bot.Suspect{{Change: "3", Probability: 0.9}}}, Verdicts: []bot.Verdict{
			{Change: "3", Word: bot.Cleared, Via: bot.ByRollback, At: at(2)},
		}},
	}
	done := []risk.RolledBack{{Action: "argo.undo", Service: "support", Kind: bot.Code, At: at(20)}, {Action: "argo.undo", Service: "support", Kind: bot.Code, At: at(30)}}
	past := risk.NewPast(now(), at(90), changes, incidents, done)
	for _, test := range []struct {
		name   string
		change bot.Change
		want   risk.History
	}{
		{"an author by any case, a rollback that cured nothing but was one, the newest model", change("x", "ANA", 0, nil), risk.History{
			Since: at(90), Runs: true, Author: risk.Record{Changes: 3, Failed: 2}, Repository: risk.Record{Changes: 7, Failed: 3}, RolledBack: at(2),
			Running: []risk.Running{{Service: "support", Model: "gpt-4o"}},
		}},
		{"a rollback that a run has proved", change("x", "new", 0, func(c *bot.Change) { c.Kind, c.Rollback = bot.Code, "argo.undo" }), risk.History{
			Since: at(90), Runs: true, Repository: risk.Record{Changes: 7, Failed: 3}, RolledBack: at(20), Running: []risk.Running{{Service: "support", Model: "gpt-4o"}},
		}},
		{"another kind was never rolled back", change("x", "new", 0, func(c *bot.Change) { c.Kind, c.Repository = bot.Policy, "" }), risk.History{
			Since: at(90), Runs: true, Others: risk.Record{Changes: 7, Failed: 3}, Running: []risk.Running{{Service: "support", Model: "gpt-4o"}},
		}},
		{"another service goes out by shares", change("x", "new", 0, func(c *bot.Change) { c.Services, c.Repository = []string{"sales"}, "" }), risk.History{
			Since: at(90), Runs: true, Others: risk.Record{Changes: 7, Failed: 3}, Shared: true,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if d := cmp.Diff(test.want, past.Of(test.change)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestDeprecations(t *testing.T) {
	day := func(days int) risk.Day {
		return risk.Day{Time: time.Date(2026, 11, 20+days, 0, 0, 0, 0, time.UTC)}
	}
	pins := func(models ...string) bot.Change {
		c := good()
		for i, m := range models {
			c.Inputs = append(c.Inputs, bot.Input{Kind: bot.Model, Name: fmt.Sprintf("m%d", i), Path: "models.yaml", Old: "old-model", New: m})
		}
		return c
	}
	for _, test := range []struct {
		name    string
		change  bot.Change
		running string
		list    []risk.Deprecation
		want    string
	}{
		{"far away", pins("gpt-4o"), "", []risk.Deprecation{{Model: "gpt-4o", Date: day(61)}}, ""},
		{
			"near", pins("gpt-4o"), "",
			[]risk.Deprecation{{Model: "gpt-4o", Date: day(50), Source: "https://v.example/end"}},
			"10 models.yaml pins gpt-4o, which is switched off after 9 Jan 2027 (https://v.example/end)",
		},
		{"within two weeks", pins("gpt-4o"), "", []risk.Deprecation{{Model: "gpt-4o", Date: day(10)}}, "20 models.yaml pins gpt-4o, which is switched off after 30 Nov 2026"},
		{"its last day is a day", pins("gpt-4o"), "", []risk.Deprecation{{Model: "gpt-4o", Date: day(0)}}, "20 models.yaml pins gpt-4o, which is switched off after 20 Nov 2026"},
		{"past", pins("gpt-4o"), "", []risk.Deprecation{{Model: "gpt-4o", Date: day(-1)}}, "40 models.yaml pins gpt-4o, which was switched off after 19 Nov 2026"},
		{
			"a glob, in any case, behind a vendor's name", pins("OpenAI/GPT-4o-2024-05-13"), "",
			[]risk.Deprecation{{Model: "gpt-4o-*", Date: day(10)}},
			"20 models.yaml pins OpenAI/GPT-4o-2024-05-13, which is switched off after 30 Nov 2026",
		},
		{
			"of two pins the worse counts", pins("near", "gone"), "",
			[]risk.Deprecation{{Model: "near", Date: day(50)}, {Model: "gone", Date: day(-1)}},
			"40 models.yaml pins gone, which was switched off after 19 Nov 2026; models.yaml pins near, which is switched off after 9 Jan 2027",
		},
		{"another model", pins("gpt-5"), "", []risk.Deprecation{{Model: "gpt-4o", Date: day(1)}}, ""},
		{"a service that runs it is told", good(), "gpt-4o", []risk.Deprecation{{Model: "gpt-4o", Date: day(10)}}, "0 support runs gpt-4o, which is switched off after 30 Nov 2026"},
		{"a change that replaces it is told nothing", pins("gpt-5"), "old-model", []risk.Deprecation{{Model: "old-model", Date: day(10)}}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := wellKnown()
			if test.running != "" {
				f.History.Running = []risk.Running{{Service: "support", Model: test.running}}
			}
			got := ""
			for _, r := range risk.Judge(now(), test.change, f, nil, nil, services(), risk.Weights{Deprecations: test.list}.WithDefaults()).Reasons {
				if r.Code == "deprecated_model" || r.Code == "model_ending" {
					got += number(r.Weight) + " " + r.Sentence
				}
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func number(v float64) string { return fmt.Sprintf("%g", v) }

func TestFewFailuresSayNothingAndManyAreBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 500).Draw(t, "changes")
		failed := rapid.IntRange(0, n).Draw(t, "failed")
		points := func(r risk.Record) float64 {
			f := wellKnown()
			f.History.Repository = r
			return risk.Judge(now(), good(), f, nil, nil, services(), risk.Weights{}.WithDefaults()).Score
		}
		got := points(risk.Record{Changes: n, Failed: failed})
		switch {
		case got > 12:
			t.Fatalf("%d of %d have %g points", failed, n, got)
		case failed < 2 && got != 0:
			t.Fatalf("%d of %d have %g points", failed, n, got)
		case got < points(risk.Record{Changes: n + 1, Failed: failed}):
			t.Fatalf("one more that went well makes it worse")
		case got > points(risk.Record{Changes: n + 1, Failed: failed + 1}):
			t.Fatalf("one more that failed makes it better")
		}
	})
}
