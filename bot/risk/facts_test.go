package risk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/owners"
	"github.com/firebreak-dev/firebreak/bot/risk"
)

// wellKnown are facts of a change with nothing against it.
func wellKnown() risk.Facts {
	return risk.Facts{
		Reviews: true, Incidents: true, Owners: true, Evaluation: &risk.Evaluation{Answer: bot.Go, At: now()}, Committed: now().Add(-time.Hour),
		Files: 1, Lines: 3,
		History: &risk.History{Since: now().AddDate(0, 0, -90), RolledBack: now().AddDate(0, 0, -21), Runs: true, Shared: true},
	}
}

func TestJudge(t *testing.T) {
	all := wellKnown()
	with := func(change func(*risk.Facts)) risk.Facts {
		f := all
		h := *all.History
		f.History = &h
		change(&f)
		return f
	}
	owned := func(asked []string, names ...string) risk.Facts {
		return with(func(f *risk.Facts) {
			f.Owned, f.Asked = []owners.Group{{Owners: names, Paths: []string{"prompts/system.md"}}}, asked
		})
	}
	none := risk.Facts{Reviews: true, Incidents: true, Owners: true, History: &risk.History{RolledBack: now(), Shared: true}}
	for _, test := range []struct {
		name    string
		change  bot.Change
		facts   risk.Facts
		codes   string
		unknown string
	}{
		{"all is known and well", good(), all, "rollback_tried", ""},
		{"nothing is known", good(), risk.Facts{}, "", "reviews, owners, open incidents, history, evaluation results"},
		{"of code no evaluation is missed", bot.Change{Kind: bot.Code, Services: []string{"support"}, Rollback: "argo.undo"}, none, "rollback_tried", ""},
		{"whose it is, is not known", bot.Change{Kind: bot.Code}, none, "", "the service that it belongs to"},
		{"a hundred lines", good(), with(func(f *risk.Facts) { f.Lines = 100 }), "size rollback_tried", ""},
		{"twenty-five lines are small", good(), with(func(f *risk.Facts) { f.Lines = 25 }), "rollback_tried", ""},
		{"many files", good(), with(func(f *risk.Facts) { f.Files = 300 }), "size rollback_tried", ""},
		{"the evaluation failed", good(), with(func(f *risk.Facts) { f.Evaluation = &risk.Evaluation{Answer: bot.Back, At: now()} }), "evaluation_failed rollback_tried", ""},
		{"the evaluation cannot tell", good(), with(func(f *risk.Facts) { f.Evaluation = &risk.Evaluation{Answer: bot.Hold, At: now()} }), "evaluation_inconclusive rollback_tried", ""},
		{"the evaluation is older than the prompt", good(), with(func(f *risk.Facts) {
			f.Evaluation = &risk.Evaluation{Answer: bot.Go, At: f.Committed.Add(-time.Minute)}
		}), "evaluation_old rollback_tried", ""},
		{"an evaluation is missing where one is required", good(), with(func(f *risk.Facts) { f.Evaluation, f.EvaluationRequired = nil, true }), "evaluation_missing rollback_tried", ""},
		{"of code none is required", bot.Change{Kind: bot.Code, Services: []string{"support"}, Rollback: "x"}, with(func(f *risk.Facts) { f.EvaluationRequired = true }), "rollback_tried", ""},
		{"commits came after the approval", good(), with(func(f *risk.Facts) { f.Reviewed = f.Committed.Add(-time.Minute) }), "review_old rollback_tried", ""},
		{"who will merge it nobody knows before", func() bot.Change { c := good(); c.MergedBy = "ana"; return c }(), all, "rollback_tried", ""},
		{"nobody has reviewed it", func() bot.Change { c := good(); c.Reviewers = nil; return c }(), all, "unreviewed rollback_tried", ""},

		{"its owner approved it", good(), owned(nil, "@Ben"), "rollback_tried", ""},
		{"its owner was asked", good(), owned([]string{"cleo"}, "@cleo"), "rollback_tried", ""},
		{"one of its owners is enough", good(), owned([]string{"cleo"}, "@dan", "@cleo"), "rollback_tried", ""},
		{"its author owns it", good(), owned(nil, "@ana"), "rollback_tried", ""},
		{"its owner was not asked", good(), owned([]string{"cleo"}, "@dan"), "owner_not_asked rollback_tried", ""},
		{"its team was asked", func() bot.Change { c := good(); c.Reviewers = nil; return c }(), owned([]string{"acme/prompts"}, "@acme/prompts"), "unreviewed rollback_tried", ""},
		{"who approved it may belong to its team", good(), owned(nil, "@acme/prompts"), "rollback_tried", ""},
		{"who approved it may have this address", good(), owned(nil, "ben@example.org"), "rollback_tried", ""},
		{"its team was not asked and nobody else was", func() bot.Change { c := good(); c.Reviewers = nil; return c }(), owned(nil, "@acme/prompts"), "unreviewed owner_not_asked rollback_tried", ""},
		{"another team does not stand for it", func() bot.Change { c := good(); c.Reviewers = nil; return c }(), owned([]string{"acme/docs"}, "@acme/prompts"), "unreviewed owner_not_asked rollback_tried", ""},
		{"of reviews that nobody knows no owner is missed", good(), func() risk.Facts { f := owned(nil, "@dan"); f.Reviews = false; return f }(), "rollback_tried", "reviews"},

		{"its rollback was never tried", good(), with(func(f *risk.Facts) { f.History.RolledBack = time.Time{} }), "rollback_untried", ""},
		{"nobody asked whether it was tried", good(), with(func(f *risk.Facts) { f.History.RolledBack, f.History.Runs = time.Time{}, false }), "", "whether its rollback was tried"},
		{"without a rollback none was not tried", func() bot.Change { c := good(); c.Rollback = ""; return c }(), with(func(f *risk.Facts) { f.History.RolledBack = time.Time{} }), "no_rollback", ""},
		{"its author's changes fail", good(), with(func(f *risk.Facts) { f.History.Author = risk.Record{Changes: 5, Failed: 3} }), "author_failures rollback_tried", ""},
		{"one failure says nothing", good(), with(func(f *risk.Facts) { f.History.Author = risk.Record{Changes: 1, Failed: 1} }), "rollback_tried", ""},
		{"its repository's changes fail", good(), with(func(f *risk.Facts) { f.History.Repository = risk.Record{Changes: 20, Failed: 8} }), "repository_failures rollback_tried", ""},
		{"an author as unlucky as everybody is not told", good(), with(func(f *risk.Facts) {
			f.History.Repository, f.History.Author = risk.Record{Changes: 40, Failed: 16}, risk.Record{Changes: 5, Failed: 3}
		}), "repository_failures rollback_tried", ""},
		{"all users meet it at once", good(), with(func(f *risk.Facts) { f.History.Shared = false }), "canary_undeclared rollback_tried", ""},
		{"a canary is watched", good(), with(func(f *risk.Facts) { f.History.Shared, f.Canary = false, true }), "rollback_tried", ""},
		{"its share is declared", func() bot.Change { c := good(); c.Exposure = 0.05; return c }(), with(func(f *risk.Facts) { f.History.Shared = false }), "rollback_tried exposed", ""},
		{"code needs no canary", bot.Change{Kind: bot.Code, Services: []string{"support"}, Rollback: "x"}, with(func(f *risk.Facts) { f.History.Shared = false }), "rollback_tried", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := risk.Judge(now(), test.change, test.facts, nil, nil, services(), risk.Weights{}.WithDefaults())
			var codes []string
			for _, r := range got.Reasons {
				codes = append(codes, r.Code)
				if r.Sentence == "" || (r.Weight > 0 && r.Lower == "") {
					t.Errorf("says nothing or shows no way out: %+v", r)
				}
			}
			if c, u := strings.Join(codes, " "), strings.Join(got.Unknown, ", "); c != test.codes || u != test.unknown {
				t.Errorf("%q and unknown %q, want %q and %q", c, u, test.codes, test.unknown)
			}
		})
	}
}

