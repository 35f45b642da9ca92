package suspect_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/suspect"
)

// anyChange draws a change of any sort, around the onset.
func anyChange(t *rapid.T, i int) bot.Change {
	c := change(fmt.Sprintf("c%03d", i), rapid.SampledFrom(append(bot.Kinds(), "unheard-of")).Draw(t, "kind"),
		rapid.Float64Range(-60, 9*24*60).Draw(t, "before"))
	c.Services = rapid.SampledFrom([][]string{nil, {"support-assistant"}, {"retrieval"}, {"billing", "embedding"}}).Draw(t, "services")
	c.Environment = rapid.SampledFrom([]string{"", "prod", "staging"}).Draw(t, "environment")
	c.Exposure = rapid.SampledFrom([]float64{0, 1, 0.05, -3, 1e-12}).Draw(t, "exposure")
	c.Paths = rapid.SampledFrom([][]string{nil, {"a"}, {"a", "b"}}).Draw(t, "paths")
	if rapid.Bool().Draw(t, "unknown effect") {
		c.EffectiveAt = time.Time{}
	}
	if i > 0 && rapid.Bool().Draw(t, "revert") {
		c.Reverts = fmt.Sprintf("c%03d", rapid.IntRange(0, i-1).Draw(t, "of"))
	}
	return c
}

func anyChanges(t *rapid.T) []bot.Change {
	out := make([]bot.Change, rapid.IntRange(0, 60).Draw(t, "n"))
	for i := range out {
		out[i] = anyChange(t, i)
	}
	return out
}

func TestProbabilitiesSumToOneAndReasonsSumToThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		changes := anyChanges(t)
		r := rank(incident(), changes...)
		sum := r.None + r.Rest
		for i, s := range r.Suspects {
			sum += s.Probability
			odds := 0.0
			for _, why := range s.Reasons {
				odds += why.Weight
				if why.Sentence == "" || why.Code == "" || math.IsNaN(why.Weight) || math.IsInf(why.Weight, 0) {
					t.Fatalf("a reason of %s is no reason: %+v", s.Change, why)
				}
			}
			if math.Abs(odds-math.Log(s.Probability/r.None)) > 1e-6 {
				t.Fatalf("%s: the reasons sum to %f, the probability says %f", s.Change, odds, math.Log(s.Probability/r.None))
			}
			if i > 0 && s.Probability > r.Suspects[i-1].Probability {
				t.Fatal("the suspects are not in order")
			}
			if s.At.After(incident().Onset.Latest) {
				t.Fatalf("%s took effect after the onset and is a suspect", s.Change)
			}
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Fatalf("the probabilities sum to %f", sum)
		}
		if got := len(r.Suspects) + r.RestCount; len(r.Excluded) < 50 && got+len(r.Excluded) != len(changes) {
			t.Fatalf("%d suspects and %d excluded of %d changes", got, len(r.Excluded), len(changes))
		}
	})
}

func TestTheOrderOfChangesAndTheirDuplicationDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		changes := anyChanges(t)
		shuffled := rapid.Permutation(append(slices.Clone(changes), changes...)).Draw(t, "order")
		want, got := rank(incident(), changes...), rank(incident(), shuffled...)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestAPreparedIncidentIsJudgedAsItIsRanked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		changes := append(anyChanges(t), anyChange(t, 60))
		prepared := suspect.Prepare(onset.Add(minutes(10)), incident(), changes, services, suspect.Weights{})
		for range 3 {
			w := suspect.DefaultWeights()
			w.None = rapid.Float64Range(.05, .9).Draw(t, "none")
			w.Scope.Dependency = rapid.Float64Range(.01, 2).Draw(t, "dependency")
			w.Exposure = rapid.Float64Range(0.1, 4).Draw(t, "exposure")
			w.Affinity[suspect.Refusals][bot.Model] = rapid.Float64Range(.1, 20).Draw(t, "model")
			if rapid.Bool().Draw(t, "slower") {
				w.Lags[bot.Prompt] = suspect.Lag{Median: time.Hour, Spread: 2}
			}
			r := suspect.Rank(onset.Add(minutes(10)), incident(), changes, services, w)
			best := r.None
			for _, s := range r.Suspects {
				best = math.Max(best, s.Probability)
			}
			for _, s := range append(r.Suspects, bot.Suspect{Probability: r.None}) {
				p, likeliest := prepared.Judge(w, s.Change)
				if math.Abs(p-s.Probability) > 1e-9 || math.Abs(likeliest-best) > 1e-9 {
					t.Fatalf("%q is %f of %f, and was ranked at %f of %f", s.Change, p, likeliest, s.Probability, best)
				}
			}
			for _, e := range r.Excluded {
				if p, _ := prepared.Judge(w, e.Change); p != 0 {
					t.Fatalf("%s is excluded, and has %f", e.Change, p)
				}
			}
		}
	})
}
