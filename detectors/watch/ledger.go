package watch

import (
	"math"
	"time"

	"github.com/firebreak-dev/firebreak/detectors"
)

// material is the relative change of a number that is worth telling before the refresh.
const material = .25

// ledger remembers what the sink was told of each key.
type ledger struct {
	refresh time.Duration
	told    map[string]detectors.Finding
}

func newLedger(refresh time.Duration) ledger {
	return ledger{refresh: refresh, told: map[string]detectors.Finding{}}
}

// changed returns the findings that the sink has to hear of.
func (l *ledger) changed(all []detectors.Finding) []detectors.Finding {
	var out []detectors.Finding
	for _, f := range all {
		if before, ok := l.told[f.Key]; !ok || l.differs(before, f) {
			out = append(out, f)
		}
	}
	return out
}

func (l *ledger) differs(before, now detectors.Finding) bool {
	switch {
	case before.Verdict != now.Verdict, before.Severity != now.Severity, before.Blind != now.Blind:
		return true
	case now.Verdict == detectors.Quiet:
		return false
	case now.At.Sub(before.At) >= l.refresh:
		return true
	case now.Verdict != detectors.Firing:
		return false
	}
	numbers := make(map[string]float64, len(before.Evidence))
	for _, e := range before.Evidence {
		numbers[e.Name] = e.Value
	}
	for _, e := range now.Evidence {
		// Only numbers with a limit decide; the others move all the time.
		was, known := numbers[e.Name]
		if e.Limit != 0 && (!known || math.Abs(e.Value-was) > material*math.Abs(was)) {
			return true
		}
	}
	return false
}

// delivered notes what the sink took.
func (l *ledger) delivered(findings []detectors.Finding) {
	for _, f := range findings {
		l.told[f.Key] = f
	}
}