func TestSentencesOfReasons(t *testing.T) {
	f := wellKnown()
	f.Lines, f.Files = 450, 12
	f.Owned = []owners.Group{
		{Owners: []string{"@dan", "@acme/leads"}, Paths: []string{"a.md", "b.md"}},
		{Owners: []string{"@eve"}, Paths: []string{"c.md"}},
		{Owners: []string{"@fay"}, Paths: []string{"d.md"}},
		{Owners: []string{"@gil"}, Paths: []string{"e.md"}},
	}
	c := good()
	c.Reviewers = []string{"fay"}
	f.History.Author = risk.Record{Changes: 5, Failed: 3}
	f.EvaluationRequired, f.Evaluation = true, nil
	want := map[string]string{
		"size":               "+29 it changes 450 lines in 12 files (split it: nobody can review so much at once)",
		"owner_not_asked":    "+10 nobody was asked who owns a.md and 1 more (@dan, @acme/leads), nor c.md (@eve), nor e.md (@gil) (ask @dan, @eve, @gil for a review)",
		"author_failures":    "+8 3 of 5 changes by ana in the last 30 days were behind an incident or taken back (have somebody else walk through it, or expose it to a share of the traffic first)",
		"evaluation_missing": "+20 the prompt was not evaluated, and here it has to be (evaluate it with firebreak gate)",
		"rollback_tried":     "+0 there is a rollback, github.revert, and it was last used for a change of kind prompt to support on 30 Oct 2026",
	}
	check := func(f risk.Facts, want map[string]string) {
		t.Helper()
		for _, r := range risk.Judge(now(), c, f, nil, nil, services(), risk.Weights{}.WithDefaults()).Reasons {
			got := strings.TrimSuffix("+"+number(r.Weight)+" "+r.Sentence+" ("+r.Lower+")", " ()")
			if got != want[r.Code] {
				t.Errorf("%s\n got %s\nwant %s", r.Code, got, want[r.Code])
			}
			delete(want, r.Code)
		}
		for code := range want {
			t.Errorf("%s is not told", code)
		}
	}
	check(f, want)
	g := wellKnown()
	g.Owned = nil
	g.History.RolledBack, g.History.Shared = time.Time{}, false
	check(g, map[string]string{
		"rollback_untried":  "+5 its rollback, github.revert, has not been used for a change of kind prompt to support in the last 12 weeks (try github.revert on a harmless change first)",
		"canary_undeclared": "+3 it meets all users of support at once: neither a share of the traffic nor a canary is declared (declare the share that it is exposed to, or watch a canary of support)",
	})
}

