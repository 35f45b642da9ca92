package suspect_test

import (
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/suspect"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/detectors/detectorstest"
)

// rolled is a change that reached shares of the traffic so many minutes before the onset (after it, where they are negative).
func rolled(id string, steps ...float64) bot.Change {
	c := change(id, bot.Model, steps[0])
	for i := 0; i < len(steps); i += 2 {
		c.Rollout = append(c.Rollout, bot.RolloutStep{At: incident().Onset.At.Add(-minutes(steps[i])), Share: steps[i+1]})
		c.Exposure = steps[i+1]
	}
	return c
}

// climbing has a refusal ratio that is a base and what each minute adds to it, from three hours before the onset to half an hour after.
func climbing(extra func(before time.Duration) float64) *detectorstest.Windows {
	w, onset := &detectorstest.Windows{}, incident().Onset.At
	for m := -180; m < 30; m++ {
		at := onset.Add(time.Duration(m) * time.Minute)
		w.Add(detectors.SeriesID{Signal: incident().Signal, Service: incident().Service, Environment: incident().Environment}, at.Add(time.Minute), 1000*(.01+extra(onset.Sub(at))), 1000)
	}
	return w
}

func TestARollOutInStepsShowsSteps(t *testing.T) {
	steps := []float64{40, .05, 20, .25, 0, 1}
	guilty := rolled("rollout", steps...)
	jump := func(before time.Duration) float64 {
		if before <= 0 {
			return .4
		}
		return 0
	}
	for name, c := range map[string]struct {
		change bot.Change
		extra  func(time.Duration) float64
		code   string
		says   string
	}{
		"it goes with every step": {
			guilty, func(before time.Duration) float64 {
				share, _ := guilty.ShareAt(incident().Onset.At.Add(-before))
				return .4 * share
			}, "stepped", "the signal went with its share of the traffic: 0.01 at 0 %, 0.03 at 5 %, 0.11 at 25 %, 0.41 at 100 %",
		},
		"it went back with it": {
			rolled("rollout", 20, .5, -10, 0), func(before time.Duration) float64 {
				if before <= minutes(20) && before > minutes(-10) {
					return .2
				}
				return 0
			}, "stepped", "the signal went with its share",
		},
		"it jumps while the share stays":  {rolled("rollout", 100, .5, 60, 1), jump, "unstepped", "the signal did not go with its share of the traffic: 0.01 at 0 %, 0.01 at 50 %, 0.41 at 100 %"},
		"one step cannot tell":            {rolled("rollout", 5, 1), jump, "", ""},
		"nothing moved":                   {guilty, func(time.Duration) float64 { return 0 }, "", ""},
		"what was told without its steps": {change("rollout", bot.Model, 5), jump, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := incident()
			now := in.Onset.At.Add(minutes(30))
			in.Climbs = suspect.Climbs(now, in, []bot.Change{c.change}, climbing(c.extra))
			ranking := suspect.Rank(now, in, append(crowd(), c.change), nil, suspect.Weights{})
			for _, code := range []string{"stepped", "unstepped"} {
				switch {
				case code != c.code && has(ranking, "rollout", code):
					t.Errorf("says %s: %s", code, reason(t, ranking, "rollout", code).Sentence)
				case code == c.code && !strings.HasPrefix(reason(t, ranking, "rollout", code).Sentence, c.says):
					t.Errorf("says %q", reason(t, ranking, "rollout", code).Sentence)
				}
			}
		})
	}
}

func TestALagIsCountedFromTheStepThatExplainsIt(t *testing.T) {
	late := suspect.Rank(incident().OpenedAt, incident(), append(crowd(), rolled("rollout", 1500, .01, 5, 1)), nil, suspect.Weights{})
	lag := reason(t, late, "rollout", "lag")
	if lag.Sentence != "reached 100 % of the traffic 5 min before it began" || lag.Weight < 2 {
		t.Errorf("%+v", lag)
	}
	if has(late, "rollout", "exposure") {
		t.Error("all of the traffic met it when it began")
	}
	early := suspect.Rank(incident().OpenedAt, incident(), append(crowd(), rolled("rollout", 5, .5, -20, 1)), nil, suspect.Weights{})
	if said := reason(t, early, "rollout", "exposure").Sentence; said != "reached only 50 % of the traffic" {
		t.Error(said)
	}
	none := suspect.Rank(incident().OpenedAt, incident(), append(crowd(), rolled("rollout", -20, 1)), nil, suspect.Weights{})
	if excluded(none, "rollout") == "" {
		t.Error("its first step came after the incident had begun")
	}
}

