package inputs_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/inputs"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func hour(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }

const repo = "acme/assistants"

// pull is a merged pull request n, of revision rev-n, merged at hour n.
func pull(n int, path string, told ...bot.Input) bot.Change {
	c := bot.Change{
		ID: fmt.Sprintf("#%d", n), Source: "github", Repository: repo, Revision: fmt.Sprintf("rev-%d", n), Branch: "main",
		Services: []string{"support"}, MergedAt: hour(n), Inputs: told,
	}
	if path != "" {
		c.Paths = []string{path}
		for i := range c.Inputs {
			c.Inputs[i].Path = path
		}
	}
	return c
}

func record(n int, environment string, told ...bot.Input) bot.Change {
	return bot.Change{ID: fmt.Sprintf("rec-%d", n), Source: "script", Services: []string{"support"}, Environment: environment, EffectiveAt: hour(n), Inputs: told}
}

func deployed(at, n int, environment string) bot.Deployment {
	return bot.Deployment{Repository: repo, Revision: fmt.Sprintf("rev-%d", n), Environment: environment, At: hour(at), Succeeded: true, MergedAt: hour(n), Branch: "main"}
}

func model(was, is string) bot.Input {
	return bot.Input{Kind: bot.Model, Name: "chat", Old: was, New: is}
}

func ledger(changes []bot.Change, deployments ...bot.Deployment) inputs.Ledger {
	return inputs.Ledger{
		Changes: changes, Deployments: deployments,
		KindOf: func(_, path string) bot.Kind {
			for _, kind := range []bot.Kind{bot.Prompt, bot.Model, bot.Retrieval} {
				if strings.HasPrefix(path, string(kind)) {
					return kind
				}
			}
			return bot.Config
		},
		Owners: func(_, path string) []string {
			if path == "" || strings.Contains(path, "support") {
				return []string{"support"}
			}
			return nil
		},
		Environments: []string{"production"},
	}
}

func lines(list []bot.InForce) (out []string) {
	for _, in := range list {
		where := in.Environment
		if where == "" {
			where = "-"
		}
		line := fmt.Sprintf("%s %s %s %s since %s by %s", where, in.Kind, in.Name, in.Version, in.Since.Format("15:04"), in.Change)
		if in.Note != "" {
			line += ": " + in.Note
		}
		out = append(out, line)
	}
	return out
}

