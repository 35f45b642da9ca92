package risk

import (
	"slices"
	"strings"

	"github.com/firebreak-dev/firebreak/bot"
)

// behaviour are the kinds of change that alter what a model answers, and that an evaluation can judge.
func behaviour() []bot.Kind {
	return []bot.Kind{bot.Prompt, bot.Policy, bot.Model, bot.Guardrail, bot.Retrieval, bot.Embedding}
}

// evaluated are those of a change's kinds that an evaluation can judge.
func evaluated(c bot.Change) []string {
	var out []string
	for _, k := range append([]bot.Kind{c.Kind}, c.Kinds...) {
		if slices.Contains(behaviour(), k) && !slices.Contains(out, string(k)) {
			out = append(out, string(k))
		}
	}
	return out
}

func evaluation(c bot.Change, f Facts) []bot.Reason {
	kinds := evaluated(c)
	if len(kinds) == 0 {
		return nil
	}
	what := strings.Join(kinds, " and ")
	e := f.Evaluation
	switch {
	case e == nil && f.EvaluationRequired:
		return []bot.Reason{{Code: EvaluationMissing, Sentence: "the " + what + " was not evaluated, and here it has to be", Lower: "evaluate it with firebreak gate"}}
	case e == nil:
		return nil
	case e.Answer == bot.Back:
		return []bot.Reason{{Code: EvaluationFailed, Sentence: "the evaluation of the " + what + " failed", Lower: "mend it until firebreak gate passes"}}
	case e.Answer != bot.Go:
		return []bot.Reason{{Code: EvaluationInconclusive, Sentence: "the evaluation of the " + what + " cannot tell whether it is good enough", Lower: "evaluate it with more samples"}}
	case !f.Committed.IsZero() && e.At.Before(f.Committed):
		return []bot.Reason{{Code: EvaluationOld, Sentence: "the last evaluation is older than the " + what, Lower: "evaluate it again"}}
	}
	return nil
}
