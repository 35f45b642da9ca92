package risk

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
)

// Facts are what is known of a change beside itself. What is not known counts neither for nor against it, and is said.
type Facts struct {
	// Reviews tells that the change's reviewers are known, Merged that it has landed: who merged it is no question before.
	Reviews, Merged bool
	// Incidents tells that the open incidents are known.
	Incidents bool
	// Files and Lines are the size of the change; zero where nobody counted.
	Files, Lines int
	// Committed is when its newest commit was made, Reviewed when it was last approved; zero where nobody knows.
	Committed, Reviewed time.Time
	// Evaluation is the verdict of the release gate on it, nil where there is none.
	Evaluation *Evaluation
}

// Evaluation is what a gate said of a change, and when.
type Evaluation struct {
	Answer string
	At     time.Time
}

// The sizes from which a change is large, and huge: reviewers find fewer faults in each line the more there are. Judgement, after
// the practice of keeping changes within a few hundred lines.
const (
	largeLines, largeFiles = 400, 30
	hugeLines, hugeFiles   = 2000, 150
)

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
	extra := size(f)
	extra = append(extra, evaluation(c, f)...)
	extra = append(extra, review(f)...)
	out := assess(now, known, append(calendar, extra...), open, services, w)
	out.Unknown = unknown(c, f)
	return out
}

func size(f Facts) []bot.Reason {
	sentence := fmt.Sprintf("it changes %d lines in %d files", f.Lines, f.Files)
	switch {
	case f.Lines >= hugeLines || f.Files >= hugeFiles:
		return []bot.Reason{{Code: Huge, Sentence: sentence, Lower: "split it: nobody can review so much at once"}}
	case f.Lines >= largeLines || f.Files >= largeFiles:
		return []bot.Reason{{Code: Large, Sentence: sentence, Lower: "split it"}}
	}
	return nil
}

// evaluated are the kinds of change that an evaluation can judge.
func evaluated(c bot.Change) []string {
	can := []bot.Kind{bot.Prompt, bot.Policy, bot.Model, bot.Guardrail, bot.Retrieval, bot.Embedding}
	var out []string
	for _, k := range append([]bot.Kind{c.Kind}, c.Kinds...) {
		if slices.Contains(can, k) && !slices.Contains(out, string(k)) {
			out = append(out, string(k))
		}
	}
	return out
}

func evaluation(c bot.Change, f Facts) []bot.Reason {
	kinds := evaluated(c)
	if len(kinds) == 0 || f.Evaluation == nil {
		return nil
	}
	what := strings.Join(kinds, " and ")
	switch e := f.Evaluation; {
	case e.Answer == bot.Back:
		return []bot.Reason{{Code: EvaluationFailed, Sentence: "the evaluation of the " + what + " failed", Lower: "mend it until firebreak gate passes"}}
	case e.Answer != bot.Go:
		return []bot.Reason{{Code: EvaluationInconclusive, Sentence: "the evaluation of the " + what + " cannot tell whether it is good enough", Lower: "evaluate it with more samples"}}
	case !f.Committed.IsZero() && e.At.Before(f.Committed):
		return []bot.Reason{{Code: EvaluationOld, Sentence: "the last evaluation is older than the " + what, Lower: "evaluate it again"}}
	}
	return nil
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
		{!f.Incidents, "open incidents"},
		{f.Evaluation == nil && len(evaluated(c)) > 0, "evaluation results"},
		{len(c.Services) == 0, "the service that it belongs to"},
	} {
		if u.is {
			out = append(out, u.word)
		}
	}
	return out
}
