package gate_test

import (
	"testing"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/gate"
	"github.com/firebreak-dev/firebreak/detectors"
)

func TestPromote(t *testing.T) {
	incident := func(change func(*bot.Incident)) []bot.Incident {
		in := bot.Incident{ID: "inc-1", Service: "support", Title: "refuses 9.8 %", State: bot.Open, Environment: "production"}
		if change != nil {
			change(&in)
		}
		return []bot.Incident{in}
	}
	canary := func(v detectors.Verdict) []detectors.Finding {
		return []detectors.Finding{{Detector: "canary", Service: "support", Environment: "production", Verdict: v, Title: "the canary"}}
	}
	freeze := []bot.Reason{{Code: "freeze", Sentence: "the shop earns its year", Weight: 40}}
	for _, test := range []struct {
		name string
		c    gate.Circumstances
		want string
		code string
	}{
		{"all is well", gate.Circumstances{Watched: true, Findings: canary(detectors.Quiet)}, bot.Go, ""},
		{"a freeze holds and undoes nothing", gate.Circumstances{Watched: true, Closed: freeze}, bot.Hold, "freeze"},
		{"an incident asks to go back", gate.Circumstances{Watched: true, Closed: freeze, Incidents: incident(nil)}, bot.Back, "incident"},
		{"an incident of another service does not", gate.Circumstances{Watched: true, Incidents: incident(func(in *bot.Incident) { in.Service = "search" })}, bot.Go, ""},
		{"an incident of another environment does not", gate.Circumstances{Watched: true, Environment: "staging", Incidents: incident(nil)}, bot.Go, ""},
		{"an incident that has just recovered holds", gate.Circumstances{Watched: true, Incidents: incident(func(in *bot.Incident) { in.State = bot.Mitigated })}, bot.Hold, "incident"},
		{"an incident that cannot be seen holds", gate.Circumstances{Watched: true, Incidents: incident(func(in *bot.Incident) { in.Blind = detectors.Stale })}, bot.Hold, "incident"},
		{"a canary that is worse asks to go back", gate.Circumstances{Watched: true, Findings: canary(detectors.Firing)}, bot.Back, "canary"},
		{"a canary that nobody can judge yet holds", gate.Circumstances{Watched: true, Findings: canary(detectors.Blind)}, bot.Hold, "canary_inconclusive"},
		{"what differs between environments is told and decides nothing", gate.Circumstances{Watched: true, Findings: []detectors.Finding{
			{Detector: "parity", Service: "support", Environment: "staging", Verdict: detectors.Firing, Title: "staging has gpt-5-c"},
		}}, bot.Go, "parity"},
		{"blind is not healthy", gate.Circumstances{Watched: true, Blind: detectors.Unreachable}, bot.Hold, "blind"},
		{"nothing watched is not healthy", gate.Circumstances{}, bot.Hold, "unwatched"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.c.Service = "support"
			p := gate.Promote(now, test.c)
			code := ""
			if len(p.Reasons) > 0 {
				code = p.Reasons[0].Code
			}
			if p.Answer != test.want || code != test.code || p.Sentence == "" {
				t.Errorf("%+v", p)
			}
		})
	}
}
