package suspect_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/suspect"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
)

var onset = time.Date(2026, 11, 20, 15, 52, 0, 0, time.UTC)

func minutes(m float64) time.Duration { return time.Duration(m * float64(time.Minute)) }

var services = map[string]bot.Service{
	"support-assistant": {Name: "support-assistant", DependsOn: []string{"retrieval", "guardrails"}},
	"retrieval":         {Name: "retrieval", DependsOn: []string{"embedding"}},
	"embedding":         {Name: "embedding", DependsOn: []string{"retrieval"}}, // a circle
	"billing":           {Name: "billing"},
}

func incident() bot.Incident {
	return bot.Incident{
		ID: "inc-1", Service: "support-assistant", Environment: "production", Signal: "refusal_ratio",
		Onset:    detectors.Onset{At: onset, Earliest: onset.Add(-minutes(2)), Latest: onset.Add(minutes(2))},
		OpenedAt: onset.Add(minutes(8)), State: bot.Open,
	}
}

// change is a change that took effect some minutes before the onset.
func change(id string, kind bot.Kind, before float64, more ...func(*bot.Change)) bot.Change {
	c := bot.Change{
		ID: id, Kind: kind, Title: "title of " + id, Services: []string{"support-assistant"}, Environment: "production",
		MergedAt: onset.Add(-minutes(before + 2)), EffectiveAt: onset.Add(-minutes(before)),
	}
	for _, m := range more {
		m(&c)
	}
	return c
}

func of(services ...string) func(*bot.Change) { return func(c *bot.Change) { c.Services = services } }

func rank(in bot.Incident, changes ...bot.Change) bot.Ranking {
	return suspect.Rank(onset.Add(minutes(10)), in, changes, services, suspect.Weights{})
}

func probability(t *testing.T, r bot.Ranking, id string) float64 {
	t.Helper()
	for _, s := range r.Suspects {
		if s.Change == id {
			return s.Probability
		}
	}
	t.Fatalf("%s is no suspect: %+v", id, r)
	return 0
}

func reason(t *testing.T, r bot.Ranking, id, code string) bot.Reason {
	t.Helper()
	for _, s := range r.Suspects {
		if i := slices.IndexFunc(s.Reasons, func(r bot.Reason) bool { return r.Code == code }); s.Change == id && i >= 0 {
			return s.Reasons[i]
		}
	}
	t.Fatalf("%s has no reason %q: %+v", id, code, r.Suspects)
	return bot.Reason{}
}

// crowd are ordinary changes of a working day.
func crowd() []bot.Change {
	var out []bot.Change
	for i := range 20 {
		out = append(out, change(fmt.Sprintf("code-%02d", i), bot.Code, float64(40+60*i), of([]string{"billing", "support-assistant"}[i%2])))
	}
	return out
}

