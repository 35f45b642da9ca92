package risk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/firebreak-dev/firebreak/bot/risk"
)

func TestASpentBudgetOfATouchedServiceSpeaksAgainstLanding(t *testing.T) {
	month := 30 * 24 * time.Hour
	for _, test := range []struct {
		name    string
		budgets []risk.Budget
		want    string
	}{
		{"nothing is known", nil, ""},
		{"something is left", []risk.Budget{{Service: "support", Objective: "refusals", Left: .01, Period: month}}, ""},
		{"just spent", []risk.Budget{{Service: "support", Objective: "refusals", Period: month}}, "the 30 days' budget of support for refusals is spent"},
		{"another service's", []risk.Budget{{Service: "sales", Objective: "refusals", Left: -1, Period: month}}, ""},
		{
			"two of them are one reason",
			[]risk.Budget{{Service: "support", Objective: "refusals", Left: -1, Period: month}, {Service: "support", Objective: "latency", Left: -1, Period: month}},
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
