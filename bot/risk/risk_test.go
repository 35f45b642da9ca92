package risk_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/risk"
	"github.com/firebreak-dev/firebreak/configs/diag"
)

func now() time.Time { return time.Date(2026, 11, 20, 15, 50, 0, 0, time.UTC) }

func services() map[string]bot.Service {
	return map[string]bot.Service{
		"support":   {Name: "support", DependsOn: []string{"retrieval", "guardrails"}},
		"sales":     {Name: "sales", DependsOn: []string{"retrieval"}},
		"retrieval": {Name: "retrieval", DependsOn: []string{"embedder"}},
		"embedder":  {Name: "embedder", DependsOn: []string{"retrieval"}}, // a circle must not hang it
	}
}

// good is a change with nothing against it.
func good() bot.Change {
	return bot.Change{
		ID: "github:acme/assistants#482", Kind: bot.Prompt, Kinds: []bot.Kind{bot.Prompt}, Author: "ana", MergedBy: "ben",
		Reviewers: []string{"ben"}, Services: []string{"support"}, Rollback: "github.revert",
	}
}

func calendar(codes ...string) []bot.Reason {
	var out []bot.Reason
	for _, code := range codes {
		out = append(out, bot.Reason{Code: code, Sentence: "the calendar says " + code, Lower: "wait"})
	}
	return out
}

func TestAssess(t *testing.T) {
	with := func(change func(*bot.Change)) bot.Change {
		c := good()
		change(&c)
		return c
	}
	incident := func(service string) []bot.Incident {
		return []bot.Incident{{ID: "inc-1", Service: service, State: bot.Open, Title: "refusals", Environment: "production"}}
	}
	for name, q := range map[string]struct {
		change   bot.Change
		calendar []bot.Reason
		open     []bot.Incident
		level    bot.Level
		codes    []string
	}{
		"a reviewed prompt on a Tuesday is low": {good(), nil, nil, bot.Low, nil},
		"a Friday alone is low":                 {good(), calendar("friday"), nil, bot.Low, []string{"friday"}},
		"an unreviewed change of one's own on a Friday afternoon is high": {
			with(func(c *bot.Change) { c.Reviewers = []string{"Ana"}; c.MergedBy = "ana" }),
			calendar("out_of_window", "friday"), nil, bot.High,
			[]string{"out_of_window", "unreviewed", "friday", "self_merged"},
		},
		"a freeze alone is high":              {good(), calendar("freeze"), nil, bot.High, []string{"freeze"}},
		"a freeze and no review are critical": {with(func(c *bot.Change) { c.Reviewers = nil }), calendar("freeze"), nil, bot.Critical, []string{"freeze", "unreviewed"}},
		"an open incident of the service is high": {
			good(), nil, incident("support"), bot.High, []string{"open_incident"},
		},
		"an incident that it depends on, however far, is medium": {
			good(), nil, incident("embedder"), bot.Medium, []string{"dependency_incident"},
		},
		"an incident of somebody else does not count": {good(), nil, incident("sales"), bot.Low, nil},
		"an incident of another environment does not count": {
			with(func(c *bot.Change) { c.Environment = "staging" }), nil, incident("support"), bot.Low, nil,
		},
		"a resolved incident does not count": {
			good(), nil, []bot.Incident{{ID: "inc-1", Service: "support", State: bot.Resolved}}, bot.Low, nil,
		},
		"no way back is medium": {with(func(c *bot.Change) { c.Rollback = "" }), nil, nil, bot.Medium, []string{"no_rollback"}},
		"a change of no service misses no way back": {
			with(func(c *bot.Change) { c.Rollback, c.Services = "", nil }), nil, nil, bot.Low, nil,
		},
		"what a vendor changes nobody could have reviewed": {
			bot.Change{Kind: bot.Vendor, Services: []string{"support"}, Rollback: "argo.undo"}, nil, nil, bot.Low, nil,
		},
		"a prompt together with its evaluation is medium": {
			with(func(c *bot.Change) { c.Kinds = []bot.Kind{bot.Prompt, bot.Evaluation} }), nil, nil, bot.Medium,
			[]string{"prompt_and_evaluation", "several_kinds"},
		},
		"what many services depend on weighs more": {
			with(func(c *bot.Change) { c.Services = []string{"embedder"} }), nil, nil, bot.Low, []string{"fan_out"},
		},
		"taking it back during its incident is not risky": {
			with(func(c *bot.Change) { c.Reverts = "github:acme/assistants#481" }), nil, incident("support"), bot.Low,
			[]string{"revert"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := risk.Assess(now(), q.change, q.calendar, q.open, services(), risk.Weights{}.WithDefaults())
			var codes []string
			for _, r := range got.Reasons {
				codes = append(codes, r.Code)
				if r.Sentence == "" || r.Weight > 0 && r.Lower == "" {
					t.Errorf("says nothing or shows no way out: %+v", r)
				}
			}
			if d := cmp.Diff(q.codes, codes); d != "" || got.Level != q.level {
				t.Errorf("level %s (%g), want %s\n%s", got.Level, got.Score, q.level, d)
			}
		})
	}
}

