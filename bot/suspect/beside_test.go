package suspect_test

import (
	"testing"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/suspect"
	"github.com/firebreak-dev/firebreak/detectors"
)

// other is an incident of another service that began so many minutes later.
func other(service string, later float64, more ...func(*bot.Incident)) bot.Incident {
	in := incident()
	at := onset.Add(minutes(later))
	in.ID, in.Service, in.Onset = "inc-"+service, service, detectors.Onset{At: at, Earliest: at.Add(-minutes(2)), Latest: at.Add(minutes(2))}
	for _, m := range more {
		m(&in)
	}
	return in
}

func suspects(change string, p float64) func(*bot.Incident) {
	return func(in *bot.Incident) {
		in.Ranking.Suspects = []bot.Suspect{{Change: change, Kind: bot.Prompt, Title: "t", Probability: p}}
	}
}

func TestLinked(t *testing.T) {
	ours := incident()
	suspects("a#482", .7)(&ours)
	for _, tt := range []struct {
		name  string
		other bot.Incident
		want  string
	}{
		{"the same change is suspected of both, hours later", other("billing", 300, suspects("a#482", .4)), "the same change is suspected first: prompt #482"},
		{"it is hardly suspected of the other", other("billing", 300, suspects("a#482", .2)), ""},
		{"another change is", other("billing", 300, suspects("a#490", .9)), ""},
		{"what it depends on began to suffer before", other("retrieval", -3), "both began within 3 min, and support-assistant depends on retrieval"},
		{"through others", other("embedding", -3), "both began within 3 min, and support-assistant depends on embedding"},
		{"at the very same time", other("retrieval", 0), "both began within 60 s, and support-assistant depends on retrieval"},
		{"too long after", other("retrieval", 15), ""},
		{"at the same time, but nothing depends on it", other("billing", 0), ""},
		{"in another environment", other("retrieval", 0, func(in *bot.Incident) { in.Environment = "staging" }), ""},
		{"Firebreak itself", other(bot.Self, 0), ""},
		{"the very same", ours, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, pair := range [][2]bot.Incident{{ours, tt.other}, {tt.other, ours}} {
				if why, linked := suspect.Linked(pair[0], pair[1], services); why != tt.want || linked != (tt.want != "") {
					t.Errorf("%v, %q", linked, why)
				}
			}
		})
	}
}

func TestOtherServicesHitAtTheSameTime(t *testing.T) {
	changes := append(crowd(), change("own", bot.Prompt, 6), change("shared", bot.Prompt, 6, of("retrieval")), change("nobody's", bot.Prompt, 6, of()))
	rankBeside := func(others ...bot.Incident) bot.Ranking {
		return suspect.RankBeside(onset.Add(minutes(10)), incident(), others, changes, services, suspect.Weights{})
	}
	alone := rankBeside()
	if again := rankBeside(other("billing", 0), other("retrieval", 30), incident()); probability(t, again, "shared") != probability(t, alone, "shared") {
		t.Error("what has nothing to do with it counts")
	}
	beside := rankBeside(other("retrieval", -2))
	if got := reason(t, beside, "shared", "together").Sentence; got != "reaches retrieval too, hit at the same time" {
		t.Errorf("%q", got)
	}
	if got := reason(t, beside, "own", "apart").Sentence; got != "does not reach retrieval, hit at the same time" {
		t.Errorf("%q", got)
	}
	odds := func(r bot.Ranking) float64 { return probability(t, r, "shared") / probability(t, r, "own") }
	if odds(beside) < 5*odds(alone) || probability(t, beside, "own") > probability(t, alone, "own") {
		t.Errorf("alone %.2f, beside %.2f", odds(alone), odds(beside))
	}
	for _, s := range beside.Suspects {
		if s.Change == "nobody's" {
			for _, r := range s.Reasons {
				if r.Code == "together" || r.Code == "apart" {
					t.Errorf("a change of unknown services says %q", r.Sentence)
				}
			}
		}
	}
	both := rankBeside(other("retrieval", -2), other("guardrails", 1))
	if got := reason(t, both, "shared", "together").Sentence; got != "of those hit at the same time it reaches retrieval, but not guardrails" {
		t.Errorf("%q", got)
	}
}