func TestThePromptMergedMinutesBeforeTheRefusalsIsTheSuspect(t *testing.T) {
	r := rank(incident(), append(crowd(), change("prompt", bot.Prompt, 6))...)
	if r.Suspects[0].Change != "prompt" || r.Suspects[0].Probability < 0.8 {
		t.Errorf("the first suspect is %s at %.2f, none at %.2f", r.Suspects[0].Change, r.Suspects[0].Probability, r.None)
	}
	for code, want := range map[string]string{
		"prior": "one of 21 changes that came before it", "lag": "took effect 6 min before it began",
		"scope": "changes support-assistant itself", "kind": "prompt changes readily move refusals",
	} {
		if got := reason(t, r, "prompt", code).Sentence; got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
}

func TestWhenNoChangeFitsNoneOfTheseWins(t *testing.T) {
	r := rank(incident(), crowd()...)
	if r.None < r.Suspects[0].Probability {
		t.Errorf("%s at %.2f is named, though none of the changes fits (none %.2f)", r.Suspects[0].Change, r.Suspects[0].Probability, r.None)
	}
	if len(r.NoneReasons) < 2 {
		t.Errorf("no word on why none: %+v", r.NoneReasons)
	}
}

func TestWithoutAnyChangeNoneIsCertain(t *testing.T) {
	r := rank(incident())
	if r.None != 1 || len(r.Suspects) != 0 || len(r.NoneReasons) != 1 {
		t.Errorf("got %+v", r)
	}
}

func TestAChangeAfterTheOnsetIsNeverASuspect(t *testing.T) {
	r := rank(incident(), change("late", bot.Prompt, -3), change("within", bot.Prompt, -1), change("old", bot.Prompt, 8*24*60))
	if len(r.Suspects) != 1 || r.Suspects[0].Change != "within" {
		t.Errorf("suspects: %+v", r.Suspects)
	}
	want := []bot.Exclusion{
		{Change: "late", Title: "title of late", Why: bot.Reason{
			Code:     "after_onset",
			Sentence: "took effect 60 s after it had begun at the latest",
		}},
		{Change: "old", Title: "title of old", Why: bot.Reason{
			Code:     "too_old",
			Sentence: "took effect 8 days before it began, longer ago than is considered (7 days)",
		}},
	}
	if diff := cmp.Diff(want, r.Excluded); diff != "" {
		t.Error(diff)
	}
}

func TestWhatSpeaksForAndAgainst(t *testing.T) {
	base := func() bot.Change { return change("x", bot.Prompt, 6) }
	cases := []struct {
		name  string
		worse func(*bot.Change)
		code  string
		want  string
	}{
		{
			"another environment", func(c *bot.Change) { c.Environment = "staging" }, "environment",
			"went to staging, the incident is in production",
		},
		{"a small exposure", func(c *bot.Change) { c.Exposure = 0.05 }, "exposure", "reached only 5 % of the traffic"},
		{"a dependency", of("guardrails"), "scope", "changes guardrails, which support-assistant depends on"},
		{"further up, round a circle", of("embedding"), "scope", "changes embedding, which support-assistant depends on through others"},
		{"an unrelated service", of("billing"), "scope", "changes billing, which support-assistant does not depend on"},
		{"no known service", of(), "scope", "which service it changes is not known"},
		{"a kind that hardly moves refusals", func(c *bot.Change) { c.Kind = bot.Price }, "kind", "price changes hardly ever move refusals"},
		{
			"an effect that is not known", func(c *bot.Change) { c.EffectiveAt, c.MergedAt = time.Time{}, onset.Add(-time.Hour) }, "lag",
			"merged 60 min before it began; when it took effect is not known",
		},
		{"hours ago", func(c *bot.Change) { c.EffectiveAt = onset.Add(-5 * time.Hour) }, "lag", "took effect 5 h before it began"},
		{"a revert", func(c *bot.Change) { c.Reverts = "y" }, "revert", "undoes an earlier change: it brings back what worked before"},
	}
	before := probability(t, rank(incident(), append(crowd(), base())...), "x")
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			x := base()
			c.worse(&x)
			r := rank(incident(), append(crowd(), x)...)
			if got := reason(t, r, "x", c.code).Sentence; got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			if after := probability(t, r, "x"); after >= before {
				t.Errorf("it went from %.3f to %.3f, want less", before, after)
			}
		})
	}
}

func TestFlagsAreWeakAndBounded(t *testing.T) {
	risky := change("risky", bot.Prompt, 6)
	for _, code := range []string{"unreviewed", "self_merged", "out_of_window", "friday", "unheard_of"} {
		risky.Flags = append(risky.Flags, bot.Reason{Code: code, Sentence: code, Weight: 30})
	}
	r := rank(incident(), risky, change("plain", bot.Prompt, 6))
	odds := probability(t, r, "risky") / probability(t, r, "plain")
	if math.Abs(math.Log(odds)-1) > 1e-9 {
		t.Errorf("all flags together weigh %.3f, want 1", math.Log(odds))
	}
}

