package cases

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/firebreak-dev/firebreak/bot"
	"github.com/firebreak-dev/firebreak/detectors"
)

// Case is one incident with the changes that were known when it was opened, and the right answer.
type Case struct {
	ID       string    `json:"id"`
	OpenedAt time.Time `json:"opened_at"`
	Service  string    `json:"service"`
	Signal   string    `json:"signal"`
	Onset    time.Time `json:"onset"`
	Early    time.Time `json:"onset_early"`
	Late     time.Time `json:"onset_late"`
	Depends  []string  `json:"depends_on"`
	Told     []Change  `json:"changes"`
	// Truth is the guilty change, empty where none of them is.
	Truth string `json:"truth"`
}

// Change is a change as a case tells it.
type Change struct {
	ID          string    `json:"id"`
	Kind        string    `json:"kind"`
	Services    []string  `json:"services"`
	Environment string    `json:"environment"`
	MergedAt    time.Time `json:"merged_at"`
	EffectiveAt time.Time `json:"effective_at"`
	Exposure    float64   `json:"exposure"`
	Reviewed    bool      `json:"reviewed"`
	InWindow    bool      `json:"in_window"`
	Lines       int       `json:"lines"`
}

// mostLine bounds a line of the cases: a thousand changes are some 300 KB.
const mostLine = 64 << 20

// Read reads cases, one a line.
func Read(r io.Reader) ([]Case, error) {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 1<<20), mostLine)
	var out []Case
	for line := 1; scanner.Scan(); line++ {
		if len(scanner.Bytes()) == 0 {
			continue
		}
		var c Case
		if err := json.Unmarshal(scanner.Bytes(), &c); err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		if c.ID == "" || c.Onset.IsZero() {
			return nil, fmt.Errorf("line %d: a case needs id and onset", line)
		}
		out = append(out, c)
	}
	return out, scanner.Err()
}

// Incident is what the bot would have of the case. The right answer is left out.
func (c Case) Incident() bot.Incident {
	return bot.Incident{
		ID: c.ID, Service: c.Service, Environment: "production", Signal: c.Signal, State: bot.Open, Severity: detectors.Page, OpenedAt: c.OpenedAt,
		Onset: detectors.Onset{At: c.Onset, Earliest: c.Early, Latest: c.Late}, OnsetSignal: c.Signal,
		Findings: []detectors.Finding{{
			Key: "burn/" + c.Service + "//" + c.Signal + "/1h", Detector: "burn", Service: c.Service, Signal: c.Signal,
			Verdict: detectors.Firing, Severity: detectors.Page, At: c.OpenedAt,
		}},
	}
}

// Changes are what the ledger would have of the case.
func (c Case) Changes() []bot.Change {
	out := make([]bot.Change, 0, len(c.Told))
	for _, ch := range c.Told {
		change := bot.Change{
			ID: ch.ID, Kind: bot.Kind(ch.Kind), Source: "case", Services: ch.Services, Environment: ch.Environment, MergedAt: ch.MergedAt,
			EffectiveAt: ch.EffectiveAt, Exposure: ch.Exposure, Seen: ch.MergedAt,
		}
		if !ch.Reviewed {
			change.Flags = append(change.Flags, bot.Reason{Code: "unreviewed", Sentence: "nobody but its author has reviewed it"})
		}
		if !ch.InWindow {
			change.Flags = append(change.Flags, bot.Reason{Code: "out_of_window", Sentence: "landed out of the change window"})
		}
		out = append(out, change)
	}
	return out
}

// Services are the map as far as the case tells it.
func (c Case) Services() map[string]bot.Service {
	return map[string]bot.Service{c.Service: {Name: c.Service, DependsOn: c.Depends}}
}

// Shifted is the case with its onset estimated so much later, the interval with it.
func (c Case) Shifted(by time.Duration) Case {
	c.Onset, c.Early, c.Late = c.Onset.Add(by), c.Early.Add(by), c.Late.Add(by)
	return c
}