func TestSizeIsGradedByDoublings(t *testing.T) {
	for _, test := range []struct {
		lines, files int
		want         float64
	}{
		{0, 0, 0}, {25, 5, 0}, {27, 1, 0}, {32, 1, 2}, {50, 1, 7}, {100, 1, 14}, {400, 1, 28}, {400, 10, 28}, {25, 40, 21}, {2000, 1, 39}, {1 << 30, 1 << 20, 39},
	} {
		f := wellKnown()
		f.Lines, f.Files = test.lines, test.files
		if got := risk.Judge(now(), good(), f, nil, nil, services(), risk.Weights{}.WithDefaults()); got.Score != test.want {
			t.Errorf("%d lines in %d files have %g points, want %g", test.lines, test.files, got.Score, test.want)
		}
	}
}

func TestARepositoryMayWantEvaluations(t *testing.T) {
	f := wellKnown()
	f.Evaluation = nil
	c := good()
	c.Repository = "acme/Assistants"
	w := risk.Weights{Evaluate: []string{"acme/*"}}.WithDefaults()
	if got := risk.Judge(now(), c, f, nil, nil, services(), w); got.Score != 20 || len(got.Unknown) != 0 {
		t.Errorf("%+v", got)
	}
	c.Repository = "other/assistants"
	if got := risk.Judge(now(), c, f, nil, nil, services(), w); got.Score != 0 || strings.Join(got.Unknown, "") != "evaluation results" {
		t.Errorf("%+v", got)
	}
}

// worse are facts that each speak against a change, whatever else does.
func worse() map[string]func(*bot.Change, *risk.Facts) {
	return map[string]func(*bot.Change, *risk.Facts){
		"size": func(_ *bot.Change, f *risk.Facts) { f.Lines = 3000 },
		"owners": func(_ *bot.Change, f *risk.Facts) {
			f.Owned = []owners.Group{{Owners: []string{"@zoe"}, Paths: []string{"x"}}}
		},
		"evaluation": func(_ *bot.Change, f *risk.Facts) { f.Evaluation, f.EvaluationRequired = nil, true },
		"review":     func(_ *bot.Change, f *risk.Facts) { f.Reviewed = f.Committed.Add(-time.Hour) },
		"author":     func(_ *bot.Change, f *risk.Facts) { f.History.Author = risk.Record{Changes: 30, Failed: 20} },
		"untried":    func(_ *bot.Change, f *risk.Facts) { f.History.RolledBack = time.Time{} },
		"canary":     func(_ *bot.Change, f *risk.Facts) { f.History.Shared = false },
		"deprecated": func(c *bot.Change, _ *risk.Facts) {
			c.Inputs = []bot.Input{{Kind: bot.Model, Name: "m", New: "gpt-4o"}}
		},
		"running": func(_ *bot.Change, f *risk.Facts) {
			f.History.Running = []risk.Running{{Service: "support", Model: "gpt-4"}}
		},
	}
}

