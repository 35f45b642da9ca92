package expr_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
	"github.com/firebreak-dev/firebreak/playbooks/expr"
	"github.com/firebreak-dev/firebreak/playbooks/run"
)

// The language does not import those who fill its scope, so its words are compared with theirs here.
func TestWordsAreThoseOfTheirOwners(t *testing.T) {
	for _, c := range []struct {
		object, field string
		want          []string
	}{
		{"incident", "severity", texts(detectors.Info, detectors.Ticket, detectors.Page)},
		{"incident", "state", texts(bot.Open, bot.Acknowledged, bot.Mitigated, bot.Resolved)},
		{"incident", "blind", texts(detectors.Blindnesses()...)},
		{"suspect", "kind", texts(bot.Kinds()...)},
		{"step", "status", texts(run.PhaseWaiting, run.PhaseInFlight, run.PhasePending, run.PhaseRetrying, run.PhaseUnknown,
			run.PhaseDone, run.PhaseFailed, run.PhaseDenied, run.PhaseExpired, run.PhaseSkipped)},
		{"incident", "title", nil},
	} {
		if diff := cmp.Diff(c.want, expr.Words(c.object, c.field)); diff != "" {
			t.Errorf("%s.%s (-theirs +ours):\n%s", c.object, c.field, diff)
		}
	}
}

func texts[T ~string](words ...T) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return out
}
