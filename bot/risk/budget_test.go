package risk_test

import (
	"strings"
	"testing"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/risk"
)

func TestASpentBudgetOfATouchedServiceSpeaksAgainstLanding(t *testing.T) {
	for _, test := range []struct {
		name    string
		budgets []bot.Budget
		want    string
	}{
		{"nothing is known", nil, ""},
		{"something is left", []bot.Budget{{Service: "support", Objective: "refusals", Left: .01, Days: 30}}, ""},
		{"just spent", []bot.Budget{{Service: "support", Objective: "refusals", Days: 30}}, "the 30 days' budget of support for refusals is spent"},
		{"what cannot be seen is not spent", []bot.Budget{{Service: "support", Objective: "refusals", Days: 30, Blind: "no traffic"}}, ""},
		{"another service's", []bot.Budget{{Service: "sales", Objective: "refusals", Left: -1, Days: 30}}, ""},
		{
			"two of them are one reason",
			[]bot.Budget{{Service: "support", Objective: "refusals", Left: -1, Days: 30}, {Service: "support", Objective: "latency", Left: -1, Days: 30}},
			"the 30 days' budget of support for latency is spent; the 30 days' budget of support for refusals is spent",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := risk.Judge(now(), good(), risk.Facts{Incidents: true, Budgets: test.budgets}, nil, nil, services(), risk.Weights{}.WithDefaults())
			var said []string
			for _, r := range got.Reasons {
				if r.Code == risk.BudgetSpent {
					said = append(said, r.Sentence)
				}
			}
			if s := strings.Join(said, " | "); s != test.want {
				t.Errorf("says %q, want %q", s, test.want)
			}
		})
	}
}