func TestRevertsSpeak(t *testing.T) {
	guilty := change("x", bot.Prompt, 6)
	revert := func(at float64) bot.Change {
		return change("y", bot.Prompt, -at, func(c *bot.Change) { c.Reverts = "x" })
	}
	at := func(in bot.Incident, now float64, changes ...bot.Change) bot.Ranking {
		return suspect.Rank(onset.Add(minutes(now)), in, append(crowd(), changes...), services, suspect.Weights{})
	}
	healed := incident()
	healed.QuietSince = onset.Add(minutes(30))

	if r := at(incident(), 10, guilty, revert(-4)); reason(t, r, "x", "reverted").Weight != -3 {
		t.Error("a change that was undone before the onset is not discounted")
	}
	if r := at(healed, 60, guilty, revert(20)); reason(t, r, "x", "cured").Sentence != "the signals came back 10 min after it was undone (y)" {
		t.Errorf("cured: %+v", r.Suspects[0])
	}
	if r := at(incident(), 60, guilty, revert(20)); reason(t, r, "x", "uncured").Weight != -2 {
		t.Error("an undoing that did not help is not held against the suspect")
	}
	blind := incident()
	blind.Blind = detectors.Unreachable
	for _, s := range at(blind, 60, guilty, revert(20)).Suspects {
		for _, r := range s.Reasons {
			if r.Code == "uncured" {
				t.Error("blindness was taken for signals that stay bad")
			}
		}
	}
}

// has tells whether a suspect has a reason.
func has(r bot.Ranking, id, code string) bool {
	for _, s := range r.Suspects {
		if s.Change == id {
			return slices.ContainsFunc(s.Reasons, func(r bot.Reason) bool { return r.Code == code })
		}
	}
	return false
}

func TestWhatHappenedLongAfterAnUndoingOrJustNowSaysNothing(t *testing.T) {
	undoing := change("y", bot.Prompt, -20, func(c *bot.Change) { c.Reverts = "x" })
	late := incident()
	late.QuietSince = onset.Add(minutes(20 + 61))
	if has(suspect.Rank(onset.Add(minutes(90)), late, []bot.Change{change("x", bot.Prompt, 6), undoing}, services, suspect.Weights{}), "x", "cured") {
		t.Error("signals that came back an hour after an undoing are laid to it")
	}
	if has(suspect.Rank(onset.Add(minutes(40)), incident(), []bot.Change{change("x", bot.Prompt, 6), undoing}, services, suspect.Weights{}), "x", "uncured") {
		t.Error("an undoing is held against the suspect before it can have worked")
	}
}

func TestARevertDoesNotReplaceWhatItUndoes(t *testing.T) {
	touching := func(c *bot.Change) { c.Repository, c.Paths = "acme/assistants", []string{"prompts/support/system.md"} }
	undoing := change("y", bot.Prompt, 20, touching, func(c *bot.Change) { c.Reverts = "x" })
	r := rank(incident(), change("x", bot.Prompt, 40, touching), undoing)
	if has(r, "x", "replaced") || !has(r, "x", "reverted") {
		t.Errorf("the same fact counts twice, or not at all: %+v", r.Suspects)
	}
}

func TestAVendorsChangeTakesEffectWhenItIsSeen(t *testing.T) {
	seen := change("v", bot.Vendor, 0, of(), func(c *bot.Change) { c.EffectiveAt, c.MergedAt = time.Time{}, onset.Add(-minutes(5)) })
	if got := reason(t, rank(incident(), seen), "v", "lag").Sentence; got != "took effect 5 min before it began" {
		t.Error(got)
	}
}

func TestASlowCauseKeepsASmallChance(t *testing.T) {
	r := rank(incident(), change("monday", bot.Prompt, 6*24*60), change("x", bot.Code, 30))
	if got := reason(t, r, "monday", "lag").Weight; got < math.Log(0.015) || got > 0 {
		t.Errorf("a cause of six days ago weighs %.2f", got)
	}
}

func TestAChangeOfTheSameFilesReplacesAnEarlierOne(t *testing.T) {
	touching := func(c *bot.Change) { c.Repository, c.Paths = "acme/assistants", []string{"prompts/support/system.md"} }
	r := rank(incident(), change("first", bot.Prompt, 40, touching), change("second", bot.Prompt, 6, touching))
	if got := reason(t, r, "first", "replaced").Sentence; got != "the same files were changed again before it began (second)" {
		t.Error(got)
	}
}