func TestTwoIncidentsAreOneReason(t *testing.T) {
	open := []bot.Incident{{ID: "inc-1", Service: "support"}, {ID: "inc-2", Service: "support"}}
	got := risk.Assess(now(), good(), nil, open, services(), risk.Weights{}.WithDefaults())
	if len(got.Reasons) != 1 || got.Score != 40 {
		t.Errorf("got %+v", got)
	}
}

func TestFlagsAreWhatStaysWithAChange(t *testing.T) {
	c := good()
	c.Reviewers, c.MergedBy, c.Rollback = nil, "ana", ""
	var codes []string
	for _, f := range risk.Flags(c, calendar("out_of_window", "friday"), risk.Weights{}.WithDefaults()) {
		codes = append(codes, f.Code)
		if f.Lower != "" || f.Weight <= 0 || f.Sentence == "" {
			t.Errorf("got %+v", f)
		}
	}
	if d := cmp.Diff([]string{"no_rollback", "out_of_window", "unreviewed", "friday", "self_merged"}, codes); d != "" {
		t.Error(d)
	}
}

func TestWeightsMayBeOverridden(t *testing.T) {
	w := risk.Weights{Points: map[string]float64{"friday": 0, "freeze": 100}, Medium: 5}.WithDefaults()
	if got := risk.Assess(now(), good(), calendar("friday"), nil, nil, w); len(got.Reasons) != 0 {
		t.Errorf("a reason that weighs nothing is told: %+v", got)
	}
	if got := risk.Assess(now(), good(), calendar("freeze"), nil, nil, w); got.Level != bot.Critical {
		t.Errorf("got %+v", got)
	}
}

func TestCheckTellsEveryFault(t *testing.T) {
	r := diag.New()
	risk.Weights{
		Points: map[string]float64{"fridays": 1, "freeze": 1e6}, Medium: 50, High: 40, Critical: 30, Evaluate: []string{"acme/["},
		Deprecations: []risk.Deprecation{{}, {Model: "a[", Date: risk.Day{Time: now()}, Source: "mail"}},
	}.Check(r)
	var got []string
	for _, f := range r.Faults() {
		got = append(got, f.Path+" "+f.Code+" "+f.Fix)
	}
	want := []string{
		`points.freeze out-of-range `, `points.fridays unknown-reason did you mean "friday"?`, "medium bad-levels ", "high bad-levels ",
		"evaluate[0] bad-glob write owner/name or owner/*",
		"deprecations[0].model missing write model: gpt-4o-2024-05-13", "deprecations[0].date missing write date: 2026-12-31",
		"deprecations[1].model bad-glob ", "deprecations[1].source bad-url write the address of the vendor's page, as https://example.org/deprecations",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	r = diag.New()
	risk.Weights{}.Check(r)
	risk.Weights{}.WithDefaults().Check(r)
	if r.Len() != 0 {
		t.Errorf("the defaults are faulty: %+v", r.Faults())
	}
}

func TestOneMoreReasonNeverLowersTheLevel(t *testing.T) {
	code := rapid.SampledFrom([]string{"friday", "out_of_window", "freeze", "holiday", "holiday_eve"})
	rank := map[bot.Level]int{bot.Low: 0, bot.Medium: 1, bot.High: 2, bot.Critical: 3}
	rapid.Check(t, func(t *rapid.T) {
		c := good()
		if rapid.Bool().Draw(t, "unreviewed") {
			c.Reviewers = nil
		}
		codes := rapid.SliceOfDistinct(code, rapid.ID[string]).Draw(t, "codes")
		w := risk.Weights{}.WithDefaults()
		reasons := calendar(codes...)
		before := slices.Clone(reasons)
		all := risk.Assess(now(), c, reasons, nil, services(), w)
		if d := cmp.Diff(before, reasons); d != "" {
			t.Fatalf("the calendar's reasons were altered: %s", d)
		}
		for i := range codes {
			less := risk.Assess(now(), c, calendar(slices.Delete(slices.Clone(codes), i, i+1)...), nil, services(), w)
			if rank[less.Level] > rank[all.Level] || less.Score > all.Score {
				t.Fatalf("without %s it is %s (%g), with it %s (%g)", codes[i], less.Level, less.Score, all.Level, all.Score)
			}
		}
		sum := 0.0
		for _, r := range all.Reasons {
			sum += r.Weight
		}
		if sum != all.Score {
			t.Fatalf("the reasons sum to %g, the score is %g", sum, all.Score)
		}
	})
}

func BenchmarkAssess(b *testing.B) {
	w := risk.Weights{}.WithDefaults()
	open := []bot.Incident{{ID: "inc-1", Service: "embedder"}}
	b.ReportAllocs()
	for b.Loop() {
		risk.Assess(now(), good(), calendar("friday", "out_of_window"), open, services(), w)
	}
}
