package risk

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// Budget is what is left of an objective's error budget.
type Budget struct {
	Service, Objective string
	// Left is the share of the period's budget that is left, negative when it is overspent.
	Left   float64
	Period time.Duration
}

// budgets finds the touched services that have no errors left to make.
func budgets(c bot.Change, f Facts) []bot.Reason {
	var spent []string
	for _, b := range f.Budgets {
		if b.Left <= 0 && slices.Contains(c.Services, b.Service) {
			spent = append(spent, fmt.Sprintf("the %d days' budget of %s for %s is spent", int(b.Period.Hours()/24), b.Service, b.Objective))
		}
	}
	if len(spent) == 0 {
		return nil
	}
	slices.Sort(spent)
	return []bot.Reason{{
		Code: BudgetSpent, Sentence: strings.Join(slices.Compact(spent), "; "),
		Lower: "land only what makes it more reliable until there is budget again",
	}}
}
