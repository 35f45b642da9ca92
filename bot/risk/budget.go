package risk

import (
	"fmt"
	"slices"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
)

// budgets finds the touched services that have no errors left to make.
func budgets(c bot.Change, f Facts) []bot.Reason {
	var spent []string
	for _, b := range f.Budgets {
		if b.Blind == "" && b.Left <= 0 && slices.Contains(c.Services, b.Service) {
			spent = append(spent, fmt.Sprintf("the %g days' budget of %s for %s is spent", b.Days, b.Service, b.Objective))
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