func TestWhatWasInForce(t *testing.T) {
	const file = "prompts/support/system.md"
	version := func(was, is string) bot.Input { return bot.Input{Kind: bot.Prompt, Name: "system", Old: was, New: is} }
	for name, tt := range map[string]struct {
		at   int
		of   inputs.Ledger
		want []string
	}{
		"a record counts from when it serves": {5, ledger([]bot.Change{record(1, "", model("", "a")), record(3, "", model("a", "b")), record(7, "", model("b", "c"))}), []string{"- model chat b since 15:00 by rec-3"}},
		"and only where it does": {5, ledger([]bot.Change{record(1, "", model("", "a")), record(3, "staging", model("a", "b"))}), []string{
			"- model chat a since 13:00 by rec-1", "staging model chat b since 15:00 by rec-3",
		}},
		"a pull request without deployments counts from its merge": {5, ledger([]bot.Change{pull(2, "config.yaml", model("", "a"))}), []string{"- model chat a since 14:00 by #2"}},
		"with deployments, from where they brought it": {
			9, ledger(
				[]bot.Change{pull(1, "config.yaml", model("", "a")), pull(2, "config.yaml", model("a", "b")), pull(3, "config.yaml", model("b", "c"))},
				deployed(4, 1, "production"), deployed(5, 2, "staging"), deployed(6, 3, "staging"), deployed(7, 2, "production")),
			[]string{"production model chat b since 19:00 by #2", "staging model chat c since 18:00 by #3"},
		},
		"a revision carries its past": {9, ledger([]bot.Change{pull(1, "config.yaml", model("", "a"))}, deployed(4, 3, "production")), []string{"production model chat a since 16:00 by #1"}},
		"what is not deployed is not in force": {
			9, ledger([]bot.Change{pull(1, "config.yaml", model("", "a")), pull(5, "config.yaml", model("a", "b"))}, deployed(4, 1, "production")),
			[]string{"production model chat a since 16:00 by #1"},
		},
		"deploying an older revision brings older versions back": {
			9, ledger(
				[]bot.Change{pull(1, "config.yaml", model("", "a")), pull(2, "config.yaml", model("a", "b"))},
				deployed(3, 1, "production"), deployed(4, 2, "production"), deployed(5, 1, "production")),
			[]string{"production model chat a since 17:00 by #1"},
		},
		"one that is older than all that is known leaves nothing known": {9, ledger(
			[]bot.Change{pull(2, "config.yaml", model("a", "b"))}, deployed(4, 2, "production"), deployed(5, 0, "production")), nil},
		"the same version again does not make it younger": {9, ledger([]bot.Change{record(1, "", model("", "a")), record(3, "", model("a", "a"))}), []string{"- model chat a since 13:00 by rec-1"}},
		"a pin that was taken out is not in force":        {9, ledger([]bot.Change{record(1, "", model("", "a")), record(3, "", model("a", ""))}), nil},
		"a revert that tells nothing brings the old version back": {9, ledger([]bot.Change{
			record(1, "", model("", "a")), record(3, "", model("a", "b")), {ID: "back", Services: []string{"support"}, EffectiveAt: hour(4), Reverts: "rec-3"},
		}), []string{"- model chat a since 16:00 by back: undoes rec-3"}},
		"also where nobody told what that was": {9, ledger([]bot.Change{
			record(1, "", model("", "a")), record(3, "staging", model("", "b")),
			{ID: "back", Services: []string{"support"}, Environment: "staging", EffectiveAt: hour(4), Reverts: "rec-3"},
		}), []string{"- model chat a since 13:00 by rec-1", "staging model chat a since 16:00 by back: undoes rec-3"}},
		"a prompt without a pin has its revision": {9, ledger([]bot.Change{pull(1, file), pull(3, file)}), []string{"- prompt prompts/support/system.md rev-3 since 15:00 by #3"}},
		"and changed back it is what it was": {
			9, ledger([]bot.Change{pull(1, file), pull(3, file), func() bot.Change { c := pull(4, file); c.Reverts = "#3"; return c }()}),
			[]string{"- prompt prompts/support/system.md rev-1 since 16:00 by #4: undoes #3"},
		},
		"a file that declares its version is told once": {9, ledger([]bot.Change{pull(1, file, version("", "7"))}), []string{"- prompt system 7 since 13:00 by #1"}},
		"a file that changed under the same version":    {9, ledger([]bot.Change{pull(1, file, version("", "7")), pull(3, file, version("7", "7"))}), []string{"- prompt system 7 since 13:00 by #1: the file was changed by #3 at 2026-11-20 15:00Z under the same version"}},
		"also when both arrive together": {
			9, ledger([]bot.Change{pull(1, file, version("", "7")), pull(3, file, version("7", "7"))}, deployed(5, 3, "production")),
			[]string{"production prompt system 7 since 17:00 by #1: the file was changed by #3 at 2026-11-20 17:00Z under the same version"},
		},
		"a file whose version was not read": {9, ledger([]bot.Change{pull(1, file, version("", "7")), pull(3, file)}), []string{"- prompt system 7 since 13:00 by #1: the file was changed by #3 at 2026-11-20 15:00Z; which version it declares since then was not read"}},
		"same model, other corpus": {9, ledger([]bot.Change{
			pull(1, "models/support.yaml", model("", "a"), bot.Input{Kind: bot.Retrieval, Name: "corpus", New: "11"}),
			pull(3, "models/support.yaml", model("a", "a"), bot.Input{Kind: bot.Retrieval, Name: "corpus", Old: "11", New: "12"}),
		}), []string{"- model chat a since 13:00 by #1: the file was changed by #3 at 2026-11-20 15:00Z under the same version", "- retrieval corpus 12 since 15:00 by #3"}},
		"a path that is for one environment": {9, ledger([]bot.Change{
			pull(1, "deploy/support/production/values.yaml", model("", "a")), pull(2, "deploy/support/staging/values.yaml", model("", "b")), record(3, "staging", model("", "z")),
		}), []string{"production model chat a since 13:00 by #1", "staging model chat z since 15:00 by rec-3", "staging model chat b since 14:00 by #2"}},
		"what a deployment itself declares": {9, ledger(nil, func() bot.Deployment {
			d := deployed(4, 1, "production")
			d.Inputs = []bot.Input{model("", "gpt-5")}
			return d
		}()), []string{"production model chat gpt-5 since 16:00 by "}},
		"a registry's own version": {9, ledger([]bot.Change{{ID: "x", Source: "mlflow", Kind: bot.Model, Revision: "17", Services: []string{"support"}, EffectiveAt: hour(1)}}), []string{"- model mlflow 17 since 13:00 by x"}},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, lines(inputs.At(hour(tt.at), tt.of))); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestDiffTellsWhereEnvironmentsDiffer(t *testing.T) {
	const file = "prompts/support/system.md"
	told := []bot.Change{
		pull(1, file, bot.Input{Kind: bot.Prompt, Name: "system", New: "7"}),
		pull(2, "config.yaml", model("", "a")), pull(3, "config.yaml", model("a", "b")),
		pull(4, file, bot.Input{Kind: bot.Prompt, Name: "system", Old: "7", New: "7"}),
		record(1, "", bot.Input{Kind: bot.Policy, Name: "refusals", New: "1"}),
		record(2, "staging", bot.Input{Kind: bot.Guardrail, Name: "pii", New: "3"}),
	}
	at := inputs.At(hour(9), ledger(told, deployed(5, 4, "staging"), deployed(5, 2, "production")))
	var got []string
	for _, d := range inputs.Diff(at, "staging", "production") {
		got = append(got, fmt.Sprintf("%s %s %s: %s", d.Kind, d.Name, d.What, d.Sentence))
	}
	if d := cmp.Diff([]string{
		"prompt system content: 7 in both, but of another content: rev-4 in staging, rev-1 in production",
		"model chat version: b in staging, a in production",
		"guardrail pii missing: 3 in staging, none is known in production",
	}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got := inputs.Diff(at, "staging", "staging"); len(got) > 0 {
		t.Errorf("an environment differs from itself: %+v", got)
	}
}

// What an environment holds is what was merged last up to the revision that it runs, whatever was deployed before and in whatever
// order it is told.
func TestAnEnvironmentHoldsWhatItsRevisionHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "merges")
		var changes []bot.Change
		versions := []string{""}
		for i := 1; i <= n; i++ {
			versions = append(versions, rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "version"))
			changes = append(changes, pull(i, "config.yaml", model(versions[i-1], versions[i])))
		}
		var deployments []bot.Deployment
		running := map[string]int{}
		for at := n + 1; at <= n+rapid.IntRange(1, 8).Draw(t, "deployments"); at++ {
			d := deployed(at, rapid.IntRange(1, n).Draw(t, "revision"), rapid.SampledFrom([]string{"staging", "production"}).Draw(t, "environment"))
			deployments = append(deployments, d)
			running[d.Environment] = int(d.MergedAt.Sub(noon) / time.Hour)
		}
		shuffled := ledger(rapid.Permutation(changes).Draw(t, "changes"), rapid.Permutation(deployments).Draw(t, "told")...)
		got := inputs.At(hour(100), shuffled)
		if d := cmp.Diff(inputs.At(hour(100), ledger(changes, deployments...)), got); d != "" {
			t.Fatalf("the order of telling matters:\n%s", d)
		}
		for environment, revision := range running {
			i := slices.IndexFunc(got, func(in bot.InForce) bool { return in.Environment == environment })
			if i < 0 || got[i].Version != versions[revision] {
				t.Fatalf("%s runs rev-%d with %s, and is told as %v", environment, revision, versions[revision], lines(got))
			}
		}
		if len(got) != len(running) {
			t.Fatalf("more than runs: %v", lines(got))
		}
	})
}
