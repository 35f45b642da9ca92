package risk

import (
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/bot/owners"
)

// Facts are what is known of a change beside itself. What is not known counts neither for nor against it, and is said.
type Facts struct {
	// Reviews tells that the change's reviewers are known, Merged that it has landed: who merged it is no question before.
	Reviews, Merged bool
	// Incidents tells that the open incidents and the error budgets are known.
	Incidents bool
	// Budgets are the error budgets of services.
	Budgets []bot.Budget
	// Files and Lines are the size of the change; zero where nobody counted.
	Files, Lines int
	// Committed is when its newest commit was made, Reviewed when it was last approved; zero where nobody knows.
	Committed, Reviewed time.Time
	// Owners tells that it is known who owns its paths: Owned are those that somebody owns.
	Owners bool
	Owned  []owners.Group
	// Asked are those who were asked for a review or gave one of whatever kind, as logins and org/team.
	Asked []string
	// Evaluation is the verdict of the release gate on it, nil where there is none; EvaluationRequired tells that there must be one,
	// whatever Weights.Evaluate says.
	Evaluation         *Evaluation
	EvaluationRequired bool
	// History is what was before, nil where nobody asked.
	History *History
	// Canary tells that a canary is watched for its services, so that not all users meet it at once.
	Canary bool
}

// Evaluation is what a gate said of a change, and when.
type Evaluation struct {
	Answer string
	At     time.Time
}

// Judge weighs landing a change now by all that is known, and lists what is not.
func Judge(
	now time.Time, c bot.Change, f Facts, calendar []bot.Reason, open []bot.Incident, services map[string]bot.Service, w Weights,
) bot.Assessment {
	known := c
	if !f.Reviews {
		known.Author = "" // of reviews that nobody knows none is missing
	} else if !f.Merged {
		known.MergedBy = ""
	}
	f.EvaluationRequired = f.EvaluationRequired || w.mustEvaluate(c.Repository)
	extra := size(f)
	extra = append(extra, evaluation(c, f)...)
	extra = append(extra, review(f)...)
	extra = append(extra, ownership(c, f)...)
	extra = append(extra, budgets(c, f)...)
	extra = append(extra, history(now, c, f)...)
	extra = append(extra, exposure(c, f)...)
	extra = append(extra, deprecations(now, c, f, w.Deprecations)...)
	out := assess(now, known, calendar, extra, open, services, w)
	out.Unknown = unknown(c, f)
	return out
}

func review(f Facts) []bot.Reason {
	if f.Reviews && !f.Reviewed.IsZero() && f.Reviewed.Before(f.Committed) {
		return []bot.Reason{{Code: ReviewOld, Sentence: "commits came after it was last approved", Lower: "have the newest commits reviewed"}}
	}
	return nil
}

// unknown lists what was not looked at.
func unknown(c bot.Change, f Facts) []string {
	var out []string
	for _, u := range []struct {
		is   bool
		word string
	}{
		{!f.Reviews, "reviews"},
		{!f.Owners, "owners"},
		{!f.Incidents, "open incidents"},
		{f.History == nil, "history"},
		{f.History != nil && !f.History.Runs && f.History.RolledBack.IsZero() && c.Rollback != "", "whether its rollback was tried"},
		{f.Evaluation == nil && !f.EvaluationRequired && len(evaluated(c)) > 0, "evaluation results"},
		{len(c.Services) == 0, "the service that it belongs to"},
	} {
		if u.is {
			out = append(out, u.word)
		}
	}
	return out
}
