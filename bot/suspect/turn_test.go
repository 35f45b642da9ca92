package suspect_test

import (
	"testing"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/suspect"
)

func TestTurn(t *testing.T) {
	at := func(m float64) bot.Ranking { return bot.Ranking{At: onset.Add(minutes(m))} }
	ranked := func(m float64, suspects ...bot.Suspect) bot.Ranking {
		r := at(m)
		r.Suspects = suspects
		return r
	}
	of := func(change string, p float64, reasons ...bot.Reason) bot.Suspect {
		return bot.Suspect{Change: change, Title: "title of " + change, Probability: p, At: onset.Add(-minutes(4)), Reasons: reasons}
	}
	lag := func(sentence string, weight float64) bot.Reason {
		return bot.Reason{Code: "lag", Sentence: sentence, Weight: weight}
	}
	earlier := of("a#480", .5)
	earlier.At = onset.Add(-minutes(30))
	dropped := ranked(20, of("a#482", .6))
	dropped.Excluded = []bot.Exclusion{{Change: "a#480", Why: bot.Reason{Code: "after_onset", Sentence: "took effect 3 min after it had begun at the latest"}}}
	for _, tt := range []struct {
		name          string
		before, after bot.Ranking
		verdicts      []bot.Verdict
		seen          float64
		want          string
	}{
		{"the first ranking turns nothing", bot.Ranking{}, ranked(20, of("a#482", .9)), nil, 0, ""},
		{"a little likelier is nothing", ranked(10, of("a#482", .5)), ranked(20, of("a#482", .65)), nil, 0, ""},
		{"nor who is first of the unlikely", ranked(10, of("a#480", .1)), ranked(20, of("a#482", .12)), nil, 0, ""},
		{
			"heard of late", ranked(10, of("a#480", .44)), ranked(20, of("a#482", .71), of("a#480", .1)), nil, 15,
			"new first suspect #482 at 71 %, before #480 at 44 %: #482 was heard of at 16:07 UTC, after the incident opened",
		},
		{
			"the first one of all", at(10), ranked(20, of("job:1", .71)), nil, 0,
			"first suspect title of job:1 at 71 %, before there was none",
		},
		{"the former one cannot have done it", ranked(10, of("a#480", .44)), dropped, nil, 0, "new first suspect #482 at 60 %, before #480 at 44 %: #480 took effect 3 min after it had begun at the latest"},
		{"it took effect at another time", ranked(10, earlier), ranked(20, of("a#480", .9)), nil, 0, "first suspect #480 at 90 % now, before at 50 %: #480 is now known to have taken effect at 15:48 UTC"},
		{
			"the onset is known better", ranked(10, of("a#480", .4, lag("took effect 30 min before it began", .2), bot.Reason{Code: "kind", Weight: 1})),
			ranked(20, of("a#480", .8, lag("took effect 6 min before it began", 2.8), bot.Reason{Code: "kind", Weight: 1})), nil, 0,
			"first suspect #480 at 80 % now, before at 40 %: when it began is known better; #480 took effect 6 min before it began",
		},
		{
			"the signals came back", ranked(10, of("a#480", .4)),
			ranked(20, of("a#480", .8, bot.Reason{Code: "cured", Sentence: "the signals came back 4 min after it was undone (a#483)", Weight: 2})), nil, 0,
			"first suspect #480 at 80 % now, before at 40 %: the signals came back 4 min after it was undone (a#483)",
		},
		{
			"a person cleared it", ranked(10, of("a#480", .8)), ranked(20, of("a#482", .6)),
			[]bot.Verdict{{Change: "a#480", Word: bot.Cleared, By: "ana", Via: "cli", At: onset.Add(minutes(15))}},
			0,
			"new first suspect #482 at 60 %, before #480 at 80 %: #480 was cleared by ana",
		},
		{
			"a person said so before", ranked(10, of("a#480", .8)), ranked(20, of("a#482", .6)),
			[]bot.Verdict{{Change: "a#470", Word: bot.Cleared, By: "ana", Via: "cli", At: onset.Add(minutes(5))}},
			0,
			"new first suspect #482 at 60 %, before #480 at 80 %",
		},
		{
			"none of them", ranked(10, of("a#480", .8)), ranked(20, of("a#480", .01)),
			[]bot.Verdict{{Change: bot.NoneOfThese, Word: bot.Confirmed, By: "ana", Via: "cli", At: onset.Add(minutes(15))}},
			0,
			"first suspect #480 at 1 % now, before at 80 %: ana says that none of the known changes did it",
		},
		{"nobody is left", ranked(10, of("a#480", .8)), at(20), nil, 0, "no suspect is left, before #480 at 80 %"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := judged(tt.verdicts...)
			var changes []bot.Change
			if tt.seen != 0 {
				changes = append(changes, bot.Change{ID: tt.after.Suspects[0].Change, Seen: onset.Add(minutes(tt.seen))})
			}
			if got := suspect.Turn(tt.before, tt.after, in, changes); got != tt.want {
				t.Errorf("\n got %q\nwant %q", got, tt.want)
			}
		})
	}
}