func TestAnOnsetThatNobodyEstimatedLiesBeforeTheOpening(t *testing.T) {
	in := incident()
	in.Onset = detectors.Onset{}
	r := rank(in, append(crowd(), change("prompt", bot.Prompt, 6), change("late", bot.Prompt, -9))...)
	if r.Suspects[0].Change != "prompt" || len(r.Excluded) != 1 || r.Excluded[0].Change != "late" {
		t.Errorf("first %s, excluded %+v", r.Suspects[0].Change, r.Excluded)
	}
}

func TestSeveralSignalsMustAllBeExplained(t *testing.T) {
	in := incident()
	in.Findings = []detectors.Finding{
		{Key: "a", Signal: "latency_p95", Verdict: detectors.Firing, Severity: detectors.Page},
		{Key: "b", Signal: "error_ratio", Verdict: detectors.Firing, Severity: detectors.Ticket},
		{Key: "c", Signal: "cost_rate", Verdict: detectors.Firing, Severity: detectors.Info},
	}
	r := rank(in, change("prompt", bot.Prompt, 6), change("machines", bot.Infrastructure, 6))
	if r.Suspects[0].Change != "machines" {
		t.Errorf("%s is named first", r.Suspects[0].Change)
	}
	if got := reason(t, r, "machines", "kind").Sentence; got != "infrastructure changes readily move errors and latency" {
		t.Error(got)
	}
}

func TestClassOf(t *testing.T) {
	for signal, want := range map[string]suspect.Class{
		"refusal_ratio": suspect.Refusals, "cost_rate": suspect.Cost, "latency_p95": suspect.Latency, "time_to_first_token": suspect.Latency,
		"retrieval_hit_ratio": suspect.Grounding, "task_success": suspect.Quality, "error_ratio": suspect.Errors, "errors": suspect.Errors,
		"useful_answers": suspect.Quality, "requests": suspect.Other, "guardrail_blocked": suspect.Refusals, "": suspect.Other,
	} {
		if got := suspect.ClassOf(signal); got != want {
			t.Errorf("%q is of %s, want %s", signal, got, want)
		}
	}
}