func TestOneMoreFactAgainstItNeverLowersTheLevel(t *testing.T) {
	var names []string
	for name := range worse() {
		names = append(names, name)
	}
	w := risk.Weights{Deprecations: []risk.Deprecation{{Model: "gpt-4*", Date: risk.Day{Time: now().AddDate(0, 0, 3)}}}}.WithDefaults()
	judge := func(which []string) bot.Assessment {
		c, f := good(), wellKnown()
		for _, name := range which {
			worse()[name](&c, &f)
		}
		return risk.Judge(now(), c, f, nil, nil, services(), w)
	}
	rank := map[bot.Level]int{bot.Low: 0, bot.Medium: 1, bot.High: 2, bot.Critical: 3}
	rapid.Check(t, func(t *rapid.T) {
		which := rapid.SliceOfDistinct(rapid.SampledFrom(names), rapid.ID[string]).Draw(t, "which")
		all := judge(which)
		for i, name := range which {
			without := append(append([]string{}, which[:i]...), which[i+1:]...)
			if less := judge(without); rank[less.Level] > rank[all.Level] || less.Score > all.Score {
				t.Fatalf("without %s it is %s (%g), with it %s (%g)", name, less.Level, less.Score, all.Level, all.Score)
			}
		}
	})
}

// BenchmarkJudge300Files is the judgement of a pull request of 300 files.
func BenchmarkJudge300Files(b *testing.B) {
	c := good()
	f := wellKnown()
	f.Files, f.Lines = 300, 9000
	for i := range 300 {
		c.Paths = append(c.Paths, "prompts/"+strings.Repeat("x", i%20)+".md")
		f.Owned = append(f.Owned, owners.Group{Owners: []string{"@acme/prompts"}, Paths: c.Paths[i:]})
	}
	w := risk.Weights{}.WithDefaults()
	b.ReportAllocs()
	for b.Loop() {
		risk.Judge(now(), c, f, nil, nil, services(), w)
	}
}

// TestAJudgementSaysTheSameWhileNothingIsNew moves time alone: what is published again and again may not change from minute to minute.
func TestAJudgementSaysTheSameWhileNothingIsNew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := good()
		c.Repository = "acme/assistants"
		c.Inputs = []bot.Input{{Kind: bot.Model, Name: "chat", New: "gpt-4o-2024-05-13"}}
		pick := func(name string) bool { return rapid.Bool().Draw(t, name) }
		history := risk.History{Since: now().AddDate(0, 0, -90), Runs: true}
		if pick("rolled back") {
			history.RolledBack = now().AddDate(0, 0, -rapid.IntRange(1, 80).Draw(t, "days"))
		}
		if pick("trouble") {
			history.Repository, history.Author = risk.Record{Changes: 20, Failed: 9}, risk.Record{Changes: 9, Failed: 8}
		}
		facts := risk.Facts{Reviews: true, Incidents: true, Committed: now(), Reviewed: now().Add(-time.Hour), Files: 90, Lines: 4000, History: &history}
		weights := risk.Weights{Deprecations: []risk.Deprecation{{Model: "gpt-4o-*", Date: risk.Day{Time: now().AddDate(0, 0, 30)}}}}.WithDefaults()
		judge := func(at time.Time) bot.Assessment {
			h := history
			h.Since = at.AddDate(0, 0, -90) // as it is gathered
			f := facts
			f.History = &h
			a := risk.Judge(at, c, f, nil, nil, services(), weights)
			a.At = time.Time{}
			return a
		}
		later := now().Add(time.Duration(rapid.Int64Range(0, int64(5*24*time.Hour)).Draw(t, "later")))
		if d := cmp.Diff(judge(now()), judge(later)); d != "" {
			t.Fatalf("it says something else %s later: %s", later.Sub(now()), d)
		}
	})
}
