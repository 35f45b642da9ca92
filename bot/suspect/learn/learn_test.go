package learn_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/suspect"
	"github.com/firebreak-dev/firebreak/bot/suspect/learn"
	"github.com/firebreak-dev/firebreak/configs/diag"
	"github.com/firebreak-dev/firebreak/detectors"
)

var monday = time.Date(2026, 11, 16, 12, 0, 0, 0, time.UTC)

// odd makes incidents of a team where configuration is behind every refusal, an hour after it took effect; the shipped table holds
// prompts of the last minutes for likelier.
func odd(n int) []learn.Case {
	chance := rand.New(rand.NewPCG(1, 2))
	var out []learn.Case
	for i := range n {
		onset := monday.Add(time.Duration(i) * 24 * time.Hour)
		change := func(id string, kind bot.Kind, ago time.Duration) bot.Change {
			return bot.Change{ID: id, Kind: kind, Services: []string{"support"}, Environment: "production", MergedAt: onset.Add(-ago - time.Minute), EffectiveAt: onset.Add(-ago)}
		}
		c := learn.Case{
			ID: fmt.Sprintf("inc-%03d", i), At: onset.Add(10 * time.Minute), Truth: "config",
			Incident: bot.Incident{
				ID: fmt.Sprintf("inc-%03d", i), Service: "support", Signal: "refusal_ratio", OpenedAt: onset.Add(10 * time.Minute), State: bot.Open,
				Onset: detectors.Onset{At: onset, Earliest: onset.Add(-2 * time.Minute), Latest: onset.Add(2 * time.Minute)},
			},
			Changes: []bot.Change{change("config", bot.Config, time.Hour+time.Duration(chance.IntN(600))*time.Second)},
		}
		for j := range 6 {
			kind := []bot.Kind{bot.Prompt, bot.Code, bot.Model}[j%3]
			c.Changes = append(c.Changes, change(fmt.Sprintf("other-%d", j), kind, time.Duration(5+chance.IntN(2000))*time.Minute))
		}
		out = append(out, c)
	}
	return out
}

func fit(t *testing.T, cases []learn.Case) learn.Result {
	t.Helper()
	r, err := learn.Fit(t.Context(), cases, suspect.Weights{}, func(float64) {})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWhatATeamsOwnIncidentsTellIsLearnt(t *testing.T) {
	r := fit(t, odd(30))
	if !r.Better || r.After.Top1 < r.Before.Top1+.2 || r.After.LogLoss > r.Before.LogLoss-.3 {
		t.Errorf("before %+v, after %+v, gain %.2f ± %.2f", r.Before, r.After, r.Gain, r.Error)
	}
	faults := diag.New()
	r.Weights.Check(faults)
	if got := faults.Faults(); len(got) > 0 {
		t.Errorf("the proposed table is refused: %+v", got)
	}
	if text := learn.YAML(r.Weights); !strings.Contains(text, "config: ") || !strings.HasPrefix(text, "suspects:\n") {
		t.Errorf("it reads:\n%s", text)
	}
	if r.Cases != 30 || r.Guilty != 30 || r.Left != 0 {
		t.Errorf("%+v", r)
	}
}

func TestLearningIsTheSameEveryTimeAndInEveryOrder(t *testing.T) {
	cases := odd(24)
	first := fit(t, cases)
	rand.New(rand.NewPCG(3, 4)).Shuffle(len(cases), func(i, j int) { cases[i], cases[j] = cases[j], cases[i] })
	if diff := cmp.Diff(first, fit(t, cases)); diff != "" {
		t.Error(diff)
	}
}

func TestChanceIsNotTakenForKnowledge(t *testing.T) {
	cases := odd(24)
	chance := rand.New(rand.NewPCG(5, 6))
	for i := range cases {
		cases[i].Truth = cases[i].Changes[chance.IntN(len(cases[i].Changes))].ID
	}
	r := fit(t, cases)
	for _, turn := range r.Turns {
		if math.Abs(turn.By) > 3.01 {
			t.Errorf("%s is turned by %.2f", turn.What, turn.By)
		}
	}
	if r.After.Top1 > r.Before.Top1+.25 {
		t.Errorf("what has no rule is named: before %+v, after %+v", r.Before, r.After)
	}
}

func TestFewIncidentsTeachNothing(t *testing.T) {
	_, err := learn.Fit(t.Context(), odd(19), suspect.Weights{}, func(float64) {})
	if bot.CodeOf(err) != bot.Conflict || !strings.Contains(bot.MessageOf(err), "19 incidents with a confirmed cause are too few to learn from; it takes 20") {
		t.Error(err)
	}
}

func TestLearningEndsWhenItIsToldTo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := learn.Fit(ctx, odd(20), suspect.Weights{}, func(float64) {}); err == nil {
		t.Error("it went on")
	}
}

