package check

import (
	"fmt"
	"slices"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

// Watch is a change that is watched after it has landed, and whose services are.
type Watch struct {
	Change   string
	Services []string
	Level    bot.Level
	Until    time.Time
}

// Closely looks more closely at services whose risky change has just landed: what would be mere information otherwise is a ticket there,
// so that it opens an incident and somebody looks before the weekend does. It wakes nobody.
func Closely(now time.Time, f detectors.Finding, watched []Watch) detectors.Finding {
	if f.Severity != detectors.Info || f.Verdict != detectors.Firing {
		return f
	}
	for _, w := range watched {
		if !now.Before(w.Until) || !slices.Contains(w.Services, f.Service) {
			continue
		}
		f.Severity = detectors.Ticket
		f.Evidence = append(slices.Clone(f.Evidence), detectors.Evidence{
			Name: "baking", Sentence: fmt.Sprintf("looked at closely: %s landed at %s risk and is watched until %s", w.Change, w.Level, w.Until.UTC().Format("Mon 2006-01-02 15:04 MST")),
		})
		return f
	}
	return f
}
