package risk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/risk"
)

func TestJudge(t *testing.T) {
	committed := now().Add(-time.Hour)
	all := risk.Facts{Reviews: true, Incidents: true, Evaluation: &risk.Evaluation{Answer: bot.Go, At: now()}, Committed: committed, Files: 1, Lines: 3}
	with := func(change func(*risk.Facts)) risk.Facts {
		f := all
		change(&f)
		return f
	}
	for _, test := range []struct {
		name    string
		change  bot.Change
		facts   risk.Facts
		codes   string
		unknown string
	}{
		{"all is known and well", good(), all, "", ""},
		{"nothing is known", good(), risk.Facts{}, "", "reviews, open incidents, evaluation results"},
		{"of code no evaluation is missed", bot.Change{Kind: bot.Code, Services: []string{"support"}, Rollback: "argo.undo"}, risk.Facts{Reviews: true, Incidents: true}, "", ""},
		{"whose it is, is not known", bot.Change{Kind: bot.Code}, risk.Facts{Reviews: true, Incidents: true}, "", "the service that it belongs to"},
		{"large", good(), with(func(f *risk.Facts) { f.Lines = 500 }), "large", ""},
		{"huge", good(), with(func(f *risk.Facts) { f.Files = 300 }), "huge", ""},
		{"the evaluation failed", good(), with(func(f *risk.Facts) { f.Evaluation = &risk.Evaluation{Answer: bot.Back, At: now()} }), "evaluation_failed", ""},
		{"the evaluation cannot tell", good(), with(func(f *risk.Facts) { f.Evaluation = &risk.Evaluation{Answer: bot.Hold, At: now()} }), "evaluation_inconclusive", ""},
		{"the evaluation is older than the prompt", good(), with(func(f *risk.Facts) { f.Evaluation = &risk.Evaluation{Answer: bot.Go, At: committed.Add(-time.Minute)} }), "evaluation_old", ""},
		{"commits came after the approval", good(), with(func(f *risk.Facts) { f.Reviewed = committed.Add(-time.Minute) }), "review_old", ""},
		{"who will merge it nobody knows before", func() bot.Change { c := good(); c.MergedBy = "ana"; return c }(), all, "", ""},
		{"nobody has reviewed it", func() bot.Change { c := good(); c.Reviewers = nil; return c }(), all, "unreviewed", ""},
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

// BenchmarkJudge300Files is the judgement of a pull request of 300 files.
func BenchmarkJudge300Files(b *testing.B) {
	c := good()
	for i := range 300 {
		c.Paths = append(c.Paths, "prompts/"+strings.Repeat("x", i%20)+".md")
	}
	w := risk.Weights{}.WithDefaults()
	b.ReportAllocs()
	for b.Loop() {
		risk.Judge(now(), c, risk.Facts{Files: 300, Lines: 9000}, nil, nil, services(), w)
	}
}