func TestWhatUndoesAChange(t *testing.T) {
	pins := func(id string, before float64, old, now string) bot.Change {
		return change(id, bot.Model, before, func(c *bot.Change) {
			c.Repository, c.Paths = "acme/assistants", []string{"support/values.yaml"}
			c.Inputs = []bot.Input{{Kind: bot.Model, Name: "support.model", Path: "support/values.yaml", Old: old, New: now}}
		})
	}
	flag := func(id string, before float64, old, now string) bot.Change {
		return change(id, bot.Flag, before, func(c *bot.Change) {
			c.Paths, c.Inputs = []string{"flags/new-prompt"}, []bot.Input{{Kind: bot.Flag, Name: "new-prompt", Old: old, New: now}}
		})
	}
	more := func(c bot.Change) bot.Change { c.Paths = append(c.Paths, "support/main.go"); return c }
	staging := func(c bot.Change) bot.Change { c.Environment = "staging"; return c }
	for name, c := range map[string]struct {
		changes []bot.Change
		by      string
	}{
		"a version that is brought back":       {[]bot.Change{pins("first", 90, "a", "b"), pins("second", 30, "b", "a")}, "second"},
		"a flag that is switched back":         {[]bot.Change{flag("first", 90, "off", "on"), flag("second", 30, "on", "off")}, "second"},
		"a roll-out that goes back to nothing": {[]bot.Change{rolled("first", 90, .5, 30, 0)}, "its own roll-out, back at 0 %"},
		"a revert that was reverted brought it back": {[]bot.Change{
			pins("first", 90, "a", "b"), change("revert", bot.Code, 60, func(c *bot.Change) { c.Reverts = "first" }), change("again", bot.Code, 30, func(c *bot.Change) { c.Reverts = "revert" }),
		}, ""},
		"a third version does not undo it":            {[]bot.Change{pins("first", 90, "a", "b"), pins("second", 30, "b", "c")}, ""},
		"what also changed code is not undone by it":  {[]bot.Change{more(pins("first", 90, "a", "b")), pins("second", 30, "b", "a")}, ""},
		"nor by what happened elsewhere":              {[]bot.Change{pins("first", 90, "a", "b"), staging(pins("second", 30, "b", "a"))}, ""},
		"nor by what came before":                     {[]bot.Change{pins("first", 30, "a", "b"), pins("second", 90, "b", "a")}, ""},
		"a roll-out that grows is not taken back":     {[]bot.Change{rolled("first", 90, .5, 30, 1)}, ""},
		"the revert that says so comes before others": {[]bot.Change{pins("first", 90, "a", "b"), pins("second", 30, "b", "a"), change("third", bot.Code, 20, func(c *bot.Change) { c.Reverts = "first" })}, "third"},
	} {
		ranking := suspect.Rank(incident().OpenedAt, incident(), append(crowd(), c.changes...), nil, suspect.Weights{})
		switch {
		case c.by == "" && has(ranking, "first", "reverted"):
			t.Errorf("%s: %s", name, reason(t, ranking, "first", "reverted").Sentence)
		case c.by != "" && !strings.HasSuffix(reason(t, ranking, "first", "reverted").Sentence, "("+c.by+")"):
			t.Errorf("%s: %s", name, reason(t, ranking, "first", "reverted").Sentence)
		}
	}
}

func TestAFlagOfWhichNobodyTellsTheStateCountsWhenItHelps(t *testing.T) {
	flag := func(id string, before float64) bot.Change {
		return change(id, bot.Flag, before, func(c *bot.Change) { c.Source, c.Paths = "flags", []string{"flags/new-prompt"} })
	}
	both := []bot.Change{flag("first", 3), flag("second", -20)}
	bad := incident()
	if got := suspect.Aftermath(onset.Add(minutes(70)), bad, both); len(got) > 0 {
		t.Errorf("the signals stay bad, and who knows what the second one did: %+v", got)
	}
	good := incident()
	good.State, good.QuietSince = bot.Mitigated, onset.Add(minutes(25))
	got := suspect.Aftermath(onset.Add(minutes(30)), good, both)
	if len(got) != 1 || got[0].Change != "first" || got[0].Word != bot.Confirmed {
		t.Errorf("%+v", got)
	}
	before := suspect.Rank(incident().OpenedAt, incident(), append(crowd(), flag("first", 30), flag("second", 3)), nil, suspect.Weights{})
	if has(before, "first", "reverted") {
		t.Error("a flag that is changed step by step is not undone by its next step")
	}
}

func TestWhatNobodyToldOfMayBeSomewhatOlderThanItLooks(t *testing.T) {
	vendor := change("drift", bot.Vendor, -3, func(c *bot.Change) { c.MergedAt = time.Time{} })
	r := suspect.Rank(incident().OpenedAt, incident(), append(crowd(), vendor), nil, suspect.Weights{})
	lag := reason(t, r, "drift", "lag")
	if want := "took effect 60 s after it had begun at the latest, or up to 2 min earlier: it was seen by samples"; lag.Sentence != want {
		t.Errorf("%q", lag.Sentence)
	}
}

func TestAFlagThatIsSwitchedBackConfirmsItself(t *testing.T) {
	in := incident()
	in.State, in.QuietSince = bot.Mitigated, in.Onset.At.Add(minutes(35))
	flag := func(id string, before float64, old, now string) bot.Change {
		return change(id, bot.Flag, before, func(c *bot.Change) { c.Inputs = []bot.Input{{Kind: bot.Flag, Name: "new-prompt", Old: old, New: now}} })
	}
	got := suspect.Aftermath(in.Onset.At.Add(minutes(40)), in, []bot.Change{flag("on", 3, "off", "on"), flag("off", -30, "on", "off")})
	if len(got) != 1 || got[0].Change != "on" || got[0].Word != bot.Confirmed || got[0].Reason != "the signals came back 5 min after it was undone (off)" {
		t.Errorf("%+v", got)
	}
}
