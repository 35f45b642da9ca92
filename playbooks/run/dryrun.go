package run

import (
	"context"
	"encoding/json"
	"time"

	"github.com/firebreak-dev/firebreak/playbooks"
)

// DryRun puts a rehearsal in an action's place: nothing is called, and the outcome is what would have been done. It has the
// same outputs, empty, so that expressions of later steps go on working.
func DryRun(b playbooks.Bound) playbooks.Bound {
	b.Handler = rehearsal{b.Action}
	return b
}

// Rehearsed begins the sentence of every outcome that only says what would have been done.
const Rehearsed = "dry run: "

type rehearsal struct{ action playbooks.Action }

var _ playbooks.Handler = rehearsal{}

// Act says what would have been called. It ends with its context as the action itself would.
func (r rehearsal) Act(ctx context.Context, call playbooks.Call) (playbooks.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return playbooks.Outcome{}, &playbooks.Failure{Fate: playbooks.Transient, Err: err}
	}
	sentence := Rehearsed + "would have called " + r.action.Name
	if with, err := json.Marshal(call.With); err == nil && len(call.With) > 0 {
		sentence += " with " + clip(string(with), 500)
	}
	output := make(map[string]any, len(r.action.Outputs))
	for name, typ := range r.action.Outputs {
		output[name] = emptyOf(typ)
	}
	return playbooks.Outcome{Status: playbooks.Done, Sentence: sentence, Output: output}, nil
}

func emptyOf(t playbooks.Type) any {
	switch t {
	case playbooks.Int:
		return int64(0)
	case playbooks.Double:
		return float64(0)
	case playbooks.Bool:
		return false
	case playbooks.Duration:
		return time.Duration(0)
	case playbooks.Map:
		return map[string]any{}
	case playbooks.List:
		return []any{}
	case playbooks.String, playbooks.Condition:
	}
	return ""
}
