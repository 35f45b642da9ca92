package suspect_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/suspect"
)

// judged is the incident after people have judged changes of it.
func judged(verdicts ...bot.Verdict) bot.Incident {
	in := incident()
	in.Verdicts = verdicts
	return in
}

func says(word bot.Word, change string) bot.Verdict {
	return bot.Verdict{Change: change, Word: word, By: "ana", Via: "cli"}
}

func excluded(r bot.Ranking, change string) string {
	for _, e := range r.Excluded {
		if e.Change == change {
			return e.Why.Sentence
		}
	}
	return ""
}

func TestWhatAPersonConfirmsIsFirstAndSaysWho(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change bot.Change
	}{
		{"an unlikely one", change("odd", bot.Evaluation, 3000, of("billing"))},
		{"one that took effect after the onset", change("odd", bot.Code, -30)},
		{"one that is older than is considered", change("odd", bot.Code, 30*24*60)},
		{"one of which nobody knows when it happened", bot.Change{ID: "odd", Kind: bot.Code}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rank(judged(says(bot.Confirmed, "odd")), append(crowd(), change("prompt", bot.Prompt, 6), tt.change)...)
			if first := r.Suspects[0]; first.Change != "odd" || math.Abs(first.Probability-.99) > .001 {
				t.Errorf("the first is %s at %.3f", first.Change, first.Probability)
			}
			if got := reason(t, r, "odd", "confirmed").Sentence; got != "confirmed by ana" {
				t.Errorf("it says %q", got)
			}
		})
	}
}

func TestWhatAPersonClearsIsExcluded(t *testing.T) {
	v := says(bot.Cleared, "prompt")
	v.Reason = "only the comments changed"
	r := rank(judged(v), append(crowd(), change("prompt", bot.Prompt, 6))...)
	if got := excluded(r, "prompt"); got != "cleared by ana: only the comments changed" {
		t.Errorf("excluded because %q", got)
	}
	alone := rank(judged(v), change("prompt", bot.Prompt, 6))
	if alone.None != 1 || alone.NoneReasons[0].Sentence != "every change that is known before it began was cleared" {
		t.Errorf("with nothing else: %+v", alone)
	}
}

func TestNoneOfThemCanBeConfirmed(t *testing.T) {
	r := rank(judged(says(bot.Confirmed, bot.NoneOfThese)), append(crowd(), change("prompt", bot.Prompt, 6))...)
	if math.Abs(r.None-.99) > .001 {
		t.Errorf("none is %.3f", r.None)
	}
	if got := reason(t, r, "prompt", "none_confirmed").Sentence; got != "ana says that none of the known changes did it" {
		t.Errorf("it says %q", got)
	}
}

func TestWhatFollowedFromAnUndoingDecidesNothing(t *testing.T) {
	v := bot.Verdict{Change: "prompt", Word: bot.Cleared, By: bot.Self, Via: bot.ByRollback}
	changes := append(crowd(), change("prompt", bot.Prompt, 6))
	if with, without := rank(judged(v), changes...), rank(incident(), changes...); with.None != without.None {
		t.Errorf("none is %f with it and %f without", with.None, without.None)
	}
}

func TestSumsHoldWithVerdictsToo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		changes := append(anyChanges(t), anyChange(t, 60))
		name := rapid.SampledFrom([]string{changes[0].ID, changes[len(changes)-1].ID, bot.NoneOfThese}).Draw(t, "change")
		r := rank(judged(says(rapid.SampledFrom([]bot.Word{bot.Confirmed, bot.Cleared}).Draw(t, "word"), name)), changes...)
		sum := r.None + r.Rest
		for _, s := range r.Suspects {
			sum += s.Probability
			odds := 0.0
			for _, why := range s.Reasons {
				odds += why.Weight
			}
			if want := math.Log(s.Probability / r.None); math.Abs(odds-want) > 1e-6 {
				t.Fatalf("%s: the reasons sum to %f, the probability says %f", s.Change, odds, want)
			}
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Fatalf("the probabilities sum to %f", sum)
		}
	})
}

func TestAftermath(t *testing.T) {
	undoes := func(of string, after float64) bot.Change {
		return change("undo-"+of, bot.Prompt, -after, func(c *bot.Change) { c.Reverts = of })
	}
	prompt, model := change("prompt", bot.Prompt, 6), change("model", bot.Model, 20)
	for _, tt := range []struct {
		name    string
		state   bot.State
		quiet   float64 // minutes after the onset; 0 while it burns
		now     float64
		changes []bot.Change
		want    map[string]bot.Word
	}{
		{"the signals came back and held", bot.Mitigated, 25, 30, []bot.Change{prompt, model, undoes("prompt", 20)}, map[string]bot.Word{"prompt": bot.Confirmed}},
		{"they came back but did not hold yet", bot.Open, 25, 26, []bot.Change{prompt, undoes("prompt", 20)}, nil},
		{"they came back long after", bot.Mitigated, 200, 210, []bot.Change{prompt, undoes("prompt", 20)}, nil},
		{"they came back before", bot.Mitigated, 15, 30, []bot.Change{prompt, undoes("prompt", 20)}, nil},
		{"they stay bad", bot.Open, 0, 60, []bot.Change{prompt, undoes("prompt", 20)}, map[string]bot.Word{"prompt": bot.Cleared}},
		{"it is too early to tell", bot.Open, 0, 40, []bot.Change{prompt, undoes("prompt", 20)}, nil},
		{"two were undone", bot.Mitigated, 30, 40, []bot.Change{prompt, model, undoes("prompt", 20), undoes("model", 22)}, nil},
		{"what is undone is not known", bot.Mitigated, 25, 30, []bot.Change{undoes("prompt", 20)}, nil},
		{"what is undone came after the onset", bot.Mitigated, 25, 30, []bot.Change{change("late", bot.Prompt, -10), undoes("late", 20)}, nil},
		{"it was undone before the onset", bot.Mitigated, 25, 30, []bot.Change{prompt, undoes("prompt", -4)}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := incident()
			in.State = tt.state
			if tt.quiet != 0 {
				in.QuietSince = onset.Add(minutes(tt.quiet))
			}
			got := suspect.Aftermath(onset.Add(minutes(tt.now)), in, tt.changes)
			if len(got) != len(tt.want) {
				t.Fatalf("%+v", got)
			}
			for _, v := range got {
				if tt.want[v.Change] != v.Word || v.Personal() || v.By != bot.Self || v.Reason == "" || !v.At.Equal(onset.Add(minutes(tt.now))) {
					t.Errorf("%+v", v)
				}
			}
		})
	}
}
