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
	told    map[string]entry
}

// entry is what of a finding decides whether the next one is news; most are quiet and say no more.
type entry struct {
	verdict  detectors.Verdict
	severity detectors.Severity
	blind    detectors.Blindness
	at       time.Time
	numbers  []detectors.Evidence // of one that fires
}

func newLedger(refresh time.Duration) ledger {
	return ledger{refresh: refresh, told: map[string]entry{}}
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

func (l *ledger) differs(before entry, now detectors.Finding) bool {
	switch {
	case before.verdict != now.Verdict, before.severity != now.Severity, before.blind != now.Blind:
		return true
	case now.Verdict == detectors.Quiet:
		return false
	case now.At.Sub(before.at) >= l.refresh:
		return true
	case now.Verdict != detectors.Firing:
		return false
	}
	numbers := make(map[string]float64, len(before.numbers))
	for _, e := range before.numbers {
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
		told := entry{verdict: f.Verdict, severity: f.Severity, blind: f.Blind, at: f.At}
		if f.Verdict == detectors.Firing {
			told.numbers = f.Evidence
		}
		l.told[f.Key] = told
	}
}