func TestWhatIsKnownAfterwardsIsTakenOff(t *testing.T) {
	in := odd(1)[0].Incident
	in.State, in.QuietSince, in.Cause = bot.Resolved, monday.Add(time.Hour), "config"
	for _, tt := range []struct {
		name  string
		says  []bot.Verdict
		known bool
		truth string
	}{
		{"nobody said anything", nil, false, ""},
		{"it was cleared only", []bot.Verdict{{Change: "config", Word: bot.Cleared, By: "ana"}}, false, ""},
		{"it was confirmed", []bot.Verdict{{Change: "other-1", Word: bot.Cleared, By: "ana"}, {Change: "config", Word: bot.Confirmed, By: "ana"}}, true, "config"},
		{"its rollback helped", []bot.Verdict{{Change: "config", Word: bot.Confirmed, By: bot.Self, Via: bot.ByRollback}}, true, "config"},
		{"none was", []bot.Verdict{{Change: bot.NoneOfThese, Word: bot.Confirmed, By: "ana"}}, true, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := in
			in.Verdicts = tt.says
			c, known := learn.Of(in, nil, nil)
			if known != tt.known || c.Truth != tt.truth {
				t.Errorf("%v, %q", known, c.Truth)
			}
			if known && (len(c.Incident.Verdicts) > 0 || !c.Incident.QuietSince.IsZero() || c.Incident.Cause != "" || c.Incident.State != bot.Open) {
				t.Errorf("it still knows what came after: %+v", c.Incident)
			}
		})
	}
}

func TestTheShippedTableIsAnEmptySection(t *testing.T) {
	if got := learn.YAML(suspect.Weights{}); got != "suspects:\n" {
		t.Errorf("%q", got)
	}
	w := suspect.Weights{
		None: .3125, Lags: map[bot.Kind]suspect.Lag{bot.Prompt: {Median: 247 * time.Second, Spread: 1.2345}, bot.Retrieval: {Median: 2 * time.Hour, Spread: 1.5}},
		Scope: suspect.Scope{Unrelated: .0512}, Affinity: map[suspect.Class]map[bot.Kind]float64{suspect.Refusals: {bot.Retrieval: 6}},
		Environment: -4, Flags: map[string]float64{"friday": .31},
	}
	want := `suspects:
  none: 31.2%
  lags:
    prompt: {median: 4m7s, spread: 1.23}
    retrieval: {median: 2h0m, spread: 1.5}
  scope: {unrelated: 0.0512}
  affinity:
    refusals: {retrieval: 6}
  environment: -4
  flags: {friday: 0.31}
`
	if diff := cmp.Diff(want, learn.YAML(w)); diff != "" {
		t.Error(diff)
	}
}

func TestATableNeverLeavesItsBounds(t *testing.T) {
	cases := odd(20)
	rapid.Check(t, func(t *rapid.T) {
		w := suspect.Weights{
			None: rapid.Float64Range(.001, .999).Draw(t, "none"), Environment: rapid.Float64Range(-8, 8).Draw(t, "environment"),
			Lags:  map[bot.Kind]suspect.Lag{bot.Prompt: {Median: time.Duration(rapid.Int64Range(int64(time.Second), int64(30*24*time.Hour)).Draw(t, "median")), Spread: rapid.Float64Range(.1, 4).Draw(t, "spread")}},
			Flags: map[string]float64{"friday": rapid.Float64Range(-8, 8).Draw(t, "friday")},
		}
		learnt := learn.Turned(w, cases, func(i int) float64 { return rapid.Float64Range(-3, 3).Draw(t, "by") })
		faults := diag.New()
		learnt.Check(faults)
		if got := faults.Faults(); len(got) > 0 {
			t.Fatalf("%+v: %+v", learnt, got)
		}
	})
}
