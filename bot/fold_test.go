package bot_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

func TestTheOnsetIsThatOfWhoKnowsBest(t *testing.T) {
	at := func(minutes int) time.Time {
		return time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC).Add(time.Duration(minutes) * time.Minute)
	}
	fires := func(kind bot.EntryKind, now int, rule, signal string, onset, around int) bot.Entry {
		data, err := json.Marshal(detectors.Finding{
			Key: rule + signal, Detector: "burn", Service: "support", Signal: signal, Verdict: detectors.Firing, Severity: detectors.Page, At: at(now),
			Onset: detectors.Onset{At: at(onset), Earliest: at(onset - around), Latest: at(onset + around)},
		})
		if err != nil {
			t.Fatal(err)
		}
		return bot.Entry{Incident: "inc-1", At: at(now), Kind: kind, Data: data}
	}
	quiet := func(now int, rule, signal string) bot.Entry {
		data, err := json.Marshal(detectors.Finding{Key: rule + signal, Signal: signal, Verdict: detectors.Quiet, At: at(now)})
		if err != nil {
			t.Fatal(err)
		}
		return bot.Entry{Incident: "inc-1", At: at(now), Kind: bot.EntryFinding, Data: data}
	}
	for _, c := range []struct {
		name    string
		entries []bot.Entry
		want    int
	}{
		{"a closer look at the same signal corrects a coarse one", []bot.Entry{
			fires(bot.EntryOpened, 41, "3d", "refusals", 22, 35), fires(bot.EntryWorsened, 43, "6h", "refusals", 40, 1),
		}, 40},
		{"a coarse look does not undo a close one", []bot.Entry{
			fires(bot.EntryOpened, 43, "6h", "refusals", 40, 1), fires(bot.EntryFinding, 44, "3d", "refusals", 22, 35),
		}, 40},
		{"another signal went wrong earlier", []bot.Entry{
			fires(bot.EntryOpened, 43, "6h", "refusals", 40, 1), fires(bot.EntryFinding, 44, "1h", "latency", 30, 5),
		}, 30},
		{"another signal went wrong later", []bot.Entry{
			fires(bot.EntryOpened, 41, "3d", "refusals", 22, 35), fires(bot.EntryFinding, 44, "1h", "latency", 40, 1),
		}, 22},
		{"what fires again after it was quiet is not the beginning", []bot.Entry{
			fires(bot.EntryOpened, 41, "1h", "refusals", 40, 5), quiet(50, "1h", "refusals"), fires(bot.EntryFinding, 61, "6h", "refusals", 60, 1),
		}, 40},
		{"nor is what reopens it", []bot.Entry{
			fires(bot.EntryOpened, 41, "1h", "refusals", 40, 5), fires(bot.EntryReopened, 61, "6h", "refusals", 60, 1),
		}, 40},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := bot.FoldIncident(c.entries).Onset.At; !got.Equal(at(c.want)) {
				t.Errorf("began at %s, want %s", got, at(c.want))
			}
		})
	}
}

// TestARankingTakesNothingFromTheOneBefore lets a change without author, link and way back take the place of one that has them all.
func TestARankingTakesNothingFromTheOneBefore(t *testing.T) {
	told := func(r bot.Ranking) bot.Entry {
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		return bot.Entry{Incident: "inc", Kind: bot.EntrySuspects, Data: data}
	}
	first := bot.Ranking{None: 0.3, Changed: "new first suspect", Suspects: []bot.Suspect{
		{Change: "github:acme/a#1", Author: "jonas", URL: "https://example.com/1", Rollback: "github.revert", Probability: 0.7},
	}}
	second := bot.Ranking{None: 0.1, Suspects: []bot.Suspect{{Change: "registry:p-14", Probability: 0.8}, {Change: "github:acme/a#1", Probability: 0.1}}}
	before := bot.Incident{}.Then(told(first))
	after := before.Then(told(second))
	if diff := cmp.Diff(second, after.Ranking); diff != "" {
		t.Errorf("the second ranking (-told +kept):\n%s", diff)
	}
	if diff := cmp.Diff(first, before.Ranking); diff != "" {
		t.Errorf("the first one changed (-told +kept):\n%s", diff)
	}
	if again := after.Then(bot.Entry{Incident: "inc", Kind: bot.EntrySuspects, Data: json.RawMessage(`{"suspects": 3}`)}); !cmp.Equal(again.Ranking, second) {
		t.Error("what cannot be read changed the ranking")
	}
}

// TestThenIsFoldingOn compares an incident that is carried on entry by entry with the fold of all, and the earlier ones stay as they were.
func TestThenIsFoldingOn(t *testing.T) {
	at := time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)
	var entries []bot.Entry
	for i, verdict := range []detectors.Verdict{detectors.Firing, detectors.Firing, detectors.Quiet, detectors.Blind, detectors.Quiet} {
		f := detectors.Finding{Key: []string{"b", "a"}[i%2], Service: "s", Verdict: verdict, Severity: detectors.Page, At: at.Add(time.Duration(i) * time.Minute)}
		data, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		kind := bot.EntryFinding
		if i == 0 {
			kind = bot.EntryOpened
		}
		entries = append(entries, bot.Entry{Incident: "inc", At: f.At, Kind: kind, Data: data})
	}
	var in bot.Incident
	for i := range entries {
		before := in
		in = in.Then(entries[i])
		if diff := cmp.Diff(bot.FoldIncident(entries[:i+1]), in); diff != "" {
			t.Errorf("after %d entries (-fold +then):\n%s", i+1, diff)
		}
		if diff := cmp.Diff(bot.FoldIncident(entries[:i]), before); diff != "" {
			t.Errorf("the one before %d entries changed (-was +is):\n%s", i+1, diff)
		}
	}
}