func TestWeightsCheckTellsEveryFault(t *testing.T) {
	r := diag.New()
	suspect.Weights{
		None: 1.5, Horizon: -1, Deploy: suspect.Lag{Median: time.Minute}, Lags: map[bot.Kind]suspect.Lag{"promt": {}, bot.Code: {Spread: 9}},
		Scope: suspect.Scope{Own: -0.5}, Affinity: map[suspect.Class]map[bot.Kind]float64{"refusal": nil, suspect.Cost: {bot.Code: -1}},
		Flags: map[string]float64{"friday": 100}, Cured: math.NaN(),
	}.Check(r)
	var got []string
	for _, f := range r.Faults() {
		got = append(got, f.Path)
	}
	want := []string{
		"none", "horizon", "deploy.spread", "lags.code.median", "lags.code.spread", "lags.promt", "scope.own",
		"affinity.cost.code", "affinity.refusal",
		"flags.friday", "cured",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	r = diag.New()
	suspect.Weights{}.Check(r)
	suspect.DefaultWeights().Check(r)
	if r.Len() > 0 {
		t.Errorf("the shipped table has faults: %+v", r.Faults())
	}
}

func TestEveryKindHasALagAndAnAffinity(t *testing.T) {
	w := suspect.DefaultWeights()
	for _, k := range bot.Kinds() {
		if w.Lags[k].Median == 0 {
			t.Errorf("%s has no lag", k)
		}
		for _, c := range suspect.Classes() {
			if w.Affinity[c][k] == 0 {
				t.Errorf("%s has no affinity to %s", k, c)
			}
		}
	}
}

func TestOneWeightOfYourOwnLeavesTheRest(t *testing.T) {
	w := suspect.Weights{
		Affinity: map[suspect.Class]map[bot.Kind]float64{suspect.Cost: {bot.Code: 5}},
		Lags:     map[bot.Kind]suspect.Lag{bot.Code: {Median: time.Hour, Spread: 1}},
	}.WithDefaults()
	d := suspect.DefaultWeights()
	if w.Affinity[suspect.Cost][bot.Code] != 5 || w.Affinity[suspect.Cost][bot.Prompt] != d.Affinity[suspect.Cost][bot.Prompt] ||
		w.Lags[bot.Code].Median != time.Hour || w.Lags[bot.Prompt] != d.Lags[bot.Prompt] {
		t.Error("the tables were not laid over each other")
	}
}

func TestTheInputIsLeftAlone(t *testing.T) {
	changes := append(crowd(), change("x", bot.Prompt, 6))
	before := fmt.Sprintf("%+v", changes)
	rank(incident(), changes...)
	if fmt.Sprintf("%+v", changes) != before {
		t.Error("the changes were changed")
	}
}

func TestARankingOfThousandsStaysSmall(t *testing.T) {
	var changes []bot.Change
	for i := range 2000 {
		changes = append(changes, change(fmt.Sprintf("c%d", i), bot.Code, float64(i%700)-100))
	}
	r := rank(incident(), changes...)
	if len(r.Suspects) != 20 || len(r.Excluded) != 50 || r.RestCount == 0 {
		t.Errorf("%d suspects, %d excluded, %d in the rest", len(r.Suspects), len(r.Excluded), r.RestCount)
	}
}

func ExampleRank() {
	in := bot.Incident{
		Service: "support-assistant", Signal: "refusal_ratio",
		Onset: detectors.Onset{At: onset, Earliest: onset.Add(-2 * time.Minute), Latest: onset.Add(2 * time.Minute)},
	}
	prompt := bot.Change{
		ID: "github:acme/assistants#482", Kind: bot.Prompt, Services: []string{"support-assistant"}, EffectiveAt: onset.Add(-5 * time.Minute),
	}
	r := suspect.Rank(onset.Add(8*time.Minute), in, []bot.Change{prompt}, nil, suspect.Weights{})
	var sum []string
	for _, why := range r.Suspects[0].Reasons {
		sum = append(sum, fmt.Sprintf("%+.1f %s", why.Weight, why.Sentence))
	}
	fmt.Printf("%s %.2f, none %.2f\n%s\n", r.Suspects[0].Change, r.Suspects[0].Probability, r.None, strings.Join(sum, "\n"))
	// Output:
	// github:acme/assistants#482 0.99, none 0.01
	// +1.1 the only change that is known before it began
	// +1.9 took effect 5 min before it began
	// +1.1 changes support-assistant itself
	// +0.3 prompt changes readily move refusals
}

func BenchmarkRank(b *testing.B) {
	for _, n := range []int{30, 1000} {
		b.Run(fmt.Sprintf("changes=%d", n), func(b *testing.B) {
			var changes []bot.Change
			for i := range n {
				c := change(fmt.Sprintf("c%d", i), bot.Kinds()[i%len(bot.Kinds())], float64(i)*1440/float64(n))
				if i%2 == 0 {
					c.EffectiveAt = time.Time{}
				}
				changes = append(changes, c)
			}
			in := incident()
			b.ReportAllocs()
			for b.Loop() {
				suspect.Rank(onset, in, changes, services, suspect.Weights{})
			}
		})
	}
}

// TestAVendorIsSeenByTheSamplesThatSuffer: what drift finds takes effect with the step in which the trouble begins, and a merge of ours
// some minutes before must not be blamed for it.
func TestAVendorIsSeenByTheSamplesThatSuffer(t *testing.T) {
	for _, before := range []float64{-20, 0, 30, 90} { // seconds
		in := incident()
		in.Onset = detectors.Onset{At: onset, Earliest: onset.Add(-40 * time.Second), Latest: onset.Add(40 * time.Second)}
		vendor := change("vendor", bot.Vendor, before/60, func(c *bot.Change) { c.MergedAt = time.Time{} })
		r := rank(in, vendor, change("retrieval", bot.Retrieval, 6), change("elsewhere", bot.Code, 9, of("billing")))
		if r.Suspects[0].Change != "vendor" || r.Suspects[0].Probability < .8 {
			t.Errorf("%g s before: %s %.2f, none %.2f", before, r.Suspects[0].Change, r.Suspects[0].Probability, r.None)
		}
	}
}
